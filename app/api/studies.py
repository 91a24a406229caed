"""Writing study records: draft, amend, submit, preview. Reading them is in `study_reads.py`, deciding in `reviews.py`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from app.actions.rebase import submit_draft
from app.actions.studies import (
    amend_study,
    create_study,
    document_of,
    refuse_duplicate,
    refuse_unknown,
)
from app.actions.study_keys import free_key
from app.actor import Actor
from app.api.study_answers import study_written, what_accepting_does
from app.errors import (
    DuplicateStudy,
    EditConflict,
    IncompleteStudy,
    InconsistentStudy,
    InvalidBody,
    PreconditionRequired,
    StaleRevision,
    StateConflict,
    UnsupportedMediaType,
)
from app.models import Study, StudyRevision
from app.queries.study_page import open_revision_as_json
from app.queries.study_records import (
    UNDECIDED,
    find_own_amendment,
    get_revision,
    get_visible_study,
    is_own_row,
    list_open_revisions,
    owner_of,
    shown_revision,
)
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.base import Text
from app.schemas.study import StudyDocument
from app.schemas.study_writing import PreviewAnswer, StudyWritten, SubmissionRequest
from app.vocabulary import RevisionStatus
from app.web.conditional import NO_STORE, reply, require_if_match
from app.web.dependencies import Contributor, RawBody, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.merge_patch_body import describe_merge_patch, patched
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS, only_parameters

router = APIRouter(prefix="/v1/studies", tags=["studies"], route_class=StrictRoute)
MERGE_PATCH_BODY = describe_merge_patch("the document of the revision that If-Match names", {"year": 2024})


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
        return study_written(request, session, study, get_revision(session, study, 1), by=by, status=201)

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
    return reply(request, PreviewAnswer(**what_accepting_does(session, key, document, known, reader=by)), cache_control=NO_STORE)


@router.patch(
    "/{study_id}",
    response_model=StudyWritten,
    openapi_extra=MERGE_PATCH_BODY,
    dependencies=[only_parameters("reason")],
    responses=problem_responses(DuplicateStudy, StateConflict, StaleRevision, PreconditionRequired, UnsupportedMediaType, InvalidBody),
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
    before = document_of(base)
    document = patched(request, body, before, called="the study")
    if document == before and base.status == RevisionStatus.ACCEPTED:
        raise StateConflict(f"nothing changes: revision {base.number}, which is accepted, says all of this already")
    live, owner = base.base_revision, owner_of(base)
    if base.status == RevisionStatus.ACCEPTED:
        live, owner = base.number, by.id
    elif study.live_revision is not None:
        reason = reason or base.reason  # a draft that goes on keeps why it was begun
    row = amend_study(session, study, document, by=by, base=live, owner=owner, reason=reason)
    return study_written(request, session, study, row, by=by)


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
        return study_written(request, session, study, row, by=by, rebased=rebased)

    return once(request, session, by=by, body=body, act=act)


def _base_of_amendment(request: Request, session: Session, study: Study, by: Actor) -> StudyRevision:
    """The revision that If-Match names: the one that is shown, or an open one behind it (a curator: of anybody, by its number)."""
    shown = shown_revision(session, study)
    unnamed = request.headers.get("if-match", "").strip() == "*"
    for row in list_open_revisions(session, study, by, states=UNDECIDED):
        if unnamed and not is_own_row(session, row, by):
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
