"""What the rating engine reads and the body of evidence it works on: frozen values, no web, no database.

The engine takes one `PairInput` (a condition, an intervention, all that was accepted about them) and gives a rating.
Effects carry the sign as computed, treatment minus comparator; ratios are on the log scale inside the engine and on
their natural scale in `EstimateInput`, which holds what a source prints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from app.vocabulary import (
    AnalysedScore,
    Better,
    Comparator,
    ComparatorGroup,
    Design,
    DesignLevel,
    Directness,
    Horizon,
    Importance,
    Measure,
    MidStanding,
    PublicationStatus,
    ResultDirection,
    RiskOfBiasJudgement,
    RiskOfBiasTool,
    StudyKind,
)


@dataclass(frozen=True, slots=True)
class ArmInput:
    """One arm of one result; every member as the source prints it, None when unknown."""

    n: int | None = None
    mean: float | None = None
    sd: float | None = None
    se: float | None = None
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    events: int | None = None


@dataclass(frozen=True, slots=True)
class EstimateInput:
    """A between-group estimate as printed: ratios on their natural scale, 95 % limits."""

    measure: Measure
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    se: float | None = None
    p: float | None = None
    p_is_upper_bound: bool = False
    p_is_between_group: bool = True
    adjusted_for_design: bool = False
    """True when a cluster or crossover trial's own analysis allowed for its design (adjusted, or paired)."""


@dataclass(frozen=True, slots=True)
class DirectnessInput:
    population: Directness = Directness.DIRECT
    intervention: Directness = Directness.DIRECT
    comparator: Directness = Directness.DIRECT
    outcome: Directness = Directness.DIRECT


@dataclass(frozen=True, slots=True)
class ResultInput:
    """One outcome, one comparison, one timepoint of a study. `position` is its index in the study document."""

    position: int
    condition: str
    outcome: str
    instrument: str
    comparator: Comparator
    direction: ResultDirection
    timepoint_weeks: float | None = None
    since_end_of_treatment_weeks: float | None = None
    analysis: AnalysedScore = AnalysedScore.UNKNOWN
    within_group: bool = False
    intention_to_treat: bool | None = None
    treatment_arm: str | None = None
    control_arm: str | None = None
    treatment: ArmInput = ArmInput()
    control: ArmInput = ArmInput()
    estimate: EstimateInput | None = None
    directness: DirectnessInput = DirectnessInput()


@dataclass(frozen=True, slots=True)
class RiskOfBiasInput:
    """One judgement; `outcome` None means that it was made for the study as a whole."""

    tool: RiskOfBiasTool
    overall: RiskOfBiasJudgement | None
    score: float | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class StudyInput:
    """One accepted study with all its results (the engine picks those of the condition at hand)."""

    key: str
    kind: StudyKind
    design: Design
    publication_status: PublicationStatus
    fidelity: str | None
    year: int | None = None
    label: str = ""
    """Author and year for tables and plots, such as `Haller 2016`."""
    conditions: tuple[str, ...] = ()
    comparators: tuple[Comparator, ...] = ()
    n_randomised: int | None = None
    n_analysed: int | None = None
    cluster_size: float | None = None
    """Mean number of people in a cluster, for cluster-randomised trials."""
    registration: str | None = None
    linked_registration: str | None = None
    same_participants_as: tuple[str, ...] = ()
    risk_of_bias: tuple[RiskOfBiasInput, ...] = ()
    results: tuple[ResultInput, ...] = ()
    harms_reported: bool = False
    serious_adverse_events: int | None = None


@dataclass(frozen=True, slots=True)
class RegistrationInput:
    """A registered trial of the pair; `linked` holds every accepted study that names its registry number."""

    key: str
    registration: str | None
    completed_on: str | None
    """ISO date, `YYYY-MM-DD` or `YYYY-MM`."""
    n: int | None
    linked: tuple[StudyInput, ...] = ()


@dataclass(frozen=True, slots=True)
class LinearGroup:
    """Instruments that differ by a factor: score x factor is the score on the group's common scale."""

    name: str
    factor: float


@dataclass(frozen=True, slots=True)
class InstrumentInput:
    slug: str
    name: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    mid: float | None = None
    mid_source: str | None = None
    mid_standing: MidStanding = MidStanding.CONVENTION
    linear_group: LinearGroup | None = None


@dataclass(frozen=True, slots=True)
class OutcomeInput:
    """An outcome as it matters for one condition; `instruments` stand in order of preference."""

    slug: str
    name: str
    better: Better
    importance: Importance
    instruments: tuple[InstrumentInput, ...] = ()


@dataclass(frozen=True, slots=True)
class PairInput:
    """All that the rating of one condition x intervention may look at.

    `studies` are the accepted studies of the intervention that belong to the condition, and the papers that share
    participants with them. `fidelities` maps every fidelity that counts as this intervention to how its directness is
    read: `as-recorded` takes the flag stored with each result, `direct` sets it.
    """

    condition: str
    condition_name: str
    intervention: str
    intervention_name: str
    as_of: date
    fidelities: Mapping[str, str]
    outcomes: tuple[OutcomeInput, ...]
    studies: tuple[StudyInput, ...] = ()
    registrations: tuple[RegistrationInput, ...] = ()
    shared_participants: tuple[tuple[str, ...], ...] = field(default=())
    """Sets of study keys that report the same people, already closed under transitivity."""


