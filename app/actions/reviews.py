"""A curator's decision on a revision, and retraction. Accepting moves the ratings in the same transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.actions import ledger
from app.actions.assignments import end_assignment
from app.actions.projection import write_projection
from app.actions.rebase import refuse_moved_base
from app.actions.recompute import Cause, store_ratings
from app.actions.revision_pins import review_pin
from app.actions.studies import amend_study, document_of, log_revision, refuse_contradictions, refuse_duplicate, revision
from app.actor import Actor
from app.errors import FieldProblem, InvalidBody, NotAllowed, OwnSubmission, StateConflict
from app.identifiers import uuid7
from app.models import Change, Review, Study, StudyRevision
from app.models.base import utc_now
from app.queries.impact import RatingImpact, assess_impact
from app.queries.makers import why_not_decide_on
from app.queries.study_records import get_revision, list_submitted_revisions
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study import StudyDocument, conditions_of
from app.vocabulary import AssignmentEnd, Decision, PublicationStatus, RevisionStatus, Role, StudyStatus, WithoutSecondPerson

OUTCOME = {Decision.REJECT: RevisionStatus.REJECTED, Decision.REQUEST_CHANGES: RevisionStatus.CHANGES_REQUESTED}


def review_study(
    session: Session,
    study: Study,
    decision: Decision,
    *,
    by: Actor,
    comment: str | None,
    conflict_of_interest: str | None,
    number: int | None = None,
    one_person: bool = False,
) -> tuple[Review, list[RatingImpact]]:
    """Decide on a submitted revision (`number` says which, where several wait); returns the ratings that moved."""
    row = submitted_revision(session, study, number)
    refuse_decision(session, row, decision, by=by, comment=comment, conflict_of_interest=conflict_of_interest, one_person=one_person)
    if decision is Decision.ACCEPT:
        refuse_moved_base(session, study, row)
        refuse_duplicate(session, document_of(row), by=by, but=study.id)
        refuse_contradictions(session, document_of(row), load_known_slugs(session), by=by)
    review = _write_review(session, study, row, decision, by=by, comment=comment, conflict_of_interest=conflict_of_interest or "")
    alone = one_person and why_not_decide_on(session, by, (row.study_id, row.number), one_person=False) is not None
    others_wait = any(other.number != row.number for other in list_submitted_revisions(session, study))
    if decision is not Decision.REQUEST_CHANGES and not others_wait:
        end_assignment(session, study, by=by, how=AssignmentEnd.DECIDED, moment=review.created_at)
    if decision is Decision.ACCEPT:
        return review, accept_revision(session, study, row, by=by, moment=review.created_at, review=review, alone=alone)
    row.status, row.decided_at, row.decided_by = OUTCOME[decision], review.created_at, by.id
    study.updated_at = review.created_at
    if study.live_revision is None:
        study.status = StudyStatus(row.status)
        if decision is Decision.REJECT:
            study.doi = study.pmid = study.pmcid = None
    session.flush()
    # what is said of a revision that was not accepted is for its author; the pin of the review holds it
    summary = f"Revision {row.number} {row.status}"
    log_revision(session, study, row, by=by, action=f"study.{row.status}", summary=summary, **_told_of(review, alone=alone))
    return review, []


def submitted_revision(session: Session, study: Study, number: int | None = None) -> StudyRevision:
    """The revision that waits for a decision, the one with this number; nobody decides on one that he did not mean."""
    waiting = list_submitted_revisions(session, study)
    if number is None and len(waiting) > 1:
        numbers = sorted(row.number for row in waiting)
        listed = ", ".join(map(str, numbers))
        raise StateConflict(f"revisions {listed} wait for a decision; name the one that you read in `revision`", waiting=numbers)
    row = next((row for row in waiting if number in (None, row.number)), None)
    if row is None:
        other = get_revision(session, study, number or study.newest_revision)
        raise StateConflict(f"revision {other.number} is {other.status}; only a submitted revision can be reviewed")
    return row


def refuse_decision(
    session: Session,
    row: StudyRevision,
    decision: Decision,
    *,
    by: Actor,
    comment: str | None,
    conflict_of_interest: str | None,
    one_person: bool,
) -> None:
    """Who may decide, and what a decision must say. A declared interest is shown and refuses nobody: else it would not be declared."""
    if not by.may(Role.CURATOR):
        raise NotAllowed("deciding on a submission needs the role curator")
    why_not = why_not_decide_on(session, by, (row.study_id, row.number), one_person=one_person)
    if why_not is not None:
        raise OwnSubmission(f"revision {row.number}: {why_not}")
    if decision is Decision.ACCEPT and not conflict_of_interest:
        raise InvalidBody(
            "accepting needs a statement of interests", errors=[FieldProblem("/conflict_of_interest", "say `none`, or which")]
        )
    if decision is not Decision.ACCEPT and not comment:
        raise InvalidBody(f"{decision} needs a reason", errors=[FieldProblem("/comment", "say why, for the author")])


def _told_of(review: Review | None, *, alone: bool = False) -> dict[str, str]:
    """What the ledger says of a review: which one, the pin of all of it, and whether one person did without a second.

    A comment on a draft stays private.
    """
    exception = {"without_second_person": WithoutSecondPerson.ONE_PERSON.value} if alone else {}
    return {} if review is None else {"review": review.id, "review_pin": review_pin(review), **exception}


def accept_revision(
    session: Session, study: Study, row: StudyRevision, *, by: Actor, moment: datetime, review: Review | None = None, alone: bool = False
) -> list[RatingImpact]:
    """Make the revision the live one: projection, ratings, ledger, all or nothing."""
    document = document_of(row)
    impacts = assess_impact(session, {study.key: document}, as_of=moment.date())
    change = make_live(session, study, row, document, by=by, moment=moment, review=review, alone=alone)
    verb = change.action.removeprefix("study.")
    cause = Cause(change, f"{study.key} was {verb} (revision {row.number})", moment.date(), study.key)
    return store_ratings(session, impacts, by=by, cause=cause)


def make_live(
    session: Session,
    study: Study,
    row: StudyRevision,
    document: StudyDocument,
    *,
    by: Actor,
    moment: datetime,
    review: Review | None = None,
    alone: bool = False,
) -> Change:
    """The revision's status, the study's rows and the ledger entry; the ratings are the caller's."""
    touched, counted = conditions_of(document), study.status == StudyStatus.ACCEPTED
    if study.live_revision is not None:
        before = revision(session, study, study.live_revision)
        before.status = RevisionStatus.SUPERSEDED
        touched |= conditions_of(document_of(before))
    row.status, row.decided_at, row.decided_by = RevisionStatus.ACCEPTED, moment, by.id
    retracted = document.publication_status is PublicationStatus.RETRACTED
    study.live_revision, study.updated_at = row.number, moment
    study.status = StudyStatus.RETRACTED if retracted else StudyStatus.ACCEPTED
    session.flush()
    write_projection(session, study, document)
    action = "study.retracted" if retracted and counted else "study.accepted"
    summary = f"Revision {row.number} {action.removeprefix('study.')}"
    touches = [f"condition:{slug}" for slug in sorted(touched)]
    public = {"document_sha256": ledger.hash_of(row.document), "reason": row.reason}
    if retracted and action == "study.accepted":
        public["study_status"] = study.status  # nothing was taken out: it was retracted before, or never accepted
    pins = _told_of(review, alone=alone)
    return log_revision(session, study, row, by=by, action=action, summary=summary, touches=touches, **public, **pins)


