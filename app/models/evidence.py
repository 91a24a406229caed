"""Bodies of evidence and ratings: computed, stored with their explanation, recomputable at any time."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class BodyOfEvidence(SQLModel, table=True):
    """All results for one condition x intervention x outcome x comparator group x horizon, with its explanation."""

    __tablename__ = "body_of_evidence"
    __table_args__ = (Index("ix_body_of_evidence_condition_intervention", "condition", "intervention"),)

    id: str = Field(primary_key=True)
    condition: str = Field(foreign_key="condition.slug")
    intervention: str = Field(foreign_key="intervention.slug")
    outcome: str = Field(foreign_key="outcome.slug", index=True)
    comparator_group: str
    horizon: str
    position: int
    in_headline: bool
    certainty: str = Field(index=True)
    finding: str
    k: int
    n: int
    explanation: dict[str, Any] = Field(sa_type=JSON)


class Rating(SQLModel, table=True):
    """The headline for one condition x intervention; `as_of` is the date of the ledger entry that caused it."""

    __table_args__ = (Index("ix_rating_intervention", "intervention"), Index("ix_rating_certainty", "certainty"))

    condition: str = Field(primary_key=True, foreign_key="condition.slug")
    intervention: str = Field(primary_key=True, foreign_key="intervention.slug")
    certainty: str
    direction: str | None = None
    sentence: str = Field(sa_type=Text)
    headline_comparator: str | None = None
    eligible_studies: int
    eligible_participants: int
    method: str
    as_of: date
    inputs_hash: str
    sequence: int
    content: dict[str, Any] = Field(sa_type=JSON)


class RatingHistory(SQLModel, table=True):
    """How a rating moved: one row for each ledger entry that changed it."""

    __tablename__ = "rating_history"

    condition: str = Field(primary_key=True, foreign_key="condition.slug")
    intervention: str = Field(primary_key=True, foreign_key="intervention.slug")
    sequence: int = Field(primary_key=True, foreign_key="change.sequence")
    changed_at: datetime = Field(sa_type=UTCDateTime)
    as_of: date
    method: str
    inputs_hash: str
    certainty: str
    direction: str | None = None
    sentence: str = Field(sa_type=Text)
    headline_comparator: str | None = None
    eligible_studies: int
    eligible_participants: int
    cause: dict[str, Any] = Field(sa_type=JSON)
