"""Mantel-Haenszel and Peto: pooling 2 x 2 tables without a study-level effect size, so that rare events need no correction.

Symbols of one table: a events and b non-events of n1 treated, c events and d non-events of n2 controls, N = n1 + n2,
m = a + c events. Effects are treatment against comparator, ratios on the log scale; the models are common-effect ones.
Heterogeneity is that of the study-level effects (one half added to tables with a zero; tables without events, or with
nothing but events, left out) around the pooled one, as RevMan and metafor show it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.distributions import Z_975, chi2_survival, normal_two_sided_p
from app.synthesis.effect_sizes import MAX_COUNT, Array, Effects, Mask, odds_ratio, peto_odds_ratio, poolable, risk_difference, risk_ratio
from app.synthesis.not_computed import UNWRITABLE, NotComputed, all_finite

CMH_CORRECTION = 0.5  # Mantel and Haenszel 1959, doi 10.1093/jnci/22.4.719

ROUNDING = 1e-14  # of the two halves of Sato's variance, which cancel where no arm varies

NO_VARIANCE = "no arm varies: the variance is zero"
NO_TABLES = "no table with participants in both arms"
IMPOSSIBLE_COUNTS = "a table holds impossible counts"
NO_RATIO = "no study has what the ratio needs: events, or their opposite, in both arms taken over all studies"
NO_EVENTS = "no study has both events and non-events"


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A chi-square statistic, its degrees of freedom and its p."""

    statistic: float
    df: int
    p: float


@dataclass(frozen=True, slots=True)
class PooledTables:
    """One effect over all tables with its 95 % Wald interval.

    `k` tables given, `k_effects` of them with a study-level effect; `q` is their heterogeneity around the estimate, `i2` in
    percent = (q - df) / q, `h2` = q / df (None where there are fewer than two). Only for the odds ratio: `cmh` the
    Cochran-Mantel-Haenszel test with correction, `cochran` Cochran's with variances over N^3 instead of N^2 (N - 1);
    `breslow_day` and `tarone` the tests that the odds ratios are equal.
    """

    estimate: float
    se: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    k: int
    k_effects: int
    q: ChiSquare | None = None
    i2: float | None = None
    h2: float | None = None
    cmh: ChiSquare | None = None
    cochran: ChiSquare | None = None
    breslow_day: ChiSquare | None = None
    tarone: ChiSquare | None = None


class _Tables(NamedTuple):
    a: Array
    n1: Array
    c: Array
    n2: Array

    @property
    def n(self) -> Array:
        return self.n1 + self.n2

    @property
    def m(self) -> Array:
        return self.a + self.c

    @property
    def expected(self) -> Array:
        """Events expected in the treated arm if both arms had the same risk."""
        return self.n1 * self.m / self.n

    @property
    def informative(self) -> Mask:
        return np.asarray((self.m > 0) & (self.m < self.n))

    @property
    def hypergeometric_variance(self) -> Array:
        """n1 n2 m (N - m) / (N^2 (N - 1)); both arms hold at least one person, so N > 1."""
        return (self.n1 / self.n) * (self.n2 / self.n) * self.m * (self.n - self.m) / (self.n - 1)


