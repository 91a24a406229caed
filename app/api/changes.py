"""The ledger: what changed, in the order of the commits."""

from fastapi import APIRouter, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.changes import CHANGES
from app.queries.changes import list_changes as load_changes
from app.schemas.change import ChangeItem, ChangeList
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list

router = APIRouter(prefix="/v1/changes", tags=["ledger"])


@router.get("", response_model=ChangeList, openapi_extra={"parameters": CHANGES.describe()})
def list_changes(request: Request, session: ReadSession) -> Response:
    """List the entries of the ledger, oldest first; `after` resumes behind any entry, `include=content` lets the chain be checked."""
    asked = read_query(request, CHANGES, ChangeItem)
    return reply_list(request, asked, load_changes(session, asked), ChangeItem, meta=answer_meta(session))
