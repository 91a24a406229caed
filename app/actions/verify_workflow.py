"""Are the comments, assignments and sign-offs what the ledger says, and do the sign-offs hold for what they were given for?"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from app.actions.comments import comment_pin
from app.actions.ledger import hash_of, members_of, utc_text
from app.actions.ledger_state import Difference, LedgerState, guarded
from app.models import Assignment, Comment, Rating, SignOff
from app.queries.rated_inputs import load_rated_inputs
from app.queries.sign_offs import evidence_hash

Row = Any
HASH = re.compile("[0-9a-f]{64}")
MOVES = frozenset({"stands_at"})
"""The one member of a sign-off that is compared with the rating beside it, not with its ledger entry."""


def verify_workflow(session: Session, state: LedgerState) -> Iterator[Difference]:
    yield from _verify_table(session, Comment, "comment", state.workflow.comments, _verify_comment)
    yield from _verify_table(session, Assignment, "assignment", state.workflow.assignments, _verify_members)
    yield from _verify_table(session, SignOff, "sign-off", state.workflow.sign_offs, _verify_members)
    for sign_off, stands in sorted(state.workflow.standing.items()):
        yield from guarded(f"sign-off {sign_off}", _verify_standing(session, sign_off, stands))


def _verify_table(
    session: Session,
    table: type[SQLModel],
    kind: str,
    told: Mapping[str, Mapping[str, Any]],
    verify_row: Callable[[str, Row, Mapping[str, Any]], Iterator[Difference]],
) -> Iterator[Difference]:
    """Every row is told of, every row that is told of is there, and each says what was told."""
    identifier: Any = table.__table__.c["id"]  # type: ignore[attr-defined]
    stored = set(session.execute(select(identifier)).scalars())
    for name in sorted(stored | told.keys()):
        place = f"{kind} {name}"
        if name not in told:
            yield Difference(place, "is in no ledger entry")
        elif name not in stored:
            yield Difference(place, "is in the ledger and not in its table")
        else:
            yield from guarded(place, verify_row(place, session.get_one(table, name), told[name]))


def _verify_comment(place: str, row: Comment, said: Mapping[str, Any]) -> Iterator[Difference]:
    if comment_pin(row) != said["comment_sha256"]:
        yield Difference(place, "is not the one the ledger pinned")
    for name in ("withdrawn_at", "withdrawn_by"):
        if _as_told(getattr(row, name)) != said[name]:
            yield Difference(f"{place}, column {name}", f"is {_as_told(getattr(row, name))!r}, the ledger says {said[name]!r}")
    if said["withdrawn_at"] is not None:
        if (row.text, row.salt) != (None, None):
            yield Difference(place, "was withdrawn, and something of its text is still there")
    elif row.text is None or row.salt is None or hash_of(row.salt + row.text) != row.text_sha256:
        yield Difference(place, "its text is not the one that was written")


def _verify_members(place: str, row: SQLModel, said: Mapping[str, Any]) -> Iterator[Difference]:
    holds = {name: _as_told(value) for name, value in members_of(row).items() if name not in MOVES}
    for name in sorted(holds.keys() | said.keys()):
        if holds.get(name) != said.get(name):
            yield Difference(f"{place}, column {name}", f"is {holds.get(name)!r}, the ledger says {said.get(name)!r}")


def _as_told(value: Any) -> Any:
    return utc_text(value) if isinstance(value, datetime) else value


def _verify_standing(session: Session, sign_off: str, told: bool) -> Iterator[Difference]:
    """Does it hold for the rating as it is, does it say so, and did the ledger tell?"""
    row = session.get(SignOff, sign_off)
    if row is None or row.withdrawn_at is not None:
        return
    rating = session.get_one(Rating, (row.condition, row.intervention))
    holds = evidence_hash(load_rated_inputs(session, [rating])[0], rating.content) == row.evidence_hash
    said = row.stands_at == rating.inputs_hash
    if HASH.fullmatch(row.stands_at) is None:
        yield Difference(f"sign-off {sign_off}, column stands_at", "is no hash of inputs")
    if said != holds:
        yield Difference(f"sign-off {sign_off}", "says that it holds, and the rating has changed" if said else "holds, and does not say so")
    if told != holds:
        yield Difference(f"sign-off {sign_off}", "whether it holds is not what the newest ledger entry about it says")