def mantel_haenszel_odds_ratio(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> PooledTables | NotComputed:
    """Return log OR = ln(sum R / sum S), R = a d / N, S = b c / N, with the variance of Robins, Breslow and Greenland.

    var = (sum P R / R.^2 + sum (P S + Q R) / (R. S.) + sum Q S / S.^2) / 2, P = (a + d) / N, Q = (b + c) / N, a dot the sum.
    NotComputed where R. or S. is zero. Source: Mantel and Haenszel 1959, doi 10.1093/jnci/22.4.719; Robins 1986,
    doi 10.2307/2531052; metafor `rma.mh(measure="OR")`.
    """
    t = _checked(events1, n1, events2, n2)
    if isinstance(t, NotComputed):
        return t
    b, d = t.n1 - t.a, t.n2 - t.c
    r, s, p, q = t.a * (d / t.n), b * (t.c / t.n), (t.a + d) / t.n, (b + t.c) / t.n
    r_sum, s_sum = float(r.sum()), float(s.sum())
    if r_sum == 0 or s_sum == 0:
        return NotComputed(NO_RATIO)
    # Each sum divided first, so that no product of large counts overflows.
    r, s = r / r_sum, s / s_sum
    variance = float((p * r).sum() / r_sum + (p * s).sum() / r_sum + (q * r).sum() / s_sum + (q * s).sum() / s_sum) / 2
    pooled = _pooled(t, math.log(r_sum) - math.log(s_sum), variance, odds_ratio)
    return pooled if isinstance(pooled, NotComputed) else _with_tests(pooled, t)


def mantel_haenszel_risk_ratio(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> PooledTables | NotComputed:
    """Return log RR = ln(sum R / sum S), R = a n2 / N, S = c n1 / N, with the variance of Greenland and Robins.

    var = sum (n1 n2 m / N^2 - a c / N) / (sum R sum S). NotComputed where either sum is zero.
    Source: Greenland and Robins 1985, doi 10.2307/2530643; metafor `rma.mh(measure="RR")`.
    """
    t = _checked(events1, n1, events2, n2)
    if isinstance(t, NotComputed):
        return t
    r_sum, s_sum = float((t.a * (t.n2 / t.n)).sum()), float((t.c * (t.n1 / t.n)).sum())
    if r_sum == 0 or s_sum == 0:
        return NotComputed(NO_RATIO)
    per_table = (t.n1 / t.n) * (t.n2 / t.n) * t.m - t.a * (t.c / t.n)
    return _pooled(t, math.log(r_sum) - math.log(s_sum), float((per_table / r_sum).sum()) / s_sum, risk_ratio)


def mantel_haenszel_risk_difference(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> PooledTables | NotComputed:
    """Return RD = sum (a n2 - c n1) / N / sum n1 n2 / N with Sato's variance; tables without events count.

    var = (RD sum (c (n1/N)^2 - a (n2/N)^2 + (n1/N)(n2/N)(n2 - n1)/2) + sum (a (n2 - c) + c (n1 - a)) / 2N) / (sum n1 n2 / N)^2.
    NotComputed where the variance is zero: every arm with events in all or in none.
    Source: Sato, Greenland and Robins 1989, On the variance estimator for the Mantel-Haenszel risk difference, Biometrics
    45:1323; metafor `rma.mh(measure="RD")`.
    """
    t = _checked(events1, n1, events2, n2)
    if isinstance(t, NotComputed):
        return t
    share1, share2 = t.n1 / t.n, t.n2 / t.n
    weight = float((t.n1 * share2).sum())
    estimate = float((t.a * share2 - t.c * share1).sum()) / weight
    first = t.c * share1**2 - t.a * share2**2 + share1 * share2 * (t.n2 - t.n1) / 2
    second = (t.a * ((t.n2 - t.c) / t.n) + t.c * ((t.n1 - t.a) / t.n)) / 2
    halves = estimate * float((first / weight).sum()), float((second / weight).sum())
    if sum(halves) <= ROUNDING * halves[1]:
        return NotComputed(NO_VARIANCE)
    return _pooled(t, estimate, sum(halves) / weight, risk_difference)


def peto(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> PooledTables | NotComputed:
    """Return Peto's log OR = sum (O - E) / sum V, SE 1 / sqrt(sum V), O = a, E = n1 m / N, V = n1 n2 m (N - m) / (N^2 (N - 1)).

    Tables without events, or with nothing but events, have V = 0 and drop out by themselves; no correction anywhere.
    Heterogeneity: sum ((O - E) / V - estimate)^2 V. For rare events, balanced arms and small effects only.
    Source: Yusuf 1985, doi 10.1016/S0033-0620(85)80003-7; Cochrane Handbook 10.4.4.1; metafor `rma.peto`.
    """
    t = _checked(events1, n1, events2, n2)
    if isinstance(t, NotComputed):
        return t
    total = float(t.hypergeometric_variance.sum())
    if total <= 0:
        return NotComputed(NO_EVENTS)
    return _pooled(t, float(((t.a - t.expected) / total).sum()), 1 / total, peto_odds_ratio)


def _checked(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> _Tables | NotComputed:
    t = _Tables(*(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (events1, n1, events2, n2)))
    if len({column.shape for column in t}) > 1 or t.a.ndim != 1:
        return NotComputed("the four columns of counts are not of the same length")
    if t.a.size == 0:
        return NotComputed(NO_TABLES)
    # A comparison with NaN is False, so that unknown counts are refused too.
    if not all(((column >= 0) & (column <= MAX_COUNT)).all() for column in t) or not ((t.a <= t.n1) & (t.c <= t.n2)).all():
        return NotComputed(IMPOSSIBLE_COUNTS)
    kept = (t.n1 >= 1) & (t.n2 >= 1)
    return _Tables(*(column[kept] for column in t)) if kept.any() else NotComputed(NO_TABLES)


def _pooled(t: _Tables, estimate: float, variance: float, study_effects: Callable[..., Effects]) -> PooledTables | NotComputed:
    """The estimate with Wald test and interval, and the heterogeneity of the studies around it."""
    if not (0 < variance < math.inf and math.isfinite(estimate)):
        return NotComputed(UNWRITABLE)
    se = math.sqrt(variance)
    effects = study_effects(t.a, t.n1, t.c, t.n2)
    kept = poolable(effects) & t.informative
    pooled = PooledTables(
        estimate=estimate,
        se=se,
        statistic=estimate / se,
        p=float(normal_two_sided_p(estimate / se)),
        ci_low=estimate - Z_975 * se,
        ci_high=estimate + Z_975 * se,
        k=t.a.size,
        k_effects=int(kept.sum()),
    )
    numbers = (pooled.statistic, pooled.ci_low, pooled.ci_high)
    return _with_heterogeneity(pooled, effects.effect[kept], effects.variance[kept]) if all_finite(numbers) else NotComputed(UNWRITABLE)


def _with_heterogeneity(pooled: PooledTables, y: Array, v: Array) -> PooledTables:
    with np.errstate(over="ignore"):
        q = _chi_square(float(((y - pooled.estimate) ** 2 / v).sum()), y.size - 1)
    if q is None:
        return pooled
    i2 = max(0.0, 100 * (q.statistic - q.df) / q.statistic) if q.statistic > 0 else 0.0
    return replace(pooled, q=q, i2=i2, h2=q.statistic / q.df)


def _with_tests(pooled: PooledTables, t: _Tables) -> PooledTables:
    """The tests of the odds ratio: that it is 1 (CMH, Cochran) and that it is the same in all tables (Breslow-Day, Tarone).

    CMH = max(0, |sum (a - E)| - 0.5)^2 / sum V; Cochran the same with V times (N - 1) / N.
    """
    excess = max(0.0, abs(float((t.a - t.expected).sum())) - CMH_CORRECTION)
    v = t.hypergeometric_variance
    breslow_day, tarone = _breslow_day(t, pooled.estimate)
    with np.errstate(all="ignore"):
        cmh, cochran = (float(excess / variance * excess) for variance in (v.sum(), (v * ((t.n - 1) / t.n)).sum()))
    return replace(
        pooled,
        cmh=_chi_square(cmh, 1),
        cochran=_chi_square(cochran, 1),
        breslow_day=breslow_day,
        tarone=tarone,
    )


def _breslow_day(tables: _Tables, log_odds_ratio: float) -> tuple[ChiSquare | None, ChiSquare | None]:
    """sum (a - E)^2 / V over the tables with events and non-events, E and V under the common odds ratio; df tables - 1.

    V = 1 / (1/E + 1/(n1 - E) + 1/(m - E) + 1/(n2 - m + E)). Tarone takes off (sum (a - E))^2 / sum V.
    Source: Breslow and Day 1980, Statistical Methods in Cancer Research 1, section 4.4; Tarone 1985, On heterogeneity tests
    based on efficient scores, Biometrika 72:91.
    """
    t = _Tables(*(column[tables.informative] for column in tables))
    with np.errstate(all="ignore"):
        expected = _expected_at(t, log_odds_ratio)
        v = 1 / (1 / expected + 1 / (t.n1 - expected) + 1 / (t.m - expected) + 1 / (t.n2 - t.m + expected))
        statistic = float(((t.a - expected) ** 2 / v).sum())
        correction = float((t.a - expected).sum() ** 2 / v.sum())
    df = t.a.size - 1
    return _chi_square(statistic, df), _chi_square(max(0.0, statistic - correction), df)


def _expected_at(t: _Tables, log_odds_ratio: float) -> Array:
    """The E in [0, m] with E (n2 - m + E) / ((n1 - E)(m - E)) = OR: a quadratic, divided by 1 + OR so that it cannot overflow.

    Of the two forms of its root the one is taken in which nothing cancels.
    """
    share = 1 / (1 + math.exp(-log_odds_ratio)) if log_odds_ratio > 0 else math.exp(log_odds_ratio) / (1 + math.exp(log_odds_ratio))
    square, linear, constant = 1 - 2 * share, (1 - share) * (t.n2 - t.m) + share * (t.n1 + t.m), share * t.n1 * t.m
    root = np.sqrt(linear**2 + 4 * square * constant)
    return np.where(linear >= 0, 2 * constant / (linear + root), (root - linear) / (2 * square))


def _chi_square(statistic: float, df: int) -> ChiSquare | None:
    """None without degrees of freedom, or where the counts are too large to compute it."""
    return ChiSquare(statistic, df, float(chi2_survival(statistic, df))) if df > 0 and math.isfinite(statistic) else None
