"""Extractions: one study read by two people, each for himself, and what their extractions say of each other."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.extractions import (
    both_completed,
    change_extraction,
    close_double_extraction,
    complete_extraction,
    extraction_of,
    open_double_extraction,
    refuse_changes,
    row_pin,
    start_extraction,
    withdraw_extraction,
)
from app.actions.studies import warnings_of
from app.actor import Actor
from app.api.extraction_comparison import comparison_answer
from app.errors import (
    Conflict,
    InvalidBody,
    PreconditionRequired,
    StaleRevision,
    StateConflict,
    UnsupportedMediaType,
)
from app.models import DoubleExtraction, Study, StudyExtraction
from app.queries.extractions import (
    DOUBLE_EXTRACTIONS,
    EXTRACTIONS,
    double_extraction_item,
    double_extraction_table,
    extraction_items,
    extraction_table,
    get_double_extraction,
    get_extraction_row,
    get_newest_double_extraction,
    why_hidden,
)
from app.queries.extractions import list_double_extractions as load_double_extractions
from app.queries.extractions import list_extractions as load_extractions
from app.queries.people import ids_of_person
from app.queries.study_records import get_visible_study, shown_revision
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.appraisal import WithdrawalRequest
from app.schemas.extraction import (
    ClosingRequest,
    DoubleExtractionItem,
    DoubleExtractionList,
    DoubleExtractionRequest,
    Extraction,
    ExtractionAnswer,
    ExtractionItem,
    ExtractionList,
    ExtractionRequest,
    with_extraction,
)
from app.schemas.extraction_comparison import ComparisonAnswer
from app.schemas.study import StudyDocument
from app.schemas.study_writing import Warning, as_warnings
from app.web.conditional import NO_STORE, reply, require_if_match
from app.web.dependencies import Contributor, Curator, RawBody, Reader, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.merge_patch_body import describe_merge_patch, patched
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["extractions"], route_class=StrictRoute)
MERGE_PATCH_BODY = describe_merge_patch("`extraction` as the version that If-Match names has it", {"n_randomised": 54})


@router.get("/extractions", response_model=ExtractionList, openapi_extra={"parameters": EXTRACTIONS.describe()})
def list_extractions(request: Request, by: Contributor, session: ReadSession) -> Response:
    """List the extractions that you may know of, the newest first: that they exist, whose they are and where they stand."""
    asked = read_query(request, extraction_table(ids_of_person(session, by.id)), ExtractionItem)
    return reply_list(request, asked, load_extractions(session, asked, by), ExtractionItem)


@router.get("/double-extractions", response_model=DoubleExtractionList, openapi_extra={"parameters": DOUBLE_EXTRACTIONS.describe()})
def list_double_extractions(request: Request, by: Contributor, session: ReadSession) -> Response:
    """List the studies that two people extract; `missing=1` those that wait for one more, `status=completed` those to adjudicate."""
    asked = read_query(request, double_extraction_table(ids_of_person(session, by.id)), DoubleExtractionItem)
    return reply_list(request, asked, load_double_extractions(session, asked, by), DoubleExtractionItem)


@router.get("/double-extractions/{double_extraction_id}", response_model=DoubleExtractionItem, dependencies=[NO_PARAMETERS])
def get_double_extraction_record(request: Request, double_extraction_id: str, by: Contributor, session: ReadSession) -> Response:
    """Give one double extraction with who takes part."""
    return reply(request, _double_answer(session, get_double_extraction(session, double_extraction_id, by), by))


@router.post(
    "/studies/{study_id}/double-extractions",
    status_code=201,
    response_model=DoubleExtractionItem,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, StateConflict, *ONCE),
)
def ask_for_double_extraction(
    request: Request, study_id: str, asked: DoubleExtractionRequest, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Ask for two independent extractions of a study; everybody with a key may then take part, also while the record is a draft."""

    def act() -> Response:
        double = open_double_extraction(session, get_visible_study(session, study_id, by), by=by, reason=asked.reason)
        answer = _double_answer(session, double, by)
        return reply(request, answer, status=201, headers={"Location": answer.href}, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/double-extractions/{double_extraction_id}/closing",
    status_code=201,
    response_model=DoubleExtractionItem,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, *ONCE),
)
def close_double_extraction_record(
    request: Request, double_extraction_id: str, closing: ClosingRequest, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Give up a double extraction that was not adjudicated, with the reason on record."""

    def act() -> Response:
        double = get_double_extraction(session, double_extraction_id, by)
        return reply(
            request,
            _double_answer(session, close_double_extraction(session, double, by=by, reason=closing.reason), by),
            status=201,
            cache_control=NO_STORE,
        )

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/studies/{study_id}/extractions",
    status_code=201,
    response_model=ExtractionAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, StateConflict, *ONCE),
)
def start_study_extraction(
    request: Request, study_id: str, asked: ExtractionRequest, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Begin your extraction of a study; a second person makes the other one, and neither sees the other's before both are completed."""

    def act() -> Response:
        return _written(request, session, start_extraction(session, study_id, asked.extraction, by=by), by, status=201)

    return once(request, session, by=by, body=body, act=act)


@router.get(
    "/studies/{study_id:uuid}/extractions/comparison",
    response_model=ComparisonAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict),
)
def compare_study_extractions(request: Request, study_id: UUID, by: Contributor, session: ReadSession) -> Response:
    """Compare both extractions of a study member by member, with what each difference does to effects and ratings."""
    double = get_newest_double_extraction(session, str(study_id), by)
    pair = both_completed(session, double)
    return reply(request, comparison_answer(session, double, pair, by), cache_control=NO_STORE)


