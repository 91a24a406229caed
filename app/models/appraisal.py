from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime

IN_FORCE = text("withdrawn_at IS NULL")


class DomainAppraisal(SQLModel, table=True):
    """A curator's view of one GRADE domain of one body of evidence; it stands beside the computed judgement and never replaces it.

    A row is written once and ended once: withdrawn with a reason, or replaced by the next one of the same domain. `body` is not a
    foreign key, because bodies are made anew with every rating and an appraisal outlives them. `judgement_hash` is the
    fingerprint of the computed judgement that the curator had before him. His interests, and whether he had a hand in a study of the
    body, are null in those that were made before anybody was asked.
    """

    __tablename__ = "domain_appraisal"
    __table_args__ = (
        Index("uq_domain_appraisal_in_force", "body", "domain", unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE),
        Index("ix_domain_appraisal_body", "body"),
        Index("ix_domain_appraisal_condition_intervention", "condition", "intervention"),
    )

    id: str = Field(primary_key=True, max_length=36)
    body: str
    condition: str = Field(foreign_key="condition.slug")
    intervention: str = Field(foreign_key="intervention.slug")
    outcome: str = Field(foreign_key="outcome.slug")
    comparator_group: str
    horizon: str
    domain: str
    levels: int
    computed_levels: int
    rationale: str = Field(sa_type=Text)
    conflict_of_interest: str | None = Field(default=None, sa_type=Text)
    appraiser_made_some: bool | None = None
    author: str
    made_at: datetime = Field(sa_type=UTCDateTime)
    method: str
    inputs_hash: str
    judgement_hash: str
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)
    replaced_by: str | None = Field(default=None, foreign_key="domain_appraisal.id", max_length=36)
