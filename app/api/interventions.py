"""Interventions: the record, its harms, what is claimed of it, what was written on it."""

from fastapi import APIRouter, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.claims import CLAIMS, list_claims
from app.queries.interventions import INTERVENTIONS, POSITIONS, READINGS, find_intervention, list_positions, list_readings
from app.queries.interventions import get_intervention as load_intervention
from app.queries.interventions import list_interventions as load_interventions
from app.queries.safety import get_safety
from app.schemas.claim import ClaimItem, ClaimList
from app.schemas.intervention import (
    InterventionAnswer,
    InterventionItem,
    InterventionList,
    PositionItem,
    PositionList,
    ReadingItem,
    ReadingList,
    SafetyAnswer,
)
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/interventions", tags=["interventions"])


@router.get("", response_model=InterventionList, openapi_extra={"parameters": INTERVENTIONS.describe()})
def list_interventions(request: Request, session: ReadSession) -> Response:
    """List interventions with the number of conditions rated at each level of certainty."""
    asked = read_query(request, INTERVENTIONS, InterventionItem)
    return reply_list(request, asked, load_interventions(session, asked), InterventionItem, meta=answer_meta(session))


@router.get("/{slug}", response_model=InterventionAnswer, dependencies=[NO_PARAMETERS])
def get_intervention(request: Request, slug: str, session: ReadSession) -> Response:
    """Give everything that is recorded of one intervention."""
    answer = load_intervention(session, slug)
    return reply(request, answer, revision=answer["version"])


@router.get("/{slug}/safety", response_model=SafetyAnswer, dependencies=[NO_PARAMETERS])
def get_intervention_safety(request: Request, slug: str, session: ReadSession) -> Response:
    """Give contraindications, adverse effects, harms reported in studies, and how many studies are silent."""
    return reply(request, get_safety(session, slug))


@router.get("/{slug}/claims", response_model=ClaimList, openapi_extra={"parameters": CLAIMS.describe()})
def list_intervention_claims(request: Request, slug: str, session: ReadSession) -> Response:
    """List what is claimed of one intervention, with verdicts."""
    asked = read_query(request, CLAIMS, ClaimItem)
    find_intervention(session, slug)
    return reply_list(request, asked, list_claims(session, asked, intervention=slug), ClaimItem, meta=answer_meta(session))


@router.get("/{slug}/readings", response_model=ReadingList, openapi_extra={"parameters": READINGS.describe()})
def list_intervention_readings(request: Request, slug: str, session: ReadSession) -> Response:
    """List books and articles on one intervention."""
    asked = read_query(request, READINGS, ReadingItem)
    return reply_list(request, asked, list_readings(session, slug, asked), ReadingItem)


@router.get("/{slug}/positions", response_model=PositionList, openapi_extra={"parameters": POSITIONS.describe()})
def list_intervention_positions(request: Request, slug: str, session: ReadSession) -> Response:
    """List what regulators, societies, hospitals and practitioners state on one intervention."""
    asked = read_query(request, POSITIONS, PositionItem)
    page = list_positions(session, slug, asked)
    return reply_list(request, asked, page, PositionItem, meta=answer_meta(session))
