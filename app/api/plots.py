"""Plots from addresses: SVG drawn from the same stored explanation that `/v1/evidence/{id}` serves, PNG of it, and its plain data."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.charts.badge import badge_svg
from app.charts.cumulative import cumulative_data, cumulative_svg
from app.charts.evidence_map import evidence_map_data, evidence_map_svg
from app.charts.forest import forest_data, forest_svg
from app.charts.funnel import funnel_data, funnel_svg
from app.charts.png import TooLargeToDraw, to_png
from app.charts.shapes import HIGHEST_WIDTH, LOWEST_WIDTH
from app.charts.theme import Theme
from app.charts.traffic_light import traffic_light_data, traffic_light_svg
from app.errors import InvalidQuery, ParameterProblem
from app.queries.evidence import get_evidence
from app.queries.evidence_map import EVIDENCE_MAP, get_evidence_map
from app.queries.plot_rows import load_judgements, load_retracted
from app.queries.ratings import get_rating
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.parameters import NO_PARAMETERS, only_parameters

router = APIRouter(prefix="/v1", tags=["plots"])
Json = dict[str, Any]
SVG, PNG = "image/svg+xml", "image/png"
DEFAULT_WIDTH = 800
LOOKS = ("width", "theme")
INSTEAD = "Ask for the .svg, which has no such bound, for the .json, or for another width."

EXAMPLE = {
    "pain": {"summary": "Pain in people with neck pain", "value": "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"}
}
BodyId = Annotated[str, Path(description="A body of evidence, as `/v1/evidence` names it.", openapi_examples=EXAMPLE)]
ConditionSlug = Annotated[str, Path(openapi_examples={"neck": {"value": "neck-pain"}})]
InterventionSlug = Annotated[str, Path(openapi_examples={"craniosacral": {"value": "craniosacral-therapy"}})]
Width = Annotated[
    int, Query(ge=LOWEST_WIDTH, le=HIGHEST_WIDTH, description="Width in CSS pixels; a PNG has up to two device pixels for each.")
]
DrawnTheme = Annotated[Theme, Query(description="`auto` follows the reader's system; a PNG of it is light.")]
DRAWN = only_parameters(*LOOKS)
MAP_PARAMETERS = [one for one in EVIDENCE_MAP.describe() if one["name"] in EVIDENCE_MAP.parameters]
MAP_NAMES = tuple(one["name"] for one in MAP_PARAMETERS)
SVG_ANSWER: dict[int | str, dict[str, object]] = {200: {"content": {SVG: {"schema": {"type": "string"}}}}}
PNG_ANSWER: dict[int | str, dict[str, object]] = {
    200: {
        "description": "Two device pixels a pixel; fewer, down to one, where the plot is very tall.",
        "content": {PNG: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/evidence/{body_id}/forest.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_forest_svg(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw the forest plot of a body of evidence; retracted studies are struck through."""
    return _svg(request, forest_svg(**_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/forest.png", dependencies=[DRAWN], responses=PNG_ANSWER, response_class=Response)
def get_forest_png(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.LIGHT
) -> Response:
    """Draw the forest plot as a picture."""
    return _png(request, forest_svg(**_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/forest.json", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_forest_data(request: Request, body_id: BodyId, session: ReadSession) -> Response:
    """Give what the forest plot draws, as plain data."""
    return reply(request, forest_data(**_body(session, body_id)))


@router.get("/evidence/{body_id}/funnel.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_funnel_svg(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw the contour-enhanced funnel plot of a body of evidence; retracted studies are crossed out."""
    return _svg(request, funnel_svg(**_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/funnel.png", dependencies=[DRAWN], responses=PNG_ANSWER, response_class=Response)
def get_funnel_png(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.LIGHT
) -> Response:
    """Draw the funnel plot as a picture."""
    return _png(request, funnel_svg(**_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/funnel.json", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_funnel_data(request: Request, body_id: BodyId, session: ReadSession) -> Response:
    """Give what the funnel plot draws, as plain data."""
    return reply(request, funnel_data(**_body(session, body_id)))


@router.get("/evidence/{body_id}/cumulative.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_cumulative_svg(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw how the pooled effect moved as studies were published."""
    return _svg(request, cumulative_svg(**_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/cumulative.png", dependencies=[DRAWN], responses=PNG_ANSWER, response_class=Response)
def get_cumulative_png(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.LIGHT
) -> Response:
    """Draw the cumulative plot as a picture."""
    return _png(request, cumulative_svg(**_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/cumulative.json", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_cumulative_plot_data(request: Request, body_id: BodyId, session: ReadSession) -> Response:
    """Give what the cumulative plot draws, as plain data: the same as `/cumulative`."""
    return get_cumulative_data(request, body_id, session)


@router.get("/evidence/{body_id}/cumulative", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_cumulative_data(request: Request, body_id: BodyId, session: ReadSession) -> Response:
    """Give the pooled effect after each study, by year."""
    return reply(request, cumulative_data(**_body(session, body_id)))


@router.get("/evidence/{body_id}/risk-of-bias.svg", dependencies=[DRAWN], responses=SVG_ANSWER, response_class=Response)
def get_risk_of_bias_svg(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO
) -> Response:
    """Draw the risk of bias of each study by the domains of its tool, and what the rating made of it."""
    return _svg(request, traffic_light_svg(**_judged_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/risk-of-bias.png", dependencies=[DRAWN], responses=PNG_ANSWER, response_class=Response)
def get_risk_of_bias_png(
    request: Request, body_id: BodyId, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.LIGHT
) -> Response:
    """Draw the risk of bias as a picture."""
    return _png(request, traffic_light_svg(**_judged_body(session, body_id), width=width, theme=theme))


@router.get("/evidence/{body_id}/risk-of-bias.json", dependencies=[NO_PARAMETERS], response_model=dict[str, object])
def get_risk_of_bias_data(request: Request, body_id: BodyId, session: ReadSession) -> Response:
    """Give the judgements that the risk-of-bias plot draws, as plain data."""
    return reply(request, traffic_light_data(**_judged_body(session, body_id)))


@router.get(
    "/evidence-map.svg",
    openapi_extra={"parameters": MAP_PARAMETERS},
    dependencies=[only_parameters(*MAP_NAMES, *LOOKS)],
    responses=SVG_ANSWER,
    response_class=Response,
)
def get_evidence_map_svg(request: Request, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.AUTO) -> Response:
    """Draw the evidence map, narrowed as `/v1/evidence-map` is."""
    return _svg(request, evidence_map_svg(_map(request, session), width=width, theme=theme))


@router.get(
    "/evidence-map.png",
    openapi_extra={"parameters": MAP_PARAMETERS},
    dependencies=[only_parameters(*MAP_NAMES, *LOOKS)],
    responses=PNG_ANSWER,
    response_class=Response,
)
def get_evidence_map_png(request: Request, session: ReadSession, width: Width = DEFAULT_WIDTH, theme: DrawnTheme = Theme.LIGHT) -> Response:
    """Draw the evidence map as a picture."""
    return _png(request, evidence_map_svg(_map(request, session), width=width, theme=theme))


@router.get(
    "/evidence-map.json",
    openapi_extra={"parameters": MAP_PARAMETERS},
    dependencies=[only_parameters(*MAP_NAMES)],
    response_model=dict[str, object],
)
def get_evidence_map_data(request: Request, session: ReadSession) -> Response:
    """Give what the evidence map draws, as plain data."""
    return reply(request, evidence_map_data(_map(request, session)))


@router.get(
    "/conditions/{slug}/ratings/{intervention}/badge.svg", dependencies=[NO_PARAMETERS], responses=SVG_ANSWER, response_class=Response
)
def get_badge(request: Request, slug: ConditionSlug, intervention: InterventionSlug, session: ReadSession) -> Response:
    """Draw the badge of a rating: how sure one can be, for embedding."""
    return _svg(request, _badge(session, slug, intervention))


@router.get(
    "/conditions/{slug}/ratings/{intervention}/badge.png", dependencies=[NO_PARAMETERS], responses=PNG_ANSWER, response_class=Response
)
def get_badge_png(request: Request, slug: ConditionSlug, intervention: InterventionSlug, session: ReadSession) -> Response:
    """Draw the badge as a picture."""
    return _png(request, _badge(session, slug, intervention))


def _body(session: Session, body_id: str) -> Json:
    """What every plot of a body takes: the body, and the retracted studies that would stand in it."""
    body = get_evidence(session, body_id)
    return {"body": body, "retracted": load_retracted(session, body)}


def _judged_body(session: Session, body_id: str) -> Json:
    drawn = _body(session, body_id)
    rows = [*drawn["body"]["studies"], *drawn["retracted"]]
    return {**drawn, "stored": load_judgements(session, {row["study"] for row in rows})}


def _map(request: Request, session: Session) -> Json:
    """The map under the filters of the request; how it looks is no filter."""
    filters = [(name, value) for name, value in request.query_params.multi_items() if name not in LOOKS]
    return get_evidence_map(session, EVIDENCE_MAP.parse(request.url.path, filters))


def _badge(session: Session, condition: str, intervention: str) -> str:
    rating = get_rating(session, condition, intervention)
    return badge_svg(rating, condition=rating["condition_name"], intervention=rating["intervention_name"])


def _svg(request: Request, svg: str) -> Response:
    return reply(request, svg.encode(), media_type=SVG)


def _png(request: Request, svg: str) -> Response:
    try:
        return reply(request, to_png(svg), media_type=PNG)
    except TooLargeToDraw as reason:
        detail = f"{reason}. {INSTEAD}"
        raise InvalidQuery(f"width: {detail}", errors=[ParameterProblem("width", detail)]) from reason
