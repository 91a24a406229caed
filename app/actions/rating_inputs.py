"""Keeping what ratings rest on: by content, so that a study is stored once however many ratings rest on it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.models import RatingInput, RatingInputPart
from app.queries.rating_inputs import in_groups
from app.synthesis.body import PairInput
from app.synthesis.inputs_hash import split_text, text_hash


def keep_inputs(session: Session, pairs: Iterable[PairInput]) -> None:
    """Store the input of each pair under its inputs hash, in the caller's transaction; what is there already stays as it is."""
    inputs: dict[str, dict[str, Any]] = {}
    parts: dict[str, str] = {}
    for pair in pairs:
        split = split_text(pair)
        hashes = [text_hash(part) for part in split.parts]
        parts.update(zip(hashes, split.parts, strict=True))
        inputs[text_hash(split.joined())] = {"frame": list(split.between), "parts": hashes}
    _add_missing(session, RatingInputPart, col(RatingInputPart.hash), {key: {"text": text} for key, text in parts.items()})
    _add_missing(session, RatingInput, col(RatingInput.hash), inputs)


def _add_missing(session: Session, table: type[SQLModel], key: Any, rows: Mapping[str, Mapping[str, Any]]) -> None:
    there = _existing(session, key, rows.keys())
    missing = [{"hash": name, **row} for name, row in rows.items() if name not in there]
    if missing:
        session.execute(insert(table), missing)


def _existing(session: Session, key: Any, hashes: Collection[str]) -> set[str]:
    return {name for group in in_groups(hashes) for name in session.execute(select(key).where(key.in_(group))).scalars()}
