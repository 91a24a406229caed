"""Writing study records: draft, amend, submit, preview. Reading them is in `study_reads.py`, deciding in `reviews.py`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.actions.rebase import submit_draft
from app.actions.studies import (
    amend_study,
    create_study,
    document_of,
    free_key,
    refuse_duplicate,
    refuse_unknown,
)
from app.actor import Actor
from app.api.study_answers import study_written, what_accepting_does
from app.errors import (
    DuplicateStudy,
    EditConflict,
    FieldProblem,
    IncompleteStudy,
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
from app.queries.study_page import open_revision_as_json
from app.queries.study_records import (
    OPEN,
    find_own_amendment,
    get_revision,
    get_visible_study,
    list_open_revisions,
    owner_of,
    shown_revision,
)
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.base import Text
from app.schemas.study import StudyDocument
from app.schemas.study_writing import PreviewAnswer, StudyWritten, SubmissionRequest
from app.vocabulary import RevisionStatus
from app.web.conditional import reply, require_if_match
from app.web.dependencies import Contributor, RawBody, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
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
    responses=problem_responses(DuplicateStudy, *ONCE),
)
def create_study_record(request: Request, document: StudyDocument, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Add a study record as a draft; `warnings` lists what a submission would be refused for."""

    def act() -> Response:
        study = create_study(session, document, by=by)
        return study_written(request, session, study, get_revision(session, study, 1), status=201)

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
    return reply(request, PreviewAnswer(**what_accepting_does(session, key, document, known)), cache_control=NO_STORE)


@router.patch(
    "/{study_id}",
    response_model=StudyWritten,
    openapi_extra=MERGE_PATCH_BODY,
    dependencies=[only_parameters("reason")],
    responses=problem_responses(DuplicateStudy, StaleRevision, PreconditionRequired, UnsupportedMediaType, InvalidBody),
)
def amend_study_record(
    request: Request,
    study_id: str,
    by: Contributor,
    session: WriteSession,
    body: RawBody,
    reason: Annotated[Text | None, Query(description="Why, for the reviewer and for the ledger.")] = None,
) -> Response:
    """Draft a new revision from a merge patch; the accepted revision stays live until a curator accepts this one."""
    study = get_visible_study(session, study_id, by)
    base = _base_of_amendment(request, session, study, by)
    document = _patched(request, body, document_of(base))
    live, owner = base.base_revision, owner_of(base)
    if base.status == RevisionStatus.ACCEPTED:
        live, owner = base.number, by.id
    elif study.live_revision is not None:
        reason = reason or base.reason  # a draft that goes on keeps why it was begun
    row = amend_study(session, study, document, by=by, base=live, owner=owner, reason=reason)
    return study_written(request, session, study, row)


@router.post(
    "/{study_id}/submit",
    response_model=StudyWritten,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, EditConflict, InconsistentStudy, IncompleteStudy, *ONCE),
)
def submit_study_record(
    request: Request, study_id: str, by: Contributor, session: WriteSession, body: RawBody, submission: SubmissionRequest | None = None
) -> Response:
    """Hand the newest draft in for review; refused while the record is incomplete or contradicts itself.

    An amendment of an accepted record needs a reason, unless its draft gave one; a new record needs no body at all. If another revision
    was accepted since the draft was begun, its changes are merged in first, and `merged` says so; 409 if both changed the same.
    """

    def act() -> Response:
        study = get_visible_study(session, study_id, by)
        row, rebased = submit_draft(session, study, by=by, reason=submission.reason if submission is not None else None)
        return study_written(request, session, study, row, rebased=rebased)

    return once(request, session, by=by, body=body, act=act)


def _base_of_amendment(request: Request, session: Session, study: Study, by: Actor) -> StudyRevision:
    """The revision that If-Match names: the one that is shown, or an open one behind it (a curator: of anybody, by its number)."""
    shown = shown_revision(session, study)
    unnamed = request.headers.get("if-match", "").strip() == "*"
    for row in list_open_revisions(session, study, by, states=(*OPEN, RevisionStatus.SUBMITTED)):
        if unnamed and by.id not in (row.created_by, row.drafted_for):
            continue
        try:
            require_if_match(request, row.number)
            return row
        except StaleRevision:
            continue  # it may name another
    _refuse_beside_own_amendment(request, session, study, by)
    require_if_match(request, shown.number)
    return shown


def _refuse_beside_own_amendment(request: Request, session: Session, study: Study, by: Actor) -> None:
    """One draft each: a second one, begun from the accepted revision, would take the place of what he drafted or submitted before."""
    own = find_own_amendment(session, study, by)
    if own is None or "if-match" not in request.headers:
        return
    try:
        require_if_match(request, own.number)
    except StaleRevision as stale:
        raise StaleRevision(
            f"revision {own.number}, which is {own.status}, is yours and not decided on; go on from it with its tag in If-Match, or "
            f"withdraw it to begin anew from revision {study.live_revision}",
            headers=stale.headers,
            open_revision=open_revision_as_json(study, own),
        ) from None


def _patched(request: Request, body: bytes, document: StudyDocument) -> StudyDocument:
    media_type = request.headers.get("content-type", "")
    if not is_json(media_type):
        raise UnsupportedMediaType(f"Send {MERGE_PATCH} or application/json.", headers={"Accept-Patch": MERGE_PATCH})
    patch = parse_json(body)
    if not isinstance(patch, dict):
        whole = "a merge patch of a study is a JSON object"
        raise InvalidBody(whole, errors=[FieldProblem("", whole)])
    try:
        return StudyDocument.model_validate(apply_merge_patch(document.model_dump(mode="json"), patch))
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]  # as FastAPI places what it reads from a body
        raise InvalidBody("the patched study does not fit its schema", errors=body_problems(found, StudyDocument)) from None
