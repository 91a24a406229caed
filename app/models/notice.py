"""What the literature services say of accepted studies and of themselves: notices, when they were asked, how they fare."""

from datetime import datetime

from sqlalchemy import JSON, Index, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class PublicationNotice(SQLModel, table=True):
    """A notice about an accepted study, as one source reported it first: a retraction, a concern, a correction.

    `dated` is as exact as the source is. What was found never changes; `closed_*` says how a curator closed it.
    """

    __tablename__ = "publication_notice"
    __table_args__ = (Index("ix_publication_notice_status_id", "status", "id"),)

    id: str = Field(primary_key=True, max_length=36)
    study_id: str = Field(foreign_key="study.id", index=True)
    kind: str
    source: str
    asserted_by: str | None = None
    dated: str | None = None
    notice_doi: str | None = None
    notice_pmid: str | None = None
    reasons: list[str] = Field(sa_type=JSON)
    record_url: str = Field(sa_type=Text)
    record_sha256: str
    found_at: datetime = Field(sa_type=UTCDateTime)
    found_by: str
    found_status: str
    revision: int | None = None
    status: str
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closed_by: str | None = None
    closing_reason: str | None = Field(default=None, sa_type=Text)


class SourceCheck(SQLModel, table=True):
    """When a source last answered for a study; kept so that a run that was broken off can go on, not part of the ledger."""

    __tablename__ = "source_check"

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    source: str = Field(primary_key=True)
    checked_at: datetime = Field(sa_type=UTCDateTime)


class SourceHealth(SQLModel, table=True):
    """How a literature service fared when any of our processes asked it; not part of the ledger."""

    __tablename__ = "source_health"

    source: str = Field(primary_key=True)
    last_success_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_failure_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_failure_kind: str | None = None
    last_failure: str | None = Field(default=None, sa_type=Text)
    consecutive_failures: int = 0
