"""Bodies of evidence, and the map of all ratings."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.evidence import EVIDENCE
from app.queries.evidence import list_evidence as load_bodies
from app.queries.evidence_map import EVIDENCE_MAP
from app.queries.evidence_map import get_evidence_map as load_evidence_map
from app.queries.explanations import get_explained_evidence
from app.queries.what_if import Asked
from app.schemas.evidence import EvidenceAnswer, EvidenceItem, EvidenceList
from app.schemas.evidence_map import EvidenceMap, MapRow
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import only_parameters
from app.web.what_if_parameters import WHAT_IF, Method, Mid, PublishedUntil, Without

router = APIRouter(prefix="/v1", tags=["evidence"])
EXAMPLE = {
    "pain": {"summary": "Pain in people with neck pain", "value": "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"}
}
BodyId = Annotated[str, Path(description="A body of evidence, as `/v1/evidence` names it.", openapi_examples=EXAMPLE)]
MAP_PARAMETERS = [one for one in EVIDENCE_MAP.describe() if one["name"] in EVIDENCE_MAP.parameters]


@router.get("/evidence", response_model=EvidenceList, openapi_extra={"parameters": EVIDENCE.describe()})
def list_evidence(request: Request, session: ReadSession) -> Response:
    """List bodies of evidence: condition, intervention, outcome, comparator group and horizon; by certainty, the surest first."""
    asked = read_query(request, EVIDENCE, EvidenceItem)
    return reply_list(request, asked, load_bodies(session, asked), EvidenceItem, meta=answer_meta(session))


@router.get("/evidence/{body_id}", response_model=EvidenceAnswer, dependencies=[only_parameters(*WHAT_IF, "mid")])
def get_evidence(
    request: Request,
    body_id: BodyId,
    session: ReadSession,
    published_until: PublishedUntil = None,
    without: Without = None,
    method: Method = None,
    mid: Mid = None,
) -> Response:
    """Give one body of evidence with every number behind its certainty, its explanation and its diagnostics; also on other terms."""
    return reply(request, get_explained_evidence(session, body_id, Asked(published_until, without, method, mid)))


@router.get(
    "/evidence-map",
    response_model=EvidenceMap,
    openapi_extra={"parameters": MAP_PARAMETERS},
    dependencies=[only_parameters(*(one["name"] for one in MAP_PARAMETERS))],
)
def get_evidence_map(request: Request, session: ReadSession) -> Response:
    """Give the map of all conditions by all interventions, with the outcomes of the interventions asked for."""
    return reply(request, load_evidence_map(session, read_query(request, EVIDENCE_MAP, MapRow)))
