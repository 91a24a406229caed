"""What waits for a decision."""

from fastapi import APIRouter, Request, Response

from app.queries.review_queue import REVIEW_QUEUE, table_for_reader
from app.queries.review_queue import list_review_queue as load_queue
from app.schemas.assignment import QueueItem, QueueList
from app.web.dependencies import Contributor, CurrentSettings, ReadSession
from app.web.list_reply import read_query, reply_list

router = APIRouter(prefix="/v1/review-queue", tags=["reviews"])


@router.get("", response_model=QueueList, openapi_extra={"parameters": REVIEW_QUEUE.describe()})
def list_review_queue(request: Request, by: Contributor, session: ReadSession, settings: CurrentSettings) -> Response:
    """List what waits for a decision, the longest waiting first; `status=` asks for other states. Contributors see their own."""
    asked = read_query(request, table_for_reader(session, by), QueueItem)
    return reply_list(request, asked, load_queue(session, asked, by, one_person=settings.one_person), QueueItem)
