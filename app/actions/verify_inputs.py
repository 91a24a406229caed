"""Are the kept inputs still those of their hashes, and do past ratings come out of them as the history says?"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger_state import UNREADABLE, Difference, LedgerState
from app.actions.recompute import BATCH
from app.models import RatingHistory, RatingInput, RatingInputPart
from app.queries.rating_inputs import load_inputs
from app.queries.reproduction import Reproduction, reproduce
from app.synthesis.inputs_hash import text_hash

WORDING = frozenset({"sentence"})
"""What a later release may say in other words from the same numbers; the ledger holds what was said then."""
HistoryKey = tuple[str, str, int]
"""Condition, intervention, sequence of the ledger entry."""


def verify_inputs(session: Session) -> Iterator[Difference]:
    """Every part and every input has the hash that it is kept under."""
    parts = select(col(RatingInputPart.hash), col(RatingInputPart.text)).execution_options(yield_per=1000)
    for name, text in session.execute(parts):
        if text_hash(text) != name:
            yield Difference(f"part {name} of the kept inputs", "is not the text of its hash")
    hashes = session.execute(select(col(RatingInput.hash)).order_by(col(RatingInput.hash))).scalars().all()
    for start in range(0, len(hashes), BATCH):
        yield from _verify_texts(session, hashes[start : start + BATCH])


def _verify_texts(session: Session, hashes: Sequence[str]) -> Iterator[Difference]:
    """The inputs of these hashes; when one cannot be read, one at a time, to name it."""
    try:
        found = load_inputs(session, hashes)
        wrong = [name for name in hashes if name not in found or text_hash(found[name].joined()) != name]
    except UNREADABLE:
        if len(hashes) > 1:
            for name in hashes:
                yield from _verify_texts(session, [name])
            return
        wrong = list(hashes)
    for name in wrong:
        yield Difference(f"kept input {name}", "is not the text of its hash")


def verify_reproduction(session: Session, state: LedgerState) -> Iterator[Difference]:
    """Every row of the history, computed again from its kept inputs under its own method version."""
    key = (col(RatingHistory.condition), col(RatingHistory.intervention), col(RatingHistory.sequence))
    keys: list[HistoryKey] = [(row[0], row[1], row[2]) for row in session.execute(select(*key).order_by(*key))]
    for start in range(0, len(keys), BATCH):
        yield from _verify_moves(session, keys[start : start + BATCH], state)


def _verify_moves(session: Session, keys: list[HistoryKey], state: LedgerState) -> Iterator[Difference]:
    wanted = tuple_(col(RatingHistory.condition), col(RatingHistory.intervention), col(RatingHistory.sequence)).in_(keys)
    try:
        again = reproduce(session, session.execute(select(RatingHistory).where(wanted)).scalars().all())
    except UNREADABLE as error:
        if len(keys) == 1:
            yield Difference(_place(*keys[0]), f"cannot be computed again ({type(error).__name__})")
            return
        for key in keys:
            yield from _verify_moves(session, [key], state)
        return
    for one in again:
        yield from _differences(one, state)


def _differences(again: Reproduction, state: LedgerState) -> Iterator[Difference]:
    move = again.move
    place = _place(move.condition, move.intervention, move.sequence)
    entry = state.ratings.get(f"{move.condition}/{move.intervention}", {}).get(move.sequence, {})
    differing = [name for name in again.differing if name not in WORDING]
    if differing:
        yield Difference(place, f"computed again from its inputs, {', '.join(differing)} differ")
    elif again.reason is not None and entry.get("details", {}).get("inputs_kept", False):
        yield Difference(place, f"cannot be computed again: {again.reason}")


def _place(condition: str, intervention: str, sequence: int) -> str:
    return f"history of rating {condition}/{intervention} at entry {sequence}"