@router.get("/extractions/{extraction_id}", response_model=ExtractionAnswer, dependencies=[NO_PARAMETERS])
def get_extraction(request: Request, extraction_id: str, session: ReadSession, reader: Reader) -> Response:
    """Give one extraction; its values only to its author until both are completed, and to everybody once the study is accepted with it."""
    row = get_extraction_row(session, extraction_id, reader)
    shown = why_hidden(session, row, reader) is None
    return reply(request, _answer(session, row, reader), revision=row.version if shown else None)


@router.patch(
    "/extractions/{extraction_id}",
    response_model=ExtractionAnswer,
    openapi_extra=MERGE_PATCH_BODY,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, StaleRevision, PreconditionRequired, UnsupportedMediaType, InvalidBody),
)
def change_study_extraction(request: Request, extraction_id: str, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Change your extraction while it is in progress."""
    row = _own_row(session, extraction_id, by)
    require_if_match(request, row.version)
    changed = patched(request, body, extraction_of(row), called="the extraction")
    return _written(request, session, change_extraction(session, row, changed, by=by), by)


@router.post(
    "/extractions/{extraction_id}/completion",
    status_code=201,
    response_model=ExtractionAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, StaleRevision, InvalidBody, *ONCE),
)
def complete_study_extraction(request: Request, extraction_id: str, by: Contributor, session: WriteSession, body: RawBody) -> Response:
    """Say that you have read everything; your extraction is frozen with that. If-Match, where it is sent, names the version you saw."""

    def act() -> Response:
        row = _own_row(session, extraction_id, by)
        if "if-match" in request.headers:
            require_if_match(request, row.version)
        return _written(request, session, complete_extraction(session, row, by=by), by, status=201)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/extractions/{extraction_id}/withdrawal",
    status_code=201,
    response_model=ExtractionAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, *ONCE),
)
def withdraw_study_extraction(
    request: Request, extraction_id: str, withdrawal: WithdrawalRequest, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Give up your extraction until both are completed; its place is free, for you too."""

    def act() -> Response:
        row = get_extraction_row(session, extraction_id, by)
        return _written(request, session, withdraw_extraction(session, row, by=by, reason=withdrawal.reason), by, status=201)

    return once(request, session, by=by, body=body, act=act)


def _own_row(session: Session, extraction_id: str, by: Actor) -> StudyExtraction:
    """An extraction to act on. Who it belongs to is asked before its version is compared: a stranger learns nothing of that."""
    row = get_extraction_row(session, extraction_id, by)
    refuse_changes(session, row, by)
    return row


def _written(request: Request, session: Session, row: StudyExtraction, by: Actor, *, status: int = 200) -> Response:
    answer = _answer(session, row, by)
    return reply(request, answer, revision=row.version, status=status, headers={"Location": answer.href}, cache_control=NO_STORE)


def _double_answer(session: Session, double: DoubleExtraction, by: Actor) -> DoubleExtractionItem:
    return DoubleExtractionItem.model_validate(double_extraction_item(session, double, by))


def _answer(session: Session, row: StudyExtraction, reader: Actor | None) -> ExtractionAnswer:
    base = session.get_one(DoubleExtraction, row.double_extraction_id).base_revision
    [item] = extraction_items(session, [(row, base)], reader)
    hidden = why_hidden(session, row, reader)
    if hidden is not None:
        nothing: dict[str, Any] = {"extraction": None, "withdrawal_reason": None, "warnings": [], "row_sha256": None}
        return ExtractionAnswer.model_validate(item | nothing | {"hidden": hidden})
    extraction = extraction_of(row)
    return ExtractionAnswer.model_validate(
        item
        | {
            "extraction": extraction,
            "hidden": None,
            "withdrawal_reason": row.withdrawal_reason,
            "warnings": _warnings(session, row, extraction, reader),
            "row_sha256": row_pin(row),
        }
    )


def _warnings(session: Session, row: StudyExtraction, extraction: Extraction, reader: Actor | None) -> list[Warning]:
    """What of the extraction a submission would be refused for; what the rest of the record lacks is not its matter."""
    study = session.get_one(Study, row.study_id)
    document = with_extraction(StudyDocument.model_validate_json(shown_revision(session, study).document), extraction)
    found = warnings_of(session, document, load_known_slugs(session), reader=reader)
    extracted = tuple(f"/{name}" for name in Extraction.model_fields)
    return as_warnings(problem for problem in found if problem.pointer.startswith(extracted))
