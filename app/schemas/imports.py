"""Imports of reference files, as they are served and decided about."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from app.identifiers import Slug
from app.schemas.base import Line, Ordinal, Shape
from app.schemas.page import PageInfo
from app.vocabulary import ImportDecision, ImportState, ImportStatus, JobKind, JobState

MAX_DECISIONS = 1000
StudyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]


class JobRead(Shape):
    """Long work and how far it is; `total` is null while nobody knows it."""

    id: str
    kind: JobKind
    state: JobState
    done: int
    total: int | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: dict[str, Any] | None = Field(description="A problem (RFC 9457), where the job failed.")
    import_href: str = Field(description="The import that the job works on.")
    href: str


class ImportCounts(Shape):
    """How many records the file has, and what they are."""

    records: int
    new: int
    duplicate: int
    possible_duplicate: int
    problem: int
    undecided: int = Field(description="Possible duplicates about which nobody has decided yet; a commit leaves them out.")
    created: int = Field(description="Records of which a commit has made drafts.")


class ImportRead(Shape):
    """One file of references and what the dry run found; `counts` is null until it was read."""

    id: str
    state: ImportState
    file_name: str
    format: str
    encoding: str = Field(description="Empty where the file says it itself (XLSX).")
    size: int
    sha256: str
    intervention: Slug | None
    conditions: list[Slug]
    notices: list[str]
    problem: dict[str, Any] | None = Field(description="Why the file was refused, or why reading it was given up.")
    created_at: datetime
    created_by: str
    created_by_name: str
    read_at: datetime | None
    committed_at: datetime | None
    counts: ImportCounts | None
    job: JobRead | None = Field(description="The newest job of this import.")
    href: str


class ImportAccepted(Shape):
    """The file is kept; the job reads it."""

    import_: ImportRead = Field(alias="import")
    job: JobRead


class ImportListItem(Shape):
    id: str
    state: ImportState
    file_name: str
    format: str
    size: int
    created_at: datetime
    created_by: str
    read_at: datetime | None
    committed_at: datetime | None
    href: str


class ImportList(Shape):
    items: list[ImportListItem]
    page: PageInfo


class ImportRecordProblem(Shape):
    """`field` is the name that the file gives, or the member of the study that it would become."""

    line: int
    field: str | None
    detail: str
    severity: str


class ImportMatch(Shape):
    """What the record may be the same as: a study, or an earlier record of the file. Neither: a draft that is not yours to see."""

    study: str | None
    href: str | None
    key: str | None
    record: int | None
    title: str | None
    year: int | None
    score: float
    reason: str
    certain: bool


class ImportRecordRead(Shape):
    """One record of the file: what it would become, what is wrong with it, what it may be the same as, what became of it."""

    number: int
    line: int
    status: ImportStatus
    title: str | None
    document: dict[str, Any] | None = Field(description="The members of the study document that are known; null if it could not be read.")
    problems: list[ImportRecordProblem]
    matches: list[ImportMatch]
    raw: str | None = Field(description="The beginning of a record that could not be read.")
    decision: ImportDecision
    decided_study: str | None
    decided_record: int | None = Field(description="The record of the same file of which a person called it a duplicate.")
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    study: str | None = Field(description="The draft that was made of it.")


class ImportRecordList(Shape):
    items: list[ImportRecordRead]
    page: PageInfo


class RecordDecision(Shape):
    """What a person says of one record."""

    record: Ordinal = Field(description="Its number in the file.")
    decision: ImportDecision
    study: StudyId | None = Field(default=None, description="With `duplicate`: the study that it is.")
    of_record: Ordinal | None = Field(default=None, description="With `duplicate`: the record of the same file that it is.")
    reason: Line | None = None


class ImportDecisionRequest(Shape):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decisions": [{"record": 1, "decision": "skip", "reason": "Not about this treatment."}]}]}
    )

    decisions: list[RecordDecision] = Field(min_length=1, max_length=MAX_DECISIONS)
