"""A synthesis on request: what is sent to `POST /v1/synthesis`, and what comes back."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from app.schemas.base import MAX_COUNT, Flag, Line, NotNegative, Number, Positive, Shape, Year
from app.schemas.diagnostics import DiagnosticsBlock, NotComputedRow
from app.schemas.evidence import Displayed, DomainInFull, MidRow, SensitivityBlock, StartRow, UpgradeRow
from app.schemas.explanation import WhyThisLevel
from app.schemas.meta import DISCLAIMER
from app.schemas.study import ResultDirectness
from app.synthesis.given_body import LOG_SCALE
from app.vocabulary import Better, Certainty, Comparator, DesignLevel, Domain, Finding, RiskOfBiasLevel, SynthesisMeasure

MAX_STUDIES = 1000
LARGEST_LOG_MID = 0.5  # of a ratio of 1.65
OTHER_NAMES = {"GENERIC": "GEN"}


def _measure_name(value: Any) -> Any:
    """Measures in any case; `generic` is GEN."""
    return OTHER_NAMES.get(value.upper(), value.upper()) if isinstance(value, str) else value


def _in_capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _whole_number(value: Any) -> Any:
    """27.0 is a count as 27 is; programs that keep columns as floating-point numbers send it so."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_COUNT else value


People = Annotated[int, BeforeValidator(_whole_number), Field(strict=True, ge=0, le=MAX_COUNT)]


class GivenArm(Shape):
    """One arm: `n` with `mean` and `sd` (or `se`, or `median` with quartiles or range), or `n` with `events`."""

    n: People | None = None
    mean: Number | None = None
    sd: NotNegative | None = None
    se: NotNegative | None = None
    median: Number | None = None
    q1: Number | None = None
    q3: Number | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    events: People | None = None

    @model_validator(mode="after")
    def events_within_n(self) -> Self:
        if self.events is not None and self.n is not None and self.events > self.n:
            raise ValueError(f"events must not be above n, {self.n}")
        return self


