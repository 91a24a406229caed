"""The evidence map: conditions by interventions."""

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.vocabulary import AgeGroup, Certainty, ComparatorGroup, Finding, Horizon, SignOffStatus


class MapColumn(Shape):
    slug: str
    name: str
    href: str


class MapCell(Shape):
    intervention: str
    certainty: Certainty
    direction: Finding | None
    eligible_studies: int
    eligible_participants: int
    sentence: str
    sign_off: SignOffStatus
    href: str


class MapRow(Shape):
    slug: str
    name: str
    body_system: str
    age_group: AgeGroup
    broader: str | None
    href: str
    cells: list[MapCell]


class MapBody(Shape):
    """One condition and outcome of the interventions asked for."""

    id: str
    condition: str
    intervention: str
    outcome: str
    comparator_group: ComparatorGroup
    horizon: Horizon
    in_headline: bool
    certainty: Certainty
    finding: Finding
    k: int
    n: int
    href: str


class EvidenceMap(Shape):
    """Conditions by interventions; `bodies` by outcome where `intervention` was asked, else null."""

    columns: list[MapColumn]
    rows: list[MapRow]
    bodies: list[MapBody] | None
    meta: Meta
