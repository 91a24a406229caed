"""Asking Crossref and PubMed for many publications, also where one of them is down or one article is odd."""

import pytest

from app.errors import SourceProblem
from app.schemas.lookup import NoticeKind, Publication, SourceName
from app.sources import pubmed
from app.sources.client import SourceClient
from app.sources.lookup import look_up_many
from app.sources.notices import FEW, PATIENCE, NoticeInquiry
from tests.fakes import XML, Answer, FakeServices, Seen, status

WAKEFIELD = Publication("1", "wakefield", "10.1016/s0140-6736(97)11096-0", "9500320")
HALLER = Publication("2", "haller", "10.1186/s12891-019-3017-y", "31892357")
NOBODY = Publication("3", "nobody", "10.5555/nobody", "99999999")
CROSSREF, PUBMED = SourceName.CROSSREF, SourceName.PUBMED


class TestInquiry:
    def test_one_question_to_pubmed_and_one_to_crossref_for_each(self, client: SourceClient, services: FakeServices) -> None:
        wakefield, haller, nobody = NoticeInquiry(client).ask([WAKEFIELD, HALLER, NOBODY])
        assert {entry.kind for record in wakefield.records.values() for entry in record.notices} >= {NoticeKind.RETRACTION}
        assert [record.notices for record in haller.records.values()] == [[], []]
        assert (sorted(nobody.unknown), nobody.problems) == ([CROSSREF, PUBMED], {})
        assert [seen.query["id"] for seen in services.asked("pubmed")] == ["9500320,31892357,99999999"]
        assert len(services.asked("crossref")) == 3

    def test_a_source_that_is_down_is_given_up_and_the_other_goes_on(self, client: SourceClient, services: FakeServices) -> None:
        services.always("crossref", status(400))
        inquiry = NoticeInquiry(client)
        many = [Publication(f"s{number}", f"key-{number}", f"10.5555/{number}", None) for number in range(20)]
        found = inquiry.ask([*many, HALLER])
        assert all(CROSSREF in one.problems for one in found)
        assert found[-1].records.keys() == {PUBMED}
        assert PATIENCE <= len(services.asked("crossref")) < 10
        assert inquiry.ask([WAKEFIELD])[0].answered == [PUBMED]

    def test_pubmed_is_given_up_after_as_many_batches_on_end_without_an_answer(self, client: SourceClient, services: FakeServices) -> None:
        inquiry = NoticeInquiry(client)
        one = Publication("9", "only-pubmed", None, "9500320")
        for _ in range(PATIENCE - 1):
            services.misbehave("pubmed", status(400))
            assert PUBMED in inquiry.ask([one])[0].problems
        assert inquiry.ask([one])[0].answered == [PUBMED]
        services.always("pubmed", status(400))
        for _ in range(PATIENCE):
            assert PUBMED not in inquiry.down
            inquiry.ask([one, Publication("8", "bare")])
        asked = len(services.asked("pubmed"))
        assert PUBMED in inquiry.ask([one])[0].problems
        assert len(services.asked("pubmed")) == asked

    def test_a_source_that_has_none_of_many_records_has_not_answered(self, client: SourceClient, services: FakeServices) -> None:
        many = [Publication(f"s{number}", f"key-{number}", f"10.5555/{number}", f"9800{number:04}") for number in range(1, FEW + 2)]
        told: list[tuple[str, SourceProblem | None]] = []
        client.report = lambda source, problem: told.append((source, problem))
        inquiry = NoticeInquiry(client)
        found = inquiry.ask(many)
        assert [one.answered for one in found] == [[]] * len(many)
        assert "has none of the 6 records" in found[0].problems[PUBMED].detail
        assert sorted(source for source, _ in told) == [CROSSREF, PUBMED]
        assert inquiry.ask(many[:1])[0].answered == []  # the rest of the same run

    def test_a_few_that_it_does_not_have_are_an_answer(self, client: SourceClient, services: FakeServices) -> None:
        few = [Publication(f"s{number}", f"key-{number}", f"10.5555/{number}", None) for number in range(FEW)]
        assert all(one.unknown == [CROSSREF] for one in NoticeInquiry(client).ask(few))
        many = [*few, *few, HALLER]
        assert NoticeInquiry(client).ask(many)[0].unknown == [CROSSREF]

    def test_a_study_with_neither_name_is_asked_nowhere(self, client: SourceClient, services: FakeServices) -> None:
        assert NoticeInquiry(client).ask([Publication("9", "bare")])[0].answered == []
        assert services.seen == []


class TestFetchMany:
    def test_asks_in_batches(self, client: SourceClient, services: FakeServices) -> None:
        ids = [str(number) for number in range(1, 2 * pubmed.BATCH + 2)]
        assert pubmed.fetch_many(client, [*ids, "31892357"]).keys() == {"31892357"}
        assert [len(seen.query["id"].split(",")) for seen in services.asked("pubmed")] == [200, 200, 2]

    def test_nothing_asked_is_nothing_sent(self, client: SourceClient, services: FakeServices) -> None:
        assert pubmed.fetch_many(client, []) == {}
        assert services.seen == []

    def test_one_article_that_breaks_the_reply_does_not_hide_the_others(
        self, client: SourceClient, services: FakeServices, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usual = services.answer

        def answer(seen: Seen) -> Answer:
            broken = seen.service == "pubmed" and "13" in seen.query["id"].split(",")
            return Answer(body=b"<PubmedArticleSet><cut", media=XML) if broken else usual(seen)

        monkeypatch.setattr(services, "answer", answer)
        found = pubmed.fetch_many(client, ["9500320", "13", "31892357", "99000001", "99000002"])
        assert isinstance(found["13"], SourceProblem)
        assert {pmid for pmid, one in found.items() if not isinstance(one, SourceProblem)} == {
            "9500320", "31892357", "99000001", "99000002",
        }  # fmt: skip

    def test_where_everything_is_broken_it_is_not_asked_for_ever(self, client: SourceClient, services: FakeServices) -> None:
        services.always("pubmed", Answer(body=b"<html>", media=XML))
        found = pubmed.fetch_many(client, [str(number) for number in range(1, 151)])
        assert all(isinstance(one, SourceProblem) for one in found.values())
        assert len(services.asked("pubmed")) == 3

    def test_a_record_can_be_asked_for_alone(self, client: SourceClient) -> None:
        record = pubmed.fetch_many(client, ["9500320", "31892357"])["31892357"]
        assert not isinstance(record, SourceProblem)
        assert record.url.endswith("/efetch.fcgi?db=pubmed&id=31892357&retmode=xml")


class TestLookUpMany:
    def test_pubmed_is_asked_once_for_all_its_ids(self, client: SourceClient, services: FakeServices) -> None:
        asked = ["pmid:31892357", "9500320", "doi:10.5555/nobody", "pmid:99999999", "nonsense"]
        assert len(list(look_up_many(asked, client))) == len(asked)
        assert [seen.query["id"] for seen in services.asked("pubmed")] == ["31892357,9500320,99999999"]
