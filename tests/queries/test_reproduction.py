"""Past ratings come out of their kept inputs as the history says, or it is said why not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.database import reading, transaction
from app.errors import NotFound
from app.models import Rating, RatingHistory, RatingInput, RatingInputPart
from app.queries.rating_inputs import NOT_KEPT, get_input_text
from app.queries.reproduction import get_past_rating, list_moves, reproduce
from app.synthesis.grade import thresholds
from app.synthesis.grade.thresholds import CURRENT
from app.synthesis.rating import to_json
from tests.factories import an_accepted_study
from tests.query_count import counted_queries

PAIR = ("neck-pain", "craniosacral-therapy")


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


@pytest.fixture
def moved(vocabulary: Engine) -> Iterator[Session]:
    """A rating that moved once since it was first made; what a test changes is rolled back."""
    with transaction(vocabulary) as opened:
        an_accepted_study(opened)
    with Session(vocabulary) as opened:
        yield opened


class TestReproduce:
    def test_the_whole_founding_history_comes_out_the_same_to_the_last_member(self, session: Session) -> None:
        again = reproduce(session, list_moves(session))
        stored = {(row.condition, row.intervention): row.content for row in session.execute(select(Rating)).scalars()}
        assert {one.reproduced for one in again} == {True}
        assert len(again) == len(stored)
        for one in again:
            assert one.rating is not None
            assert to_json(one.rating) == stored[(one.move.condition, one.move.intervention)]

    def test_two_queries_whatever_the_number_of_rows(self, session: Session) -> None:
        moves = list_moves(session)
        for some in (moves[:1], moves):
            with counted_queries(session) as sent:
                reproduce(session, some)
            assert len(sent) == 2

    def test_each_row_is_computed_as_it_stood_then(self, moved: Session) -> None:
        first, second = reproduce(moved, list_moves(moved, PAIR))
        assert (first.reproduced, second.reproduced) == (True, True)
        assert first.rating is not None
        assert second.rating is not None
        assert (first.rating.eligible_k, second.rating.eligible_k) == (0, 1)

    def test_what_differs_is_named(self, moved: Session) -> None:
        moved.execute(update(RatingHistory).values(certainty="high", sentence="It is so."))
        [first, *_] = reproduce(moved, list_moves(moved, PAIR))
        assert (first.reproduced, first.differing) == (False, ("certainty", "sentence"))

    def test_inputs_that_were_not_kept_are_not_made_up(self, moved: Session) -> None:
        moved.execute(delete(RatingInput))
        for one in reproduce(moved, list_moves(moved)):
            assert (one.reproduced, one.rating, one.reason) == (None, None, NOT_KEPT)

    def test_inputs_that_were_changed_are_refused(self, moved: Session) -> None:
        moved.execute(update(RatingInputPart).values(text=col(RatingInputPart.text) + " "))
        for one in reproduce(moved, list_moves(moved)):
            assert one.reproduced is None
            assert "changed" in (one.reason or "")

    def test_each_method_version_uses_its_own_numbers(self, moved: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(thresholds.THRESHOLDS_OF_METHOD, "certainty/9.9.9", CURRENT)
        moved.execute(update(RatingHistory).where(col(RatingHistory.eligible_studies) == 1).values(method="certainty/9.9.9"))
        first, second = reproduce(moved, list_moves(moved, PAIR))
        assert first.rating is not None
        assert second.rating is not None
        assert (first.rating.method, second.rating.method) == ("certainty/1.0.0", "certainty/9.9.9")

    def test_a_method_version_that_this_engine_does_not_know(self, moved: Session) -> None:
        moved.execute(update(RatingHistory).values(method="certainty/0.1.0"))
        assert "certainty/0.1.0" in (reproduce(moved, list_moves(moved))[0].reason or "")


class TestGetPastRating:
    def test_a_constant_number_of_queries(self, session: Session) -> None:
        [move] = list_moves(session, PAIR)
        with counted_queries(session) as sent:
            get_past_rating(session, *PAIR, move.sequence)
        assert len(sent) == 3  # the row of the history is in the session already

    def test_an_entry_at_which_it_did_not_move(self, session: Session) -> None:
        with pytest.raises(NotFound, match="did not move at entry 1;"):
            get_past_rating(session, *PAIR, 1)


class TestGetInputText:
    def test_a_hash_that_no_rating_names(self, session: Session) -> None:
        with pytest.raises(NotFound, match="There is no rating input"):
            get_input_text(session, "0" * 64)

    def test_a_hash_whose_inputs_were_not_kept(self, moved: Session) -> None:
        moved.execute(delete(RatingInput))
        with pytest.raises(NotFound, match="were not kept"):
            get_input_text(moved, moved.get_one(Rating, PAIR).inputs_hash)
