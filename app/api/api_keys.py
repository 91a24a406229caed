"""API keys, for admins; and for everybody who holds one, what it is."""

from fastapi import APIRouter, Request, Response

from app.actions.api_keys import change_key, create_key, prefix_of, revoke_key, rotate_key
from app.errors import Conflict, InvalidHeader, LastAdminKey, PreconditionRequired, StaleRevision
from app.models import ApiKey
from app.queries.addresses import api_key_href
from app.queries.api_keys import API_KEYS, get_key, list_keys, read_key
from app.schemas.api_key import ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyRead, ApiKeyRevocation, ApiKeyRotation, ApiKeyUpdate
from app.web.conditional import NO_STORE, reply, require_if_match
from app.web.dependencies import Admin, Contributor, ReadSession, WriteSession
from app.web.idempotency import refuse_idempotency_key
from app.web.json_body import StrictRoute
from app.web.list_reply import read_query, reply_list
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/api-keys", tags=["api keys"], route_class=StrictRoute)
SHOWN_ONCE = "the answer holds a secret, which is stored nowhere; list the keys to see whether a lost request was carried out"


@router.get("", response_model=ApiKeyList, openapi_extra={"parameters": API_KEYS.describe()})
def list_api_keys(request: Request, by: Admin, session: ReadSession) -> Response:
    """List the keys, expired and revoked ones too; secrets are stored nowhere."""
    asked = read_query(request, API_KEYS, ApiKeyRead)
    response = reply_list(request, asked, list_keys(session, asked), ApiKeyRead)
    response.headers["Cache-Control"] = NO_STORE
    return response


@router.post(
    "",
    status_code=201,
    response_model=ApiKeyCreated,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, InvalidHeader),
)
def create_api_key(request: Request, wanted: ApiKeyCreate, by: Admin, session: WriteSession) -> Response:
    """Make a key; the answer shows it this once, and is not kept to be repeated: Idempotency-Key is refused."""
    refuse_idempotency_key(request, SHOWN_ONCE)
    text = create_key(session, name=wanted.name, role=wanted.role, orcid=wanted.orcid, expires_at=wanted.expires_at, by=by)
    return _shown_once(request, session.get_one(ApiKey, prefix_of(text)), text, status=201)


@router.get("/me", response_model=ApiKeyRead, dependencies=[NO_PARAMETERS])
def get_own_api_key(request: Request, by: Contributor, session: ReadSession) -> Response:
    """Say what the key that the request carries is: whose, with which role, until when."""
    return _one(request, get_key(session, by.id))


@router.get("/{prefix}", response_model=ApiKeyRead, dependencies=[NO_PARAMETERS])
def get_api_key(request: Request, prefix: str, by: Admin, session: ReadSession) -> Response:
    """Give one key; its ETag is what a change needs in If-Match."""
    return _one(request, get_key(session, prefix))


@router.patch(
    "/{prefix}",
    response_model=ApiKeyRead,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, LastAdminKey, StaleRevision, PreconditionRequired),
)
def change_api_key(request: Request, prefix: str, wanted: ApiKeyUpdate, by: Admin, session: WriteSession) -> Response:
    """Change the role, the ORCID iD or the expiry of a key."""
    require_if_match(request, get_key(session, prefix).version)
    return _one(request, change_key(session, prefix, wanted, by=by))


@router.post(
    "/{prefix}/rotation",
    status_code=201,
    response_model=ApiKeyCreated,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(Conflict, LastAdminKey, InvalidHeader, StaleRevision),
)
def rotate_api_key(request: Request, prefix: str, by: Admin, session: WriteSession, wanted: ApiKeyRotation | None = None) -> Response:
    """Give a key a new secret, shown this once; the old one goes on working until the grace ends. Idempotency-Key is refused."""
    refuse_idempotency_key(request, SHOWN_ONCE)
    if "if-match" in request.headers:
        require_if_match(request, get_key(session, prefix).version)
    text = rotate_key(session, prefix, wanted, by=by)
    return _shown_once(request, get_key(session, prefix), text, status=201)


@router.post("/{prefix}/revocation", response_model=ApiKeyRead, dependencies=[NO_PARAMETERS], responses=problem_responses(LastAdminKey))
def revoke_api_key(request: Request, prefix: str, by: Admin, session: WriteSession, wanted: ApiKeyRevocation | None = None) -> Response:
    """Revoke a key for good."""
    return _one(request, revoke_key(session, prefix, by=by, reason=wanted.reason if wanted is not None else None))


def _one(request: Request, key: ApiKey) -> Response:
    return reply(request, read_key(key), revision=key.version, cache_control=NO_STORE)


def _shown_once(request: Request, key: ApiKey, text: str, *, status: int) -> Response:
    shown = ApiKeyCreated(**read_key(key).model_dump(), key=text)
    headers = {"Location": api_key_href(key.prefix)}
    return reply(request, shown, revision=key.version, status=status, headers=headers, cache_control=NO_STORE)
