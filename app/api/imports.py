"""Files of references: a dry run first, then what it found becomes drafts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from app.actions.imports import commit_import, decide_records, delete_import, read_again, receive_file, upload_import
from app.errors import (
    BodyTooLarge,
    InvalidBody,
    StaleRevision,
    StateConflict,
    UnreadableFile,
)
from app.models import Job, ReferenceImport
from app.queries.addresses import job_href
from app.queries.filter_values import split_values
from app.queries.imports import IMPORTS, RECORDS, get_import, import_members, job_members
from app.queries.imports import list_imports as load_imports
from app.queries.imports import list_records as load_records
from app.queries.named_records import refuse_unknown_records
from app.schemas.imports import (
    ImportAccepted,
    ImportDecisionRequest,
    ImportList,
    ImportListItem,
    ImportRead,
    ImportRecordList,
    ImportRecordRead,
    JobRead,
)
from app.web.conditional import NO_STORE, reply, require_if_match
from app.web.dependencies import Contributor, CurrentSettings, RawBody, ReadSession, SentFile, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS, only_parameters
from app.web.uploads import UPLOAD_BODY

router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=StrictRoute)


@router.post(
    "",
    status_code=202,
    response_model=ImportAccepted,
    openapi_extra=UPLOAD_BODY,
    dependencies=[only_parameters("filename", "intervention", "condition")],
    responses=problem_responses(UnreadableFile, InvalidBody, BodyTooLarge, *ONCE),
)
def create_import(
    request: Request,
    by: Contributor,
    file: SentFile,
    session: WriteSession,
    settings: CurrentSettings,
    filename: Annotated[str | None, Query(description="The name of the file, where the body is the file itself.")] = None,
    intervention: Annotated[str | None, Query(description="The intervention of every record that names none.")] = None,
    condition: Annotated[str | None, Query(description="The conditions of every record that names none, separated by commas.")] = None,
) -> Response:
    """Send a file of references (RIS, NBIB, PubMed XML, EndNote XML, BibTeX, CSL-JSON, CSV, XLSX, our JSON) for a dry run."""
    received = receive_file(file.stream, file.name, max_bytes=settings.max_import_bytes)
    conditions = list(dict.fromkeys(split_values(condition))) if condition is not None else []

    def act() -> Response:
        refuse_unknown_records(
            session, [("condition", one) for one in conditions] + ([("intervention", intervention)] if intervention is not None else [])
        )
        row, job = upload_import(session, received, by=by, intervention=intervention, conditions=conditions)
        answer = {"import": import_members(session, row), "job": job_members(job)}
        return _accepted(request, ImportAccepted.model_validate(answer), job)

    return once(request, session, by=by, body=received.sha256.encode(), act=act)


@router.get("", response_model=ImportList, openapi_extra={"parameters": IMPORTS.describe()})
def list_imports(request: Request, by: Contributor, session: ReadSession) -> Response:
    """List your own imports, newest first; curators see all."""
    asked = read_query(request, IMPORTS, ImportListItem)
    return reply_list(request, asked, load_imports(session, asked, by), ImportListItem)


@router.get("/{import_id}", response_model=ImportRead, dependencies=[NO_PARAMETERS])
def get_reference_import(request: Request, import_id: str, by: Contributor, session: ReadSession) -> Response:
    """Give one import: what the file is, how many of its records are new, here already, unclear or unreadable."""
    row = get_import(session, import_id, by)
    return reply(request, _read(session, row), revision=row.version, cache_control=NO_STORE)


@router.get("/{import_id}/records", response_model=ImportRecordList, openapi_extra={"parameters": RECORDS.describe()})
def list_import_records(request: Request, import_id: str, by: Contributor, session: ReadSession) -> Response:
    """List the records of the file, with line, problems, and what each may be the same as."""
    asked = read_query(request, RECORDS, ImportRecordRead)
    return reply_list(request, asked, load_records(session, get_import(session, import_id, by), asked), ImportRecordRead)


@router.post(
    "/{import_id}/decisions",
    response_model=ImportRead,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, *ONCE),
)
def decide_import_records(
    request: Request, import_id: str, decided: ImportDecisionRequest, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Say of one or many records whether they are new, a duplicate (of which study), or to be skipped: all are taken, or none."""

    def act() -> Response:
        row = get_import(session, import_id, by)
        decide_records(session, row, decided.decisions, by=by)
        return reply(request, _read(session, row), revision=row.version, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/{import_id}/commit",
    status_code=202,
    response_model=JobRead,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, *ONCE),
)
def commit_reference_import(request: Request, import_id: str, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Have the new records made into drafts of yours, all or none; what nobody has decided about is left, and can be committed later."""

    def act() -> Response:
        job = commit_import(session, get_import(session, import_id, by), by=by)
        return _accepted(request, JobRead.model_validate(job_members(job)), job)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/{import_id}/reading",
    status_code=202,
    response_model=JobRead,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, *ONCE),
)
def read_reference_import_again(request: Request, import_id: str, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Have the file read once more, where the job that was to read it failed (state `failed`)."""

    def act() -> Response:
        job = read_again(session, get_import(session, import_id, by), by=by)
        return _accepted(request, JobRead.model_validate(job_members(job)), job)

    return once(request, session, by=by, body=body, act=act)


@router.delete(
    "/{import_id}",
    status_code=204,
    response_class=Response,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, StaleRevision),
)
def delete_reference_import(request: Request, import_id: str, by: Contributor, session: WriteSession) -> Response:
    """Throw away an import of which nothing was made."""
    row = get_import(session, import_id, by)
    require_if_match(request, row.version)
    delete_import(session, row, by=by)
    return Response(status_code=204)


def _read(session: Session, row: ReferenceImport) -> ImportRead:
    return ImportRead.model_validate(import_members(session, row))


def _accepted(request: Request, answer: Any, job: Job) -> Response:
    return reply(request, answer, status=202, headers={"Location": job_href(job.id)}, cache_control=NO_STORE)
