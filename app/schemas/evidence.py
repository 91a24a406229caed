"""Bodies of evidence as they are served: what the engine stored, word for word, with names and links added."""

from typing import Any

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.diagnostics import DiagnosticsBlock, NotComputedRow
from app.schemas.effect import Effect
from app.schemas.explanation import ExplanationBlock
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.schemas.pool import Pool
from app.schemas.what_if import EvidenceWhatIf
from app.vocabulary import (
    Better,
    Certainty,
    Comparator,
    ComparatorGroup,
    Concern,
    DesignLevel,
    Directness,
    Domain,
    Finding,
    Horizon,
    Importance,
    Measure,
    MidStanding,
    RiskOfBiasLevel,
    RiskOfBiasTool,
)


class Directions(Shape):
    favours_intervention: int
    favours_comparator: int
    null: int


class SummaryRow(Shape):
    """What is said of every body of evidence, wherever it stands."""

    outcome: str
    outcome_name: str
    better: Better = Field(description="Whether lower or higher values of the outcome are better: which side of an effect favours whom.")
    importance: Importance
    comparator_group: ComparatorGroup
    horizon: Horizon
    in_headline: bool
    k: int = Field(description="Studies.")
    n: int = Field(description="Participants.")
    n_is_estimated: bool
    design_level: DesignLevel
    measure: Measure | None
    instrument: str | None
    effect: Effect | None
    directions: Directions
    finding: Finding
    certainty: Certainty
    sentence: str


class DomainRow(Shape):
    levels: int = Field(description="Levels of certainty taken.")
    concern: Concern
    reason: str


class PassedOverRow(Shape):
    """A result, or a study as a whole (`position` null), that was not taken, with the rule and the reason."""

    study: str
    position: int | None
    rule: str
    reason: str


class EvidenceItem(SummaryRow):
    """A body of evidence in short."""

    id: str
    condition: str
    intervention: str
    href: str


class EvidenceList(Shape):
    items: list[EvidenceItem]
    page: PageInfo
    meta: Meta


class StartRow(Shape):
    level: int
    certainty: Certainty
    rule: str
    reason: str


class WeighedStudy(Shape):
    study: str
    weight: float | None
    judgement: str


class DomainInFull(DomainRow):
    rule: str
    inputs: dict[str, Any] = Field(description="Every number compared, with its threshold.")
    studies: list[WeighedStudy]


class UpgradeRow(Shape):
    levels: int
    rule: str
    reason: str
    inputs: dict[str, Any]


class MidRow(Shape):
    """The minimal important difference on the analysis scale."""

    value: float | None
    source: str
    standing: MidStanding


class DirectionOfEffect(Directions):
    with_direction: int
    sign_test_p: float | None
    proportion_low: float | None
    proportion_high: float | None
    can_reach_significance: bool


class Displayed(Shape):
    estimate: float | None
    ci_low: float | None
    ci_high: float | None


class StudyRiskOfBiasRow(Shape):
    level: RiskOfBiasLevel
    tool: RiskOfBiasTool | None
    assessed: bool
    converted: bool
    reason: str


class DirectnessRow(Shape):
    population: Directness
    intervention: Directness
    comparator: Directness
    outcome: Directness


class BodyStudyRow(Shape):
    """The one result that a study brings; `effect` on the analysis scale, `display` as a reader sees it."""

    study: str
    label: str
    year: int | None
    position: int
    effect: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    display: Displayed | None
    weight: float | None
    n: int
    n_known: bool
    n_estimated: bool
    basis: str | None
    converted: list[str]
    flags: list[str]
    direction: int
    risk_of_bias: StudyRiskOfBiasRow
    directness: DirectnessRow
    comparator: Comparator
    timepoint_weeks: float | None
    since_end_of_treatment_weeks: float | None
    instrument: str
    href: str | None


class LinkedPassedOver(PassedOverRow):
    href: str | None


class LeftOutPool(Shape):
    left_out: str
    pooled: Pool


class CumulativePool(Shape):
    year: int | None
    added: str
    pooled: Pool


class SensitivityBlock(Shape):
    common_effect: Pool | None
    dersimonian_laird: Pool | None
    without_high_risk: Pool | None
    without_converted_from_p: Pool | None
    mean_difference_only: Pool | None
    leave_one_out: list[LeftOutPool]
    cumulative: list[CumulativePool]


class EvidenceLinks(Shape):
    self: str
    condition: str
    intervention: str
    rating: str


class EvidenceAnswer(SummaryRow):
    """A body of evidence with every number that its certainty was computed from."""

    id: str
    condition: str
    condition_name: str
    intervention: str
    intervention_name: str
    start: StartRow
    domains: dict[Domain, DomainInFull]
    upgrades: list[UpgradeRow]
    levels_total: int
    limits: list[str]
    mid: MidRow
    pooled: Pool | None
    not_pooled: str | None
    direction_of_effect: DirectionOfEffect
    studies: list[BodyStudyRow]
    passed_over: list[LinkedPassedOver]
    not_usable: list[LinkedPassedOver]
    not_usable_n: int
    sensitivity: SensitivityBlock
    participants_still_needed: dict[str, int | None] = Field(description="For half (`f_0_5`) and all (`f_1_0`) of the information size.")
    warnings: list[str]
    explanation: ExplanationBlock | NotComputedRow
    diagnostics: DiagnosticsBlock | NotComputedRow
    what_if: EvidenceWhatIf | None = Field(description="What was asked of the body on other terms; null: the body as it is stored.")
    links: EvidenceLinks
    meta: Meta
