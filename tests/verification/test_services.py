"""The services still answer as `tests/fakes.py` says they do."""

from collections.abc import Iterator

import pytest

from app.errors import UnknownIdentifier
from app.settings import Settings
from app.sources import clinicaltrials_gov, europe_pmc, pubmed
from app.sources.client import SourceClient
from app.sources.lookup import look_up
from app.vocabulary import StudyKind
from tests.sources.expectations import EXPECTATIONS, Expectation

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def live() -> Iterator[SourceClient]:
    with SourceClient(Settings(source_cache=None)) as client:
        yield client


class TestLookUp:
    @pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda expectation: expectation.identifier)
    def test_gives_what_is_expected_of_real_records(self, live: SourceClient, expectation: Expectation) -> None:
        expectation.check(look_up(expectation.identifier, live))

    def test_an_identifier_that_nobody_gave_is_unknown(self, live: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            look_up("doi:10.5555/no.such.doi.was.ever.given.0000", live)


class TestServices:
    def test_pubmed_answers_an_id_never_given_with_an_empty_set(self, live: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            pubmed.fetch(live, "999999999")

    def test_europe_pmc_finds_nothing_for_an_id_never_given(self, live: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            europe_pmc.fetch(live, "pmid", "999999999")

    def test_clinicaltrials_gov_tells_design_and_enrolment(self, live: SourceClient) -> None:
        record = clinicaltrials_gov.fetch(live, "NCT00665236")
        assert record.bibliography.kind is StudyKind.REGISTRATION
        assert record.trial is not None
        assert record.trial.registration == "NCT00665236"
        assert record.trial.enrolment
        assert record.trial.allocation

    def test_clinicaltrials_gov_does_not_know_a_number_never_given(self, live: SourceClient) -> None:
        with pytest.raises(UnknownIdentifier):
            clinicaltrials_gov.fetch(live, "NCT99999999")
