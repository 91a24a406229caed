"""Bodies of evidence, and the map of all ratings."""

from fastapi import APIRouter, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.evidence import EVIDENCE
from app.queries.evidence import get_evidence as load_evidence
from app.queries.evidence import list_evidence as load_bodies
from app.queries.evidence_map import EVIDENCE_MAP
from app.queries.evidence_map import get_evidence_map as load_evidence_map
from app.schemas.evidence import EvidenceAnswer, EvidenceItem, EvidenceList
from app.schemas.evidence_map import EvidenceMap, MapRow
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS, only_parameters

router = APIRouter(prefix="/v1", tags=["evidence"])
MAP_PARAMETERS = [one for one in EVIDENCE_MAP.describe() if one["name"] in EVIDENCE_MAP.parameters]


@router.get("/evidence", response_model=EvidenceList, openapi_extra={"parameters": EVIDENCE.describe()})
def list_evidence(request: Request, session: ReadSession) -> Response:
    """List bodies of evidence: condition, intervention, outcome, comparator group and horizon; by certainty, the surest first."""
    asked = read_query(request, EVIDENCE, EvidenceItem)
    return reply_list(request, asked, load_bodies(session, asked), EvidenceItem, meta=answer_meta(session))


@router.get("/evidence/{body_id}", response_model=EvidenceAnswer, dependencies=[NO_PARAMETERS])
def get_evidence(request: Request, body_id: str, session: ReadSession) -> Response:
    """Give one body of evidence with every number that its certainty was computed from."""
    return reply(request, load_evidence(session, body_id))


@router.get(
    "/evidence-map",
    response_model=EvidenceMap,
    openapi_extra={"parameters": MAP_PARAMETERS},
    dependencies=[only_parameters(*(one["name"] for one in MAP_PARAMETERS))],
)
def get_evidence_map(request: Request, session: ReadSession) -> Response:
    """Give the map of all conditions by all interventions, with the outcomes of the interventions asked for."""
    return reply(request, load_evidence_map(session, read_query(request, EVIDENCE_MAP, MapRow)))
