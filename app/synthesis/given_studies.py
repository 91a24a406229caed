"""Studies as somebody gives them for a synthesis of his own, and the one effect that each brings on the measure asked for.

Effects are on the analysis scale: units of the outcome, standard deviations, differences of risks, or the logarithm of a ratio;
treatment minus comparator, sign as computed. Numbers that give no effect are a `NoEffect` with the reason, never an exception.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from app.synthesis.arms import mean_and_sd
from app.synthesis.body import ArmInput, DirectnessInput
from app.synthesis.conversions import Converted, NotConverted, pooled_sd, standard_error_from_interval, standard_error_from_p
from app.synthesis.effect_sizes import (
    MAX_COUNT,
    Effects,
    generic,
    mean_difference,
    odds_ratio,
    peto_odds_ratio,
    ratio_of_means,
    risk_difference,
    risk_ratio,
    standardised_mean_difference,
    standardised_mean_difference_unequal_sd,
)
from app.synthesis.reported_effect import NoEffect
from app.vocabulary import RiskOfBiasLevel, SynthesisMeasure

NOT_GIVEN, DIRECT = ArmInput(), DirectnessInput()
SmdVariance = Literal["LS", "UB"]

OF_MEANS: dict[SynthesisMeasure, Callable[..., Effects]] = {
    SynthesisMeasure.MD: mean_difference,
    SynthesisMeasure.SMD: standardised_mean_difference,
    SynthesisMeasure.SMDH: standardised_mean_difference_unequal_sd,
    SynthesisMeasure.ROM: ratio_of_means,
}
OF_COUNTS: dict[SynthesisMeasure, Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], Effects]] = {
    SynthesisMeasure.RR: risk_ratio,
    SynthesisMeasure.OR: odds_ratio,
    SynthesisMeasure.RD: risk_difference,
    SynthesisMeasure.PETO: peto_odds_ratio,
}

NO_NUMBERS = NoEffect("no-numbers", "it gives neither an effect with its variance nor the numbers of both arms.")
NO_VARIANCE = NoEffect("no-variance", "its effect comes without a variance, standard error, interval or p value.")
NOT_ABOVE_ZERO = NoEffect("variance-not-above-zero", "its variance is not above zero, or too small or too large to be written.")
NO_MEANS = NoEffect("no-means", "this measure needs n, mean and SD (or SE, or median with quartiles or range) of both arms.")
OUT_OF_REACH = NoEffect("numbers-out-of-reach", "the numbers of its arms are too large or too small to be those of a study.")
NO_COUNTS = NoEffect("no-counts", "this measure needs n and events of both arms.")
NO_FORMULA = NoEffect("no-formula", "this measure is not computed from arms; give the effect with its variance.")
NO_EVENTS = NoEffect("double-zero", "no event in either arm, or nothing but events: it says nothing of a ratio.")
IMPOSSIBLE_ARMS = NoEffect(
    "impossible-arms", "the numbers of its arms give no effect with a variance above zero (arms too small, no spread, or out of range)."
)


@dataclass(frozen=True, slots=True)
class GivenStudy:
    """One study as given. `effect` is on the analysis scale; beside it one of variance, SE, 95 % limits (same scale) or exact p."""

    label: str
    year: int | None = None
    treatment: ArmInput = NOT_GIVEN
    control: ArmInput = NOT_GIVEN
    effect: float | None = None
    variance: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    n: int | None = None
    risk_of_bias: RiskOfBiasLevel | None = None
    directness: DirectnessInput = DIRECT

    @property
    def people(self) -> int | None:
        """n as given, else of both arms; None where it is not known."""
        if self.n is not None:
            return self.n
        if self.treatment.n is None or self.control.n is None:
            return None
        return self.treatment.n + self.control.n


@dataclass(frozen=True, slots=True)
class GivenEffect:
    """An effect with its variance (above 0), the numbers it was taken from, and every conversion with its formula.

    `sd` is the pooled SD of the arms in the units of the outcome, None where it cannot be had.
    """

    effect: float
    variance: float
    basis: str
    converted: tuple[str, ...] = ()
    sd: float | None = None


def effect_of(study: GivenStudy, measure: SynthesisMeasure, smd_variance: SmdVariance = "LS") -> GivenEffect | NoEffect:
    """Return the effect of one study: as given, else computed from its arms by the formulas of `effect_sizes`.

    SE from limits: (high - low) / (2 z.975); from an exact p: |effect| / t, t of t(n1 + n2 - 2).
    Source: Cochrane Handbook 6.3.1, 6.3.2 and 6.5.2.3.
    """
    if study.effect is not None:
        return _as_given(study, study.effect)
    if measure in OF_MEANS:
        return _from_means(study, measure, smd_variance)
    if measure in OF_COUNTS:
        return _from_counts(study, measure)
    return NO_NUMBERS if study.treatment == study.control == NOT_GIVEN else NO_FORMULA


def _as_given(study: GivenStudy, effect: float) -> GivenEffect | NoEffect:
    se = _standard_error(study, effect)
    if se is None and study.variance is None:
        return NO_VARIANCE
    if isinstance(se, NotConverted):
        return NoEffect("no-variance", f"its standard error cannot be had: {se.reason}.")
    variance = study.variance if se is None else se.value * se.value  # an overflow is infinite, not an exception
    found = generic(effect, math.nan if variance is None else variance)
    if not math.isfinite(float(found.variance)):
        return NOT_ABOVE_ZERO
    converted = () if se is None or not se.formula else (se.formula,)
    return GivenEffect(float(found.effect), float(found.variance), "estimate" if study.p is None else "p", converted)


def _standard_error(study: GivenStudy, effect: float) -> Converted | NotConverted | None:
    """The SE where it stands in the place of the variance."""
    if study.se is not None:
        return Converted(study.se, "")
    if study.ci_low is not None and study.ci_high is not None:
        if not study.ci_low <= effect <= study.ci_high:
            return NotConverted("the limits do not hold the effect")
        return standard_error_from_interval(study.ci_low, study.ci_high, ratio=False)
    if study.p is not None:
        n1, n2 = study.treatment.n, study.control.n
        if n1 is None or n2 is None:
            return NotConverted("a p value needs n of both arms")
        return standard_error_from_p(effect, study.p, n1, n2)
    return None


def _from_means(study: GivenStudy, measure: SynthesisMeasure, smd_variance: SmdVariance) -> GivenEffect | NoEffect:
    treatment, control = mean_and_sd(study.treatment), mean_and_sd(study.control)
    if treatment is None or control is None:
        return NO_NUMBERS if study.treatment == study.control == NOT_GIVEN else _why_no_means(study)
    arms = (treatment.n, treatment.mean, treatment.sd, control.n, control.mean, control.sd)
    options = {"variance": smd_variance} if measure is SynthesisMeasure.SMD else {}
    found = OF_MEANS[measure](*arms, **options)
    if not math.isfinite(float(found.variance)):
        return IMPOSSIBLE_ARMS
    sd = pooled_sd(treatment.n, treatment.sd, control.n, control.sd)
    return GivenEffect(
        float(found.effect),
        float(found.variance),
        "arms",
        tuple(dict.fromkeys(treatment.converted + control.converted)),
        None if isinstance(sd, NotConverted) or sd.value <= 0 else sd.value,
    )


def _why_no_means(study: GivenStudy) -> NoEffect:
    arms = (study.treatment, study.control)
    complete = all(arm.n and arm.mean is not None and (arm.sd is not None or arm.se is not None) for arm in arms)
    return OUT_OF_REACH if complete else NO_MEANS


def _from_counts(study: GivenStudy, measure: SynthesisMeasure) -> GivenEffect | NoEffect:
    events1, n1, events2, n2 = study.treatment.events, study.treatment.n, study.control.events, study.control.n
    if events1 is None or n1 is None or events2 is None or n2 is None:
        return NO_NUMBERS if study.treatment == study.control == NOT_GIVEN else NO_COUNTS
    found = OF_COUNTS[measure](events1, n1, events2, n2)
    if math.isfinite(float(found.variance)):
        return GivenEffect(float(found.effect), float(found.variance), "arms")
    within = 0 < n1 <= MAX_COUNT and 0 < n2 <= MAX_COUNT
    return NO_EVENTS if within and events1 + events2 in (0, n1 + n2) else IMPOSSIBLE_ARMS
