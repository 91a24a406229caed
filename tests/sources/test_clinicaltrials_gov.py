import pytest

from app.errors import SourceReplyInvalid, UnknownIdentifier
from app.sources import clinicaltrials_gov
from app.sources.client import SourceClient
from app.vocabulary import Design, PublicationStatus, StudyKind
from tests.fakes import Answer, FakeServices


class TestFetch:
    def test_reads_the_registration(self, client: SourceClient) -> None:
        found = clinicaltrials_gov.fetch(client, "NCT99000001").bibliography
        assert (found.registration, found.linked_registration) == ("NCT99000001", None)
        assert (found.title, found.authors, found.year) == (
            "Light Touch for Neck Pain: a Randomised Trial",
            ["Invented University Hospital"],
            2018,
        )
        assert (found.completed_on, found.country) == ("2019-12-20", "Germany")
        assert (found.kind, found.design) == (StudyKind.REGISTRATION, Design.REGISTERED_TRIAL)
        assert found.publication_status is PublicationStatus.REGISTERED
        assert found.abstract == "A stand-in.\nSecond paragraph."

    def test_says_what_the_registry_says_of_the_trial(self, client: SourceClient) -> None:
        trial = clinicaltrials_gov.fetch(client, "NCT99000001").trial
        assert trial is not None
        assert (trial.status, trial.allocation, trial.model, trial.masking) == ("COMPLETED", "RANDOMIZED", "PARALLEL", "DOUBLE")
        assert (trial.enrolment, trial.enrolment_is_actual, trial.has_results) == (54, True, False)
        assert trial.conditions == ["Neck Pain", "Chronic Pain"]
        assert trial.interventions == ["BEHAVIORAL: Light touch", "OTHER: Sham"]
        assert [(entry.pmid, entry.kind) for entry in trial.publications] == [("99000001", "DERIVED"), (None, "BACKGROUND")]

    def test_a_planned_trial_is_not_completed(self, client: SourceClient) -> None:
        record = clinicaltrials_gov.fetch(client, "NCT99000002")
        assert record.bibliography.completed_on is None
        assert record.trial is not None
        assert (record.trial.completed_on, record.trial.completion_is_actual) == ("2028-06", False)
        assert (record.trial.enrolment, record.trial.enrolment_is_actual) == (120, False)

    def test_a_trial_in_several_countries_is_of_none(self, client: SourceClient) -> None:
        assert clinicaltrials_gov.fetch(client, "NCT99000002").bibliography.country is None

    def test_an_obsolete_number_leads_to_the_trial(self, client: SourceClient) -> None:
        assert clinicaltrials_gov.fetch(client, "NCT99000000").bibliography.registration == "NCT99000001"

    def test_another_trial_than_the_one_asked_for_is_refused(self, client: SourceClient, services: FakeServices) -> None:
        services.trials["NCT99000005"] = services.trials["NCT99000002"]
        with pytest.raises(SourceReplyInvalid, match="NCT99000002"):
            clinicaltrials_gov.fetch(client, "NCT99000005")

    def test_an_unknown_trial_is_unknown(self, client: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            clinicaltrials_gov.fetch(client, "NCT00000000")

    def test_a_reply_without_a_number_is_refused_by_what_it_lacks(self, client: SourceClient, services: FakeServices) -> None:
        services.always("clinicaltrials_gov", Answer(body=b'{"protocolSection": []}'))
        with pytest.raises(SourceReplyInvalid, match=r"it has no protocolSection\.identificationModule\.nctId"):
            clinicaltrials_gov.fetch(client, "NCT99000001")

    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b'{"protocolSection": []}',
            b'{"protocolSection": {"identificationModule": {"nctId": "X", "nctIdAliases": ["NCT99000001"]}}}',
        ],
    )
    def test_a_reply_without_a_registration_is_refused(self, client: SourceClient, services: FakeServices, body: bytes) -> None:
        services.always("clinicaltrials_gov", Answer(body=body))
        with pytest.raises(SourceReplyInvalid):
            clinicaltrials_gov.fetch(client, "NCT99000001")

    def test_members_of_a_wrong_type_are_unknown(self, client: SourceClient, services: FakeServices) -> None:
        body = (
            b'{"hasResults": "no", "protocolSection": {"identificationModule": {"nctId": "NCT99000001"}, "statusModule": [],'
            b'"designModule": {"enrollmentInfo": {"count": true, "type": 5}}, "conditionsModule": {"conditions": [1, null]},'
            b'"armsInterventionsModule": {"interventions": [{}, {"type": "OTHER"}, {"name": "Touch"}]}}}'
        )
        services.always("clinicaltrials_gov", Answer(body=body))
        trial = clinicaltrials_gov.fetch(client, "NCT99000001").trial
        assert trial is not None
        assert (trial.enrolment, trial.enrolment_is_actual, trial.conditions, trial.has_results) == (None, None, [], None)
        assert trial.interventions == ["Touch"]

    @pytest.mark.parametrize("date", ["2019", "2019-13", "2019-00-01", "soon", "2019-1-1", "20190101", "9999-12-31", "1066-10"])
    def test_a_date_that_is_none_is_unknown(self, client: SourceClient, services: FakeServices, date: str) -> None:
        services.trials["NCT99000001"]["protocolSection"]["statusModule"]["completionDateStruct"]["date"] = date
        assert clinicaltrials_gov.fetch(client, "NCT99000001").bibliography.completed_on is None
