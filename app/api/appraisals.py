"""Appraisals of single GRADE domains: read by everybody, made and withdrawn by curators."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.appraisals import make_appraisal, withdraw_appraisal
from app.errors import Conflict
from app.queries.addresses import appraisal_href
from app.queries.answer_meta import answer_meta
from app.queries.appraisals import APPRAISALS
from app.queries.appraisals import get_appraisal as load_appraisal
from app.queries.appraisals import list_appraisals as load_appraisals
from app.schemas.appraisal import AppraisalAnswer, AppraisalItem, AppraisalList, AppraisalRequest, WithdrawalRequest
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Curator, RawBody, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["appraisals"], route_class=StrictRoute)


@router.get("/evidence/{body_id}/appraisals", response_model=AppraisalList, openapi_extra={"parameters": APPRAISALS.describe()})
def list_appraisals(request: Request, body_id: str, session: ReadSession) -> Response:
    """List what curators said of the domains of a body of evidence, the newest first, withdrawn and replaced ones too."""
    asked = read_query(request, APPRAISALS, AppraisalItem)
    page = load_appraisals(session, body_id, asked)
    pair = "/".join(body_id.split(".")[:2])
    return reply_list(request, asked, page, AppraisalItem, meta=answer_meta(session, subjects=[f"rating:{pair}"]))


@router.get("/appraisals/{appraisal_id}", response_model=AppraisalAnswer, dependencies=[NO_PARAMETERS])
def get_appraisal(request: Request, appraisal_id: str, session: ReadSession) -> Response:
    """Give one appraisal."""
    return reply(request, _answer(session, appraisal_id))


@router.post(
    "/evidence/{body_id}/appraisals",
    status_code=201,
    response_model=AppraisalAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, *ONCE),
)
def make_domain_appraisal(
    request: Request, body_id: str, appraisal: AppraisalRequest, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Appraise one domain of a body of evidence; it stands beside the computed judgement until it is withdrawn or replaced."""

    def act() -> Response:
        row = make_appraisal(session, body_id, by=by, **appraisal.model_dump())
        headers = {"Location": appraisal_href(row.id)}
        return reply(request, _answer(session, row.id), status=201, headers=headers, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/appraisals/{appraisal_id}/withdrawal",
    status_code=201,
    response_model=AppraisalAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, *ONCE),
)
def withdraw_domain_appraisal(
    request: Request, appraisal_id: str, withdrawal: WithdrawalRequest, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Withdraw an appraisal, with the reason on record; the computed judgement counts again."""

    def act() -> Response:
        row = withdraw_appraisal(session, appraisal_id, by=by, reason=withdrawal.reason)
        return reply(request, _answer(session, row.id), status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


def _answer(session: Session, appraisal_id: str) -> AppraisalAnswer:
    item = load_appraisal(session, appraisal_id)
    meta = answer_meta(session, subjects=[f"rating:{item['condition']}/{item['intervention']}"])
    return AppraisalAnswer.model_validate(item | {"meta": meta})
