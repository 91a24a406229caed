"""Plots from addresses: SVG drawn from the same stored explanation that `/v1/evidence/{id}` serves, PNG of it, and its plain data."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.charts.badge import badge_svg
from app.charts.cumulative import cumulative_data, cumulative_svg
from app.charts.forest import forest_data, forest_svg
from app.charts.funnel import funnel_data, funnel_svg
from app.charts.png import to_png
from app.charts.shapes import HIGHEST_WIDTH, LOWEST_WIDTH
from app.charts.theme import Theme
from app.queries.evidence import get_evidence, load_retracted
from app.queries.ratings import get_rating
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.parameters import NO_PARAMETERS, only_parameters

router = APIRouter(prefix="/v1", tags=["plots"])
SVG, PNG = "image/svg+xml", "image/png"
DEFAULT_WIDTH = 800

Width = Annotated[int, Query(ge=LOWEST_WIDTH, le=HIGHEST_WIDTH, description="Width in pixels.")]
DrawnTheme = Annotated[Theme, Query(description="`auto` follows the reader's system; a PNG is light unless told otherwise.")]
DRAWN = only_parameters("width", "theme")
SVG_ANSWER: dict[int | str, dict[str, object]] = {200: {"content": {SVG: {"schema": {"type": "string"}}}}}
PNG_ANSWER: dict[int | str, dict[str, object]] = {200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/evidence/{body_id}/forest.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_forest_svg(
    request: Request, body_id: str, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw the forest plot of a body of evidence."""
    body = get_evidence(session, body_id)
    svg = forest_svg(body, width=width, theme=theme, retracted=load_retracted(session, body))
    return reply(request, svg.encode(), media_type=SVG)


@router.get("/evidence/{body_id}/forest.png", dependencies=[DRAWN], responses=PNG_ANSWER, response_class=Response)
def get_forest_png(
    request: Request, body_id: str, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.LIGHT
) -> Response:
    """Draw the forest plot as a picture, at two device pixels a pixel."""
    body = get_evidence(session, body_id)
    svg = forest_svg(body, width=width, theme=theme, retracted=load_retracted(session, body))
    return reply(request, to_png(svg), media_type=PNG)


@router.get("/evidence/{body_id}/forest.json", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_forest_data(request: Request, body_id: str, session: ReadSession) -> Response:
    """Give what the forest plot draws, as plain data."""
    body = get_evidence(session, body_id)
    return reply(request, forest_data(body, load_retracted(session, body)))


@router.get("/evidence/{body_id}/funnel.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_funnel_svg(
    request: Request, body_id: str, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw the contour-enhanced funnel plot of a body of evidence."""
    return reply(request, funnel_svg(get_evidence(session, body_id), width=width, theme=theme).encode(), media_type=SVG)


@router.get("/evidence/{body_id}/funnel.json", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_funnel_data(request: Request, body_id: str, session: ReadSession) -> Response:
    """Give what the funnel plot draws, as plain data."""
    return reply(request, funnel_data(get_evidence(session, body_id)))


@router.get("/evidence/{body_id}/cumulative.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_cumulative_svg(
    request: Request, body_id: str, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw how the pooled effect moved as studies were published."""
    return reply(request, cumulative_svg(get_evidence(session, body_id), width=width, theme=theme).encode(), media_type=SVG)


@router.get("/evidence/{body_id}/cumulative", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_cumulative_data(request: Request, body_id: str, session: ReadSession) -> Response:
    """Give the pooled effect after each study, by year."""
    return reply(request, cumulative_data(get_evidence(session, body_id)))


@router.get(
    "/conditions/{slug}/ratings/{intervention}/badge.svg", dependencies=[NO_PARAMETERS], responses=SVG_ANSWER, response_class=Response
)
def get_badge(request: Request, slug: str, intervention: str, session: ReadSession) -> Response:
    """Draw the badge of a rating: how sure one can be, for embedding."""
    rating = get_rating(session, slug, intervention)
    svg = badge_svg(rating, condition=rating["condition_name"], intervention=rating["intervention_name"])
    return reply(request, svg.encode(), media_type=SVG)
