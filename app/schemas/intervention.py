"""Interventions as they are served: in a list, whole, and what is known of their harms."""

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.schemas.reference import Codes, FidelityRecord, SessionFormat, SourcedName
from app.schemas.study_read import RelatedStudy
from app.vocabulary import Certainty, Confidence, ContraindicationSeverity, HarmSeverity, Stance


class RatingsOverview(Shape):
    """How many conditions the intervention is rated for, and how many stand at each level."""

    conditions: int
    by_certainty: dict[Certainty, int]
    href: str


class InterventionItem(Shape):
    slug: str
    name: str
    synonyms: list[str]
    description: str
    ratings: RatingsOverview
    href: str


class InterventionList(Shape):
    items: list[InterventionItem]
    page: PageInfo
    meta: Meta


class RelatedInterventionItem(Shape):
    intervention: str
    relation: str
    href: str


class InterventionLinks(Shape):
    self: str
    safety: str
    claims: str
    readings: str
    positions: str
    studies: str
    changes: str


class InterventionAnswer(Shape):
    """Everything that is recorded of an intervention; its harms stand under `links.safety`."""

    slug: str
    name: str
    synonyms: list[str]
    codes: Codes
    description: str
    proposed_mechanism: str | None
    mechanism_studies: list[RelatedStudy] = Field(description="Studies that the section on the mechanism rests on.")
    providers: list[SourcedName]
    session: SessionFormat | None
    sensations: list[SourcedName]
    fidelities: list[FidelityRecord]
    related: list[RelatedInterventionItem]
    ratings: RatingsOverview
    sources: list[str]
    version: int
    links: InterventionLinks
    meta: Meta


class ContraindicationItem(Shape):
    slug: str
    name: str
    severity: ContraindicationSeverity
    reason: str
    codes: Codes
    sources: list[str]


class AdverseEffectItem(Shape):
    name: str
    severity: HarmSeverity
    duration: str | None
    frequency: str | None
    population: str | None
    source: str


class StudyWithHarms(RelatedStudy):
    """What one study says of harms; `serious` is null where it does not count serious events."""

    fidelity: str | None
    n: int | None
    serious: int | None
    text: str | None


class HarmsInStudies(Shape):
    """Accepted primary studies of the intervention. A silent study says nothing of safety."""

    primary_studies: int
    reporting: int
    silent: int
    counting_serious: int
    serious_events: int | None = Field(description="Over the studies that count them; null where none does.")
    studies: list[StudyWithHarms] = Field(description="Those that report on harms.")


class SafetyStatement(Shape):
    """What an organisation states on safety."""

    id: str
    organisation: str
    title: str
    year: int | None
    country: str | None
    stance: Stance
    safety_statement: str
    sources: list[str]


class SafetyAnswer(Shape):
    intervention: str
    name: str
    note: str
    contraindications: list[ContraindicationItem]
    adverse_effects: list[AdverseEffectItem]
    reported_harms: HarmsInStudies
    safety_studies: list[StudyWithHarms] = Field(description="Studies whose subject is harm.")
    statements: list[SafetyStatement]
    meta: Meta


class ReadingItem(Shape):
    """A book or an article on the intervention."""

    id: str
    intervention: str
    title: str
    authors: list[str]
    type: str
    year: int | None
    publisher: str | None
    isbn: str | None
    about: str
    kind_of_source: str
    recommended_by: str | None
    sources: list[str]
    note: str | None


class ReadingList(Shape):
    items: list[ReadingItem]
    page: PageInfo


class PositionItem(Shape):
    """What a regulator, society, hospital or practitioner body states."""

    id: str
    intervention: str
    organisation: str
    title: str
    year: int | None
    country: str | None
    language: str | None
    kind: str
    subject: str
    fidelity: str | None
    population: str | None
    conditions: list[str]
    stance: Stance
    summary: str
    safety_statement: str | None
    sources: list[str]
    confidence: Confidence
    notes: str | None


class PositionList(Shape):
    items: list[PositionItem]
    page: PageInfo
    meta: Meta
