"""Who looks after the submissions of a study."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.assignments import assign_study, release_study
from app.errors import OwnSubmission, StateConflict
from app.models import Study
from app.queries.assignments import assignment_version, get_assignment
from app.queries.study_records import get_study, get_visible_study
from app.schemas.assignment import AssignmentAnswer, AssignmentRequest
from app.web.conditional import NO_STORE, reply, require_if_match
from app.web.dependencies import Contributor, Curator, CurrentSettings, ReadSession, WriteSession
from app.web.json_body import StrictRoute
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/studies", tags=["reviews"], route_class=StrictRoute, dependencies=[NO_PARAMETERS])


@router.get("/{study_id:uuid}/assignment", response_model=AssignmentAnswer)
def get_study_assignment(request: Request, study_id: UUID, by: Contributor, session: ReadSession) -> Response:
    """Say who looks after the submissions of a study."""
    return _answer(request, session, get_visible_study(session, str(study_id), by))


@router.put("/{study_id}/assignment", response_model=AssignmentAnswer, responses=problem_responses(StateConflict, OwnSubmission))
def assign_study_record(
    request: Request, study_id: str, wanted: AssignmentRequest, by: Curator, session: WriteSession, settings: CurrentSettings
) -> Response:
    """Take the submissions of a study, or give them to another curator; it divides the work and keeps nobody from deciding."""
    study = get_study(session, study_id)
    require_if_match(request, assignment_version(session, study.id))
    assign_study(session, study, wanted.curator, by=by, one_person=settings.one_person)
    return _answer(request, session, study)


@router.delete("/{study_id}/assignment", response_model=AssignmentAnswer, responses=problem_responses(StateConflict))
def release_study_record(request: Request, study_id: str, by: Curator, session: WriteSession) -> Response:
    """Take the submissions of a study back from whoever has them."""
    study = get_study(session, study_id)
    require_if_match(request, assignment_version(session, study.id))
    release_study(session, study, by=by)
    return _answer(request, session, study)


def _answer(request: Request, session: Session, study: Study) -> Response:
    answer = AssignmentAnswer.model_validate(get_assignment(session, study))
    return reply(request, answer, revision=assignment_version(session, study.id), cache_control=NO_STORE)
