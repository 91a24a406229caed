"""Are the notices about studies what the ledger says was found and closed?"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.actions.ledger_state import Difference, LedgerState
from app.actions.verify_rows import verify_members, verify_table
from app.models import PublicationNotice

NOT_CLOSED = dict.fromkeys(("closed_at", "closed_by", "closing_reason"))


def verify_notices(session: Session, state: LedgerState) -> Iterator[Difference]:
    yield from verify_table(session, PublicationNotice, "notice", _said(state), verify_members)


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
