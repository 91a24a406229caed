"""Taking back what waits: an open revision by its author or a curator, a submitted one by those who made it. Never an accepted one."""

from sqlalchemy.orm import Session

from app.actions.assignments import end_assignment
from app.actions.studies import log_revision
from app.actor import Actor
from app.errors import NotAllowed, StateConflict
from app.models import Study, StudyRevision
from app.models.base import utc_now
from app.queries.people import is_among
from app.queries.study_records import UNDECIDED, get_own_revision, list_open_revisions, list_submitted_revisions
from app.vocabulary import AssignmentEnd, RevisionStatus, StudyStatus


def withdraw_revision(session: Session, study: Study, *, reason: str, by: Actor, number: int | None = None) -> StudyRevision:
    """Withdraw the revision (the newest of `by`'s own, unless `number` says which). A record never accepted gives its identifiers free."""
    row = _waiting(session, study, number, by)
    moment = utc_now()
    row.status, row.withdrawal_reason = RevisionStatus.WITHDRAWN, reason
    row.decided_at, row.decided_by, study.updated_at = moment, by.id, moment
    if study.live_revision is None:
        study.status = StudyStatus.WITHDRAWN
        study.doi = study.pmid = study.pmcid = None
    session.flush()
    if not list_submitted_revisions(session, study):
        end_assignment(session, study, by=by, how=AssignmentEnd.WITHDRAWN, moment=moment)
    # why it was given up is for its author and curators; the ledger pins it
    log_revision(session, study, row, by=by, action="study.withdrawn", summary=f"Revision {row.number} withdrawn")
    return row


def _waiting(session: Session, study: Study, number: int | None, by: Actor) -> StudyRevision:
    if number is None:
        waiting = [
            row
            for row in list_open_revisions(session, study, by, states=UNDECIDED)
            if row.status != RevisionStatus.SUBMITTED or _made_by(session, row, by)
        ]
        if not waiting:
            raise StateConflict(f"you have no revision of this study that waits; it can be withdrawn from {', '.join(UNDECIDED)}")
        return waiting[0]
    row = get_own_revision(session, study, number, by)
    if row.status not in UNDECIDED:
        raise StateConflict(f"revision {row.number} is {row.status}; it can be withdrawn from {', '.join(UNDECIDED)}")
    if row.status == RevisionStatus.SUBMITTED and not _made_by(session, row, by):
        raise NotAllowed(
            f"revision {row.number} was submitted by somebody else: only those who made it take it back; as a curator decide on it, by a "
            "review that says why"
        )
    return row


def _made_by(session: Session, row: StudyRevision, by: Actor) -> bool:
    """Is he its author, the one whose draft it is, or the one who handed it in, under whichever key?"""
    return is_among(session, by.id, (row.created_by, row.drafted_for, row.submitted_by))
