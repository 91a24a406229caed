from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime

IN_FORCE = text("ended_at IS NULL")


class Assignment(SQLModel, table=True):
    """Which curator looks after the submissions of a study. A row is written once and ended once; one per study is in force."""

    __table_args__ = (
        Index("uq_assignment_in_force", "study_id", unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE),
        Index("ix_assignment_study_id", "study_id"),
        Index("ix_assignment_curator", "curator"),
    )

    id: str = Field(primary_key=True, max_length=36)
    study_id: str = Field(foreign_key="study.id")
    revision: int
    curator: str
    made_by: str
    made_at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: str | None = None
    ended_how: str | None = None
