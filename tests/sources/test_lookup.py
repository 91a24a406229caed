import pytest

from app.errors import SourceReplyInvalid, SourceUnavailable, UnknownIdentifier
from app.schemas.lookup import LookupAnswer, LookupFailure, NoticeKind, SourceName
from app.schemas.study import StudyDocument
from app.sources.client import SourceClient
from app.sources.lookup import LookupKey, look_up, look_up_many, lookup_key
from tests.fakes import FakeServices, garbage, status
from tests.sources.expectations import EXPECTATIONS, Expectation

EVERYBODY = ("pubmed", "europe_pmc", "crossref", "clinicaltrials_gov")


class TestLookupKey:
    @pytest.mark.parametrize(
        ("text", "kind", "value"),
        [
            ("doi:10.1186/S12891-019-3017-Y", "doi", "10.1186/s12891-019-3017-y"),
            ("https://doi.org/10.1186/s12891-019-3017-y", "doi", "10.1186/s12891-019-3017-y"),
            ("10.1186/s12891-019-3017-y", "doi", "10.1186/s12891-019-3017-y"),
            ("DOI: https://doi.org/10.5555/x", "doi", "10.5555/x"),
            ("pmid:31892357", "pmid", "31892357"),
            ("31892357", "pmid", "31892357"),
            ("https://pubmed.ncbi.nlm.nih.gov/31892357/", "pmid", "31892357"),
            ("pmcid:PMC6937867", "pmcid", "PMC6937867"),
            ("https://pmc.ncbi.nlm.nih.gov/articles/PMC6937867/", "pmcid", "PMC6937867"),
            ("nct:NCT04826302", "nct", "NCT04826302"),
            (" nct04826302 ", "nct", "NCT04826302"),
            ("https://clinicaltrials.gov/study/NCT04826302", "nct", "NCT04826302"),
        ],
    )
    def test_reads_what_people_paste(self, text: str, kind: str, value: str) -> None:
        assert lookup_key(text) == LookupKey(kind, value)

    @pytest.mark.parametrize(
        "text", ["", "doi:", "doi:11.1/x", "pmid:PMC1", "pmid:0", "nct:ISRCTN12345678", "isbn:123", "craniosacral", "PMC"]
    )
    def test_refuses_the_rest(self, text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 (which sentence depends on the identifier)
            lookup_key(text)


class TestLookUp:
    @pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda expectation: expectation.identifier)
    def test_gives_what_is_expected_of_real_records(self, client: SourceClient, expectation: Expectation) -> None:
        expectation.check(look_up(expectation.identifier, client))

    def test_every_member_says_where_it_is_from(self, client: SourceClient) -> None:
        answer = look_up("doi:10.1186/s12891-019-3017-y", client)
        known = {name for name, value in answer.bibliography.model_dump().items() if value not in (None, [])}
        assert answer.members.keys() == known
        assert answer.members["authors"][0] == SourceName.PUBMED
        assert answer.members["doi"][0] == SourceName.CROSSREF

    def test_sources_that_differ_are_listed_and_crossref_decides_the_year(self, client: SourceClient) -> None:
        answer = look_up("doi:10.1186/s12891-019-3017-y", client)
        assert answer.document["year"] == 2020
        assert [(entry.member, entry.values) for entry in answer.disagreements] == [
            ("year", {SourceName.CROSSREF: 2020, SourceName.PUBMED: 2019, SourceName.EUROPE_PMC: 2019})
        ]

    def test_each_record_keeps_its_origin(self, client: SourceClient, services: FakeServices) -> None:
        for record in look_up("pmid:31892357", client).records:
            assert record.url.startswith(services.base)
            assert len(record.raw_sha256) == 64

    def test_the_document_is_one_as_far_as_it_goes(self, client: SourceClient) -> None:
        answer = look_up("pmid:99000001", client)
        document = StudyDocument.model_validate(answer.document)
        assert document.design == "randomised-trial"
        assert document.sources[0] == "https://pubmed.ncbi.nlm.nih.gov/99000001/"

    def test_a_trial_that_the_paper_names_is_looked_up_too(self, client: SourceClient) -> None:
        answer = look_up("pmid:99000001", client)
        assert answer.trial is not None
        assert answer.trial.enrolment == 54
        assert answer.document["linked_registration"] == "NCT99000001"
        assert answer.document["completed_on"] == "2019-12-20"
        assert answer.members["completed_on"] == [SourceName.CLINICALTRIALS_GOV]

    def test_nothing_else_of_the_trial_gets_into_the_paper(self, client: SourceClient) -> None:
        document = look_up("pmid:99000001", client).document
        assert str(document["title"]).startswith("Light touch for neck pain: effects")
        assert document["publication_status"] == "expression-of-concern"
        assert "registration" not in document
        assert "country" not in document
        assert "n_randomised" not in document

    def test_a_registration_by_itself(self, client: SourceClient, services: FakeServices) -> None:
        answer = look_up("nct:NCT99000001", client)
        assert answer.document["kind"] == "registration"
        assert answer.document["registration"] == "NCT99000001"
        assert answer.trial is not None
        assert {seen.service for seen in services.seen} == {"clinicaltrials_gov"}

    def test_a_retraction_found_anywhere_is_reported(self, client: SourceClient, services: FakeServices) -> None:
        services.always("pubmed", status(500))
        services.always("europe_pmc", status(500))
        answer = look_up("doi:10.1016/s0140-6736(97)11096-0", client)
        assert answer.retraction is not None
        assert (answer.retraction.kind, answer.retraction.source) == (NoticeKind.RETRACTION, SourceName.CROSSREF)
        assert answer.document["publication_status"] == "retracted"

    def test_the_same_notice_is_told_once(self, client: SourceClient) -> None:
        notices = look_up("pmid:9500320", client).notices
        assert [entry.kind for entry in notices] == [NoticeKind.RETRACTION, NoticeKind.PARTIAL_RETRACTION, NoticeKind.CORRECTION]

    @pytest.mark.parametrize("down", ["crossref", "europe_pmc", "pubmed"])
    def test_one_service_down_does_not_stop_the_rest(self, client: SourceClient, services: FakeServices, down: str) -> None:
        services.always(down, status(503))
        answer = look_up("pmid:31892357", client)
        assert [entry.source for entry in answer.unavailable] == [down.replace("_", "-")]
        assert answer.unavailable[0].problem == "source-unavailable"
        assert answer.document["title"]

    def test_without_europe_pmc_a_doi_still_gives_what_crossref_knows(self, client: SourceClient, services: FakeServices) -> None:
        services.always("europe_pmc", garbage())
        answer = look_up("doi:10.1186/s12891-019-3017-y", client)
        assert [record.source for record in answer.records] == [SourceName.CROSSREF]
        assert answer.unavailable[0].problem == "source-reply-invalid"

    def test_a_registry_that_fails_costs_the_trial_only(self, client: SourceClient, services: FakeServices) -> None:
        services.always("clinicaltrials_gov", status(500))
        answer = look_up("pmid:99000001", client)
        assert answer.trial is None
        assert answer.document["linked_registration"] == "NCT99000001"
        assert [entry.source for entry in answer.unavailable] == [SourceName.CLINICALTRIALS_GOV]

    def test_services_that_do_not_know_it_are_named(self, client: SourceClient) -> None:
        assert look_up("pmid:99000002", client).not_found == [SourceName.EUROPE_PMC]

    def test_an_alias_leads_to_the_doi_it_stands_for(self, client: SourceClient) -> None:
        answer = look_up("doi:10.5555/alias.of.light", client)
        assert answer.document["doi"] == "10.5555/light.2021.001"
        assert any("another name" in remark for remark in answer.remarks)

    def test_a_record_of_another_publication_is_set_aside(self, client: SourceClient, services: FakeServices) -> None:
        services.articles["31892357"] = services.articles["31892357"].replace("10.1186/s12891-019-3017-y", "10.5555/quite.another")
        answer = look_up("doi:10.1186/s12891-019-3017-y", client)
        assert SourceName.PUBMED not in {record.source for record in answer.records}
        assert any("set aside" in remark and "10.5555/quite.another" in remark for remark in answer.remarks)

    def test_what_nobody_knows_is_unknown(self, client: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier, match="nobody is known to none"):
            look_up("doi:10.5555/nobody", client)

    def test_what_nobody_knows_while_one_is_silent_is_not_unknown(self, client: SourceClient, services: FakeServices) -> None:
        services.always("europe_pmc", status(503))
        with pytest.raises(SourceUnavailable) as caught:
            look_up("doi:10.5555/nobody", client)
        assert caught.value.members["unavailable"][0]["source"] == "europe-pmc"

    def test_all_services_down(self, client: SourceClient, services: FakeServices) -> None:
        for name in EVERYBODY:
            services.always(name, garbage("application/xml+json"))
        with pytest.raises(SourceReplyInvalid) as caught:
            look_up("pmid:31892357", client)
        assert {entry["source"] for entry in caught.value.members["unavailable"]} == {"pubmed", "europe-pmc"}

    def test_no_service_is_asked_twice(self, client: SourceClient, services: FakeServices) -> None:
        look_up("pmcid:PMC6937867", client)
        assert sorted(seen.service for seen in services.seen) == ["crossref", "europe_pmc", "pubmed"]

    def test_a_malformed_identifier_asks_nobody(self, client: SourceClient, services: FakeServices) -> None:
        with pytest.raises(ValueError, match="not a DOI"):
            look_up("doi:nonsense", client)
        assert services.seen == []


class TestLookUpMany:
    def test_answers_come_in_order_and_failures_stop_nothing(self, client: SourceClient) -> None:
        identifiers = ["pmid:9500320", "doi:nonsense", "doi:10.5555/nobody", "nct:NCT99000001", "pmid:31892357"]
        answers = list(look_up_many(identifiers, client))
        assert [answer.identifier for answer in answers] == identifiers
        assert [type(answer) for answer in answers] == [LookupAnswer, LookupFailure, LookupFailure, LookupAnswer, LookupAnswer]
        assert [answer.problem for answer in answers if isinstance(answer, LookupFailure)] == ["invalid-query", "unknown-identifier"]

    def test_nothing_asked_is_nothing_answered(self, client: SourceClient) -> None:
        assert list(look_up_many([], client)) == []

    def test_can_be_left_early(self, client: SourceClient, services: FakeServices) -> None:
        answers = look_up_many((f"nct:NCT9900{number:04d}" for number in range(200)), client)
        next(answers)
        answers.close()  # type: ignore[attr-defined]  # a generator
        assert len(services.seen) < 200
