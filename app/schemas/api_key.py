from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, field_validator

from app.identifiers import Orcid
from app.schemas.base import Line, Shape
from app.schemas.page import PageInfo
from app.vocabulary import KeyState, Role

MAX_GRACE_DAYS = 90
DEFAULT_GRACE_DAYS = 7


def _example(body: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


def _written_out(value: Any) -> Any:
    """Numbers would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("is a moment like 2099-07-01T00:00:00Z")
    return value


def _in_utc(moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside of all calendars") from None


Expiry = Annotated[
    AwareDatetime | None,
    BeforeValidator(_written_out),
    AfterValidator(_in_utc),
    Field(description="From this moment on the key opens nothing; null: never."),
]
Reason = Annotated[Line | None, Field(description="Why, for the ledger, which is public.")]


class ApiKeyCreate(Shape):
    model_config = _example({"name": "Anna", "role": "contributor", "orcid": "0000-0002-1825-0097", "expires_at": "2099-07-01T00:00:00Z"})

    name: Line
    role: Role
    orcid: Orcid | None = None
    expires_at: Expiry = None


class ApiKeyUpdate(Shape):
    """What is given is changed; an ORCID iD or an expiry of null is taken away."""

    model_config = _example({"role": "curator", "reason": "trained in the use of the tools"})

    role: Role | None = None
    orcid: Orcid | None = None
    expires_at: Expiry = None
    reason: Reason = None

    @field_validator("role")
    @classmethod
    def a_key_has_a_role(cls, value: Role | None) -> Role:
        if value is None:
            raise ValueError(f"is one of {', '.join(Role)}")
        return value


class ApiKeyRotation(Shape):
    model_config = _example({"grace_days": 3, "reason": "yearly"})

    grace_days: Annotated[int, Field(strict=True, ge=0, le=MAX_GRACE_DAYS)] = Field(
        default=DEFAULT_GRACE_DAYS, description="How long the old secret goes on working beside the new one; 0: not at all."
    )
    expires_at: Expiry = Field(default=None, description="A new expiry of the key; left out: as it was.")
    reason: Reason = None


class ApiKeyRevocation(Shape):
    model_config = _example({"reason": "left the group"})

    reason: Reason = None


class ApiKeyRead(Shape):
    """A key as it is listed: never its secret."""

    prefix: str
    name: str
    role: Role
    orcid: str | None
    state: KeyState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To within a few minutes; null: never.")
    previous_secret_valid_until: datetime | None = Field(description="Until then the secret before the last rotation works too.")
    version: int
    href: str


class ApiKeyCreated(ApiKeyRead):
    """The one answer that shows the key itself."""

    key: str


class ApiKeyList(Shape):
    items: list[ApiKeyRead]
    page: PageInfo
