"""Effect sizes of two-arm studies, element by element over arrays of studies.

Arm 1 is the treatment, arm 2 the comparator; every effect is treatment minus comparator with the sign as computed, ratios
on the log scale. A study whose numbers give no effect (see each function) is NaN in both arrays; `poolable` says which
may enter a pool, and no other function of this module lets a NaN pass for a number.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.distributions import Number, log_gamma
from app.vocabulary import Better

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_COUNT = 2.0**53  # people in an arm: beyond it one more or less is lost in the rounding
CONTINUITY_CORRECTION = 0.5  # added to all four cells of a table with a zero: Cochrane Handbook 10.4.4.2


class Effects(NamedTuple):
    """Effects on the analysis scale (log for ratios) and their variances (squared standard errors)."""

    effect: Array
    variance: Array


def _float_arrays(*values: ArrayLike) -> tuple[Array, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def _where(usable: Mask, effect: Array, variance: Array) -> Effects:
    usable = usable & np.isfinite(effect) & np.isfinite(variance)
    return Effects(np.where(usable, effect, np.nan), np.where(usable, variance, np.nan))


def generic(effect: ArrayLike, variance: ArrayLike) -> Effects:
    """Return effects that were computed elsewhere; NaN where either number is not finite or the variance is not above zero."""
    y, v = _float_arrays(effect, variance)
    return _where(v > 0, y, v)


def poolable(effects: Effects) -> Mask:
    """Return which studies may enter a pool: a finite effect and a finite variance above zero."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(effects.effect) & np.isfinite(effects.variance) & (effects.variance > 0)


def benefit_oriented(effect: Number, better: Better) -> Number:
    """Return the effect with positive meaning that it favours the intervention: -effect where lower is better.

    The one place where `better` turns a sign; the variance does not change, and interval limits swap their roles.
    """
    # 0 - x, not -x: an effect of exactly zero must not become -0.0.
    return 0.0 - effect if better is Better.LOWER else effect


def mean_difference(n1: ArrayLike, mean1: ArrayLike, sd1: ArrayLike, n2: ArrayLike, mean2: ArrayLike, sd2: ArrayLike) -> Effects:
    """Return MD = mean1 - mean2 and its variance sd1^2/n1 + sd2^2/n2, in the units of the outcome.

    NaN where an arm has fewer than one person, an SD is negative, or the variance is zero.
    Source: Cochrane Handbook 6.5.1.1; metafor `escalc(measure="MD")`.
    """
    n1, mean1, sd1, n2, mean2, sd2 = _float_arrays(n1, mean1, sd1, n2, mean2, sd2)
    with np.errstate(all="ignore"):
        variance = sd1**2 / n1 + sd2**2 / n2
        usable = (n1 >= 1) & (n2 >= 1) & (sd1 >= 0) & (sd2 >= 0) & (variance > 0)
        return _where(usable, mean1 - mean2, variance)


def ratio_of_means(n1: ArrayLike, mean1: ArrayLike, sd1: ArrayLike, n2: ArrayLike, mean2: ArrayLike, sd2: ArrayLike) -> Effects:
    """Return the log ratio of means ln(mean1 / mean2) and its variance sd1^2 / (n1 mean1^2) + sd2^2 / (n2 mean2^2).

    Without the bias correction that newer versions of metafor add. For outcomes with a true zero only: NaN where
    the means have not the same sign, an arm has fewer than one person, an SD is negative, or the variance is zero.
    Source: Hedges, Gurevitch and Curtis 1999, doi 10.1890/0012-9658(1999)080[1150:TMAORR]2.0.CO;2; metafor 3.8
    `escalc(measure="ROM")`.
    """
    n1, mean1, sd1, n2, mean2, sd2 = _float_arrays(n1, mean1, sd1, n2, mean2, sd2)
    with np.errstate(all="ignore"):
        variance = (sd1 / mean1) ** 2 / n1 + (sd2 / mean2) ** 2 / n2
        same_sign = ((mean1 > 0) & (mean2 > 0)) | ((mean1 < 0) & (mean2 < 0))
        usable = (n1 >= 1) & (n2 >= 1) & (sd1 >= 0) & (sd2 >= 0) & (variance > 0) & same_sign
        return _where(usable, np.log(np.abs(mean1)) - np.log(np.abs(mean2)), variance)