class GivenStudyShape(Shape):
    """One study: both arms, or an effect on the analysis scale (log for ratios) with its variance, SE, 95 % limits or exact p."""

    label: Line | None = Field(default=None, description="Null: `Study 3` for the third.")
    year: Annotated[Year, BeforeValidator(_whole_number)] | None = Field(
        default=None, description="When every study has one, the answer holds the cumulative synthesis."
    )
    treatment: GivenArm | None = None
    control: GivenArm | None = None
    effect: Number | None = None
    variance: NotNegative | None = None
    se: NotNegative | None = None
    ci_low: Number | None = None
    ci_high: Number | None = None
    p: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    n: People | None = Field(default=None, description="People in the comparison, where the arms do not say.")
    risk_of_bias: RiskOfBiasLevel | None = Field(default=None, description="The overall judgement, as RoB 2 gives it.")
    directness: ResultDirectness = ResultDirectness()

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        if (self.ci_low is None) != (self.ci_high is None):
            raise ValueError("a confidence interval needs both ci_low and ci_high")
        spreads = {"variance": self.variance, "se": self.se, "ci_low and ci_high": self.ci_low, "p": self.p}
        given = [name for name, value in spreads.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {', '.join(given)}")
        if given and self.effect is None:
            raise ValueError(f"{given[0]} needs the effect it belongs to")
        return self


class GivenModel(Shape):
    """How to pool. `tau2`: `EE` (or `FE`) is the common-effect model, whose interval is always Wald's."""

    tau2: Annotated[Literal["REML", "ML", "DL", "HE", "SJ", "PM", "EB", "EE", "FE"], BeforeValidator(_in_capitals)] = "REML"
    ci: Literal["hartung-knapp", "z", "by-number-of-studies"] = Field(
        default="by-number-of-studies",
        description="`by-number-of-studies`: as the rating does; Hartung-Knapp from three studies on, else z.",
    )
    guard: Flag = Field(default=True, description="Hartung-Knapp with its scale factor at least 1 (metafor: `adhoc`).")
    prediction: Literal["t", "riley"] = Field(default="t", description="Prediction interval by t(k - 1), or by t(k - 2).")
    smd_variance: Literal["LS", "UB"] = Field(default="LS", description="Large-sample, or unbiased.")


class SynthesisRequest(Shape):
    """Studies and a question. Nothing of it is kept."""

    measure: Annotated[SynthesisMeasure, BeforeValidator(_measure_name)]
    better: Better | None = Field(default=None, description="Null: nothing is rated, because no direction is the good one.")
    mid: Positive | None = Field(
        default=None,
        description="The minimal important difference in units of the effect; for ratios a ratio above 1, such as 1.25, or its "
        "logarithm, up to 0.5. Null: 0.2 SD, or a ratio of 1.25.",
    )
    model: GivenModel = GivenModel()
    studies: Annotated[list[GivenStudyShape], Field(max_length=MAX_STUDIES)]
    intervention: Line = Field(default="The intervention", description="How the sentence calls it.")
    outcome: Line = Field(default="The outcome", description="How the sentence calls it.")
    comparator: Literal[Comparator.SHAM, Comparator.USUAL_CARE, Comparator.NO_TREATMENT, Comparator.WAIT_LIST, Comparator.ACTIVE] | None = (
        None
    )
    design: Literal[DesignLevel.RANDOMISED, DesignLevel.NON_RANDOMISED_CONTROLLED] | None = Field(
        default=None, description="Null: taken as randomised, and the answer says so."
    )

    @field_validator("mid")
    @classmethod
    def mid_is_a_ratio_or_a_logarithm(cls, value: float | None, info: ValidationInfo) -> float | None:
        """0.8 would be a ratio below 1 to some and the logarithm of 2.2 to others."""
        if value is not None and info.data.get("measure") in LOG_SCALE and LARGEST_LOG_MID < value <= 1:
            raise ValueError("for a ratio give a ratio above 1, such as 1.25, or its logarithm, such as 0.223; this could be either")
        return value


class ModelMade(Shape):
    """The model asked for; `tau2_used` and `ci_used` name what it came to with these studies."""

    tau2: str
    ci: str
    guard: bool
    prediction: str
    smd_variance: str
    tau2_used: str | None
    ci_used: str | None


class PoolDisplay(Displayed):
    """As a reader sees it: ratios exponentiated, rounded."""

    pi_low: float | None
    pi_high: float | None
    favours: str | None = Field(description="`intervention`, `comparator` or `neither`; null without `better`.")
    unit: str | None


class PoolNumbers(Shape):
    """One pool on the analysis scale (log for ratios), treatment minus comparator; 95 % intervals; I2 in percent."""

    k: int
    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    tau2: float | None
    i2: float | None
    h2: float | None
    q: float | None
    q_df: int | None
    q_p: float | None
    pi_low: float | None
    pi_high: float | None
    display: PoolDisplay | None


class PartOfStudies(PoolNumbers):
    """The pool without one study, or after it was added; `not_pooled` says why there is none."""

    label: str
    key: str
    year: int | None
    not_pooled: str | None


class StudyGiven(Shape):
    """One study as it was given: its effect, or why it has none. `weight` is its share of the pool, 0 to 1."""

    label: str
    key: str = Field(description="The label, with a number where several studies have the same.")
    year: int | None
    n: int | None
    effect: float | None
    variance: float | None
    weight: float | None
    ci_low: float | None
    ci_high: float | None
    display: Displayed | None
    basis: str | None = Field(description="`estimate`, `arms` or `p`: which numbers the effect was taken from.")
    converted: list[str] = Field(description="Every conversion with its formula.")
    not_pooled: str | None


class EggerTest(Shape):
    """Egger's regression of the effect on its standard error; `not_computed` says why there is none."""

    intercept: float | None
    intercept_ci_low: float | None
    intercept_ci_high: float | None
    slope: float | None
    slope_se: float | None
    statistic: float | None
    df: int | None
    p: float | None
    not_computed: str | None


class SynthesisAnswer(PoolNumbers):
    """The synthesis under the names of a body of evidence; what does not exist is null, its reason among `warnings`."""

    method: str
    measure: SynthesisMeasure
    better: Better | None
    model: ModelMade
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    studies: list[StudyGiven]
    leave_one_out: list[PartOfStudies] = Field(description="By the model asked for.")
    cumulative: list[PartOfStudies] = Field(description="By year; empty unless every study has one.")
    egger: EggerTest
    mid: MidRow | None
    start: StartRow | None
    domains: dict[Domain, DomainInFull] | None
    upgrades: list[UpgradeRow] | None
    levels_total: int | None
    limits: list[str] | None
    finding: Finding | None
    certainty: Certainty | None
    sentence: str | None
    participants_still_needed: dict[str, int | None] | None
    sensitivity: SensitivityBlock | None = Field(description="The same studies pooled as the rating does, and under other choices.")
    explanation: WhyThisLevel | NotComputedRow = Field(description="Not for more than 200 studies.")
    diagnostics: DiagnosticsBlock | NotComputedRow = Field(description="As the rating pools; not for more than 200 studies.")
    warnings: list[str]
    disclaimer: str = DISCLAIMER
