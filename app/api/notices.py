"""Notices about studies: read by everybody, closed by curators."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.notices import close_notice
from app.errors import StateConflict
from app.queries.answer_meta import answer_meta
from app.queries.notices import NOTICES
from app.queries.notices import get_notice as load_notice
from app.queries.notices import list_notices as load_notices
from app.schemas.notice import NoticeAnswer, NoticeClosing, NoticeItem, NoticeList
from app.vocabulary import NoticeStatus
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Curator, RawBody, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/notices", tags=["notices"], route_class=StrictRoute)


@router.get("", response_model=NoticeList, openapi_extra={"parameters": NOTICES.describe()})
def list_notices(request: Request, session: ReadSession) -> Response:
    """List retractions, expressions of concern and corrections of accepted studies; `status=open` are those that wait for a curator."""
    asked = read_query(request, NOTICES, NoticeItem)
    return reply_list(request, asked, load_notices(session, asked), NoticeItem, meta=answer_meta(session))


@router.get("/{notice_id}", response_model=NoticeAnswer, dependencies=[NO_PARAMETERS])
def get_notice(request: Request, notice_id: str, session: ReadSession) -> Response:
    """Give one notice."""
    return reply(request, _answer(session, notice_id))


@router.post(
    "/{notice_id}/closing",
    status_code=201,
    response_model=NoticeAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, *ONCE),
)
def close_study_notice(
    request: Request, notice_id: str, closing: NoticeClosing, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Close a notice as handled or dismissed, with the reason on record; the study itself stays as it is."""

    def act() -> Response:
        row = close_notice(session, notice_id, by=by, status=NoticeStatus(closing.status), reason=closing.reason)
        return reply(request, _answer(session, row.id), status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


def _answer(session: Session, notice_id: str) -> NoticeAnswer:
    item = load_notice(session, notice_id)
    meta = answer_meta(session, subjects=[f"notice:{item['id']}", f"study:{item['study']}"])
    return NoticeAnswer.model_validate(item | {"meta": meta})
