"""What is said about a study record, and the thread in which it stands beside submissions and decisions."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.actions.comments import comment_on, withdraw_comment
from app.errors import Conflict
from app.queries.comments import COMMENTS, get_comment, load_seen
from app.queries.comments import list_comments as load_comments
from app.queries.extractions_seen import load_extractions_seen
from app.queries.study_records import get_visible_study
from app.queries.threads import THREAD, list_thread, thread_of
from app.schemas.thread import CommentItem, CommentList, CommentRequest, ThreadItem, ThreadList
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Contributor, RawBody, Reader, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/studies", tags=["reviews"], route_class=StrictRoute)


@router.get("/{study_id:uuid}/thread", response_model=ThreadList, openapi_extra={"parameters": THREAD.describe()})
def list_study_thread(request: Request, study_id: UUID, session: ReadSession, reader: Reader) -> Response:
    """List what happened to a study and what was said of it, the oldest first; of drafts only to their authors and curators."""
    study = get_visible_study(session, str(study_id), reader)
    events, table = thread_of(study, load_seen(session, study, reader), load_extractions_seen(session, study, reader))
    asked = read_query(request, table, ThreadItem)
    return reply_list(request, asked, list_thread(session, study, events, asked), ThreadItem)


@router.get("/{study_id:uuid}/comments", response_model=CommentList, openapi_extra={"parameters": COMMENTS.describe()})
def list_study_comments(request: Request, study_id: UUID, by: Contributor, session: ReadSession) -> Response:
    """List the comments on a study that the reader may see, the oldest first."""
    asked = read_query(request, COMMENTS, CommentItem)
    study = get_visible_study(session, str(study_id), by)
    return reply_list(request, asked, load_comments(session, study, asked, load_seen(session, study, by)), CommentItem)


@router.post(
    "/{study_id}/comments",
    status_code=201,
    response_model=CommentItem,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(*ONCE),
)
def comment_on_study(
    request: Request, study_id: str, comment: CommentRequest, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Comment on a revision of a study, or on one member of its document; a comment is never edited."""

    def act() -> Response:
        study = get_visible_study(session, study_id, by)
        seen = load_seen(session, study, by)
        row = comment_on(session, study, by=by, seen=seen, **comment.model_dump())
        return reply(request, CommentItem.model_validate(get_comment(session, row.id)), status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/{study_id}/comments/{comment_id}/withdrawal",
    status_code=201,
    response_model=CommentItem,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, *ONCE),
)
def withdraw_study_comment(
    request: Request, study_id: str, comment_id: str, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Withdraw a comment of one's own: its text is gone for good, that it was there stays."""

    def act() -> Response:
        study = get_visible_study(session, study_id, by)
        row = withdraw_comment(session, study, comment_id, by=by, seen=load_seen(session, study, by))
        return reply(request, CommentItem.model_validate(get_comment(session, row.id)), status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)
