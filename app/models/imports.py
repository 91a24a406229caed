"""Reference files: the file while it waits to be read, the dry run over it, and what became of each record."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class ReferenceImport(SQLModel, table=True):
    """One file that somebody sent. `read_sequence` is the ledger entry up to which its records were compared with the studies;
    `salt` goes into the hashes that the public ledger keeps of the file and of what was made of it."""

    __tablename__ = "reference_import"
    __table_args__ = (Index("ix_reference_import_created_by_created_at", "created_by", "created_at"),)

    id: str = Field(primary_key=True, max_length=36)
    version: int
    state: str
    file_name: str
    size: int
    sha256: str
    format: str
    encoding: str
    intervention: str | None = None
    conditions: list[str] = Field(sa_type=JSON)
    notices: list[str] = Field(sa_type=JSON)
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    created_at: datetime = Field(sa_type=UTCDateTime)
    created_by: str
    read_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    read_sequence: int | None = None
    committed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    committed_by: str | None = None
    salt: str


class ImportFilePart(SQLModel, table=True):
    """A piece of a file that waits to be read; gone once it was."""

    __tablename__ = "import_file_part"

    import_id: str = Field(primary_key=True, foreign_key="reference_import.id")
    position: int = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class ImportRecord(SQLModel, table=True):
    """One record of a file. `commit_sequence` is the ledger entry of the commit that made `study_id` of it;
    `reason_salt` keeps the reason, whose hash is in the public ledger, from being guessed."""

    __tablename__ = "import_record"
    __table_args__ = (
        Index("ix_import_record_import_id_status_decision", "import_id", "status", "decision"),
        Index("ix_import_record_commit_sequence", "commit_sequence"),
    )

    import_id: str = Field(primary_key=True, foreign_key="reference_import.id")
    number: int = Field(primary_key=True)
    line: int
    status: str
    title: str | None = Field(default=None, sa_type=Text)
    document: str | None = Field(default=None, sa_type=Text)
    problems: list[dict[str, Any]] = Field(sa_type=JSON)
    matches: list[dict[str, Any]] = Field(sa_type=JSON)
    raw: str | None = Field(default=None, sa_type=Text)
    decision: str
    decided_study: str | None = None
    decided_record: int | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reason: str | None = Field(default=None, sa_type=Text)
    reason_salt: str | None = None
    study_id: str | None = Field(default=None, foreign_key="study.id")
    commit_sequence: int | None = None
