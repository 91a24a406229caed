"""Claims, the sources that make them, the readings they recommend, and the positions of organisations."""

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel


class Source(SQLModel, table=True):
    slug: str = Field(primary_key=True)
    title: str
    author: str | None = None
    type: str
    url: str | None = None
    version: int


class Claim(SQLModel, table=True):
    id: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    kind: str = Field(index=True)
    condition: str | None = Field(default=None, foreign_key="condition.slug", index=True)
    intervention: str | None = Field(default=None, foreign_key="intervention.slug", index=True)
    asserted_direction: str | None = None
    source: str = Field(foreign_key="source.slug")
    locator: str | None = None
    version: int


class Reading(SQLModel, table=True):
    id: str = Field(primary_key=True)
    intervention: str = Field(foreign_key="intervention.slug", index=True)
    title: str
    authors: list[str] = Field(sa_type=JSON)
    type: str
    year: int | None = None
    publisher: str | None = None
    isbn: str | None = None
    about: str = Field(sa_type=Text)
    kind_of_source: str
    recommended_by: str | None = Field(default=None, foreign_key="source.slug")
    sources: list[str] = Field(sa_type=JSON)
    note: str | None = Field(default=None, sa_type=Text)
    version: int


class Position(SQLModel, table=True):
    """What a regulator, society, hospital or practitioner body states about an intervention."""

    id: str = Field(primary_key=True)
    intervention: str = Field(foreign_key="intervention.slug", index=True)
    organisation: str
    title: str
    year: int | None = None
    country: str | None = None
    language: str | None = None
    kind: str
    subject: str
    fidelity: str | None = None
    population: str | None = None
    conditions: list[str] = Field(sa_type=JSON)
    stance: str
    summary: str = Field(sa_type=Text)
    safety_statement: str | None = Field(default=None, sa_type=Text)
    sources: list[str] = Field(sa_type=JSON)
    confidence: str
    notes: str | None = Field(default=None, sa_type=Text)
    version: int
