"""The inputs that ratings rest on, by their hash, put together again from their parts."""

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Rating, RatingHistory, RatingInput, RatingInputPart
from app.synthesis.inputs_hash import SplitText

GROUP = 5000
"""Hashes asked for in one statement; SQLite takes 32,766 values, PostgreSQL 65,535."""
NOT_KEPT = "Its inputs were not kept: the rating was made before inputs were stored."


def in_groups(hashes: Collection[str]) -> Iterator[list[str]]:
    """The hashes, sorted, as many at a time as one statement takes."""
    listed = sorted(hashes)
    for start in range(0, len(listed), GROUP):
        yield listed[start : start + GROUP]


def load_inputs(session: Session, hashes: Collection[str]) -> dict[str, SplitText]:
    """Inputs hash to its text in parts; a hash without kept inputs is not among the keys. Two queries for each 5,000 hashes."""
    rows = [
        row
        for group in in_groups(set(hashes))
        for row in session.execute(
            select(col(RatingInput.hash), col(RatingInput.frame), col(RatingInput.parts)).where(col(RatingInput.hash).in_(group))
        )
    ]
    texts = _load_parts(session, {part for row in rows for part in row.parts})
    return {
        row.hash: SplitText(tuple(row.frame), tuple(texts[part] for part in row.parts))
        for row in rows
        if all(part in texts for part in row.parts)
    }


def get_input_text(session: Session, inputs_hash: str) -> str:
    """The canonical text behind an inputs hash; NotFound says whether the hash is unknown or its inputs were not kept."""
    split = load_inputs(session, [inputs_hash]).get(inputs_hash)
    if split is not None:
        return split.joined()
    if _is_named(session, inputs_hash):
        raise NotFound(NOT_KEPT)
    raise NotFound(f"There is no rating input {inputs_hash[:64]!r}; `inputs_hash` of a rating or of an entry of its history names one.")


def _load_parts(session: Session, hashes: Collection[str]) -> dict[str, str]:
    columns = (col(RatingInputPart.hash), col(RatingInputPart.text))
    found: dict[str, str] = {}
    for group in in_groups(hashes):
        found.update(dict(session.execute(select(*columns).where(columns[0].in_(group))).all()))
    return found


def _is_named(session: Session, inputs_hash: str) -> bool:
    stored = select(col(Rating.inputs_hash)).where(col(Rating.inputs_hash) == inputs_hash)
    past = select(col(RatingHistory.inputs_hash)).where(col(RatingHistory.inputs_hash) == inputs_hash)
    return session.execute(stored.union(past)).first() is not None
