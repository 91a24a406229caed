"""`StudyDocument`: the one shape of a study record, whatever door it comes in by."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from app.identifiers import Doi, InstrumentSlug, InterventionSlug, Orcid, OutcomeSlug, Pmcid, Pmid, RegistryNumber, Slug
from app.schemas.base import Count, Flag, IsoDate, Language, Line, NotNegative, Number, Positive, Shape, Text, WebAddress, Year
from app.schemas.study_risk_of_bias import StudyRiskOfBias
from app.vocabulary import (
    RATIO_MEASURES,
    AgeGroup,
    AnalysedScore,
    Comparator,
    ConclusionDirection,
    Confidence,
    Design,
    Directness,
    Measure,
    PublicationStatus,
    ResultDirection,
    StudyKind,
)

MAX_RESULTS = 2000
StudyKey = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]


def names_each_once(keys: list[str]) -> list[str]:
    if len(set(keys)) != len(keys):
        raise ValueError("names the same record twice")
    return keys


class AuthorOrcid(Shape):
    author: Line
    orcid: Orcid


class StudyComparator(Shape):
    """A group the treatment was compared with; one that no result uses must say why in `without_results`."""

    kind: Comparator
    label: Line
    without_results: Line | None = None


class Arm(Shape):
    """One arm of one result, as printed; `sd` and `se` above 0, `events` at most `n`."""

    n: Count | None = None
    mean: Number | None = None
    sd: Positive | None = None
    se: Positive | None = None
    median: Number | None = None
    q1: Number | None = None
    q3: Number | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    events: Count | None = None

    @field_validator("q1", "minimum")
    @classmethod
    def not_above_the_median(cls, value: float | None, info: ValidationInfo) -> float | None:
        median = info.data.get("median")
        if value is not None and median is not None and value > median:
            raise ValueError(f"must not be above the median, {median:g}")
        return value

    @field_validator("q3", "maximum")
    @classmethod
    def not_below_the_median(cls, value: float | None, info: ValidationInfo) -> float | None:
        median = info.data.get("median")
        if value is not None and median is not None and value < median:
            raise ValueError(f"must not be below the median, {median:g}")
        return value

    @field_validator("events")
    @classmethod
    def events_within_n(cls, value: int | None, info: ValidationInfo) -> int | None:
        n = info.data.get("n")
        if value is not None and n is not None and value > n:
            raise ValueError(f"must not be above n, {n}")
        return value


class Estimate(Shape):
    """A between-group estimate as printed, treatment minus comparator; ratios on their natural scale, 95 % limits."""

    measure: Measure
    value: Number | None = None
    ci_low: Number | None = None
    ci_high: Number | None = None
    se: Positive | None = None
    p: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    p_is_upper_bound: Flag = False
    p_is_between_group: Flag = True
    adjusted_for_design: Flag = False

    @field_validator("value", "ci_low", "ci_high")
    @classmethod
    def ratios_are_positive(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("measure") in RATIO_MEASURES and value <= 0:
            raise ValueError(f"must be above 0 for a ratio ({info.data['measure']})")
        return value

    @field_validator("ci_low")
    @classmethod
    def lower_limit_holds_the_value(cls, value: float | None, info: ValidationInfo) -> float | None:
        estimate = info.data.get("value")
        if value is not None and estimate is not None and value > estimate:
            raise ValueError(f"must not be above the estimate, {estimate:g}")
        return value

    @field_validator("ci_high")
    @classmethod
    def upper_limit_holds_the_value(cls, value: float | None, info: ValidationInfo) -> float | None:
        estimate, low = info.data.get("value"), info.data.get("ci_low")
        if value is not None and estimate is not None and value < estimate:
            raise ValueError(f"must not be below the estimate, {estimate:g}")
        if value is not None and low is not None and value <= low:
            raise ValueError(f"must be above ci_low, {low:g}")
        return value

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if (self.ci_low is None) != (self.ci_high is None):
            raise ValueError("a confidence interval needs both ci_low and ci_high")
        if self.value is None and (self.ci_low is not None or self.se is not None):
            raise ValueError("an interval or a standard error needs the value it belongs to")
        if self.value is None and self.p is None:
            raise ValueError("an estimate needs a value or a p value")
        return self


class ResultDirectness(Shape):
    """How directly a result answers the question, by part of the question."""

    population: Directness = Directness.DIRECT
    intervention: Directness = Directness.DIRECT
    comparator: Directness = Directness.DIRECT
    outcome: Directness = Directness.DIRECT


class StudyResult(Shape):
    """One outcome, one comparison, one timepoint. `k`, `i2` and `n` belong to the results of published reviews."""

    condition: Slug
    outcome: OutcomeSlug
    instrument: InstrumentSlug
    comparator: Comparator
    timepoint_weeks: NotNegative | None = None
    since_end_of_treatment_weeks: Annotated[float, Field(strict=True, ge=-1)] | None = None
    analysis: AnalysedScore = AnalysedScore.UNKNOWN
    within_group: Flag = False
    intention_to_treat: Flag | None = None
    treatment_arm: Line | None = None
    control_arm: Line | None = None
    treatment: Arm = Arm()
    control: Arm = Arm()
    estimate: Estimate | None = None
    direction: ResultDirection
    source_of_figure: Line
    locator: Line
    converted: Text | None = None
    note: Text | None = None
    directness: ResultDirectness = ResultDirectness()
    k: Count | None = None
    i2: Annotated[float, Field(strict=True, ge=0, le=100)] | None = None
    n: Count | None = None


class AdverseEvents(Shape):
    """What the study says of harms; `reported` false means that the text read is silent, which is not safety."""

    reported: Flag = False
    serious: Count | None = None
    text: Text | None = None


class ReviewSynthesis(Shape):
    """What a published review covers and concludes; `included` names the primary studies it is known to include, by key."""

    n_studies: Count | None = None
    n_participants: Count | None = None
    certainty: Line | None = None
    included: list[StudyKey] = Field(default_factory=list, max_length=5000)
    conclusion_direction: ConclusionDirection | None = None

    @field_validator("included")
    @classmethod
    def each_once(cls, value: list[str]) -> list[str]:
        return names_each_once(value)


def _within_randomised(value: int | None, info: ValidationInfo) -> int | None:
    randomised = info.data.get("n_randomised")
    if value is not None and randomised is not None and value > randomised:
        raise ValueError(f"must not be above n_randomised, {randomised}")
    return value


Comparators = Annotated[list[StudyComparator], Field(max_length=50)]
Results = Annotated[list[StudyResult], Field(max_length=MAX_RESULTS)]
RisksOfBias = Annotated[list[StudyRiskOfBias], Field(max_length=200)]
AnalysedCount = Annotated[Count | None, AfterValidator(_within_randomised)]
"""Stands behind `n_randomised`, which it is compared with."""


class StudyDocument(Shape):
    """A study record: bibliography, design, people, results, risk of bias. Unknown is null, never guessed.

    A draft needs its title alone; a submission is told what else is missing.
    """

    title: Line
    kind: StudyKind | None = None
    design: Design | None = None
    authors: list[Line] = Field(default_factory=list, max_length=5000)
    author_orcids: list[AuthorOrcid] = Field(default_factory=list, max_length=5000)
    year: Year | None = None
    journal: Line | None = None
    volume: Line | None = None
    issue: Line | None = None
    pages: Line | None = None
    doi: Doi | None = None
    pmid: Pmid | None = None
    pmcid: Pmcid | None = None
    registration: RegistryNumber | None = None
    linked_registration: RegistryNumber | None = None
    completed_on: IsoDate | None = None
    country: Line | None = None
    language: Language | None = None
    publication_status: PublicationStatus = PublicationStatus.PUBLISHED
    intervention: InterventionSlug | None = None
    fidelity: InterventionSlug | None = None
    intervention_description: Text | None = None
    sessions: Positive | None = None
    session_minutes: Positive | None = None
    duration_weeks: Positive | None = None
    comparators: Comparators = Field(default_factory=list)
    population: Text | None = None
    age_group: AgeGroup | None = None
    n_randomised: Count | None = None
    n_analysed: AnalysedCount = None
    cluster_size: Positive | None = None
    conditions: list[Slug] = Field(default_factory=list, max_length=100)
    same_participants_as: list[StudyKey] = Field(default_factory=list, max_length=100)
    results: Results = Field(default_factory=list)
    adverse_events: AdverseEvents = AdverseEvents()
    risk_of_bias: RisksOfBias = Field(default_factory=list)
    synthesis: ReviewSynthesis | None = None
    conclusion: Text | None = None
    sources: list[WebAddress] = Field(default_factory=list, max_length=200)
    confidence: Confidence | None = None
    notes: Text | None = None

    @field_validator("conditions", "same_participants_as")
    @classmethod
    def each_once(cls, value: list[str]) -> list[str]:
        return names_each_once(value)

    @model_validator(mode="after")
    def orcids_belong_to_authors(self) -> Self:
        for entry in self.author_orcids:
            if entry.author not in self.authors:
                raise ValueError(f"author_orcids names {entry.author!r}, who is not among the authors")
        return self


def kind_and_design(document: StudyDocument) -> tuple[StudyKind, Design]:
    """What every record that was submitted says. A draft may leave it open; nothing is rated from such a one."""
    if document.kind is None or document.design is None:
        raise ValueError(f"{document.title[:80]!r} says no kind or no design: it cannot be rated")
    return document.kind, document.design


def conditions_of(document: StudyDocument) -> set[str]:
    """Every condition that the study lists or has a result for."""
    return {*document.conditions, *(result.condition for result in document.results)}


def named_registrations(document: StudyDocument) -> set[str]:
    """The registry numbers that a record names: of the trial it reports, and its own."""
    return {number for number in (document.linked_registration, document.registration) if number is not None}