def retract_study(session: Session, study: Study, *, reason: str, by: Actor) -> list[RatingImpact]:
    """Take an accepted study out of every rating: an accepted revision that says `retracted`, with its reason.

    It needs no second person (`people.ACTS_WITHOUT_SECOND_PERSON`): what was retracted by its publisher must not wait.
    """
    if not by.may(Role.CURATOR):
        raise NotAllowed("retracting a study needs the role curator")
    if study.live_revision is None:
        raise StateConflict(f"the study is {study.status}; only an accepted study can be retracted")
    live = document_of(revision(session, study, study.live_revision))
    if live.publication_status is PublicationStatus.RETRACTED:
        raise StateConflict("the study is retracted already")
    document = live.model_copy(update={"publication_status": PublicationStatus.RETRACTED})
    row = amend_study(session, study, document, by=by, base=study.live_revision, reason=reason, apart=True)
    return accept_revision(session, study, row, by=by, moment=utc_now())


def _write_review(
    session: Session, study: Study, row: StudyRevision, decision: Decision, *, by: Actor, comment: str | None, conflict_of_interest: str
) -> Review:
    review = Review(
        id=str(uuid7()),
        study_id=study.id,
        revision=row.number,
        decision=decision,
        comment=comment,
        conflict_of_interest=conflict_of_interest,
        reviewer=by.id,
        created_at=utc_now(),
        salt=ledger.new_salt(),
    )
    session.add(review)
    session.flush()
    return review
