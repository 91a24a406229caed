from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime

STILL_OPEN = text("closed_at IS NULL")
NOT_WITHDRAWN = text("withdrawn_at IS NULL")


class DoubleExtraction(SQLModel, table=True):
    """One study that two people extract, each for himself, from one revision; a study has one of these open at a time."""

    __tablename__ = "double_extraction"
    __table_args__ = (
        Index("uq_double_extraction_open", "study_id", unique=True, sqlite_where=STILL_OPEN, postgresql_where=STILL_OPEN),
        Index("ix_double_extraction_study_id", "study_id"),
    )

    id: str = Field(primary_key=True, max_length=36)
    study_id: str = Field(foreign_key="study.id")
    base_revision: int
    asked_for: bool
    reason: str | None = Field(default=None, sa_type=Text)
    opened_by: str
    opened_at: datetime = Field(sa_type=UTCDateTime)
    closed_by: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closing_reason: str | None = Field(default=None, sa_type=Text)
    salt: str


class StudyExtraction(SQLModel, table=True):
    """What one person read off one study; frozen once completed.

    `salt` goes into the hash which the public ledger keeps: without it, whoever has made the second extraction could try out
    values until the hash fits, and so read the first.
    """

    __tablename__ = "study_extraction"
    __table_args__ = (
        Index(
            "uq_study_extraction_extractor",
            "double_extraction_id",
            "extractor",
            unique=True,
            sqlite_where=NOT_WITHDRAWN,
            postgresql_where=NOT_WITHDRAWN,
        ),
        Index("ix_study_extraction_study_id", "study_id"),
        Index("ix_study_extraction_extractor", "extractor"),
    )

    id: str = Field(primary_key=True, max_length=36)
    double_extraction_id: str = Field(foreign_key="double_extraction.id", max_length=36)
    study_id: str = Field(foreign_key="study.id")
    extractor: str
    status: str = Field(index=True)
    document: str = Field(sa_type=Text)
    version: int
    salt: str
    started_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)


class Adjudication(SQLModel, table=True):
    """What a third person decided where two extractions differ, and the revision that came of it; written once.

    `decisions` is JSON: each difference with both values, the choice and its reason, so that it can be read for ever by itself.
    """

    __table_args__ = (UniqueConstraint("double_extraction_id"), Index("ix_adjudication_study_id_revision", "study_id", "revision"))

    id: str = Field(primary_key=True, max_length=36)
    double_extraction_id: str = Field(foreign_key="double_extraction.id", max_length=36)
    study_id: str = Field(foreign_key="study.id")
    first_id: str = Field(foreign_key="study_extraction.id", max_length=36)
    second_id: str = Field(foreign_key="study_extraction.id", max_length=36)
    base_revision: int
    revision: int
    document_sha256: str
    decisions: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    adjudicator: str
    made_at: datetime = Field(sa_type=UTCDateTime)
    salt: str
