"""Ratings are stored with their bodies and their history; time alone never moves one."""

from datetime import date, timedelta

from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.actions import ledger
from app.actions.recompute import Cause, RatingMove, all_pairs, rating_moved, recompute_all
from app.actor import MAINTENANCE
from app.database import reading, transaction
from app.models import BodyOfEvidence, Change, Rating, RatingHistory
from tests.factories import a_result, an_accepted_study, differences, instrument_record, put, rating_content

PAIR = ("neck-pain", "craniosacral-therapy")


def recompute(engine: Engine, *, later: timedelta = timedelta()) -> list[RatingMove]:
    with transaction(engine) as session:
        change = ledger.append(session, by=MAINTENANCE, action="ledger.recomputed", subject="ledger:ratings", summary="Again")
        return recompute_all(session, by=MAINTENANCE, cause=Cause(change, "again", change.occurred_at.date() + later))


class TestRecomputeAll:
    def test_every_pair_is_rated_though_there_be_no_evidence(self, vocabulary: Engine) -> None:
        with reading(vocabulary) as session:
            assert all_pairs(session) == [("migraine", "craniosacral-therapy"), PAIR]
            rating = session.get_one(Rating, PAIR)
        assert (rating.certainty, rating.direction, rating.eligible_studies) == ("no-evidence", None, 0)

    def test_the_same_evidence_moves_nothing(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        assert recompute(vocabulary) == []
        assert differences(vocabulary) == []

    def test_time_alone_moves_nothing_and_the_stored_day_stays_checkable(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        assert recompute(vocabulary, later=timedelta(days=1)) == []
        assert differences(vocabulary) == []

    def test_another_important_difference_moves_what_rests_on_it(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
            put(session, "instrument", instrument_record("pain-vas-100", "pain-intensity", 30.0))
        moved = recompute(vocabulary)
        assert [(impact.condition, impact.intervention) for impact in moved] == [PAIR]
        assert differences(vocabulary) == []

    def test_from_scratch_and_step_by_step_are_the_same(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            for n in (40, 60, 90):
                results = [a_result(treatment={"n": n, "mean": 30 + n / 10, "sd": 20}, control={"n": n, "mean": 45, "sd": 22})]
                an_accepted_study(session, n_randomised=2 * n, n_analysed=2 * n, results=results, title=f"Trial of {n}")
            step_by_step = rating_content(session)
        recompute(vocabulary)
        with reading(vocabulary) as session:
            assert rating_content(session) == step_by_step


class TestStoreRatings:
    def test_bodies_stand_beside_their_rating(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
            body = session.execute(select(BodyOfEvidence)).scalar_one()
            rating = session.get_one(Rating, PAIR)
        assert (body.condition, body.outcome, body.comparator_group, body.horizon) == (
            "neck-pain",
            "pain-intensity",
            "sham",
            "post-treatment",
        )
        assert (body.k, body.n, body.in_headline, body.certainty) == (1, 120, True, rating.certainty)
        assert body.id == rating.content["outcomes"][0]["body"]

    def test_each_move_is_a_row_of_history_with_its_entry(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
            entries = select(col(Change.sequence)).where(col(Change.subject) == "rating:neck-pain/craniosacral-therapy")
            sequences = list(session.execute(entries.order_by(col(Change.sequence))).scalars())
            history = select(col(RatingHistory.sequence)).where(col(RatingHistory.condition) == "neck-pain")
            assert list(session.execute(history.order_by(col(RatingHistory.sequence))).scalars()) == sequences
        assert len(sequences) == 2  # no evidence, then the trial

    def test_a_rating_that_stays_keeps_its_history(self, vocabulary: Engine) -> None:
        recompute(vocabulary)
        with reading(vocabulary) as session:
            assert session.execute(select(func.count()).select_from(RatingHistory)).scalar_one() == 2


class TestRatingMoved:
    def test_the_day_alone_is_no_move(self) -> None:
        before = {"as_of": date(2026, 1, 1).isoformat(), "inputs_hash": "a", "certainty": "low"}
        assert not rating_moved(before, before | {"as_of": "2026-02-02", "inputs_hash": "b"})

    def test_anything_else_is(self) -> None:
        assert rating_moved({"certainty": "low"}, {"certainty": "moderate"})

    def test_a_first_rating_is(self) -> None:
        assert rating_moved(None, {"certainty": "low"})
