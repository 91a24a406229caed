"""API keys as they are listed and shown: whose they are, what they may do, until when, when they were last used."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.identifiers import Orcid
from app.models import ApiKey
from app.models.base import utc_now
from app.queries.addresses import api_key_href
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.schemas.api_key import ApiKeyRead
from app.vocabulary import KeyState, Role

EXPIRING_WITHIN = timedelta(days=14)
BOUNDS = ("gte", "lte")


def _expired(values: list[Any]) -> ColumnElement[bool]:
    expired = and_(col(ApiKey.expires_at).is_not(None), col(ApiKey.expires_at) <= utc_now())
    return expired if values[0] else not_(expired)


def _revoked(values: list[Any]) -> ColumnElement[bool]:
    return col(ApiKey.revoked_at).is_not(None) if values[0] else col(ApiKey.revoked_at).is_(None)


def _unused_since(values: list[Any]) -> ColumnElement[bool]:
    last_use = func.coalesce(col(ApiKey.last_used_at), col(ApiKey.created_at))
    unused: ColumnElement[bool] = last_use < values[0]
    return unused


API_KEYS = FilterTable(
    fields=(
        Field("role", col(ApiKey.role), Role),
        Field("orcid", col(ApiKey.orcid), Orcid),
        Field("expired", None, bool, ("eq",), _expired, description="Those that have expired, or those that have not."),
        Field("revoked", None, bool, ("eq",), _revoked, description="Those that were revoked, or those that were not."),
        Field("expires_at", col(ApiKey.expires_at), datetime, BOUNDS),
        Field("last_used_at", col(ApiKey.last_used_at), datetime, BOUNDS),
        Field(
            "unused_since",
            None,
            datetime,
            ("eq",),
            _unused_since,
            whole=True,
            description="Not used since that moment; one that never was counts from when it was made.",
        ),
    ),
    sort_keys=(
        SortKey("created_at", col(ApiKey.created_at), datetime, nullable=False),
        SortKey("name", col(ApiKey.name), nullable=False),
        SortKey("expires_at", col(ApiKey.expires_at), datetime),
        SortKey("last_used_at", col(ApiKey.last_used_at), datetime),
    ),
    tie=SortKey("prefix", col(ApiKey.prefix), nullable=False),
    default_sort="created_at",
)


def get_key(session: Session, prefix: str) -> ApiKey:
    key = session.get(ApiKey, prefix)
    if key is None:
        raise NotFound(f"no key has the prefix {prefix[:40]!r}")
    return key


def is_called(key: ApiKey, named: str) -> bool:
    """By its prefix, or by its name without regard to case: names of keys never differ in that alone."""
    return key.prefix == named or key.name.casefold() == named.casefold()


def get_key_named(session: Session, named: str) -> ApiKey:
    """The same by the prefix or by the name."""
    key = next((one for one in load_keys(session) if is_called(one, named)), None)
    return key if key is not None else get_key(session, named)


def list_keys(session: Session, asked: ListQuery) -> Page[ApiKeyRead]:
    """A page of keys. One query."""
    page = paginate(session, asked.apply(select(ApiKey)), asked.sort, asked.page)
    return Page([read_key(row) for row in page.items], page.limit, page.next, page.total)


def load_keys(session: Session, *, expiring: bool = False) -> list[ApiKey]:
    """All keys in the order of making; `expiring`: those that work now and will not in two weeks."""
    now = utc_now()
    soon = (col(ApiKey.revoked_at).is_(None), col(ApiKey.expires_at) > now, col(ApiKey.expires_at) <= now + EXPIRING_WITHIN)
    wanted = select(ApiKey).where(*soon) if expiring else select(ApiKey)
    return list(session.execute(wanted.order_by(col(ApiKey.created_at), col(ApiKey.prefix))).scalars())


def key_state(key: ApiKey, moment: datetime) -> KeyState:
    if key.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.EXPIRED if key.expires_at is not None and key.expires_at <= moment else KeyState.ACTIVE


def read_key(key: ApiKey) -> ApiKeyRead:
    """The key as it is served."""
    now = utc_now()
    state = key_state(key, now)
    grace = key.previous_valid_until
    return ApiKeyRead(
        prefix=key.prefix,
        name=key.name,
        role=Role(key.role),
        orcid=key.orcid,
        state=state,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
        previous_secret_valid_until=grace if state is KeyState.ACTIVE and grace is not None and grace > now else None,
        version=key.version,
        href=api_key_href(key.prefix),
    )
