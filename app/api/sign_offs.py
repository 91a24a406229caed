"""Sign-offs of ratings: read by everybody, given and taken back by curators."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.actions.sign_offs import sign_off_rating, withdraw_sign_off
from app.actor import Actor
from app.errors import AuthenticationRequired, Conflict, OwnSubmission
from app.queries.addresses import sign_off_href
from app.queries.answer_meta import answer_meta
from app.queries.filters import ListQuery
from app.queries.named_people import MYSELF
from app.queries.sign_offs import SIGN_OFFS, get_rating_row, sign_offs_for_reader
from app.queries.sign_offs import get_sign_off as load_sign_off
from app.queries.sign_offs import list_sign_offs as load_sign_offs
from app.schemas.sign_off import SignOffAnswer, SignOffItem, SignOffList, SignOffRequest, SignOffWithdrawal
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Curator, CurrentSettings, RawBody, Reader, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["sign-offs"], route_class=StrictRoute)


@router.get("/sign-offs", response_model=SignOffList, openapi_extra={"parameters": SIGN_OFFS.describe()})
def list_sign_offs(request: Request, session: ReadSession, reader: Reader) -> Response:
    """List sign-offs of all ratings, the newest first; `status=requires-review` gives those that wait to be read again."""
    asked = _asked(request, session, reader)
    return reply_list(request, asked, load_sign_offs(session, asked), SignOffItem, meta=answer_meta(session))


@router.get(
    "/conditions/{slug}/ratings/{intervention}/sign-offs",
    response_model=SignOffList,
    openapi_extra={"parameters": SIGN_OFFS.describe()},
)
def list_rating_sign_offs(request: Request, slug: str, intervention: str, session: ReadSession, reader: Reader) -> Response:
    """List the sign-offs of one rating, the newest first, withdrawn ones and those that no longer hold too."""
    asked = _asked(request, session, reader)
    get_rating_row(session, slug, intervention)
    page = load_sign_offs(session, asked, pair=(slug, intervention))
    meta = answer_meta(session, subjects=[f"rating:{slug}/{intervention}"])
    return reply_list(request, asked, page, SignOffItem, meta=meta)


@router.get("/sign-offs/{sign_off_id}", response_model=SignOffAnswer, dependencies=[NO_PARAMETERS])
def get_sign_off(request: Request, sign_off_id: str, session: ReadSession) -> Response:
    """Give one sign-off."""
    return reply(request, _answer(session, sign_off_id))


@router.post(
    "/conditions/{slug}/ratings/{intervention}/sign-offs",
    status_code=201,
    response_model=SignOffAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, OwnSubmission, *ONCE),
)
def sign_off_rating_of_condition(
    request: Request,
    slug: str,
    intervention: str,
    said: SignOffRequest,
    by: Curator,
    session: WriteSession,
    settings: CurrentSettings,
    body: RawBody,
) -> Response:
    """Sign a rating off: say that you read it with all it rests on and found it sound. Nothing of the rating changes by it."""

    def act() -> Response:
        row = sign_off_rating(session, slug, intervention, by=by, one_person=settings.one_person, **said.model_dump())
        headers = {"Location": sign_off_href(row.id)}
        return reply(request, _answer(session, row.id), status=201, headers=headers, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/sign-offs/{sign_off_id}/withdrawal",
    status_code=201,
    response_model=SignOffAnswer,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, *ONCE),
)
def withdraw_rating_sign_off(
    request: Request, sign_off_id: str, withdrawal: SignOffWithdrawal, by: Curator, session: WriteSession, body: RawBody
) -> Response:
    """Withdraw a sign-off of your own, with the reason on record."""

    def act() -> Response:
        row = withdraw_sign_off(session, sign_off_id, by=by, reason=withdrawal.reason)
        return reply(request, _answer(session, row.id), status=201, cache_control=NO_STORE)

    return once(request, session, by=by, body=body, act=act)


def _asked(request: Request, session: Session, reader: Actor | None) -> ListQuery:
    asked = read_query(request, sign_offs_for_reader(session, reader), SignOffItem)
    if reader is None and any(MYSELF in asked.values.get(name, ()) for name in ("signer", "signer__not")):
        raise AuthenticationRequired("`signer=me` needs a key: without one nobody knows who you are")
    return asked


def _answer(session: Session, sign_off_id: str) -> SignOffAnswer:
    item = load_sign_off(session, sign_off_id)
    meta = answer_meta(session, subjects=[f"rating:{item['condition']}/{item['intervention']}"])
    return SignOffAnswer.model_validate(item | {"meta": meta})
