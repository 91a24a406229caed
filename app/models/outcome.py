from sqlalchemy import Text
from sqlmodel import Field, SQLModel


class Outcome(SQLModel, table=True):
    slug: str = Field(primary_key=True)
    position: int
    name: str
    description: str = Field(sa_type=Text)
    better: str
    importance_default: str
    version: int


class Instrument(SQLModel, table=True):
    """A scale. `position` is its place in the outcome's order of preference; `mid` the minimal important difference."""

    slug: str = Field(primary_key=True)
    outcome: str = Field(foreign_key="outcome.slug", index=True)
    position: int
    name: str
    min: float | None = None
    max: float | None = None
    unit: str | None = None
    better: str
    mid: float | None = None
    mid_source: str | None = Field(default=None, sa_type=Text)
    mid_standing: str
    linear_group_name: str | None = None
    linear_group_factor: float | None = None
    version: int
