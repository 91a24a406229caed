"""API keys, for admins."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlmodel import col

from app.actions.api_keys import create_key, revoke_key
from app.errors import Conflict
from app.models import ApiKey
from app.schemas.api_key import ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyRead
from app.schemas.page import PageInfo
from app.vocabulary import Role
from app.web.conditional import reply
from app.web.dependencies import Admin, ReadSession, WriteSession
from app.web.json_body import StrictRoute
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/api-keys", tags=["api keys"], route_class=StrictRoute, dependencies=[NO_PARAMETERS])
NO_STORE = "no-store"


@router.get("", response_model=ApiKeyList)
def list_api_keys(request: Request, by: Admin, session: ReadSession) -> Response:
    """List the keys, revoked ones too; secrets are stored nowhere."""
    rows = session.execute(select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.prefix))).scalars()
    items = [_read(row) for row in rows]
    page = PageInfo(limit=len(items), next=None, total=len(items))  # all of them: an installation has dozens
    return reply(request, ApiKeyList(items=items, page=page), cache_control=NO_STORE)


@router.post("", status_code=201, response_model=ApiKeyCreated, responses=problem_responses(Conflict))
def create_api_key(request: Request, wanted: ApiKeyCreate, by: Admin, session: WriteSession) -> Response:
    """Make a key; the answer shows it this once."""
    text = create_key(session, name=wanted.name, role=wanted.role, orcid=wanted.orcid, by=by)
    row = session.execute(select(ApiKey).where(col(ApiKey.name) == wanted.name)).scalar_one()
    return reply(request, ApiKeyCreated(**_read(row).model_dump(), key=text), status=201, cache_control=NO_STORE)


@router.post("/{prefix}/revocation", response_model=ApiKeyRead)
def revoke_api_key(request: Request, prefix: str, by: Admin, session: WriteSession) -> Response:
    """Revoke a key for good."""
    return reply(request, _read(revoke_key(session, prefix, by=by)), cache_control=NO_STORE)


def _read(row: ApiKey) -> ApiKeyRead:
    return ApiKeyRead(
        prefix=row.prefix, name=row.name, role=Role(row.role), orcid=row.orcid, created_at=row.created_at, revoked_at=row.revoked_at
    )
