"""Are the notices about studies what the ledger says was found and closed?"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger import members_of, utc_text
from app.actions.ledger_state import Difference, LedgerState, guarded
from app.models import PublicationNotice

NOT_CLOSED = dict.fromkeys(("closed_at", "closed_by", "closing_reason"))


def verify_notices(session: Session, state: LedgerState) -> Iterator[Difference]:
    said = _said(state)
    stored = set(session.execute(select(col(PublicationNotice.id))).scalars())
    for notice in sorted(stored - said.keys()):
        yield Difference(f"notice {notice}", "is in no ledger entry")
    for notice, members in sorted(said.items()):
        if notice in stored:
            yield from guarded(f"notice {notice}", _verify_notice(session, notice, members))
        else:
            yield Difference(f"notice {notice}", "is in the ledger and not in its table")


def _said(state: LedgerState) -> dict[str, dict[str, Any]]:
    """What the rows should hold, by the entries about them in their order."""
    said: dict[str, dict[str, Any]] = {}
    for content in state.notices:
        notice, moment, actor = content["subject"].partition(":")[2], content["occurred_at"], content["actor"]["id"]
        details: Mapping[str, Any] = content["details"]
        if content["action"] == "notice.found":
            found = {"id": notice, **details, "status": details["found_status"], "found_at": moment, "found_by": actor}
            said[notice] = found | NOT_CLOSED
        elif notice in said:
            said[notice] |= {"status": details["status"], "closed_at": moment, "closed_by": actor, "closing_reason": details["reason"]}
    return said


def _verify_notice(session: Session, notice: str, said: Mapping[str, Any]) -> Iterator[Difference]:
    row = session.get_one(PublicationNotice, notice)
    holds = {name: utc_text(value) if isinstance(value, datetime) else value for name, value in members_of(row).items()}
    for name in sorted(holds.keys() | said.keys()):
        if holds.get(name) != said.get(name):
            yield Difference(f"notice {notice}, column {name}", f"is {holds.get(name)!r}, the ledger says {said.get(name)!r}")