class PooledEffect(NamedTuple):
    """One fitted meta-analysis on the analysis scale (log for ratios), sign as computed; 95 % intervals.

    `tau2_method` names the estimator (`REML`, `DL`, `EE` ...), `ci_method` how the interval was made: `wald`,
    `hartung-knapp` (guarded: scale factor at least 1) or `single-study`. `weights` are in the order of the input and sum to 1.
    A tuple, because leaving one out of twenty makes twenty of them, and a tuple is made four times as fast as a frozen dataclass.
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    tau2_method: str
    ci_method: str
    weights: tuple[float, ...]
    q: float | None = None
    q_df: int | None = None
    q_p: float | None = None
    i2: float | None = None
    h2: float | None = None
    tau2: float | None = None
    tau2_se: float | None = None
    tau2_ci_low: float | None = None
    tau2_ci_high: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotPooled:
    """Why there is no pooled effect, as a value."""

    reason: str


@dataclass(frozen=True, slots=True)
class DirectionCount:
    """Direction of effect over studies (SWiM): `favouring` of `with_direction` favour the intervention."""

    favouring: int
    against: int
    null: int
    with_direction: int
    sign_test_p: float | None
    proportion_low: float | None
    proportion_high: float | None
    can_reach_significance: bool
    """False when fewer than six studies have a direction: the exact two-sided sign test then cannot fall below 0.05."""


@dataclass(frozen=True, slots=True)
class MidOnScale:
    """The minimal important difference on the analysis scale of the body (ln 1.25 for ratios); `value` None: not to be had."""

    value: float | None
    source: str
    standing: MidStanding


@dataclass(frozen=True, slots=True)
class BodyStudy:
    """The one result a study brings to a body, and what was computed from it.

    `effect` and `se` are on the body's analysis scale with the sign as computed, None when the result gives a direction
    only. `direction` is +1 (favours the intervention), -1 (favours the comparator) or 0 (null: counts for neither).
    `ci_low`, `ci_high` are the printed limits where the source prints them (or its exact p gives them), else effect -/+ z*se.
    `converted` names every conversion with its formula; `flags` holds notices such as `n-estimated`, `asymmetric-interval`,
    `expression-of-concern`, `high-leverage-conversion`.
    """

    study: StudyInput
    result: ResultInput
    direction: int
    n: int
    n_known: bool
    n_estimated: bool
    effect: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    basis: str | None = None
    """`estimate`, `arms` or `p`: which numbers the effect was taken from; None without an effect."""
    n_treatment: int | None = None
    n_control: int | None = None
    events_treatment: float | None = None
    events_control: float | None = None
    sd: float | None = None
    """Pooled SD of the two arms on the body's scale, through the SE where need be; feeds the information size."""
    directness: DirectnessInput = DirectnessInput()
    """As it counts for this intervention (see `PairInput.fidelities`)."""
    converted: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A result, or a whole study (`position` None), that a body did not take, and why."""

    study: str
    position: int | None
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The same pool under other choices; every member is None where it says nothing new or cannot be had."""

    common_effect: PooledEffect | None = None
    dersimonian_laird: PooledEffect | None = None
    without_high_risk: PooledEffect | None = None
    without_converted_from_p: PooledEffect | None = None
    mean_difference_only: PooledEffect | None = None
    leave_one_out: tuple[tuple[str, PooledEffect], ...] = ()
    """(study key left out, what remains)."""
    cumulative: tuple[tuple[int | None, str, PooledEffect], ...] = ()
    """(year, study key added, the pool so far), by year, unknown years last."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body of evidence: all results for one condition x intervention x outcome x comparator group x horizon.

    `studies` are those of the body's design level with a usable result; `pooled` rests on the ones with numbers.
    `listed` are results of lower designs and other things shown beside, never counted. `not_usable` are results that were
    measured but give neither number nor direction.
    """

    id: str
    condition: str
    intervention: str
    outcome: OutcomeInput
    comparator_group: ComparatorGroup
    horizon: Horizon
    design_level: DesignLevel
    studies: tuple[BodyStudy, ...]
    measure: Measure | None
    instrument: InstrumentInput | None
    """The instrument whose units the pooled effect has (MD); None for SMD, ratios and directions."""
    mid: MidOnScale
    pooled: PooledEffect | None
    not_pooled: str | None
    """Why nothing was pooled, where nothing was."""
    directions: DirectionCount
    sensitivity: Sensitivity
    passed_over: tuple[PassedOver, ...] = ()
    not_usable: tuple[PassedOver, ...] = ()
    not_usable_n: int = 0
    warnings: tuple[str, ...] = ()
    comparator_label: str | None = None
    """How sentences call the comparator, where the studies do not say of which kind it was."""

    @property
    def k(self) -> int:
        return len(self.studies)

    @property
    def n(self) -> int:
        return sum(study.n for study in self.studies)
