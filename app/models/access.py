from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class ApiKey(SQLModel, table=True):
    """A key to write with: 256 random bits shown once, stored as SHA-256, named by its public prefix.

    The prefix is who acted, in every row and ledger entry; rotation changes the secret behind it and leaves the prefix.
    `version` counts the ledger entries about the key. `last_used_at` alone is no fact of the ledger.
    """

    __tablename__ = "api_key"

    prefix: str = Field(primary_key=True)
    name: str = Field(unique=True)
    role: str
    hash: str = Field(unique=True)
    orcid: str | None = None
    created_at: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    previous_hash: str | None = None
    previous_valid_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class IdempotencyKey(SQLModel, table=True):
    """What was answered to a POST that carried an Idempotency-Key; kept for 24 hours."""

    __tablename__ = "idempotency_key"

    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    created_at: datetime = Field(sa_type=UTCDateTime, index=True)
    status: int | None = None
    headers: str | None = Field(default=None, sa_type=Text)
    body: str | None = Field(default=None, sa_type=Text)
