"""An effect with its standard error from what a source prints between groups (method, section 1, conversions).

Order everywhere: the estimate with its limits (or SE), then the arms, then a value with an exact p. Values are on the
analysis scale: units of the instrument, standard deviations, or the logarithm of a ratio.
"""

import math
from dataclasses import dataclass

from app.synthesis.body import EstimateInput, ResultInput
from app.synthesis.conversions import (
    NotConverted,
    interval_asymmetry,
    standard_error_from_interval,
    standard_error_from_p,
)
from app.synthesis.distributions import t_quantile
from app.vocabulary import RATIO_MEASURES, Measure

MAX_ASYMMETRY = 0.15  # method, section 1: limits asymmetric by more than 15 % are flagged
ASYMMETRIC = "asymmetric-interval"

FROM_ESTIMATE = "estimate"
FROM_ARMS = "arms"
FROM_P = "p"

IMPOSSIBLE_INTERVAL = "impossible-interval"
LOG_SE = "SE printed beside a ratio taken as the SE of its logarithm"


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect on one analysis scale. `basis`: `estimate`, `arms` or `p`. Limits only where the source prints them or its p gives them.

    `sd` is the pooled SD of the arms in the units of the instrument (mean differences), None where it cannot be had.
    """

    value: float
    se: float
    basis: str
    printed_low: float | None = None
    printed_high: float | None = None
    sd: float | None = None
    converted: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Why the numbers of a result give no effect with a standard error, as a value; `code` names the rule."""

    code: str
    reason: str


LARGEST_NUMBER = 1e100  # beyond it squares overflow; no scale of an outcome reaches it
OUT_OF_REACH = NoEffect("numbers-out-of-reach", "The numbers are too large or too small to be those of a study.")
NOT_PRINTED = NoEffect("no-numbers", "No numbers between the groups are printed.")


def in_reach(found: Effect | NoEffect) -> Effect | NoEffect:
    """Return the effect unless its value or standard error is so large, or its error so small, that computing with it overflows."""
    if isinstance(found, Effect) and not (abs(found.value) < LARGEST_NUMBER and 1 / LARGEST_NUMBER < found.se < LARGEST_NUMBER):
        return OUT_OF_REACH
    return found


def on_analysis_scale(measure: Measure, value: float) -> float | None:
    """Return the value, or the logarithm of a ratio; None for a ratio that is not above zero."""
    if measure not in RATIO_MEASURES:
        return value
    return math.log(value) if value > 0 else None


def from_interval(estimate: EstimateInput) -> Effect | NoEffect:
    """Return the printed estimate with SE = (upper - lower) / (2 z.975), ratios on the log scale; else its printed SE.

    Limits that do not hold the value, and ratios or limits that are not above zero, give no effect.
    Source: Cochrane Handbook 6.3.1, 6.3.2.
    """
    value = None if estimate.value is None else on_analysis_scale(estimate.measure, estimate.value)
    if value is None:
        return NoEffect("no-value", "No value of the estimate is printed.")
    if estimate.ci_low is None or estimate.ci_high is None:
        return _from_printed_se(estimate, value)
    return _from_printed_limits(estimate, value, estimate.ci_low, estimate.ci_high)


def _from_printed_se(estimate: EstimateInput, value: float) -> Effect | NoEffect:
    if estimate.se is None or estimate.se <= 0:
        return NoEffect("no-standard-error", "The estimate is printed without limits and without a standard error.")
    ratio = estimate.measure in RATIO_MEASURES
    return Effect(value, estimate.se, FROM_ESTIMATE, converted=(LOG_SE,) if ratio else ())


def _from_printed_limits(estimate: EstimateInput, value: float, ci_low: float, ci_high: float) -> Effect | NoEffect:
    low, high = on_analysis_scale(estimate.measure, ci_low), on_analysis_scale(estimate.measure, ci_high)
    if low is None or high is None or not (low <= value <= high and low < high):
        return NoEffect(IMPOSSIBLE_INTERVAL, "The printed limits do not hold the printed value.")
    ratio = estimate.measure in RATIO_MEASURES
    se = standard_error_from_interval(ci_low, ci_high, ratio=ratio)
    if isinstance(se, NotConverted):
        return NoEffect(IMPOSSIBLE_INTERVAL, se.reason)
    flags = (ASYMMETRIC,) if _is_asymmetric(estimate, ci_low, ci_high) else ()
    return Effect(value, se.value, FROM_ESTIMATE, low, high, converted=(se.formula,), flags=flags)


def _is_asymmetric(estimate: EstimateInput, ci_low: float, ci_high: float) -> bool:
    if estimate.value is None:
        return False
    asymmetry = interval_asymmetry(estimate.value, ci_low, ci_high, ratio=estimate.measure in RATIO_MEASURES)
    return not isinstance(asymmetry, NotConverted) and asymmetry.value > MAX_ASYMMETRY


def from_exact_p(row: ResultInput, measure: Measure) -> Effect | NoEffect:
    """Return the printed value with SE = |value| / t, t the quantile of an exact p with n1 + n2 - 2 degrees of freedom.

    Its limits are value -/+ t.975 SE with the same degrees of freedom, so that they hold null just when p is 0.05 or more.
    Only an exact p between the groups of this very comparison serves, beside a value and both arm sizes. An upper bound
    (p < x), a p printed as 0.000, and a p of several groups, ranks or group x time never do.
    Source: Cochrane Handbook 6.5.2.3.
    """
    estimate = row.estimate
    if estimate is None or estimate.measure is not measure or estimate.value is None:
        return NOT_PRINTED
    refusal = why_p_is_not_converted(estimate)
    if refusal is not None:
        return refusal
    n1, n2, value = row.treatment.n, row.control.n, on_analysis_scale(measure, estimate.value)
    if n1 is None or n2 is None or value is None or estimate.p is None:
        return NoEffect("no-arm-sizes", "A value with an exact p, but not the sizes of both arms.")
    se = standard_error_from_p(value, estimate.p, n1, n2)
    if isinstance(se, NotConverted):
        return NoEffect("p-not-convertible", se.reason)
    half_width = float(t_quantile(0.975, n1 + n2 - 2)) * se.value
    return Effect(value, se.value, FROM_P, value - half_width, value + half_width, converted=(se.formula,))


def why_p_is_not_converted(estimate: EstimateInput) -> NoEffect | None:
    """Return why the printed p can give no standard error; None when it is exact and between the groups."""
    if estimate.p is None:
        return NoEffect("no-standard-error", "The value is printed without limits, standard error and p.")
    if estimate.p_is_upper_bound:
        return NoEffect("p-upper-bound", f"p is printed as an upper bound (p < {estimate.p:g}), which is never converted.")
    if estimate.p <= 0:
        return NoEffect("p-zero", "p is printed as zero, which is never converted.")
    if not estimate.p_is_between_group:
        return NoEffect("p-not-between-groups", "p is not of a comparison between these two groups; it is never converted.")
    return None
