"""Past ratings, computed again from their kept inputs under their own method version, beside what the history says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import RatingHistory
from app.queries.addresses import condition_href, intervention_href, rating_href, rating_input_href
from app.queries.answer_meta import answer_meta
from app.queries.columns import members
from app.queries.pair_inputs import Pair
from app.queries.rating_inputs import NOT_KEPT, load_inputs
from app.queries.ratings import MOVE
from app.synthesis.body import PairInput
from app.synthesis.grade.thresholds import THRESHOLDS_OF_METHOD
from app.synthesis.inputs_hash import SplitText, text_hash
from app.synthesis.inputs_reading import UnreadableInput, read_pair
from app.synthesis.rating import PairRating, rate_many, to_json

Json = dict[str, Any]
COMPARED = ("certainty", "direction", "sentence", "headline_comparator", "eligible_studies", "eligible_participants")
"""What the history says of a rating, and what computing it again must give."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """One past rating computed again. `rating` None: it could not be, and `reason` says why."""

    move: RatingHistory
    rating: PairRating | None
    reason: str | None = None
    differing: tuple[str, ...] = ()

    @property
    def reproduced(self) -> bool | None:
        """True: the same again; False: `differing` names what is not; None: not to be computed."""
        return None if self.rating is None else not self.differing


def reproduce(session: Session, moves: Sequence[RatingHistory]) -> list[Reproduction]:
    """Compute rows of the history again, in their order. Two queries, and every method version in one go."""
    inputs = load_inputs(session, {move.inputs_hash for move in moves})
    refused: dict[int, str] = {}
    readable: dict[str, list[int]] = defaultdict(list)
    pairs: dict[int, PairInput] = {}
    for place, move in enumerate(moves):
        try:
            pairs[place] = _read(move, inputs)
            readable[move.method].append(place)
        except UnreadableInput as error:
            refused[place] = str(error)
    rated = {
        place: rating
        for method, places in readable.items()
        for place, rating in zip(places, rate_many([pairs[place] for place in places], method), strict=True)
    }
    return [_compare(move, rated.get(place), refused.get(place)) for place, move in enumerate(moves)]


def _read(move: RatingHistory, inputs: Mapping[str, SplitText]) -> PairInput:
    if move.inputs_hash not in inputs:
        raise UnreadableInput(NOT_KEPT)
    if move.method not in THRESHOLDS_OF_METHOD:
        raise UnreadableInput(f"This engine does not know the method version {move.method}.")
    if text_hash(inputs[move.inputs_hash].joined()) != move.inputs_hash:
        raise UnreadableInput("The kept inputs are not those of the hash: they were changed.")
    return read_pair(inputs[move.inputs_hash])


def _compare(move: RatingHistory, rating: PairRating | None, reason: str | None) -> Reproduction:
    if rating is None:
        return Reproduction(move, None, reason)
    content = to_json(rating)
    return Reproduction(move, rating, None, tuple(name for name in COMPARED if content[name] != getattr(move, name)))


def get_past_rating(session: Session, condition: str, intervention: str, sequence: int) -> Json:
    """A rating as it stood from one entry of the ledger on. Four queries."""
    move = session.get(RatingHistory, (condition, intervention, sequence))
    if move is None:
        raise NotFound(
            f"The rating of {intervention[:100]} for {condition[:100]} did not move at entry {sequence}; "
            f"{rating_href(condition, intervention)[:300]}/history lists the entries at which it did."
        )
    [again] = reproduce(session, [move])
    return past_rating_to_json(again) | {
        "links": {
            "self": f"{rating_href(condition, intervention)}/history/{sequence}",
            "rating": rating_href(condition, intervention),
            "history": f"{rating_href(condition, intervention)}/history",
            "condition": condition_href(condition),
            "intervention": intervention_href(intervention),
            "inputs": rating_input_href(move.inputs_hash) if again.rating is not None else None,
        },
        "meta": answer_meta(session, subjects=[f"rating:{condition}/{intervention}"], as_of=[move.as_of]),
    }


def past_rating_to_json(again: Reproduction) -> Json:
    """What the history says, and the whole rating as it comes out when it is computed again."""
    return {
        "condition": again.move.condition,
        "intervention": again.move.intervention,
        **members(again.move, MOVE),
        "reproduced": again.reproduced,
        "not_reproduced_because": again.reason or (f"These differ: {', '.join(again.differing)}." if again.differing else None),
        "rating": None if again.rating is None else to_json(again.rating),
    }


def list_moves(session: Session, pair: Pair | None = None, sequence: int | None = None) -> list[RatingHistory]:
    """Rows of the history in the order of the ledger: all, those of a condition and intervention, the one at an entry."""
    statement = select(RatingHistory).order_by(col(RatingHistory.sequence))
    if pair is not None:
        statement = statement.where(col(RatingHistory.condition) == pair[0], col(RatingHistory.intervention) == pair[1])
    if sequence is not None:
        statement = statement.where(col(RatingHistory.sequence) == sequence)
    return list(session.execute(statement).scalars())