def small_sample_correction(df: Array) -> Array:
    """Return Hedges' exact J(m) = Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2)), m = n1 + n2 - 2 > 1.

    Source: Hedges 1981, doi 10.3102/10769986006002107.
    """
    return np.exp(log_gamma(df / 2) - log_gamma((df - 1) / 2)) / np.sqrt(df / 2)


def standardised_mean_difference(
    n1: ArrayLike,
    mean1: ArrayLike,
    sd1: ArrayLike,
    n2: ArrayLike,
    mean2: ArrayLike,
    sd2: ArrayLike,
    *,
    variance: Literal["LS", "UB"] = "LS",
) -> Effects:
    """Return Hedges' g = J(m) (mean1 - mean2) / sd_pooled, m = n1 + n2 - 2, and its variance, without units.

    LS: 1/n1 + 1/n2 + g^2 / (2 (n1 + n2)), the large-sample variance; UB, unbiased: 1/n1 + 1/n2 + (1 - (m-2) / (m J^2)) g^2.
    NaN where an arm has fewer than one person, m < 2, or the pooled SD is not above zero.
    Source: Hedges 1981, doi 10.3102/10769986006002107; metafor `escalc(measure="SMD")`.
    """
    n1, mean1, sd1, n2, mean2, sd2 = _float_arrays(n1, mean1, sd1, n2, mean2, sd2)
    with np.errstate(all="ignore"):
        pooled_sd = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
        d = np.where((sd1 >= 0) & (sd2 >= 0) & (pooled_sd > 0), (mean1 - mean2) / pooled_sd, np.nan)
    return standardised_mean_difference_from_d(d, n1, n2, variance=variance)


def standardised_mean_difference_from_d(d: ArrayLike, n1: ArrayLike, n2: ArrayLike, *, variance: Literal["LS", "UB"] = "LS") -> Effects:
    """Return Hedges' g and its variance from Cohen's d = difference / pooled SD. NaN where an arm is empty or m < 2."""
    d, n1, n2 = _float_arrays(d, n1, n2)
    usable = (n1 >= 1) & (n2 >= 1) & (n1 + n2 >= 4)
    with np.errstate(all="ignore"):
        correction = small_sample_correction(np.where(usable, n1 + n2 - 2, 2.0))
        g = correction * d
        per_g2 = 1 / (2 * (n1 + n2)) if variance == "LS" else 1 - (n1 + n2 - 4) / ((n1 + n2 - 2) * correction**2)
        return _where(usable, g, 1 / n1 + 1 / n2 + per_g2 * g**2)


def standardised_mean_difference_unequal_sd(
    n1: ArrayLike, mean1: ArrayLike, sd1: ArrayLike, n2: ArrayLike, mean2: ArrayLike, sd2: ArrayLike
) -> Effects:
    """Return g = J(m) (mean1 - mean2) / s, s^2 = (sd1^2 + sd2^2) / 2, m = n1 + n2 - 2: for arms whose SDs differ.

    Variance J^2 (g^2 (sd1^4/(n1-1) + sd2^4/(n2-1)) / (8 s^4) + (sd1^2/(n1-1) + sd2^2/(n2-1)) / s^2).
    NaN where an arm has fewer than two people, an SD is negative, or both are zero.
    Source: Bonett 2008, doi 10.1037/1082-989X.13.2.99, and 2009, doi 10.1037/a0016619; metafor 3.8 `escalc(measure="SMDH")`.
    """
    n1, mean1, sd1, n2, mean2, sd2 = _float_arrays(n1, mean1, sd1, n2, mean2, sd2)
    usable = (n1 >= 2) & (n2 >= 2) & (sd1 >= 0) & (sd2 >= 0)
    with np.errstate(all="ignore"):
        correction = small_sample_correction(np.where(usable, n1 + n2 - 2, 2.0))
        scale = np.hypot(sd1, sd2) / np.sqrt(2)
        g = correction * (mean1 - mean2) / scale
        # SDs in units of s, so that no power of them overflows.
        var1, var2 = (sd1 / scale) ** 2, (sd2 / scale) ** 2
        of_g = g**2 * (var1**2 / (n1 - 1) + var2**2 / (n2 - 1)) / 8
        return _where(usable, g, correction**2 * (of_g + var1 / (n1 - 1) + var2 / (n2 - 1)))


