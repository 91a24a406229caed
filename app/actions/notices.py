"""Closing a notice: a curator says that it was dealt with, or that it is false or of no concern."""

from sqlalchemy.orm import Session

from app.actions import ledger
from app.actions.retraction_check import touched
from app.actor import Actor
from app.errors import FieldProblem, InvalidBody, NotAllowed, StateConflict
from app.models import PublicationNotice, Study
from app.models.base import utc_now
from app.queries.notices import get_notice_row
from app.vocabulary import NoticeStatus, Role

CLOSED_FROM = {
    NoticeStatus.HANDLED: frozenset({NoticeStatus.OPEN}),
    NoticeStatus.DISMISSED: frozenset({NoticeStatus.OPEN, NoticeStatus.ACTED_ON, NoticeStatus.KNOWN}),
}


def close_notice(session: Session, notice: str, *, by: Actor, status: NoticeStatus, reason: str) -> PublicationNotice:
    """The notice is handled or dismissed, for good. The study stays: to put it back is an amendment, which a second person accepts."""
    if not by.may(Role.CURATOR):
        raise NotAllowed("closing a notice needs the role curator")
    row = get_notice_row(session, notice)
    _refuse_closing(row, status)
    study = session.get_one(Study, row.study_id)
    row.status, row.closed_at, row.closed_by, row.closing_reason = status, utc_now(), by.id, reason
    session.flush()
    ledger.append(
        session,
        by=by,
        action=f"notice.{status}",
        subject=f"notice:{row.id}",
        summary=f"The {row.kind.replace('-', ' ')} notice was {status}: {study.title}",
        touches=touched(session, study),
        details={"study_id": row.study_id, "status": status, "reason": reason},
        moment=row.closed_at,
    )
    return row


def _refuse_closing(row: PublicationNotice, status: NoticeStatus) -> None:
    if status not in CLOSED_FROM:
        allowed = [str(one) for one in CLOSED_FROM]
        raise InvalidBody("a notice is closed as handled or dismissed", errors=[FieldProblem("/status", f"is {status}", allowed)])
    if row.status not in CLOSED_FROM[status]:
        states = ", ".join(sorted(CLOSED_FROM[status]))
        raise StateConflict(f"the notice is {row.status}; it can be {status} from: {states}")
