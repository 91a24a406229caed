from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class StudyRevision(SQLModel, table=True):
    """One numbered version of a study document; never edited once it left draft."""

    __tablename__ = "study_revision"
    __table_args__ = (Index("ix_study_revision_status_created_at", "status", "created_at"),)

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    number: int = Field(primary_key=True)
    status: str
    document: str = Field(sa_type=Text)
    base_revision: int | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UTCDateTime)
    created_by: str
    drafted_for: str | None = None
    """Whose draft it stays when another hand wrote this version of it; null: of `created_by`."""
    submitted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    submitted_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decided_by: str | None = None
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)
    salt: str | None = None
    """Goes into the hash that the public ledger keeps; null: made before there were salts, and no entry was written about it since."""


class Review(SQLModel, table=True):
    """A curator's decision on a revision, with his statement of interests."""

    __table_args__ = (Index("ix_review_study_id_revision", "study_id", "revision"),)

    id: str = Field(primary_key=True, max_length=36)
    study_id: str = Field(foreign_key="study.id")
    revision: int
    decision: str
    comment: str | None = Field(default=None, sa_type=Text)
    conflict_of_interest: str = Field(sa_type=Text)
    reviewer: str
    created_at: datetime = Field(sa_type=UTCDateTime)
    salt: str | None = None
