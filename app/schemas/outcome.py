"""Outcomes and the instruments that measure them, as they are served."""

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.vocabulary import Better, Importance, MidStanding


class InstrumentItem(Shape):
    """A scale. `mid` is the minimal important difference between groups; `mid_standing` says how well founded it is."""

    slug: str
    outcome: str
    name: str
    min: float | None
    max: float | None
    unit: str | None
    better: Better
    mid: float | None
    mid_source: str | None
    mid_standing: MidStanding
    linear_group_name: str | None = Field(description="Instruments of one group differ by a factor only.")
    linear_group_factor: float | None
    href: str


class OutcomeItem(Shape):
    """An outcome with its instruments in order of preference."""

    slug: str
    name: str
    description: str
    better: Better
    importance_default: Importance
    instruments: list[InstrumentItem]
    href: str


class OutcomeList(Shape):
    items: list[OutcomeItem]
    page: PageInfo
    meta: Meta


class OutcomeInCondition(Shape):
    """How much the outcome matters in a condition."""

    condition: str
    condition_name: str
    importance: Importance
    href: str


class OutcomeLinks(Shape):
    self: str
    studies: str
    evidence: str
    changes: str


class OutcomeAnswer(OutcomeItem):
    version: int
    conditions: list[OutcomeInCondition]
    links: OutcomeLinks
    meta: Meta


class InstrumentAnswer(InstrumentItem):
    outcome_name: str
    version: int
    meta: Meta
