"""Conditions and the ratings of what is done for them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.claims import CLAIMS, list_claims
from app.queries.conditions import CONDITIONS, get_condition_page
from app.queries.conditions import get_condition as get_stored_condition
from app.queries.conditions import list_conditions as load_conditions
from app.queries.ratings import HISTORY, get_rating_what_if
from app.queries.ratings import get_rating as load_rating
from app.queries.ratings import list_rating_history as load_rating_history
from app.queries.studies import STUDIES_OF_CONDITION, list_studies
from app.queries.what_if import Asked
from app.schemas.claim import ClaimItem, ClaimList
from app.schemas.condition import ConditionItem, ConditionList, ConditionPage
from app.schemas.rating import HistoryEntry, HistoryList, RatingAnswer
from app.schemas.study_read import StudyItem, StudyList
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS, only_parameters
from app.web.what_if_parameters import WHAT_IF, Method, PublishedUntil, Without

router = APIRouter(prefix="/v1/conditions", tags=["conditions"])
ConditionSlug = Annotated[str, Path(openapi_examples={"neck": {"value": "neck-pain"}})]
InterventionSlug = Annotated[str, Path(openapi_examples={"craniosacral": {"value": "craniosacral-therapy"}})]


@router.get("", response_model=ConditionList, openapi_extra={"parameters": CONDITIONS.describe()})
def list_conditions(request: Request, session: ReadSession) -> Response:
    """List conditions with the headline rating of every intervention; sorted by certainty, the surest comes first."""
    asked = read_query(request, CONDITIONS, ConditionItem)
    page = load_conditions(session, asked)
    days = {rating["as_of"] for item in page.items for rating in item["ratings"]}
    return reply_list(request, asked, page, ConditionItem, meta=answer_meta(session, as_of=days))


@router.get("/{slug}", response_model=ConditionPage, dependencies=[NO_PARAMETERS])
def get_condition(request: Request, slug: str, session: ReadSession) -> Response:
    """Give everything about one condition in one call: ratings, claims, studies, published reviews, registrations, positions."""
    return reply(request, get_condition_page(session, slug))


@router.get("/{slug}/studies", response_model=StudyList, openapi_extra={"parameters": STUDIES_OF_CONDITION.describe()})
def list_condition_studies(request: Request, slug: str, session: ReadSession) -> Response:
    """List the accepted studies that are about a condition, newest first."""
    asked = read_query(request, STUDIES_OF_CONDITION, StudyItem)
    condition = get_stored_condition(session, slug).slug
    page = list_studies(session, asked, STUDIES_OF_CONDITION, condition=condition)
    return reply_list(request, asked, page, StudyItem, meta=answer_meta(session, subjects=[f"condition:{condition}"]))


@router.get("/{slug}/claims", response_model=ClaimList, openapi_extra={"parameters": CLAIMS.describe()})
def list_condition_claims(request: Request, slug: str, session: ReadSession) -> Response:
    """List what is claimed of a condition, each with its verdict."""
    asked = read_query(request, CLAIMS, ClaimItem)
    condition = get_stored_condition(session, slug).slug
    page = list_claims(session, asked, condition=condition)
    return reply_list(request, asked, page, ClaimItem, meta=answer_meta(session))


@router.get("/{slug}/ratings/{intervention}", response_model=RatingAnswer, dependencies=[only_parameters(*WHAT_IF)])
def get_rating(
    request: Request,
    slug: ConditionSlug,
    intervention: InterventionSlug,
    session: ReadSession,
    published_until: PublishedUntil = None,
    without: Without = None,
    method: Method = None,
) -> Response:
    """Give the rating of one intervention for one condition with all its reasons, as it stands or on other terms."""
    asked = Asked(published_until, without, method)
    rating = load_rating(session, slug, intervention) if asked.nothing else get_rating_what_if(session, slug, intervention, asked)
    return reply(request, rating)


@router.get("/{slug}/ratings/{intervention}/history", response_model=HistoryList, openapi_extra={"parameters": HISTORY.describe()})
def list_rating_history(request: Request, slug: str, intervention: str, session: ReadSession) -> Response:
    """List how a rating moved, newest first, each with the entry of the ledger that made it move."""
    asked = read_query(request, HISTORY, HistoryEntry)
    page = load_rating_history(session, slug, intervention, asked)
    meta = answer_meta(session, subjects=[f"rating:{slug}/{intervention}"], as_of=[move["as_of"] for move in page.items])
    return reply_list(request, asked, page, HistoryEntry, meta=meta)
