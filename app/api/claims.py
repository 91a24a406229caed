"""Claims: what is asserted of an intervention, with what the evidence says of it."""

from fastapi import APIRouter, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.claims import CLAIMS
from app.queries.claims import get_claim as load_claim
from app.queries.claims import list_claims as load_claims
from app.schemas.claim import ClaimAnswer, ClaimItem, ClaimList
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/claims", tags=["claims"])


@router.get("", response_model=ClaimList, openapi_extra={"parameters": CLAIMS.describe()})
def list_claims(request: Request, session: ReadSession) -> Response:
    """List claims with their verdicts."""
    asked = read_query(request, CLAIMS, ClaimItem)
    return reply_list(request, asked, load_claims(session, asked), ClaimItem, meta=answer_meta(session))


@router.get("/{claim_id}", response_model=ClaimAnswer, dependencies=[NO_PARAMETERS])
def get_claim(request: Request, claim_id: str, session: ReadSession) -> Response:
    """Give one claim with its source, its verdict and the rating it was judged by."""
    answer = load_claim(session, claim_id)
    return reply(request, answer, revision=answer["version"])
