"""Outcomes, and the instruments that measure them with their minimal important differences."""

from fastapi import APIRouter, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.outcomes import OUTCOMES
from app.queries.outcomes import get_instrument as load_instrument
from app.queries.outcomes import get_outcome as load_outcome
from app.queries.outcomes import list_outcomes as load_outcomes
from app.schemas.outcome import InstrumentAnswer, OutcomeAnswer, OutcomeItem, OutcomeList
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["outcomes"])


@router.get("/outcomes", response_model=OutcomeList, openapi_extra={"parameters": OUTCOMES.describe()})
def list_outcomes(request: Request, session: ReadSession) -> Response:
    """List outcomes with their instruments, each with its minimal important difference and how well founded that is."""
    asked = read_query(request, OUTCOMES, OutcomeItem)
    return reply_list(request, asked, load_outcomes(session, asked), OutcomeItem, meta=answer_meta(session))


@router.get("/outcomes/{slug}", response_model=OutcomeAnswer, dependencies=[NO_PARAMETERS])
def get_outcome(request: Request, slug: str, session: ReadSession) -> Response:
    """Give one outcome with its instruments and how much it matters in which condition."""
    answer = load_outcome(session, slug)
    return reply(request, answer, revision=answer["version"])


@router.get("/instruments/{slug}", response_model=InstrumentAnswer, dependencies=[NO_PARAMETERS])
def get_instrument(request: Request, slug: str, session: ReadSession) -> Response:
    """Give one instrument with its range and its minimal important difference."""
    answer = load_instrument(session, slug)
    return reply(request, answer, revision=answer["version"])
