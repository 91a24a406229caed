"""Adjudications: a third person decides where two extractions differ."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.adjudications import adjudicate_study
from app.actions.studies import warnings_of
from app.actor import Actor
from app.errors import NotAllowed, NotFound, OwnSubmission, StateConflict
from app.models import Study
from app.queries.adjudications import ADJUDICATIONS
from app.queries.adjudications import get_adjudication as load_adjudication
from app.queries.adjudications import list_adjudications as load_adjudications
from app.queries.extractions import get_newest_double_extraction
from app.queries.study_records import get_visible_study
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.adjudication import AdjudicationAnswer, AdjudicationItem, AdjudicationList, AdjudicationRequest
from app.schemas.study_writing import as_warnings
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Contributor, RawBody, Reader, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/studies", tags=["extractions"], route_class=StrictRoute)


@router.post(
    "/{study_id}/adjudications",
    status_code=201,
    response_model=AdjudicationAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(OwnSubmission, StateConflict, *ONCE),
)
def adjudicate_study_extractions(
    request: Request, study_id: str, asked: AdjudicationRequest, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Decide every difference between the two extractions of a study; the record is drafted with what you decide, ready to be submitted."""

    def act() -> Response:
        study = _study_to_adjudicate(session, study_id, by)
        row = adjudicate_study(session, study, asked, by=by)
        answer = _answer(session, study.id, row.id, by)
        return reply(request, answer, status=201, headers={"Location": answer.href}, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


@router.get("/{study_id:uuid}/adjudications", response_model=AdjudicationList, openapi_extra={"parameters": ADJUDICATIONS.describe()})
def list_study_adjudications(request: Request, study_id: UUID, session: ReadSession, reader: Reader) -> Response:
    """List the adjudications of a study, the newest first; those it was not accepted with only to those who took part, and to curators."""
    asked = read_query(request, ADJUDICATIONS, AdjudicationItem)
    return reply_list(request, asked, load_adjudications(session, str(study_id), asked, reader), AdjudicationItem)


@router.get("/{study_id:uuid}/adjudications/{adjudication_id}", response_model=AdjudicationAnswer, dependencies=[NO_PARAMETERS])
def get_study_adjudication(request: Request, study_id: UUID, adjudication_id: str, session: ReadSession, reader: Reader) -> Response:
    """Give one adjudication: both extractions, what was taken of either, and why. Open to everybody once the study is accepted with it."""
    return reply(request, _answer(session, str(study_id), adjudication_id, reader))


def _study_to_adjudicate(session: Session, study_id: str, by: Actor) -> Study:
    """A study that `by` may draft. Of a private one he may know that two people extract it, and is then told who adjudicates."""
    try:
        return get_visible_study(session, study_id, by)
    except NotFound:
        get_newest_double_extraction(session, study_id, by)
        raise NotAllowed("a record that was not accepted yet is adjudicated by a curator") from None


def _answer(session: Session, study_id: str, adjudication_id: str, reader: Actor | None) -> AdjudicationAnswer:
    found = load_adjudication(session, study_id, adjudication_id, reader)
    document = found.pop("document")
    warnings = as_warnings(warnings_of(session, document, load_known_slugs(session), reader=reader))
    return AdjudicationAnswer.model_validate(found | {"warnings": warnings})
