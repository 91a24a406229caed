from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class Job(SQLModel, table=True):
    """Long work, done once by one worker. `attempt` is its fence: a worker writes only while the row holds its own number."""

    __table_args__ = (Index("ix_job_state_id", "state", "id"), Index("ix_job_subject", "subject"))

    id: str = Field(primary_key=True, max_length=36)
    kind: str
    subject: str
    state: str
    done: int = 0
    total: int | None = None
    attempt: int = 0
    actor: str
    created_at: datetime = Field(sa_type=UTCDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    heartbeat_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    error: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
