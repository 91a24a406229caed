"""Figures of one result against each other, and rows that answer the same question.

Refused is only what no rounding, adjustment or other test can make right; the rest is a doubt, for a person to look at.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from statistics import NormalDist

from app.errors import FieldDoubt, FieldProblem
from app.schemas.study import Arm, Estimate, StudyDocument, StudyResult
from app.vocabulary import RATIO_MEASURES, Measure

FLOATING = 1e-9
SIDES = ("treatment", "control")
IN_ORDER = ("minimum", "q1", "median", "q3", "maximum")
OF_PEOPLE = ("mean", "sd", "se", *IN_ORDER, "events")
Z_975 = NormalDist().inv_cdf(0.975)
MODEL_BASED = 3.0
"""How many times too great or too small the standard error of a mean may be: models take out variance between people."""
LEAST_HALF_WIDTH = 1.5
MOST_HALF_WIDTH, MOST_OF_SEVERAL = 13.0, 5.0
SEVERAL_PEOPLE = 12
"""95 % limits are 1.96 standard errors from the value, with two degrees of freedom 4.3, with one 12.7; 90 % limits 1.64 and more."""
USUAL_HALF_WIDTHS = (1.9, 2.6)
LEAST_P = 0.0001
FAR_APART = 0.2
"""What is above this and what is below a quarter of it do not say the same by the method alone."""


def find_impossible_figures(pointer: str, result: StudyResult) -> Iterator[FieldProblem]:
    for side in SIDES:
        yield from _impossible_arm(f"{pointer}/{side}", getattr(result, side))
    estimate = result.estimate
    if estimate is not None and _is_foreign_error(result, estimate):
        yield FieldProblem(f"{pointer}/estimate/se", f"{estimate.se:g} does not belong to the limits {_limits(estimate)}")


def find_doubtful_figures(pointer: str, result: StudyResult) -> Iterator[FieldDoubt]:
    for side in SIDES:
        yield from _doubtful_arm(f"{pointer}/{side}", getattr(result, side))
    if result.estimate is not None:
        yield from _doubtful_error(f"{pointer}/estimate/se", result, result.estimate)
        yield from _doubtful_p(f"{pointer}/estimate/p", result.estimate)
        yield from _estimate_beside_arms(f"{pointer}/estimate", result)


def find_rows_twice(document: StudyDocument) -> Iterator[FieldProblem]:
    first: dict[str, int] = {}
    for position, result in enumerate(document.results):
        before = first.setdefault(result.model_dump_json(), position)
        if before != position:
            yield FieldProblem(f"/results/{position}", f"says the same as /results/{before}; take one of them out")


def find_rows_of_one_question(document: StudyDocument) -> Iterator[FieldDoubt]:
    """Rows with figures between which only their order decides."""
    rows: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, result in enumerate(document.results):
        if result.estimate is not None or any(getattr(result.treatment, name) is not None for name in OF_PEOPLE):
            rows[_question(result)].append(position)
    for first, *others in rows.values():
        for position in others:
            yield FieldDoubt(
                f"/results/{position}",
                f"answers the same question as /results/{first} (outcome, instrument, comparator, time, analysis); a rating takes "
                "the first whose figures it can use: put the one that should count first",
            )


def half_unit(*printed: float) -> float:
    """How far the true numbers may be from the printed ones: half of the last decimal that any of them shows."""
    decimals = max(-int(Decimal(str(number)).normalize().as_tuple().exponent) for number in printed)
    return 0.5 * 10.0 ** -max(decimals, 0)


def _question(result: StudyResult) -> tuple[object, ...]:
    compared = (result.condition, result.outcome, result.instrument, result.comparator, result.within_group)
    return (*compared, result.timepoint_weeks, result.since_end_of_treatment_weeks, result.analysis, result.intention_to_treat)


def _impossible_arm(pointer: str, arm: Arm) -> Iterator[FieldProblem]:
    given = [name for name in OF_PEOPLE if getattr(arm, name) is not None]
    if arm.n == 0 and given:
        yield FieldProblem(f"{pointer}/n", f"is 0, and {', '.join(given)} would be of nobody")
    for name in ("sd", "se"):
        if arm.n == 1 and getattr(arm, name) is not None:
            yield FieldProblem(f"{pointer}/{name}", "one person has no spread: `n` is 1")
    yield from _out_of_order(pointer, arm)
    ratio = _error_ratio(arm)
    if ratio is not None and not 1 / MODEL_BASED <= ratio <= MODEL_BASED:
        yield FieldProblem(f"{pointer}/se", _unlike(arm))


def _out_of_order(pointer: str, arm: Arm) -> Iterator[FieldProblem]:
    there = [(name, value) for name in IN_ORDER if (value := getattr(arm, name)) is not None]
    for (lower, least), (upper, most) in pairwise(there):
        if least > most:
            yield FieldProblem(f"{pointer}/{upper}", f"{most:g} is below {lower}, {least:g}")
    if arm.mean is not None and arm.minimum is not None and arm.mean < arm.minimum - half_unit(arm.mean, arm.minimum):
        yield FieldProblem(f"{pointer}/mean", f"{arm.mean:g} is below the minimum, {arm.minimum:g}")
    if arm.mean is not None and arm.maximum is not None and arm.mean > arm.maximum + half_unit(arm.mean, arm.maximum):
        yield FieldProblem(f"{pointer}/mean", f"{arm.mean:g} is above the maximum, {arm.maximum:g}")


def _doubtful_arm(pointer: str, arm: Arm) -> Iterator[FieldDoubt]:
    if arm.n == 0 and not any(getattr(arm, name) is not None for name in OF_PEOPLE):
        yield FieldDoubt(f"{pointer}/n", "is 0: where the number is not known, leave it out")
    ratio = _error_ratio(arm)
    if ratio is None or not 1 / MODEL_BASED <= ratio <= MODEL_BASED or arm.sd is None or arm.se is None:
        return
    rounding = half_unit(arm.sd) / arm.sd + half_unit(arm.se) / arm.se
    if abs(math.log(ratio)) > 0.05 + rounding:
        yield FieldDoubt(f"{pointer}/se", f"{_unlike(arm)}, unless it comes of a model")


def _error_ratio(arm: Arm) -> float | None:
    """The standard error over the one that follows from deviation and number."""
    if arm.sd is None or arm.se is None or arm.n is None or arm.n < 2:
        return None
    return arm.se * math.sqrt(arm.n) / arm.sd


def _unlike(arm: Arm) -> str:
    return f"{arm.se:g} is not the standard error of {arm.n} people whose standard deviation is {arm.sd:g}"


def _is_foreign_error(result: StudyResult, estimate: Estimate) -> bool:
    widths = _half_widths_in_errors(estimate)
    people = (result.treatment.n or 0) + (result.control.n or 0)
    most = MOST_OF_SEVERAL if people >= SEVERAL_PEOPLE else MOST_HALF_WIDTH
    return widths is not None and (widths[1] < LEAST_HALF_WIDTH or widths[0] > most)


def _doubtful_error(pointer: str, result: StudyResult, estimate: Estimate) -> Iterator[FieldDoubt]:
    widths, (least, most) = _half_widths_in_errors(estimate), USUAL_HALF_WIDTHS
    if widths is not None and (widths[1] < least or widths[0] > most) and not _is_foreign_error(result, estimate):
        yield FieldDoubt(pointer, f"{estimate.se:g} does not go with the 95 % limits {_limits(estimate)}: are they of another level?")


def _doubtful_p(pointer: str, estimate: Estimate) -> Iterator[FieldDoubt]:
    p = _p_of_interval(estimate)
    if p is None or estimate.p is None or not estimate.p_is_between_group:
        return
    too_small = p > FAR_APART and estimate.p < FAR_APART / 4 and estimate.p < p / 10
    too_great = p < FAR_APART / 4 and estimate.p > FAR_APART / 2 and not estimate.p_is_upper_bound
    if too_small or too_great:
        about = f"about {p:.2g}" if p >= LEAST_P else f"less than {LEAST_P:g}"
        yield FieldDoubt(pointer, f"is {estimate.p:g}, and the limits {_limits(estimate)} give {about}")


def _estimate_beside_arms(pointer: str, result: StudyResult) -> Iterator[FieldDoubt]:
    """One with an error or limits of its own may be adjusted; without any, a difference of means is refused elsewhere."""
    estimate, treatment, control = result.estimate, result.treatment, result.control
    if estimate is None or estimate.value is None or (estimate.ci_low is None and estimate.se is None):
        return
    if estimate.measure is Measure.MD and treatment.mean is not None and control.mean is not None:
        crude = treatment.mean - control.mean
        rounding = 2 * half_unit(treatment.mean, control.mean) + half_unit(estimate.value) + FLOATING
        differs = abs(crude - estimate.value) > rounding
    elif (found := _crude_ratio(estimate.measure, treatment, control)) is not None:
        crude = found
        differs = abs(math.log(crude / estimate.value)) > 0.02 + half_unit(estimate.value) / estimate.value
    else:
        return
    if differs:
        yield FieldDoubt(
            f"{pointer}/value", f"{estimate.value:g}, and the arms give {crude:.4g}: right if it is adjusted, as `note` may say"
        )


def _crude_ratio(measure: Measure, treatment: Arm, control: Arm) -> float | None:
    if not treatment.n or not control.n or not treatment.events or not control.events:
        return None
    if measure is Measure.RR:
        return (treatment.events / treatment.n) / (control.events / control.n)
    if measure is Measure.OR and treatment.events < treatment.n and control.events < control.n:
        return (treatment.events / (treatment.n - treatment.events)) / (control.events / (control.n - control.events))
    return None


def _half_widths_in_errors(estimate: Estimate) -> tuple[float, float] | None:
    """How many standard errors half the interval is wide, the least and the most that rounding allows; of ratios on the log scale."""
    if estimate.se is None or estimate.ci_low is None or estimate.ci_high is None:
        return None
    low, high, unit = estimate.ci_low, estimate.ci_high, half_unit(estimate.ci_low, estimate.ci_high)
    least, most = high - low - 2 * unit, high - low + 2 * unit
    if estimate.measure in RATIO_MEASURES:
        least = math.log((high - unit) / (low + unit)) if high - unit > low + unit else 0.0
        most = math.log((high + unit) / (low - unit)) if low > unit else math.inf
    off = half_unit(estimate.se)
    return max(least, 0.0) / 2 / (estimate.se + off), most / 2 / (estimate.se - off) if estimate.se > off else math.inf


def _p_of_interval(estimate: Estimate) -> float | None:
    """Two-sided, by the normal distribution."""
    if estimate.value is None or estimate.ci_low is None or estimate.ci_high is None:
        return None
    value, low, high = estimate.value, estimate.ci_low, estimate.ci_high
    if estimate.measure in RATIO_MEASURES:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return 2 * NormalDist().cdf(-abs(value) / ((high - low) / 2 / Z_975)) if high > low else None


def _limits(estimate: Estimate) -> str:
    return f"{estimate.ci_low:g} to {estimate.ci_high:g}"
