"""The body of evidence that studies given on request make, so that it is rated by the same rules as any other (method, 2 to 6)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.synthesis.body import (
    Body,
    BodyStudy,
    MidOnScale,
    OutcomeInput,
    PooledEffect,
    ResultInput,
    RiskOfBiasInput,
    Sensitivity,
    StudyInput,
)
from app.synthesis.direction import count_directions
from app.synthesis.distributions import Z_975, normal_two_sided_p
from app.synthesis.effect_sizes import benefit_oriented
from app.synthesis.given_studies import GivenEffect, GivenStudy
from app.synthesis.measure import Scale, minimal_important_difference
from app.synthesis.pool_requests import PoolRequests
from app.synthesis.sensitivity import ask_for_sensitivity, sensitivity_of
from app.vocabulary import (
    Better,
    Comparator,
    ComparatorGroup,
    Design,
    DesignLevel,
    Horizon,
    Importance,
    Measure,
    MidStanding,
    PublicationStatus,
    ResultDirection,
    RiskOfBiasJudgement,
    RiskOfBiasLevel,
    RiskOfBiasTool,
    StudyKind,
    SynthesisMeasure,
)

RATED_AS = {
    SynthesisMeasure.MD: Measure.MD,
    SynthesisMeasure.GEN: Measure.MD,
    SynthesisMeasure.SMD: Measure.SMD,
    SynthesisMeasure.SMDH: Measure.SMD,
    SynthesisMeasure.RR: Measure.RR,
    SynthesisMeasure.OR: Measure.OR,
    SynthesisMeasure.PETO: Measure.OR,
}
"""The measure whose rules hold; the method has none for ROM, RD and HR. GEN is a mean difference in units of its own."""

LOG_SCALE = frozenset({SynthesisMeasure.RR, SynthesisMeasure.OR, SynthesisMeasure.PETO, SynthesisMeasure.HR, SynthesisMeasure.ROM})
GROUP_OF_COMPARATOR = {
    Comparator.SHAM: ComparatorGroup.SHAM,
    Comparator.USUAL_CARE: ComparatorGroup.INACTIVE,
    Comparator.NO_TREATMENT: ComparatorGroup.INACTIVE,
    Comparator.WAIT_LIST: ComparatorGroup.INACTIVE,
    Comparator.ACTIVE: ComparatorGroup.ACTIVE,
}
DESIGN_OF_LEVEL = {
    DesignLevel.RANDOMISED: Design.RANDOMISED_TRIAL,
    DesignLevel.NON_RANDOMISED_CONTROLLED: Design.NON_RANDOMISED_CONTROLLED,
}
JUDGEMENTS = {
    RiskOfBiasLevel.LOW: RiskOfBiasJudgement.LOW,
    RiskOfBiasLevel.SOME_CONCERNS: RiskOfBiasJudgement.SOME_CONCERNS,
    RiskOfBiasLevel.HIGH: RiskOfBiasJudgement.HIGH,
}
MAX_EXPLAINED = 200  # studies: what is pooled anew without each of more of them would keep others waiting
MAX_RATED = 1e50  # beyond it the squares and ratios of the rules leave what floating-point numbers hold
MAX_SD_IN_MIDS = 1e6  # 31 million million people would be needed
OUTCOME = "outcome"
ON_REQUEST = "on-request"
AS_GIVEN = "as given in the request"


@dataclass(frozen=True, slots=True)
class GivenQuestion:
    """What the studies are about; `mid` in units of the effect, for ratios a ratio above 1 or, up to 1, its logarithm.

    `better` None: nobody says which direction is the good one, so that nothing can be rated. `comparator` None: not said, and
    called just that.
    """

    measure: SynthesisMeasure
    better: Better | None = None
    mid: float | None = None
    intervention_name: str = "The intervention"
    outcome_name: str = "The outcome"
    comparator: Comparator | None = None
    design_level: DesignLevel | None = None
    """None: not said, and taken as randomised."""

    @property
    def is_log_scale(self) -> bool:
        return self.measure in LOG_SCALE

    @property
    def mid_is_ratio(self) -> bool:
        """Above 1 it is a ratio; the request is refused where it could be either."""
        return self.is_log_scale and self.mid is not None and self.mid > 1

    @property
    def mid_on_scale(self) -> float | None:
        return math.log(self.mid) if self.mid is not None and self.mid_is_ratio else self.mid

    @property
    def design(self) -> DesignLevel:
        return self.design_level or DesignLevel.RANDOMISED


@dataclass(frozen=True, slots=True)
class NotRated:
    """Why there is no certainty, as a value."""

    reason: str


def body_of(question: GivenQuestion, studies: Sequence[tuple[str, GivenStudy, GivenEffect]], pooled: PooledEffect) -> Body | NotRated:
    """Return the body of the studies with an effect, each under a key of its own; NotRated with the reason where no rule fits.

    `pooled` is their pool by whatever model was asked for; the sensitivity block is pooled as the method says.
    """
    measure = RATED_AS.get(question.measure)
    if measure is None:
        return NotRated(f"the method has no rule for {question.measure}")
    if question.better is None:
        return NotRated("`better` does not say whether lower or higher values are better")
    if not all(_in_reach(effect) for _, _, effect in studies):
        return NotRated("the numbers are too large or too small to be those of a study")
    mid = question.mid_on_scale
    if mid is not None and not _is_meant(mid, measure, [effect for _, _, effect in studies]):
        return NotRated("the minimal important difference is too small or too large to be meant")
    outcome = OutcomeInput(OUTCOME, question.outcome_name, question.better, Importance.CRITICAL)
    group = ComparatorGroup.INACTIVE if question.comparator is None else GROUP_OF_COMPARATOR[question.comparator]
    entries = tuple(_entry(question, measure, question.better, place, *row) for place, row in enumerate(studies))
    return Body(
        id=ON_REQUEST,
        condition=ON_REQUEST,
        intervention=ON_REQUEST,
        outcome=outcome,
        comparator_group=group,
        horizon=Horizon.POST_TREATMENT,
        design_level=question.design,
        studies=entries,
        measure=measure,
        instrument=None,
        mid=_mid(question, measure, outcome, entries),
        pooled=pooled,
        not_pooled=None,
        directions=count_directions([entry.direction for entry in entries]),
        sensitivity=_sensitivity(entries, outcome, group),
        comparator_label="the comparator" if question.comparator is None else None,
    )


def _sensitivity(entries: Sequence[BodyStudy], outcome: OutcomeInput, group: ComparatorGroup) -> Sensitivity:
    """The sensitivity block; of very many studies without what is pooled once for every study, which the answer has by itself."""
    requests = PoolRequests()
    request = ask_for_sensitivity(requests, entries, outcome, group, each_study=len(entries) <= MAX_EXPLAINED)
    return sensitivity_of(request, requests.pool_all())


def _in_reach(found: GivenEffect) -> bool:
    """Whether squares and their inverses stay numbers."""
    return abs(found.effect) < MAX_RATED and 1 / MAX_RATED**2 < found.variance < MAX_RATED**2


def _is_meant(mid: float, measure: Measure, studies: Sequence[GivenEffect]) -> bool:
    """Whether m is a number of the scale: the information size goes with (SD / m)^2 and must stay a number of people."""
    deviations = [1.0] if measure is Measure.SMD else [found.sd for found in studies if found.sd is not None]
    return 1 / MAX_RATED < mid < MAX_RATED and all(sd / mid < MAX_SD_IN_MIDS for sd in deviations)


def _mid(question: GivenQuestion, measure: Measure, outcome: OutcomeInput, entries: Sequence[BodyStudy]) -> MidOnScale:
    mid = question.mid_on_scale
    if mid is not None:
        return MidOnScale(mid, AS_GIVEN, MidStanding.PROVISIONAL)
    return minimal_important_difference(Scale(measure), outcome, entries)


def _entry(
    question: GivenQuestion, measure: Measure, better: Better, place: int, key: str, study: GivenStudy, found: GivenEffect
) -> BodyStudy:
    se, people = math.sqrt(found.variance), study.people
    oriented = float(benefit_oriented(found.effect, better))
    ratio = measure in (Measure.RR, Measure.OR)
    return BodyStudy(
        study=_study(question, key, study),
        result=_result(question, place, study),
        direction=(oriented > 0) - (oriented < 0),
        n=people or 0,
        n_known=people is not None,
        n_estimated=False,
        effect=found.effect,
        se=se,
        ci_low=found.effect - Z_975 * se,
        ci_high=found.effect + Z_975 * se,
        p=float(normal_two_sided_p(found.effect / se)),
        basis=found.basis,
        n_treatment=study.treatment.n,
        n_control=study.control.n,
        events_treatment=study.treatment.events if ratio else None,
        events_control=study.control.events if ratio else None,
        sd=found.sd,
        directness=study.directness,
        converted=found.converted,
    )


def _study(question: GivenQuestion, key: str, study: GivenStudy) -> StudyInput:
    judged = () if study.risk_of_bias is None else (RiskOfBiasInput(RiskOfBiasTool.ROB_2, JUDGEMENTS[study.risk_of_bias]),)
    return StudyInput(
        key=key,
        kind=StudyKind.PRIMARY,
        design=DESIGN_OF_LEVEL[question.design],
        publication_status=PublicationStatus.PUBLISHED,
        fidelity=None,
        year=study.year,
        label=study.label,
        risk_of_bias=judged,
    )


def _result(question: GivenQuestion, place: int, study: GivenStudy) -> ResultInput:
    return ResultInput(
        position=place,
        condition=ON_REQUEST,
        outcome=OUTCOME,
        instrument=ON_REQUEST,
        comparator=question.comparator or Comparator.NO_TREATMENT,
        direction=ResultDirection.UNCLEAR,
        treatment=study.treatment,
        control=study.control,
        directness=study.directness,
    )
