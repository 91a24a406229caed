"""A curator's view stands beside the computed rating: made, replaced, withdrawn, never in its place."""

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.appraisals import make_appraisal, withdraw_appraisal
from app.actions.reviews import retract_study
from app.actor import Actor
from app.database import reading, transaction
from app.errors import Conflict, InvalidBody, NotAllowed, NotFound
from app.models import BodyOfEvidence, Change, ChangeSubject, DomainAppraisal, Rating, Study
from app.vocabulary import Domain
from tests.factories import ANNA, CARL, CLARA, an_accepted_study, differences, row_counts

PAIR = ("neck-pain", "craniosacral-therapy")
BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"


@pytest.fixture
def rated(vocabulary: Engine) -> Engine:
    with transaction(vocabulary) as session:
        an_accepted_study(session)
    return vocabulary


def appraise(session: Session, by: Actor = CLARA, domain: Domain = Domain.INDIRECTNESS, levels: int = 1) -> DomainAppraisal:
    return make_appraisal(
        session, BODY, by=by, domain=domain, levels=levels, rationale="Other people were treated.", conflict_of_interest="none"
    )


def newest(session: Session, action: str) -> Change:
    statement = select(Change).where(col(Change.action) == action).order_by(col(Change.sequence).desc()).limit(1)
    return session.execute(statement).scalar_one()


class TestMakeAppraisal:
    def test_the_computed_rating_and_its_bodies_stay_as_they_are(self, rated: Engine) -> None:
        with reading(rated) as session:
            rating, body = session.get_one(Rating, PAIR).model_dump(), session.get_one(BodyOfEvidence, BODY).model_dump()
        with transaction(rated) as session:
            appraise(session)
        with reading(rated) as session:
            assert session.get_one(Rating, PAIR).model_dump() == rating
            assert session.get_one(BodyOfEvidence, BODY).model_dump() == body
        assert differences(rated) == []

    def test_the_row_says_what_it_was_made_on(self, rated: Engine) -> None:
        with transaction(rated) as session:
            row = appraise(session)
            rating = session.get_one(Rating, PAIR)
            assert (row.method, row.inputs_hash) == (rating.method, rating.inputs_hash)
            assert (row.condition, row.outcome, row.comparator_group, row.horizon) == (
                "neck-pain",
                "pain-intensity",
                "sham",
                "post-treatment",
            )
            assert (row.levels, row.computed_levels, row.author) == (1, 0, CLARA.id)

    def test_the_ledger_says_all_of_it_and_whom_it_touches(self, rated: Engine) -> None:
        with transaction(rated) as session:
            row = appraise(session)
            entry = newest(session, "appraisal.made")
            touched = session.execute(select(col(ChangeSubject.subject)).where(col(ChangeSubject.sequence) == entry.sequence)).scalars()
            assert set(touched) == {f"appraisal:{row.id}", "condition:neck-pain", "rating:neck-pain/craniosacral-therapy"}
            assert '"rationale":"Other people were treated."' in entry.content
            assert entry.occurred_at == row.made_at

    def test_the_next_one_of_the_same_domain_replaces_it(self, rated: Engine) -> None:
        with transaction(rated) as session:
            first, other, second = appraise(session), appraise(session, domain=Domain.IMPRECISION), appraise(session, CARL, levels=2)
        assert (first.replaced_by, first.withdrawn_by, first.withdrawn_at) == (second.id, CARL.id, second.made_at)
        assert (other.withdrawn_at, second.withdrawn_at) == (None, None)
        assert differences(rated) == []

    def test_one_that_agrees_with_what_was_computed_may_be_made(self, rated: Engine) -> None:
        with transaction(rated) as session:
            assert appraise(session, levels=0).computed_levels == 0

    @pytest.mark.parametrize(
        ("domain", "levels"), [(Domain.PUBLICATION_BIAS, 2), (Domain.RISK_OF_BIAS, 3), (Domain.IMPRECISION, 4), (Domain.INDIRECTNESS, -1)]
    )
    def test_more_levels_than_the_rules_could_take_are_refused(self, rated: Engine, domain: Domain, levels: int) -> None:
        before = row_counts(rated)
        with pytest.raises(InvalidBody) as refused, transaction(rated) as session:
            appraise(session, domain=domain, levels=levels)
        assert [error.pointer for error in refused.value.errors] == ["/levels"]  # type: ignore[union-attr]
        assert row_counts(rated) == before

    def test_a_contributor_may_not(self, rated: Engine) -> None:
        with pytest.raises(NotAllowed), transaction(rated) as session:
            appraise(session, ANNA)

    def test_a_body_that_is_not_there(self, rated: Engine) -> None:
        with pytest.raises(NotFound), transaction(rated) as session:
            make_appraisal(session, "nothing", by=CLARA, domain=Domain.IMPRECISION, levels=1, rationale="Why.", conflict_of_interest="none")


class TestWithdrawAppraisal:
    def test_the_reason_and_who_gave_it_stay_on_record(self, rated: Engine) -> None:
        with transaction(rated) as session:
            row = withdraw_appraisal(session, appraise(session).id, by=CARL, reason="They are the same people.")
            entry = newest(session, "appraisal.withdrawn")
        assert (row.withdrawn_by, row.withdrawal_reason, row.withdrawn_at) == (CARL.id, "They are the same people.", entry.occurred_at)
        assert differences(rated) == []

    def test_what_it_had_replaced_does_not_come_back(self, rated: Engine) -> None:
        with transaction(rated) as session:
            first = appraise(session)
            withdraw_appraisal(session, appraise(session, levels=2).id, by=CLARA, reason="Wrong.")
            assert first.withdrawn_at is not None

    def test_a_second_time_is_a_conflict(self, rated: Engine) -> None:
        with transaction(rated) as session:
            row = withdraw_appraisal(session, appraise(session).id, by=CLARA, reason="Wrong.")
        with pytest.raises(Conflict, match="already"), transaction(rated) as session:
            withdraw_appraisal(session, row.id, by=CLARA, reason="Wrong.")

    def test_one_that_was_replaced_names_the_one_in_its_place(self, rated: Engine) -> None:
        with transaction(rated) as session:
            first, second = appraise(session), appraise(session, levels=2)
        with pytest.raises(Conflict, match=second.id), transaction(rated) as session:
            withdraw_appraisal(session, first.id, by=CLARA, reason="Wrong.")

    def test_it_can_be_withdrawn_when_its_body_is_gone(self, rated: Engine) -> None:
        with transaction(rated) as session:
            row = appraise(session)
            retract_study(session, session.execute(select(Study)).scalar_one(), reason="fabricated", by=CLARA)
            assert session.get(BodyOfEvidence, BODY) is None
        with transaction(rated) as session:
            withdraw_appraisal(session, row.id, by=CLARA, reason="Nothing is left to appraise.")
        assert differences(rated) == []

    def test_a_contributor_may_not(self, rated: Engine) -> None:
        with transaction(rated) as session:
            row = appraise(session)
        with pytest.raises(NotAllowed), transaction(rated) as session:
            withdraw_appraisal(session, row.id, by=ANNA, reason="Wrong.")
