"""Trim and fill: how many studies seem to be missing on one side of the funnel, and what the pool would be with them.

A sensitivity analysis of the funnel's shape, not a correction: asymmetry has other causes than publication bias (Cochrane
Handbook 13.3.5.2).
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.meta_regression import MetaRegression, meta_regression
from app.synthesis.mixed_effects import ModelMethod
from app.synthesis.not_computed import NotComputed
from app.synthesis.pooling import COMMON_EFFECT, Fitting, Pool, common_effect, pool
from app.synthesis.small_study_effects import NotTested
from app.synthesis.weighted_sums import Array, scale_studies

Side: TypeAlias = Literal["left", "right"]
Estimator: TypeAlias = Literal["L0", "R0"]

MIN_STUDIES = 3  # the side needs a regression
MIN_LEFT = 2  # untrimmed studies, for a mean that is not just one of them
MAX_ROUNDS = 100  # metafor's; it settles within a few rounds or never


@dataclass(frozen=True, slots=True)
class TrimAndFill:
    """`k0` studies missing on `side`; `k0_se` None where its formula gives no variance; `p` only for R0, given that none is missing.

    `filled_effects` mirror the `k0` most extreme studies, `pooled` is the model with them, Wald interval.
    """

    k0: int
    k0_se: float | None
    p: float | None
    side: Side
    filled_effects: tuple[float, ...]
    filled_variances: tuple[float, ...]
    pooled: PooledEffect


def trim_and_fill(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    tau2_method: ModelMethod = "REML",
    estimator: Estimator = "L0",
    side: Side | None = None,
) -> TrimAndFill | NotComputed:
    """Return the studies missing on one side of the funnel and the pool with them.

    The studies are sorted by effect (for the right side mirrored first), equal effects with the most precise last, so that the
    order of the input does not matter. Until k0 is stable: leave out the k0 largest, pool the rest, rank the distances |y - mu|
    of all k from that mean. L0: k0 = (4 S - k (k + 1)) / (2 k - 1), S the sum of the ranks above the mean; R0: k0 = k - 1 - the
    largest rank below it; rounded to the nearest whole number (halves to even), not below 0; for R0 p = 2^-(k0 + 1). The filled
    effects are 2 mu - y of the k0 largest, with their variances. `side` is where studies are missing: left unless the
    regression of the effect on its standard error has a negative slope.
    NotComputed for fewer than three studies, or where k0 does not settle or would leave fewer than two studies.

    Source: Duval and Tweedie 2000, doi 10.1111/j.0006-341X.2000.00455.x and 10.1080/01621459.2000.10473905; metafor `trimfill`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotComputed(scaled.reason)
    if scaled.y.size < MIN_STUDIES:
        return NotComputed(f"{scaled.y.size} studies are too few, {MIN_STUDIES} are needed")
    chosen = side or _side(scaled.y, scaled.v, tau2_method)
    mirror = -1.0 if chosen == "right" else 1.0
    order = np.lexsort((-scaled.v, mirror * scaled.y))
    y, v = mirror * scaled.y[order], scaled.v[order]
    trimmed = _trim(y, v, _fitting(tau2_method), estimator)
    if isinstance(trimmed, NotComputed):
        return trimmed
    k0, mu, k0_se = trimmed
    filled = scaled.centre + scaled.unit * mirror * (2 * mu - y[y.size - k0 :])
    filled_v = scaled.unit * (scaled.unit * v[v.size - k0 :])
    pooled = _fitting(tau2_method)(
        np.concatenate([np.atleast_1d(np.asarray(effects, dtype=np.float64)), filled]),
        np.concatenate([np.atleast_1d(np.asarray(variances, dtype=np.float64)), filled_v]),
    )
    if isinstance(pooled, NotPooled):
        return NotComputed(pooled.reason)
    p = 0.5 ** (k0 + 1) if estimator == "R0" else None
    return TrimAndFill(k0, k0_se, p, chosen, tuple(filled.tolist()), tuple(filled_v.tolist()), pooled)


def _fitting(tau2_method: ModelMethod) -> Fitting:
    def fit(y: ArrayLike, v: ArrayLike) -> Pool:
        return common_effect(y, v) if tau2_method == COMMON_EFFECT else pool(y, v, tau2_method=tau2_method, ci="z")

    return fit


def _side(y: Array, v: Array, tau2_method: ModelMethod) -> Side:
    return side_of(meta_regression(y, v, np.sqrt(v), tau2_method=tau2_method, test="z"))


def side_of(line: MetaRegression | NotComputed | NotTested) -> Side:
    """Right where smaller studies have smaller effects; left where they have larger ones, or the standard errors do not vary.

    `line`: the regression of the effect on its standard error, as `small_study_effects.egger_mixed` gives it.
    """
    return "left" if isinstance(line, NotComputed | NotTested) or line.slope.statistic >= 0 else "right"


def _trim(y: Array, v: Array, fit: Fitting, estimator: Estimator) -> tuple[int, float, float | None] | NotComputed:
    """k0, the mean of the studies that are left, and the standard error of k0; `y` ascending."""
    k, k0 = y.size, 0
    for _ in range(MAX_ROUNDS):
        if k - k0 < MIN_LEFT:
            return NotComputed("fewer than two studies would be left untrimmed")
        pooled = fit(y[: k - k0], v[: k - k0])
        if isinstance(pooled, NotPooled):
            return NotComputed(pooled.reason)
        ranks = _signed_ranks(y - pooled.estimate)
        raw = _l0(ranks) if estimator == "L0" else _r0(ranks)
        missing = max(0, round(raw))
        if missing == k0:
            return k0, pooled.estimate, _l0_se(k, raw) if estimator == "L0" else math.sqrt(2 * k0 + 2)
        k0 = missing
    return NotComputed("trimming did not settle")


def _signed_ranks(deviations: Array) -> Array:
    """Ranks of the distances, ties in the order they stand, with the sign of the deviation (0 at the mean)."""
    ranks = np.empty(deviations.size)
    ranks[np.argsort(np.abs(deviations), kind="stable")] = np.arange(1, deviations.size + 1)
    return np.sign(deviations) * ranks


def _l0(ranks: Array) -> float:
    k, above = ranks.size, float(ranks[ranks > 0].sum())
    return (4 * above - k * (k + 1)) / (2 * k - 1)


def _r0(ranks: Array) -> float:
    """Without any deviation nothing is missing."""
    return ranks.size - 1 - float(np.max(-ranks, initial=0.0)) if ranks.any() else 0.0


def _l0_se(k: int, k0: float) -> float | None:
    """Standard error of L0 at the estimate before rounding (it may be below 0); None where the formula's variance is negative."""
    polynomial = 10 * k0**3 + 27 * k0**2 + 17 * k0 - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0
    variance = (k * (k + 1) * (2 * k + 1) + polynomial) / 24
    return 4 * math.sqrt(variance) / (2 * k - 1) if variance >= 0 else None
