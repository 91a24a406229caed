from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel


class Condition(SQLModel, table=True):
    slug: str = Field(primary_key=True)
    name: str
    synonyms: list[str] = Field(sa_type=JSON)
    description: str = Field(sa_type=Text)
    body_system: str = Field(index=True)
    age_group: str = Field(index=True)
    broader: str | None = Field(default=None, foreign_key="condition.slug")
    codes: dict[str, Any] = Field(sa_type=JSON)
    article_term: str | None = None
    sources: list[str] = Field(sa_type=JSON)
    version: int


class ConditionOutcome(SQLModel, table=True):
    """How much an outcome matters in a condition."""

    __tablename__ = "condition_outcome"

    condition: str = Field(primary_key=True, foreign_key="condition.slug")
    outcome: str = Field(primary_key=True, foreign_key="outcome.slug")
    importance: str
