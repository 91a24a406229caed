"""A study's identity and the rows projected from its document, for queries; the document of a revision is the truth."""

from datetime import datetime

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class Study(SQLModel, table=True):
    """One study record. Its columns show the accepted revision, or the newest one while none was accepted.

    The indexes that lists walk along stand in the migration `list_indexes`.
    """

    __table_args__ = (
        UniqueConstraint("doi"),
        UniqueConstraint("pmid"),
        UniqueConstraint("pmcid"),
    )

    id: str = Field(primary_key=True, max_length=36)
    key: str = Field(unique=True)
    status: str = Field(index=True)
    live_revision: int | None = None
    newest_revision: int
    created_at: datetime = Field(sa_type=UTCDateTime)
    created_by: str
    updated_at: datetime = Field(sa_type=UTCDateTime)
    title: str = Field(sa_type=Text)
    kind: str | None = Field(default=None, description="Of a draft alone it may be null, and so may the design.")
    design: str | None = None
    authors: list[str] = Field(sa_type=JSON)
    year: int | None = None
    journal: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    registration: str | None = Field(default=None, index=True)
    linked_registration: str | None = Field(default=None, index=True)
    completed_on: str | None = None
    country: str | None = None
    language: str | None = None
    publication_status: str
    intervention: str | None = Field(default=None, foreign_key="intervention.slug")
    fidelity: str | None = None
    age_group: str | None = None
    n_randomised: int | None = None
    n_analysed: int | None = None
    confidence: str | None = None


class StudyCondition(SQLModel, table=True):
    """The conditions a study is about; `year` stands here so that a condition's studies are one walk along an index."""

    __tablename__ = "study_condition"

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    condition: str = Field(primary_key=True, foreign_key="condition.slug")
    year: int | None = None


class Comparison(SQLModel, table=True):
    """A group that a study compared the treatment with."""

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    position: int = Field(primary_key=True)
    kind: str = Field(index=True)
    label: str


class Result(SQLModel, table=True):
    """One outcome, one comparison, one timepoint; figures as printed."""

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    position: int = Field(primary_key=True)
    condition: str = Field(foreign_key="condition.slug", index=True)
    outcome: str = Field(foreign_key="outcome.slug", index=True)
    instrument: str = Field(foreign_key="instrument.slug")
    comparator: str
    timepoint_weeks: float | None = None
    since_end_of_treatment_weeks: float | None = None
    within_group: bool
    direction: str
    treatment_n: int | None = None
    treatment_mean: float | None = None
    treatment_sd: float | None = None
    treatment_events: int | None = None
    control_n: int | None = None
    control_mean: float | None = None
    control_sd: float | None = None
    control_events: int | None = None
    measure: str | None = None
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    se: float | None = None
    p: float | None = None
    p_is_upper_bound: bool | None = None
    usable: bool | None = Field(
        default=None,
        description="Whether a body can use it, by the rule of the rating, which looks at more than the columns here; null only until "
        "`evidence migrate` has asked that rule.",
    )


class RiskOfBias(SQLModel, table=True):
    __tablename__ = "risk_of_bias"

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    position: int = Field(primary_key=True)
    tool: str
    overall: str | None = None
    score: float | None = None
    outcome: str | None = None
    judged_by: str
    source: str


class IncludedStudy(SQLModel, table=True):
    """A primary study that a published review is known to include."""

    __tablename__ = "included_study"

    review_id: str = Field(primary_key=True, foreign_key="study.id")
    study_id: str = Field(primary_key=True, foreign_key="study.id", index=True)


class SharedParticipants(SQLModel, table=True):
    """Two papers about the same people, as the document of `study_id` says."""

    __tablename__ = "shared_participants"

    study_id: str = Field(primary_key=True, foreign_key="study.id")
    other_id: str = Field(primary_key=True, foreign_key="study.id", index=True)
