"""Small builders for the inputs of the rating engine: the least that is valid, every member open to an override.

`study(*results)` gives a study that carries results, `pair(*studies)` a pair around studies. Keys must be given where two
studies meet. Defaults: a published randomised trial of craniosacral therapy for neck pain, pain on 0-100 against sham
at the end of treatment, lower is better, twenty people an arm.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from app.synthesis.body import (
    ArmInput,
    EstimateInput,
    InstrumentInput,
    LinearGroup,
    OutcomeInput,
    PairInput,
    ResultInput,
    RiskOfBiasInput,
    StudyInput,
)
from app.vocabulary import (
    AnalysedScore,
    Better,
    Comparator,
    Design,
    Importance,
    Measure,
    MidStanding,
    PublicationStatus,
    ResultDirection,
    RiskOfBiasJudgement,
    RiskOfBiasTool,
    StudyKind,
)

CONDITION = "neck-pain"
AS_OF = date(2026, 11, 22)

VAS = InstrumentInput(
    slug="pain-vas-100",
    name="Pain VAS 0-100",
    unit="mm",
    minimum=0,
    maximum=100,
    mid=10.0,
    mid_source="a review",
    mid_standing=MidStanding.PROVISIONAL,
    linear_group=LinearGroup("pain-0-100", 1.0),
)
NRS = InstrumentInput(
    slug="pain-nrs-10",
    name="Pain NRS 0-10",
    unit="points",
    minimum=0,
    maximum=10,
    mid=1.0,
    mid_source="a review",
    mid_standing=MidStanding.PROVISIONAL,
    linear_group=LinearGroup("pain-0-100", 10.0),
)
MCGILL = InstrumentInput(slug="mcgill-pain", name="McGill pain questionnaire", unit="points")
EVENT = InstrumentInput(slug="pain-event", name="Any pain", unit="people", mid_standing=MidStanding.NONE)
EARS = InstrumentInput(slug="tympanogram", name="Effusion cleared", unit="ears", mid_standing=MidStanding.NONE)

PAIN = OutcomeInput("pain-intensity", "Pain intensity", Better.LOWER, Importance.CRITICAL, (VAS, NRS, MCGILL, EVENT))
QUALITY_OF_LIFE = OutcomeInput(
    "quality-of-life",
    "Quality of life",
    Better.HIGHER,
    Importance.IMPORTANT,
    (
        InstrumentInput(
            slug="sf-component", name="SF-36 component", unit="points", mid=2.5, mid_source="derived", mid_standing=MidStanding.PROVISIONAL
        ),
    ),
)


def arm(n: int | None = 20, mean: float | None = None, sd: float | None = None, **members: Any) -> ArmInput:
    return ArmInput(n=n, mean=mean, sd=sd, **members)


def estimate(value: float | None = -10.0, ci_low: float | None = None, ci_high: float | None = None, **members: Any) -> EstimateInput:
    return EstimateInput(**({"measure": Measure.MD, "value": value, "ci_low": ci_low, "ci_high": ci_high} | members))


def result(**members: Any) -> ResultInput:
    """A between-group row; a direction only unless `estimate` or arm means are given."""
    least: dict[str, Any] = {
        "position": 0,
        "condition": CONDITION,
        "outcome": PAIN.slug,
        "instrument": VAS.slug,
        "comparator": Comparator.SHAM,
        "direction": ResultDirection.FAVOURS_INTERVENTION,
        "timepoint_weeks": 8.0,
        "since_end_of_treatment_weeks": 0.0,
        "analysis": AnalysedScore.UNKNOWN,
        "treatment": arm(),
        "control": arm(),
    }
    return ResultInput(**(least | members))


def with_estimate(value: float = -10.0, ci_low: float = -15.0, ci_high: float = -5.0, **members: Any) -> ResultInput:
    """A row whose source prints a mean difference (or `measure`) with its 95 % limits."""
    measure = members.pop("measure", Measure.MD)
    return result(estimate=estimate(value, ci_low, ci_high, measure=measure), **members)


def with_means(
    mean_treatment: float = 40.0,
    sd_treatment: float = 20.0,
    n_treatment: int = 20,
    mean_control: float = 50.0,
    sd_control: float = 20.0,
    n_control: int = 20,
    **members: Any,
) -> ResultInput:
    """A row whose source prints both arms of a continuous outcome."""
    arms = {"treatment": arm(n_treatment, mean_treatment, sd_treatment), "control": arm(n_control, mean_control, sd_control)}
    return result(**(arms | members))


def with_events(
    events_treatment: int = 5,
    n_treatment: int = 20,
    events_control: int = 10,
    n_control: int = 20,
    **members: Any,
) -> ResultInput:
    """A row whose source prints the events of both arms."""
    least = {
        "instrument": EVENT.slug,
        "treatment": arm(n_treatment, events=events_treatment),
        "control": arm(n_control, events=events_control),
    }
    return result(**(least | members))


def direction_only(direction: ResultDirection = ResultDirection.FAVOURS_INTERVENTION, **members: Any) -> ResultInput:
    return result(direction=direction, **members)


def within_group(**members: Any) -> ResultInput:
    """A change inside one group: no control, comparator `none`."""
    return result(**({"within_group": True, "comparator": Comparator.NONE, "control": ArmInput()} | members))


def study(*results: ResultInput, key: str = "first-2020", **members: Any) -> StudyInput:
    """A study with these results; positions are numbered as they stand unless one is set by hand."""
    least: dict[str, Any] = {
        "key": key,
        "kind": StudyKind.PRIMARY,
        "design": Design.RANDOMISED_TRIAL,
        "publication_status": PublicationStatus.PUBLISHED,
        "fidelity": "craniosacral-therapy",
        "year": 2020,
        "label": key,
        "conditions": (CONDITION,),
        "comparators": (Comparator.SHAM,),
    }
    return StudyInput(**(least | {"results": numbered(results)} | members))


def numbered(results: Sequence[ResultInput]) -> tuple[ResultInput, ...]:
    if any(row.position for row in results):
        return tuple(results)
    return tuple(replace(row, position=position) for position, row in enumerate(results))


def judgement(
    overall: RiskOfBiasJudgement | None = RiskOfBiasJudgement.LOW,
    tool: RiskOfBiasTool = RiskOfBiasTool.ROB_2,
    **members: Any,
) -> RiskOfBiasInput:
    return RiskOfBiasInput(tool=tool, overall=overall, **members)


def pair(*studies: StudyInput, **members: Any) -> PairInput:
    """The pair neck pain x craniosacral therapy around these studies."""
    least: dict[str, Any] = {
        "condition": CONDITION,
        "condition_name": "Neck pain",
        "intervention": "craniosacral-therapy",
        "intervention_name": "Craniosacral therapy",
        "as_of": AS_OF,
        "fidelities": {"craniosacral-therapy": "as-recorded", "osteopathy-in-the-cranial-field": "as-recorded"},
        "outcomes": (PAIN, QUALITY_OF_LIFE),
    }
    return PairInput(**(least | {"studies": studies} | members))
