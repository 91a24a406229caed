"""Are the comments, assignments and sign-offs what the ledger says, and do the sign-offs hold for what they were given for?"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.actions.comments import comment_pin
from app.actions.ledger import hash_of
from app.actions.ledger_state import Difference, LedgerState, guarded
from app.actions.verify_rows import as_told, verify_members, verify_table
from app.models import Assignment, Comment, Rating, SignOff
from app.queries.sign_offs import load_evidence_hash

HASH = re.compile("[0-9a-f]{64}")
MOVES = frozenset({"stands_at"})
"""The one member of a sign-off that is compared with the rating beside it, not with its ledger entry."""


def verify_workflow(session: Session, state: LedgerState) -> Iterator[Difference]:
    yield from verify_table(session, Comment, "comment", state.workflow.comments, _verify_comment)
    yield from verify_table(session, Assignment, "assignment", state.workflow.assignments, verify_members)
    yield from verify_table(session, SignOff, "sign-off", state.workflow.sign_offs, partial(verify_members, but=MOVES))
    for sign_off, stands in sorted(state.workflow.standing.items()):
        yield from guarded(f"sign-off {sign_off}", _verify_standing(session, sign_off, stands))


def _verify_comment(place: str, row: Comment, said: Mapping[str, Any]) -> Iterator[Difference]:
    if comment_pin(row) != said["comment_sha256"]:
        yield Difference(place, "is not the one the ledger pinned")
    for name in ("withdrawn_at", "withdrawn_by"):
        if as_told(getattr(row, name)) != said[name]:
            yield Difference(f"{place}, column {name}", f"is {as_told(getattr(row, name))!r}, the ledger says {said[name]!r}")
    if said["withdrawn_at"] is not None:
        if (row.text, row.salt) != (None, None):
            yield Difference(place, "was withdrawn, and something of its text is still there")
    elif row.text is None or row.salt is None or hash_of(row.salt + row.text) != row.text_sha256:
        yield Difference(place, "its text is not the one that was written")


def _verify_standing(session: Session, sign_off: str, told: bool) -> Iterator[Difference]:
    """Does it hold for the rating as it is, does it say so, and did the ledger tell?"""
    row = session.get(SignOff, sign_off)
    if row is None or row.withdrawn_at is not None:
        return
    rating = session.get(Rating, (row.condition, row.intervention))
    if rating is None:
        yield Difference(f"sign-off {sign_off}", "is of a rating that is not there")
        return
    holds = load_evidence_hash(session, rating) == row.evidence_hash
    said = row.stands_at == rating.inputs_hash
    if HASH.fullmatch(row.stands_at) is None:
        yield Difference(f"sign-off {sign_off}, column stands_at", "is no hash of inputs")
    if said != holds:
        yield Difference(f"sign-off {sign_off}", "says that it holds, and the rating has changed" if said else "holds, and does not say so")
    if told != holds:
        yield Difference(f"sign-off {sign_off}", "whether it holds is not what the newest ledger entry about it says")
