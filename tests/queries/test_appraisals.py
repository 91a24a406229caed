"""Appraisals as the engine and as readers get them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.actions.appraisals import make_appraisal, withdraw_appraisal
from app.actions.reviews import retract_study
from app.database import transaction
from app.models import DomainAppraisal, Study
from app.queries.appraisals import APPRAISALS, get_appraisal, list_appraisals, load_appraisals, load_appraisals_of_pair
from app.queries.rating_inputs import load_inputs
from app.vocabulary import Domain
from tests.factories import BEN, CARL, CLARA, a_result, an_accepted_study
from tests.query_count import counted_queries

PAIR = ("neck-pain", "craniosacral-therapy")
BODY, FOLLOW_UP = (f"neck-pain.craniosacral-therapy.pain-intensity.sham.{horizon}" for horizon in ("post-treatment", "follow-up"))


@pytest.fixture
def session(vocabulary: Engine) -> Iterator[Session]:
    """A study with two bodies; what a test writes is rolled back."""
    with transaction(vocabulary) as opened:
        an_accepted_study(opened, results=[a_result(), a_result(since_end_of_treatment_weeks=26, timepoint_weeks=34)])
    with Session(vocabulary) as opened:
        yield opened


def appraise(session: Session, body: str = BODY, domain: Domain = Domain.INDIRECTNESS, levels: int = 1) -> DomainAppraisal:
    return make_appraisal(
        session, body, by=CLARA, domain=domain, levels=levels, rationale="Other people were treated.", conflict_of_interest="none"
    )


class TestLoadAppraisals:
    def test_those_in_force_by_body_in_one_query(self, session: Session) -> None:
        withdraw_appraisal(session, appraise(session, domain=Domain.IMPRECISION).id, by=CARL, reason="Wrong.")
        appraise(session)
        row = appraise(session, levels=2)
        appraise(session, FOLLOW_UP)
        with counted_queries(session) as sent:
            found = load_appraisals(session, [BODY, FOLLOW_UP, "nothing"])
        assert len(sent) == 1
        assert found.keys() == {BODY, FOLLOW_UP}
        [one] = found[BODY]
        assert (one.domain, one.levels, one.author, one.made_on) == (Domain.INDIRECTNESS, 2, CLARA.id, row.made_at.date())
        assert load_appraisals_of_pair(session, *PAIR) == found

    def test_says_when_the_evidence_has_moved_on(self, session: Session) -> None:
        appraise(session)
        assert load_appraisals(session, [BODY])[BODY][0].stands_on_current_inputs
        an_accepted_study(session, BEN, title="Second paper")
        assert not load_appraisals(session, [BODY])[BODY][0].stands_on_current_inputs

    def test_none_for_no_body(self, session: Session) -> None:
        assert load_appraisals(session, []) == {}


class TestListAppraisals:
    def test_a_page_is_two_queries_whatever_its_length(self, session: Session) -> None:
        for levels in (0, 1, 2):
            appraise(session, levels=levels)
        for limit in ("1", "200"):
            with counted_queries(session) as sent:
                page = list_appraisals(session, BODY, APPRAISALS.parse("/", [("limit", limit)]))
            assert len(sent) == 2
        assert [item["status"] for item in page.items] == ["in-force", "replaced", "replaced"]


class TestStandsOnCurrentInputs:
    def stands(self, session: Session, row: DomainAppraisal) -> bool:
        session.flush()
        answer: bool = get_appraisal(session, row.id)["stands_on_current_inputs"]
        return answer

    def test_as_long_as_the_judgement_is_made_of_the_same(self, session: Session) -> None:
        row = appraise(session)
        assert self.stands(session, row)
        an_accepted_study(session, BEN, title="Elsewhere", conditions=["migraine"], results=[a_result(condition="migraine")])
        assert self.stands(session, row)

    def test_no_more_when_another_study_came_in(self, session: Session) -> None:
        row = appraise(session)
        an_accepted_study(session, BEN, title="Second paper")
        assert not self.stands(session, row)

    def test_and_again_when_it_went_away(self, session: Session) -> None:
        row = appraise(session)
        retract_study(session, an_accepted_study(session, BEN, title="Second paper"), reason="fabricated", by=CARL)
        assert self.stands(session, row)

    def test_not_when_the_body_is_gone(self, session: Session) -> None:
        row = appraise(session)
        study = session.execute(select(Study)).scalar_one()
        retract_study(session, study, reason="fabricated", by=CARL)
        assert not self.stands(session, row)
        page = list_appraisals(session, BODY, APPRAISALS.parse("/", []))
        assert [item["id"] for item in page.items] == [row.id]

    def test_what_the_curator_had_before_him_can_be_read_for_good(self, session: Session) -> None:
        row = appraise(session)
        an_accepted_study(session, BEN, title="Second paper")
        assert load_inputs(session, [row.inputs_hash]).keys() == {row.inputs_hash}