class _Tables(NamedTuple):
    """Cells of the 2 x 2 tables after the continuity correction; `informative` is False for double-zero studies."""

    events1: Array
    n1: Array
    events2: Array
    n2: Array
    valid: Mask
    informative: Mask


def _tables(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> _Tables:
    """One half is added to the four cells of those tables that hold a zero, and to no others."""
    a, n_a, c, n_c = _float_arrays(events1, n1, events2, n2)
    with np.errstate(all="ignore"):
        possible = (n_a > 0) & (n_a <= MAX_COUNT) & (n_c > 0) & (n_c <= MAX_COUNT)
        valid = possible & (a >= 0) & (a <= n_a) & (c >= 0) & (c <= n_c)
        informative = ~((a + c == 0) | (a + c == n_a + n_c))
        with_zero = (a == 0) | (a == n_a) | (c == 0) | (c == n_c)
        add = np.where(with_zero, CONTINUITY_CORRECTION, 0.0)
        return _Tables(a + add, n_a + 2 * add, c + add, n_c + 2 * add, valid, informative)


def risk_ratio(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> Effects:
    """Return log RR = ln((a/n1) / (c/n2)) and its variance 1/a - 1/n1 + 1/c - 1/n2 (a, c events).

    One half is added to every cell of a table with a zero. NaN for impossible counts, and for a study without events in
    both arms or with nothing but events in both: it says nothing of the ratio and is shown, not pooled.
    Source: Cochrane Handbook 10.4.1, 10.4.4.2; metafor `escalc(measure="RR", to="only0", drop00=TRUE)`.
    """
    t = _tables(events1, n1, events2, n2)
    with np.errstate(all="ignore"):
        effect = np.log(t.events1 / t.n1) - np.log(t.events2 / t.n2)
        variance = 1 / t.events1 - 1 / t.n1 + 1 / t.events2 - 1 / t.n2
        return _where(t.valid & t.informative, effect, variance)


def odds_ratio(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> Effects:
    """Return log OR = ln(a d / (b c)) and its variance 1/a + 1/b + 1/c + 1/d (a, c events; b, d non-events).

    One half is added to every cell of a table with a zero. NaN as for `risk_ratio`.
    Source: Cochrane Handbook 10.4.1, 10.4.4.2; metafor `escalc(measure="OR", to="only0", drop00=TRUE)`.
    """
    t = _tables(events1, n1, events2, n2)
    with np.errstate(all="ignore"):
        b, d = t.n1 - t.events1, t.n2 - t.events2
        effect = np.log(t.events1 / b) - np.log(t.events2 / d)
        variance = 1 / t.events1 + 1 / b + 1 / t.events2 + 1 / d
        return _where(t.valid & t.informative, effect, variance)


def risk_difference(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> Effects:
    """Return RD = a/n1 - c/n2 and its variance a b/n1^3 + c d/n2^3 (a, c events; b, d non-events).

    One half is added to every cell of a table with a zero. A study without events in both arms is informative here
    (the difference is 0) and stays; NaN only for impossible counts.
    Source: Cochrane Handbook 10.4.1; metafor `escalc(measure="RD", to="only0")`.
    """
    t = _tables(events1, n1, events2, n2)
    with np.errstate(all="ignore"):
        risk1, risk2 = t.events1 / t.n1, t.events2 / t.n2
        variance = risk1 * (1 - risk1) / t.n1 + risk2 * (1 - risk2) / t.n2
        return _where(t.valid, risk1 - risk2, variance)


def peto_odds_ratio(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> Effects:
    """Return Peto's one-step log OR = (O - E) / V and its variance 1 / V, without any continuity correction.

    O = events1, E = n1 m / N, V = n1 n2 m (N - m) / (N^2 (N - 1)), m events among N. NaN for impossible counts, and for a study
    without events in both arms or with nothing but events in both. Good for rare events and arms of like size only.
    Source: Yusuf 1985, doi 10.1016/S0033-0620(85)80003-7; Cochrane Handbook 10.4.1; metafor
    `escalc(measure="PETO", to="none")`.
    """
    a, n_a, c, n_c = _float_arrays(events1, n1, events2, n2)
    t = _tables(a, n_a, c, n_c)
    with np.errstate(all="ignore"):
        n, m = n_a + n_c, a + c
        variance = (n_a / n) * (n_c / n) * m * (n - m) / (n - 1)
        return _where(t.valid & t.informative, (a - n_a * (m / n)) / variance, 1 / variance)
