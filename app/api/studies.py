"""Writing study records: draft, amend, submit, preview. Reading them is in `study_reads.py`, deciding in `reviews.py`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.actions.studies import (
    amend_study,
    create_study,
    document_of,
    free_key,
    refuse_duplicate,
    refuse_unknown,
    submit_study,
    warnings_of,
)
from app.actor import Actor
from app.api.rating_changes import rating_changes
from app.errors import (
    DuplicateStudy,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    InconsistentStudy,
    InvalidBody,
    PreconditionRequired,
    StaleRevision,
    StateConflict,
    UnsupportedMediaType,
)
from app.formats.merge_patch import MEDIA_TYPE as MERGE_PATCH
from app.formats.merge_patch import apply_merge_patch
from app.models import Study, StudyRevision
from app.models.base import utc_now
from app.queries.answer_meta import newest_sequence
from app.queries.impact import assess_impact
from app.queries.study_records import OPEN, find_open_revision, get_revision, get_visible_study, shown_revision
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study import StudyDocument
from app.schemas.study_writing import PreviewAnswer, StudyWritten, Warning
from app.vocabulary import RevisionStatus, StudyStatus
from app.web.conditional import reply, require_if_match
from app.web.dependencies import Contributor, RawBody, ReadSession, WriteSession
from app.web.idempotency import once
from app.web.json_body import StrictRoute, is_json, parse_json
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS, only_parameters
from app.web.problems import body_problems

router = APIRouter(prefix="/v1/studies", tags=["studies"], route_class=StrictRoute)
NO_STORE = "no-store"
MERGE_PATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A merge patch (RFC 7396) over the document of the revision that If-Match names.",
        "content": {MERGE_PATCH: {"schema": {"type": "object"}}, "application/json": {"schema": {"type": "object"}}},
    }
}


@router.post(
    "",
    status_code=201,
    response_model=StudyWritten,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(DuplicateStudy, IdempotencyKeyInUse, IdempotencyKeyReused),
)
def create_study_record(request: Request, document: StudyDocument, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Add a study record as a draft; `warnings` lists what a submission would be refused for."""

    def act() -> Response:
        study = create_study(session, document, by=by)
        return _written(request, session, study, get_revision(session, study, 1), status=201)

    return once(request, session, by=by, body=body, act=act)


@router.post("/preview", response_model=PreviewAnswer, dependencies=[only_parameters("study")], responses=problem_responses(DuplicateStudy))
def preview_study(
    request: Request,
    document: StudyDocument,
    by: Contributor,
    session: ReadSession,
    study: Annotated[str | None, Query(description="The id of the study that the document would amend.")] = None,
) -> Response:
    """Say how every affected rating would change if this document were accepted; nothing is written."""
    known = load_known_slugs(session)
    refuse_unknown(document, known)
    amended = get_visible_study(session, study, by) if study is not None else None
    refuse_duplicate(session, document, by=by, but=amended.id if amended is not None else None)
    key = amended.key if amended is not None else free_key(session, document)
    impacts = assess_impact(session, {key: document}, as_of=utc_now().date())
    answer = PreviewAnswer(
        sequence=newest_sequence(session, None),
        warnings=[Warning(**problem.as_json()) for problem in warnings_of(session, document, known)],
        ratings=rating_changes(impacts),
    )
    return reply(request, answer, cache_control=NO_STORE)


@router.patch(
    "/{study_id}",
    response_model=StudyWritten,
    openapi_extra=MERGE_PATCH_BODY,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(DuplicateStudy, StaleRevision, PreconditionRequired, UnsupportedMediaType, InvalidBody),
)
def amend_study_record(request: Request, study_id: str, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Draft a new revision from a merge patch; the accepted revision stays live until a curator accepts this one."""
    study = get_visible_study(session, study_id, by)
    base = _base_of_amendment(request, session, study, by)
    document = _patched(request, body, document_of(base))
    live = base.number if base.status == RevisionStatus.ACCEPTED else base.base_revision
    row = amend_study(session, study, document, by=by, base=live)
    return _written(request, session, study, row)


@router.post(
    "/{study_id}/submit",
    response_model=StudyWritten,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, InconsistentStudy),
)
def submit_study_record(request: Request, study_id: str, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Hand the newest draft in for review; refused while the record contradicts itself."""

    def act() -> Response:
        study = get_visible_study(session, study_id, by)
        return _written(request, session, study, submit_study(session, study, by=by))

    return once(request, session, by=by, body=body, act=act)


def _base_of_amendment(request: Request, session: Session, study: Study, by: Actor) -> StudyRevision:
    """The revision that If-Match names: the one that is shown, or the author's own open one behind it."""
    shown = shown_revision(session, study)
    own = find_open_revision(session, study, by, states=(*OPEN, RevisionStatus.SUBMITTED))
    if own is not None and own.number != shown.number:
        try:
            require_if_match(request, own.number)
            return own
        except StaleRevision:
            pass  # it may name the accepted one instead
    require_if_match(request, shown.number)
    return shown


def _patched(request: Request, body: bytes, document: StudyDocument) -> StudyDocument:
    media_type = request.headers.get("content-type", "")
    if not is_json(media_type):
        raise UnsupportedMediaType(f"Send {MERGE_PATCH} or application/json.", headers={"Accept-Patch": MERGE_PATCH})
    patch = parse_json(body)
    if not isinstance(patch, dict):
        raise InvalidBody("a merge patch of a study is a JSON object")
    try:
        return StudyDocument.model_validate(apply_merge_patch(document.model_dump(mode="json"), patch))
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]  # as FastAPI places what it reads from a body
        raise InvalidBody("the patched study does not fit its schema", errors=body_problems(found, StudyDocument)) from None


def _written(request: Request, session: Session, study: Study, row: StudyRevision, *, status: int = 200) -> Response:
    document = document_of(row)
    found = warnings_of(session, document, load_known_slugs(session))
    href = f"/v1/studies/{study.id}"
    answer = StudyWritten(
        id=study.id,
        key=study.key,
        revision=row.number,
        status=StudyStatus(study.status),
        revision_status=RevisionStatus(row.status),
        document=document,
        warnings=[Warning(**problem.as_json()) for problem in found],
        href=href,
    )
    return reply(request, answer, revision=row.number, status=status, headers={"Location": href}, cache_control=NO_STORE)
