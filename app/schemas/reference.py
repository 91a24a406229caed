"""Reference records: the plain rows that study records point at. Curators edit them, each edit is a ledger entry."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from app.identifiers import Isbn, Slug
from app.schemas.base import Flag, Language, Line, Number, Positive, Shape, Text, WebAddress, Year
from app.schemas.study import StudyKey
from app.vocabulary import (
    AgeGroup,
    Better,
    ClaimKind,
    Confidence,
    ContraindicationSeverity,
    Finding,
    HarmSeverity,
    Importance,
    MidStanding,
    Stance,
)

Icd10 = Annotated[str, Field(pattern=r"^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$")]
Icd11 = Annotated[str, Field(pattern=r"^[0-9A-Z]{4}(\.[0-9A-Z]{1,3})?$")]
Mesh = Annotated[str, Field(pattern=r"^[DC]\d{6,9}$")]
Mondo = Annotated[str, Field(pattern=r"^MONDO:\d{7}$")]


class RelatedMesh(Shape):
    mesh: Mesh
    mesh_term: Line


class Codes(Shape):
    """Codes of the terminologies; null where no page showed one."""

    icd10: Icd10 | None = None
    icd11: Icd11 | None = None
    mesh: Mesh | None = None
    mesh_term: Line | None = None
    mesh_is_exact: Flag = True
    mesh_related: list[RelatedMesh] = Field(default_factory=list)
    mondo: Mondo | None = None


class ConditionRecord(Shape):
    slug: Slug
    name: Line
    synonyms: list[Line] = Field(default_factory=list, max_length=200)
    description: Text
    body_system: Slug
    age_group: AgeGroup
    broader: Slug | None = None
    codes: Codes = Codes()
    article_term: Line | None = None
    sources: list[WebAddress] = Field(default_factory=list)


class SourcedName(Shape):
    name: Line
    source: Line


class DoseInTrials(Shape):
    studies: int
    count_min: Number | None
    count_max: Number | None
    minutes_min: Number | None
    minutes_max: Number | None
    studies_giving_count: int
    studies_giving_minutes: int


class SessionFormat(Shape):
    """How a course of treatment is said to look; pressure in grams."""

    count_min: int | None = None
    count_max: int | None = None
    minutes: Number | None = None
    pressure_grams: Number | None = None
    source: Line
    in_trials: DoseInTrials | None = None
    note: Text | None = None


class AdverseEffectRecord(Shape):
    name: Line
    severity: HarmSeverity
    duration: Line | None = None
    frequency: Line | None = None
    population: Line | None = None
    source: Line


class ContraindicationRecord(Shape):
    slug: Slug
    name: Line
    severity: ContraindicationSeverity
    reason: Text
    codes: Codes = Codes()
    sources: list[Line] = Field(min_length=1)


class FidelityRecord(Shape):
    """A kind of treatment that counts as this intervention; `directness` says how its directness flag is read."""

    fidelity: Slug
    directness: Annotated[str, Field(pattern=r"^(as-recorded|direct)$")] = "as-recorded"
    description: Text


class RelatedIntervention(Shape):
    intervention: Slug
    relation: Text


class InterventionRecord(Shape):
    slug: Slug
    name: Line
    synonyms: list[Line] = Field(default_factory=list, max_length=200)
    codes: Codes = Codes()
    description: Text
    proposed_mechanism: Text | None = None
    mechanism_studies: list[StudyKey] = Field(default_factory=list)
    providers: list[SourcedName] = Field(default_factory=list)
    session: SessionFormat | None = None
    sensations: list[SourcedName] = Field(default_factory=list)
    fidelities: list[FidelityRecord] = Field(min_length=1)
    related: list[RelatedIntervention] = Field(default_factory=list)
    adverse_effects: list[AdverseEffectRecord] = Field(default_factory=list)
    contraindications: list[ContraindicationRecord] = Field(default_factory=list)
    sources: list[WebAddress] = Field(default_factory=list)


class OutcomeRecord(Shape):
    slug: Slug
    name: Line
    description: Text
    better: Better
    importance_default: Importance


class LinearGroupRecord(Shape):
    name: Slug
    factor: Positive


class InstrumentRecord(Shape):
    """A scale; instruments of one outcome stand in order of preference. `mid`: minimal important difference, between groups."""

    slug: Slug
    outcome: Slug
    name: Line
    min: Number | None = None
    max: Number | None = None
    unit: Line | None = None
    better: Better
    mid: Positive | None = None
    mid_source: Text | None = None
    mid_standing: MidStanding
    linear_group: LinearGroupRecord | None = None

    @field_validator("mid_source")
    @classmethod
    def blank_is_null(cls, value: str | None) -> str | None:
        return value or None

    @model_validator(mode="after")
    def mid_has_its_source(self) -> Self:
        stands = self.mid_standing in (MidStanding.ESTABLISHED, MidStanding.PROVISIONAL)
        if (self.mid is not None) != stands:
            raise ValueError("mid is given exactly when mid_standing is established or provisional")
        if self.mid is not None and self.mid_source is None:
            raise ValueError("a mid needs its source")
        return self


class ConditionOutcomeRecord(Shape):
    condition: Slug
    outcome: Slug
    importance: Importance


class ReferencedSource(Shape):
    """Where a claim or a recommendation was made."""

    slug: Slug
    title: Line
    author: Line | None = None
    type: Line
    url: WebAddress | None = None


class ClaimRecord(Shape):
    id: Slug
    text: Text
    kind: ClaimKind
    condition: Slug | None = None
    intervention: Slug | None = None
    asserted_direction: Finding | None = None
    source: Slug
    locator: Line | None = None


class ReadingRecord(Shape):
    id: Slug
    intervention: Slug
    title: Line
    authors: list[Line] = Field(default_factory=list)
    type: Line
    year: Year | None = None
    publisher: Line | None = None
    isbn: Isbn | None = None
    about: Text
    kind_of_source: Line
    recommended_by: Slug | None = None
    sources: list[WebAddress] = Field(default_factory=list)
    note: Text | None = None


class PositionRecord(Shape):
    """What a regulator, society, hospital or practitioner body states."""

    id: Slug
    intervention: Slug
    organisation: Line
    title: Line
    year: Year | None = None
    country: Line | None = None
    language: Language | None = None
    kind: Slug
    subject: Line
    fidelity: Slug | None = None
    population: Line | None = None
    conditions: list[Slug] = Field(default_factory=list)
    stance: Stance
    summary: Text
    safety_statement: Text | None = None
    sources: list[WebAddress] = Field(default_factory=list)
    confidence: Confidence
    notes: Text | None = None
