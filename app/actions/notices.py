"""Notices about publications: kept as they were found, and closed by a curator as dealt with, false, or of no concern."""

from sqlalchemy.orm import Session

from app.actions import ledger
from app.actions.studies import document_of
from app.actor import Actor
from app.errors import FieldProblem, InvalidBody, NotAllowed, StateConflict
from app.models import PublicationNotice, Study
from app.models.base import utc_now
from app.queries.notices import get_notice_row
from app.queries.study_records import shown_revision
from app.schemas.study import conditions_of
from app.vocabulary import NoticeStatus, Role

CLOSED_FROM = {
    NoticeStatus.HANDLED: frozenset({NoticeStatus.OPEN, NoticeStatus.KNOWN}),
    NoticeStatus.DISMISSED: frozenset({NoticeStatus.OPEN, NoticeStatus.ACTED_ON, NoticeStatus.KNOWN}),
}


AS_FOUND = (
    "study_id", "kind", "source", "asserted_by", "dated", "notice_doi", "notice_pmid", "reasons", "record_url", "record_sha256",
    "found_status", "revision",
)  # fmt: skip
"""What the ledger entry says of a notice, besides who found it and when."""


def store_notice(session: Session, row: PublicationNotice, study: Study, *, by: Actor, summary: str) -> None:
    """Keep a notice that was found; its ledger entry pins all of it."""
    session.add(row)
    session.flush()
    ledger.append(
        session,
        by=by,
        action="notice.found",
        subject=f"notice:{row.id}",
        summary=f"{summary}: {study.title}",
        touches=touched(session, study),
        details={name: getattr(row, name) for name in AS_FOUND},
        moment=row.found_at,
    )


def touched(session: Session, study: Study) -> list[str]:
    """The subjects whose pages show the notice."""
    document = document_of(shown_revision(session, study))
    return [f"study:{study.id}", *(f"condition:{slug}" for slug in sorted(conditions_of(document)))]


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
