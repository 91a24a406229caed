"""Deciding on submissions, and retraction."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.reviews import retract_study, review_study
from app.api.rating_changes import rating_changes
from app.errors import (
    DuplicateStudy,
    FieldProblem,
    IncompleteStudy,
    InconsistentStudy,
    InvalidBody,
    OwnSubmission,
    StaleRevision,
    StateConflict,
)
from app.models import Study
from app.queries.answer_meta import newest_sequence
from app.queries.study_records import get_study, list_submitted_revisions
from app.schemas.interests import declares_interests
from app.schemas.study_writing import RetractionAnswer, RetractionRequest, ReviewAnswer, ReviewRequest
from app.vocabulary import Decision, StudyStatus
from app.web.conditional import NO_STORE, reply, require_if_match
from app.web.dependencies import Curator, CurrentSettings, RawBody, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/studies", tags=["reviews"], route_class=StrictRoute, dependencies=[NO_PARAMETERS])


@router.post(
    "/{study_id}/reviews",
    status_code=201,
    response_model=ReviewAnswer,
    responses=problem_responses(OwnSubmission, StateConflict, DuplicateStudy, InconsistentStudy, IncompleteStudy, StaleRevision, *ONCE),
)
def review_study_record(
    request: Request, study_id: str, decision: ReviewRequest, by: Curator, session: WriteSession, settings: CurrentSettings, body: RawBody
) -> Response:
    """Accept, reject or ask for changes; accepting moves the ratings in the same transaction.

    `revision` or If-Match names the revision that was read; where several wait for a decision, one of them has to.
    """

    def act() -> Response:
        study = get_study(session, study_id)
        review, moved = review_study(
            session,
            study,
            decision.decision,
            by=by,
            comment=decision.comment,
            conflict_of_interest=decision.conflict_of_interest,
            number=_named_revision(request, session, study, decision.revision),
            one_person=settings.one_person,
        )
        answer = ReviewAnswer(
            id=review.id,
            study=study.id,
            revision=review.revision,
            decision=Decision(review.decision),
            comment=review.comment,
            conflict_of_interest=review.conflict_of_interest or None,
            declares_interests=declares_interests(review.conflict_of_interest),
            reviewer=by.name,
            orcid=by.orcid,
            created_at=review.created_at.isoformat().replace("+00:00", "Z"),
            study_status=StudyStatus(study.status),
            sequence=newest_sequence(session, None),
            ratings=rating_changes(moved),
        )
        return reply(request, answer, status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


def _named_revision(request: Request, session: Session, study: Study, number: int | None) -> int | None:
    """The submitted revision that the body or If-Match names, so that nobody decides on one that came in behind the one he read."""
    if number is not None and number > study.newest_revision:
        raise InvalidBody("there is no such revision", errors=[FieldProblem("/revision", f"the study has no revision {number}")])
    if request.headers.get("if-match", "*").strip() == "*":
        return number
    named = _tagged_revision(request, session, study)
    if named is not None and number not in (None, named):
        raise InvalidBody(
            "If-Match and `revision` name two revisions",
            errors=[FieldProblem("/revision", f"is {number}, and If-Match names revision {named}")],
        )
    return named or number


def _tagged_revision(request: Request, session: Session, study: Study) -> int | None:
    stale: StaleRevision | None = None
    for row in list_submitted_revisions(session, study):
        try:
            require_if_match(request, row.number)
            return row.number
        except StaleRevision as problem:
            stale = stale or problem
    if stale is not None:
        raise stale
    return None


@router.post("/{study_id}/retraction", status_code=201, response_model=RetractionAnswer, responses=problem_responses(StateConflict, *ONCE))
def retract_study_record(
    request: Request, study_id: str, retraction: RetractionRequest, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Take an accepted study out of every rating, with the reason on record."""

    def act() -> Response:
        study = get_study(session, study_id)
        moved = retract_study(session, study, reason=retraction.reason, by=by)
        answer = RetractionAnswer(
            study=study.id,
            revision=study.newest_revision,
            reason=retraction.reason,
            study_status=StudyStatus(study.status),
            sequence=newest_sequence(session, None),
            ratings=rating_changes(moved),
        )
        return reply(request, answer, status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)
