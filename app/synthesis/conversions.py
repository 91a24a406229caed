"""Conversions from what a paper prints to an effect with its standard error.

Every conversion gives its numbers together with the formula they came by, which is served beside the result; a conversion
that cannot be made is a `NotConverted` with its reason. Standard errors of ratios are on the log scale.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.synthesis.distributions import Z_975, normal_quantile, t_quantile
from app.synthesis.effect_sizes import small_sample_correction, standardised_mean_difference_from_d

DEFAULT_ICC = 0.05  # method, section 1: intra-cluster correlation of a cluster trial that reports none
DEFAULT_CROSSOVER_CORRELATION = 0.5  # method, section 1: correlation of the two periods of a crossover trial that reports none


@dataclass(frozen=True, slots=True)
class Converted:
    """One number and the formula it came by."""

    value: float
    formula: str


@dataclass(frozen=True, slots=True)
class ConvertedArm:
    """Size, mean and SD of one arm, and the formula they came by."""

    n: int
    mean: float
    sd: float
    formula: str


@dataclass(frozen=True, slots=True)
class ConvertedEvents:
    """Events and size of one arm, and the formula they came by."""

    events: int
    n: int
    formula: str


@dataclass(frozen=True, slots=True)
class ConvertedEffect:
    """An effect with its standard error, and the formula they came by."""

    effect: float
    se: float
    formula: str


@dataclass(frozen=True, slots=True)
class NotConverted:
    """Why the numbers cannot be converted, as a value."""

    reason: str


def _converted(value: float, formula: str) -> Converted | NotConverted:
    return Converted(value, formula) if math.isfinite(value) else NotConverted("the numbers are not finite")


# --- standard errors from intervals and p values ---


def standard_error_from_interval(low: float, high: float, *, ratio: bool) -> Converted | NotConverted:
    """Return SE = (high - low) / (2 z.975) from 95 % limits; for ratios of ln limits, the limits given on the natural scale.

    Source: Cochrane Handbook 6.3.1, 6.3.2.
    """
    limits = _on_analysis_scale(low, high, ratio=ratio)
    if isinstance(limits, NotConverted):
        return limits
    low, high = limits
    if not low < high:
        return NotConverted("the lower limit is not below the upper one")
    return _converted((high - low) / (2 * Z_975), f"SE = ({_axis('upper - lower', ratio=ratio)}) / (2 x 1.959964)")


def interval_asymmetry(value: float, low: float, high: float, *, ratio: bool) -> Converted | NotConverted:
    """Return |(high - value) - (value - low)| divided by the mean of the two half-widths, on the log scale for ratios.

    0 for a symmetric interval, above 2 where the value lies outside its own interval.
    """
    numbers = _on_analysis_scale(value, low, high, ratio=ratio)
    if isinstance(numbers, NotConverted):
        return numbers
    value, low, high = numbers
    if not low < high:
        return NotConverted("the lower limit is not below the upper one")
    upper, lower = high - value, value - low
    return _converted(2 * abs(upper - lower) / (high - low), "|upper - lower half-width| / mean half-width")


def standard_error_from_p(value: float, p: float, n1: int, n2: int) -> Converted | NotConverted:
    """Return SE = |value| / t, t the two-sided quantile of t(n1 + n2 - 2) that belongs to an exact p; for ratios pass the logarithm.

    Source: Cochrane Handbook 6.5.2.3.
    """
    t = _t_of_p(p, n1, n2)
    if isinstance(t, NotConverted):
        return t
    if value == 0 or t == 0:
        return NotConverted("an effect of zero, or p = 1, says nothing of the standard error")
    return _converted(abs(value) / t, f"SE = |effect| / t, t from p = {p:g} with {n1 + n2 - 2} df")


def smd_implied_by_p(p: float, n1: int, n2: int, sign: int) -> Converted | NotConverted:
    """Return Hedges' g = sign J t sqrt(1/n1 + 1/n2) that an exact two-sided t-test p implies; sign +1 or -1 is the effect's.

    For showing only: the method never pools it.
    Source: Borenstein 2009, Introduction to Meta-Analysis, chapter 4; Cochrane Handbook 6.5.2.3.
    """
    t = _t_of_p(p, n1, n2)
    if isinstance(t, NotConverted):
        return t
    g = float(small_sample_correction(np.array(n1 + n2 - 2.0))) * t * math.sqrt(1 / n1 + 1 / n2)
    return _converted(math.copysign(g, sign), f"g = J t sqrt(1/n1 + 1/n2), t from p = {p:g} with {n1 + n2 - 2} df")


def _t_of_p(p: float, n1: int, n2: int) -> float | NotConverted:
    if not 0 < p <= 1:
        return NotConverted("p is not above 0 and at most 1")
    if n1 < 1 or n2 < 1 or n1 + n2 < 4:
        return NotConverted("the two arms hold fewer than four people")
    return abs(float(t_quantile(p / 2, n1 + n2 - 2)))


def _on_analysis_scale(*values: float, ratio: bool) -> tuple[float, ...] | NotConverted:
    if not all(math.isfinite(value) for value in values):
        return NotConverted("the numbers are not finite")
    if not ratio:
        return values
    if min(values) <= 0:
        return NotConverted("a ratio or its limit is not above zero")
    return tuple(math.log(value) for value in values)


def _axis(difference: str, *, ratio: bool) -> str:
    return " - ".join(f"ln {part}" for part in difference.split(" - ")) if ratio else difference


# --- standard deviations ---


def sd_from_standard_error(se: float, n: int) -> Converted | NotConverted:
    """Return SD = SE sqrt(n) of one arm. Source: Cochrane Handbook 6.5.2.2."""
    if n < 1 or not se > 0:
        return NotConverted("the standard error or the size of the arm is not above zero")
    return _converted(se * math.sqrt(n), "SD = SE sqrt(n)")


def sd_from_mean_difference_se(se: float, n1: int, n2: int) -> Converted | NotConverted:
    """Return the SD of both arms, SE / sqrt(1/n1 + 1/n2), from the SE of their mean difference. Source: Cochrane Handbook 6.5.2.3."""
    if n1 < 1 or n2 < 1 or not se > 0:
        return NotConverted("the standard error or the size of an arm is not above zero")
    return _converted(se / math.sqrt(1 / n1 + 1 / n2), "SD = SE / sqrt(1/n1 + 1/n2)")


def pooled_sd(n1: int, sd1: float, n2: int, sd2: float) -> Converted | NotConverted:
    """Return sqrt(((n1 - 1) sd1^2 + (n2 - 1) sd2^2) / (n1 + n2 - 2)). Source: Cochrane Handbook 6.5.1.2."""
    if n1 < 1 or n2 < 1 or n1 + n2 < 3 or not (sd1 >= 0 and sd2 >= 0):
        return NotConverted("an SD is negative, or the arms are too small to have one")
    variance = ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2)
    return _converted(math.sqrt(variance), "SD = sqrt(((n1 - 1) SD1^2 + (n2 - 1) SD2^2) / (n1 + n2 - 2))")


def smd_from_mean_difference(difference: float, sd: float, n1: int, n2: int) -> ConvertedEffect | NotConverted:
    """Return Hedges' g = J difference / SD and its SE (large-sample variance), SD pooled over both arms.

    Source: Cochrane Handbook 6.5.1.2; Hedges 1981, doi 10.3102/10769986006002107.
    """
    if n1 < 1 or n2 < 1 or n1 + n2 < 4 or not sd > 0:
        return NotConverted("the SD is not above zero, or the two arms hold fewer than four people")
    effects = standardised_mean_difference_from_d(difference / sd, n1, n2)
    effect, variance = float(effects.effect), float(effects.variance)
    if not math.isfinite(effect):
        return NotConverted("the numbers are not finite")
    return ConvertedEffect(effect, math.sqrt(variance), "g = J MD / SD, SE = sqrt(1/n1 + 1/n2 + g^2 / (2 (n1 + n2)))")


# --- medians ---


def mean_sd_from_quartiles(
    n: int,
    *,
    median: float,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> ConvertedArm | NotConverted:
    """Return mean (Luo) and SD (Wan) of one arm from {q1, median, q3}, {minimum, median, maximum} or all five.

    With xi = 2 z((n - 0.375)/(n + 0.25)) and eta = 2 z((0.75 n - 0.125)/(n + 0.25)):
    quartiles: mean = w (q1 + q3)/2 + (1 - w) median, w = 0.7 + 0.39/n; SD = (q3 - q1)/eta.
    range: mean = w (min + max)/2 + (1 - w) median, w = 4/(4 + n^0.75); SD = (max - min)/xi.
    all five: mean = w1 (min + max)/2 + w2 (q1 + q3)/2 + (1 - w1 - w2) median, w1 = 2.2/(2.2 + n^0.75), w2 = 0.7 - 0.72/n^0.55;
    SD = ((max - min)/xi + (q3 - q1)/eta)/2. All assume a normal distribution.
    Source: Wan 2014, doi 10.1186/1471-2288-14-135, equations 9, 13, 16; Luo 2018, doi 10.1177/0962280216669183, equations 7, 11, 15.
    """
    ordered = [value for value in (minimum, q1, median, q3, maximum) if value is not None]
    if n < 2 or not all(math.isfinite(value) for value in ordered):
        return NotConverted("the arm is smaller than two, or the numbers are not finite")
    if ordered != sorted(ordered) or ordered[0] == ordered[-1]:
        return NotConverted("minimum, quartiles, median and maximum are not in ascending order")
    if q1 is not None and q3 is not None and minimum is not None and maximum is not None:
        return _from_five_numbers(n, minimum, q1, median, q3, maximum)
    if q1 is not None and q3 is not None:
        weight = 0.7 + 0.39 / n
        mean = weight * (q1 + q3) / 2 + (1 - weight) * median
        return ConvertedArm(n, mean, (q3 - q1) / _eta(n), "mean (Luo 2018) and SD (Wan 2014) from median and quartiles")
    if minimum is not None and maximum is not None:
        weight = 4 / (4 + n**0.75)
        mean = weight * (minimum + maximum) / 2 + (1 - weight) * median
        return ConvertedArm(n, mean, (maximum - minimum) / _xi(n), "mean (Luo 2018) and SD (Wan 2014) from median and range")
    return NotConverted("beside the median neither both quartiles nor minimum and maximum are known")


def _from_five_numbers(n: int, minimum: float, q1: float, median: float, q3: float, maximum: float) -> ConvertedArm:
    of_range, of_quartiles = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mean = of_range * (minimum + maximum) / 2 + of_quartiles * (q1 + q3) / 2 + (1 - of_range - of_quartiles) * median
    sd = ((maximum - minimum) / _xi(n) + (q3 - q1) / _eta(n)) / 2
    return ConvertedArm(n, mean, sd, "mean (Luo 2018) and SD (Wan 2014) from median, quartiles and range")


def _xi(n: int) -> float:
    """Expected range of n standard normal values (Wan 2014, equation 7)."""
    return float(2 * normal_quantile((n - 0.375) / (n + 0.25)))


def _eta(n: int) -> float:
    """Expected interquartile range of n standard normal values (Wan 2014, equation 15)."""
    return float(2 * normal_quantile((0.75 * n - 0.125) / (n + 0.25)))


# --- arms, clusters, crossovers ---


def combine_arms(n1: int, mean1: float, sd1: float, n2: int, mean2: float, sd2: float) -> ConvertedArm | NotConverted:
    """Return two arms as one: n = n1 + n2, mean weighted by size, SD of all people about the common mean.

    SD^2 = ((n1 - 1) sd1^2 + (n2 - 1) sd2^2 + (n1 n2 / n) (mean1 - mean2)^2) / (n - 1). More arms: combine one after another.
    Source: Cochrane Handbook 6.5.2.10.
    """
    n = n1 + n2
    if n1 < 1 or n2 < 1 or not (sd1 >= 0 and sd2 >= 0):
        return NotConverted("an arm is empty or an SD is negative")
    mean = (n1 * mean1 + n2 * mean2) / n
    variance = ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2 + n1 * n2 / n * (mean1 - mean2) ** 2) / (n - 1)
    if not (math.isfinite(mean) and math.isfinite(variance)):
        return NotConverted("the numbers are not finite")
    return ConvertedArm(n, mean, math.sqrt(variance), "arms combined (Cochrane Handbook 6.5.2.10)")


def combine_event_arms(events1: int, n1: int, events2: int, n2: int) -> ConvertedEvents | NotConverted:
    """Return two arms of a binary outcome as one: events and sizes add up. Source: Cochrane Handbook 23.3.4."""
    if not (0 <= events1 <= n1 and 0 <= events2 <= n2 and n1 > 0 and n2 > 0):
        return NotConverted("events do not fit the size of their arm")
    return ConvertedEvents(events1 + events2, n1 + n2, "arms combined (events and sizes added)")


def design_effect(cluster_size: float, icc: float = DEFAULT_ICC) -> Converted | NotConverted:
    """Return 1 + (m - 1) ICC for clusters of mean size m: an unadjusted SE is multiplied by its square root, n divided by it.

    Source: Cochrane Handbook 23.1.4.
    """
    if not (cluster_size >= 1 and 0 <= icc <= 1):
        return NotConverted("the clusters hold fewer than one person, or the correlation is not between 0 and 1")
    return _converted(1 + (cluster_size - 1) * icc, f"design effect = 1 + ({cluster_size:g} - 1) x {icc:g}")


def crossover_difference_se(
    sd1: float, sd2: float, n: int, *, correlation: float = DEFAULT_CROSSOVER_CORRELATION
) -> Converted | NotConverted:
    """Return the SE of the paired difference of n people, sqrt((sd1^2 + sd2^2 - 2 r sd1 sd2) / n). Source: Cochrane Handbook 23.2.7.1."""
    variance = sd1**2 + sd2**2 - 2 * correlation * sd1 * sd2
    if n < 1 or not (sd1 >= 0 and sd2 >= 0 and -1 <= correlation <= 1 and variance > 0):
        return NotConverted("size, SDs and correlation give no standard error")
    return _converted(math.sqrt(variance / n), f"SE = sqrt((SD1^2 + SD2^2 - 2 x {correlation:g} SD1 SD2) / n)")


# --- ratios ---


def odds_ratio_to_risk_ratio(odds_ratio: float, control_risk: float) -> Converted | NotConverted:
    """Return RR = OR / (1 - p0 + p0 OR), p0 the risk without treatment; convert the limits the same way.

    Source: Cochrane Handbook 15.4.4.4; Zhang and Yu 1998, doi 10.1001/jama.280.19.1690.
    """
    if not odds_ratio > 0 or not 0 <= control_risk <= 1:
        return NotConverted("the odds ratio is not above zero, or the control risk is not between 0 and 1")
    return _converted(odds_ratio / (1 - control_risk + control_risk * odds_ratio), f"RR = OR / (1 - p0 + p0 OR), p0 = {control_risk:g}")
