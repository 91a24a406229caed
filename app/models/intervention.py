from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel


class Intervention(SQLModel, table=True):
    slug: str = Field(primary_key=True)
    name: str
    synonyms: list[str] = Field(sa_type=JSON)
    codes: dict[str, Any] = Field(sa_type=JSON)
    description: str = Field(sa_type=Text)
    proposed_mechanism: str | None = Field(default=None, sa_type=Text)
    mechanism_studies: list[str] = Field(sa_type=JSON)
    providers: list[dict[str, Any]] = Field(sa_type=JSON)
    session: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    sensations: list[dict[str, Any]] = Field(sa_type=JSON)
    fidelities: list[dict[str, Any]] = Field(sa_type=JSON)
    related: list[dict[str, Any]] = Field(sa_type=JSON)
    sources: list[str] = Field(sa_type=JSON)
    version: int


class Contraindication(SQLModel, table=True):
    intervention: str = Field(primary_key=True, foreign_key="intervention.slug")
    slug: str = Field(primary_key=True)
    position: int
    name: str
    severity: str
    reason: str = Field(sa_type=Text)
    codes: dict[str, Any] = Field(sa_type=JSON)
    sources: list[str] = Field(sa_type=JSON)


class AdverseEffect(SQLModel, table=True):
    __tablename__ = "adverse_effect"

    intervention: str = Field(primary_key=True, foreign_key="intervention.slug")
    position: int = Field(primary_key=True)
    name: str
    severity: str
    duration: str | None = None
    frequency: str | None = None
    population: str | None = None
    source: str
