"""What a rating rests on is kept with it, each study once."""

import hashlib

from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.actions import ledger
from app.actions.rating_inputs import keep_inputs
from app.actions.recompute import Cause, recompute_all
from app.actions.reviews import retract_study
from app.actor import MAINTENANCE
from app.database import reading, transaction
from app.models import Rating, RatingHistory, RatingInput, RatingInputPart
from app.queries.pair_inputs import load_pair_inputs
from app.queries.rating_inputs import load_inputs
from tests.factories import BEN, CLARA, a_submission, accept, an_accepted_study, differences, row_counts

PAIR = ("neck-pain", "craniosacral-therapy")


def counts(engine: Engine) -> tuple[int, int]:
    """Kept inputs, kept parts."""
    with reading(engine) as session:
        inputs, parts = (session.execute(select(func.count()).select_from(table)).scalar_one() for table in (RatingInput, RatingInputPart))
        return inputs, parts


class TestKeepInputs:
    def test_every_row_of_the_history_and_every_rating_has_its_inputs(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            retract_study(session, study, reason="fabricated", by=CLARA)
        with reading(vocabulary) as session:
            columns = (col(RatingHistory.inputs_hash), col(Rating.inputs_hash))
            named = {name for column in columns for name in session.execute(select(column)).scalars()}
            kept = load_inputs(session, named)
        assert kept.keys() == named
        assert {hashlib.sha256(split.joined().encode()).hexdigest() for split in kept.values()} == named

    def test_another_study_adds_one_input_and_one_part(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        inputs, parts = counts(vocabulary)
        with transaction(vocabulary) as session:
            an_accepted_study(session, BEN, title="Second paper", year=2023)
        assert counts(vocabulary) == (inputs + 1, parts + 1)

    def test_keeping_twice_is_keeping_once(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        before = row_counts(vocabulary)
        with transaction(vocabulary) as session:
            rating = session.get_one(Rating, PAIR)
            pairs = load_pair_inputs(session, [PAIR], as_of=rating.as_of)
            keep_inputs(session, pairs * 2)
        assert row_counts(vocabulary) == before

    def test_a_rating_that_did_not_move_has_its_new_inputs_too(self, vocabulary: Engine) -> None:
        """The day is part of the inputs, so that they change with every recompute."""
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        with transaction(vocabulary) as session:
            change = ledger.append(session, by=MAINTENANCE, action="ledger.recomputed", subject="ledger:ratings", summary="Again")
            assert recompute_all(session, by=MAINTENANCE, cause=Cause(change, "again", change.occurred_at.date().replace(year=2030))) == []
        with reading(vocabulary) as session:
            rating = session.get_one(Rating, PAIR)
            assert rating.as_of.year == 2030
            assert load_inputs(session, [rating.inputs_hash]).keys() == {rating.inputs_hash}
        assert differences(vocabulary) == []

    def test_what_is_rolled_back_leaves_nothing(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session)
        before = row_counts(vocabulary)
        with transaction(vocabulary) as session:
            accept(session, study=session.merge(study))
            session.rollback()
        assert row_counts(vocabulary) == before
