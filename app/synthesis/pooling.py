"""Pooling: one effect out of several by inverse variance, random or common effect, with its 95 % intervals.

Symbols as in `weighted_sums`. Effects are on the analysis scale (log for ratios) with the sign as computed. An impossible
pool is a `NotPooled` with its reason, never an exception or a NaN. Here one body is pooled by plain numbers, which is fastest
for one; `pool_many` does the same for many by arrays, with the formulas of `likelihood` and `heterogeneity` in common. The two
agree to some rounding errors (1e-12), as the tests show.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.distributions import Z_975, chi2_survival, normal_two_sided_p, t_quantile, t_two_sided_p
from app.synthesis.heterogeneity import (
    Estimate,
    estimate_of,
    h2_from_q,
    h2_from_tau2,
    i2_from_q,
    i2_from_tau2,
    q_profile_of,
)
from app.synthesis.one_body import OneBody
from app.synthesis.pool_many import pool_many, pool_rests
from app.synthesis.pooled_batch import (
    COMMON_EFFECT,
    NO_TAU2,
    NO_WIDTH,
    PAULE_MANDEL_INSTEAD,
    ROUNDING,
    SEVERAL_MAXIMA,
    SINGLE_STUDY,
    notices,
)
from app.synthesis.pooling_model import BY_METHOD, COMMON, IntervalChoice, PoolingModel, Prediction
from app.synthesis.weighted_sums import TOO_FAR_APART, Scaled, scale_studies

__all__ = [
    "COMMON_EFFECT",
    "PAULE_MANDEL_INSTEAD",
    "SEVERAL_MAXIMA",
    "Fitting",
    "Pool",
    "PoolingModel",
    "common_effect",
    "cumulative",
    "leave_one_out",
    "pool",
    "pool_by_method",
]

Pool: TypeAlias = PooledEffect | NotPooled
Array: TypeAlias = NDArray[np.float64]
Positions: TypeAlias = NDArray[np.intp]
Fitting: TypeAlias = Callable[[ArrayLike, ArrayLike], Pool]

FEW_STUDIES = 12  # with up to so many it is sooner to pool one rest after the other than all of them as arrays
MANY_STUDIES = 100  # with more the rests no longer fit into one block of `pool_many`


def pool(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    tau2_method: str = "REML",
    ci: IntervalChoice = "hartung-knapp",
    guard: bool = True,
    prediction: Prediction = "t",
    tau2_interval: bool = True,
) -> Pool:
    """Return the random-effects mean mu = sum(w y) / W, w = 1 / (v + tau2), with SE 1 / sqrt(W).

    `ci="z"`: mu -/+ z.975 SE (Wald). `ci="hartung-knapp"`: SE sqrt(s), s = sum w r^2 / (k - 1), t(k - 1); `guard` keeps s at
    least 1, so that the interval is never narrower than that SE gives. `prediction`: mu -/+ q sqrt(tau2 + SE^2) with the SE of
    the interval reported, q of t(k - 1) (`t`) or t(k - 2) (`riley`), for three studies and more. Without `tau2_interval` the
    Q-profile limits of tau2 are left out, which take a third of the time.
    One study is returned as it is. `tau2_method` is a key of `TAU2_ESTIMATORS`; PooledEffect names the one used.

    Source: DerSimonian and Laird 1986; Hartung and Knapp 2001, doi 10.1002/sim.1009; guard: Knapp and Hartung 2003,
    doi 10.1002/sim.1482; metafor `rma(test="z" | "knha" | "adhoc")`.
    """
    return _pool(effects, variances, _model(tau2_method, ci, guard, prediction, tau2_interval))


def pool_by_method(effects: ArrayLike, variances: ArrayLike) -> Pool:
    """Pool as the method (section 2) says: REML; three studies and more Hartung-Knapp guarded, two Wald, one the study's own."""
    return _pool(effects, variances, BY_METHOD)


def common_effect(effects: ArrayLike, variances: ArrayLike) -> Pool:
    """Return the common-effect mean, w = 1/v, Wald interval, I2 and H2 from Q; no tau2 and no prediction interval.

    Source: Cochrane Handbook 10.3; metafor `rma(method="EE")`.
    """
    return _pool(effects, variances, COMMON)


def leave_one_out(effects: ArrayLike, variances: ArrayLike, *, fit: Fitting | PoolingModel = BY_METHOD) -> tuple[Pool, ...]:
    """Return one pool for every study, in the order of the input: what remains without it.

    `fit` is the model; or any other way to pool, called once for each. Few studies are pooled one rest after the other, more as one
    block of arrays, very many as any other bodies: three routes to the same numbers (1e-12), each the soonest where it is taken.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(fit, PoolingModel) and fit.refusal is None and not isinstance(scaled, NotPooled) and 2 < scaled.y.size <= MANY_STUDIES:
        y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
        return tuple(_without_each(y, v, scaled, fit)) if y.size <= FEW_STUDIES else pool_rests(y, v, scaled, fit).rows()
    k = np.size(effects)
    others = np.arange(max(k - 1, 0))
    return _pool_parts(effects, variances, others + (others >= np.arange(k)[:, None]), np.full(k, k - 1), fit)


def _without_each(effects: Array, variances: Array, scaled: Scaled, model: PoolingModel) -> Iterator[Pool]:
    """Pool what is left without each study, on the scale of all; the most precise one has made that scale, and is left out alone."""
    others = np.arange(effects.size) != scaled.first
    for body in OneBody(scaled).without_each():
        if body is None:
            yield _pool(effects[others], variances[others], model)
        else:
            yield _pool_body(scaled, body, model)


def cumulative(
    effects: ArrayLike, variances: ArrayLike, order: Sequence[int], *, fit: Fitting | PoolingModel = BY_METHOD
) -> tuple[Pool, ...]:
    """Return the pool after each study is added; `order` holds zero-based positions, the first to enter first; `fit` as above."""
    k = len(order)
    return _pool_parts(effects, variances, np.tile(np.array(order, dtype=np.intp), (k, 1)), np.arange(1, k + 1), fit)


def _pool_parts(
    effects: ArrayLike, variances: ArrayLike, parts: Positions, sizes: Positions, fit: Fitting | PoolingModel
) -> tuple[Pool, ...]:
    """Pool the studies at the first `sizes` positions of every row of `parts`."""
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.shape != v.shape:
        return tuple(_pool(y, v, BY_METHOD) for _ in parts)
    if isinstance(fit, PoolingModel):
        return pool_many(y[parts], v[parts], fit, sizes=sizes).rows()
    return tuple(fit(y[part[:size]], v[part[:size]]) for part, size in zip(parts, sizes, strict=True))


@cache
def _model(tau2_method: str, ci: IntervalChoice, guard: bool, prediction: Prediction, tau2_interval: bool) -> PoolingModel:
    return PoolingModel(tau2_method, ci, guard, prediction, tau2_interval)


def _pool(effects: ArrayLike, variances: ArrayLike, model: PoolingModel) -> Pool:
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return scaled
    if scaled.y.size == 1:
        return _single_study(scaled)
    return _pool_body(scaled, OneBody(scaled), model)


def _pool_body(scaled: Scaled, body: OneBody, model: PoolingModel) -> Pool:
    refusal = model.refusal
    if refusal is not None:
        return refusal
    if model.tau2_method == COMMON_EFFECT:
        return _pooled(scaled, body, model, Estimate(0.0, 0.0, body.at_zero), COMMON_EFFECT)
    found = estimate_of(body, model.tau2_method)
    return found if isinstance(found, NotPooled) else _pooled(scaled, body, model, *found)


class _Interval(NamedTuple):
    """The confidence interval in units of the effect; df None means the normal distribution."""

    se: float
    low: float
    high: float
    p: float


def _interval(estimate: float, se: float, df: int | None) -> _Interval:
    half_width, statistic = _quantile(df) * se, estimate / se
    p = normal_two_sided_p(statistic) if df is None else t_two_sided_p(statistic, df)
    return _Interval(se, estimate - half_width, estimate + half_width, p)


def _quantile(df: int | None) -> float:
    """The 97.5th percentile of t(df), of the normal distribution without df."""
    return Z_975 if df is None else t_quantile(0.975, df)


def _single_study(scaled: Scaled) -> Pool:
    se, low, high, p = _interval(scaled.centre, scaled.unit * math.sqrt(float(scaled.v[0])), None)
    if not math.isfinite(low + high):
        return NotPooled(TOO_FAR_APART)
    return PooledEffect(1, scaled.centre, se, low, high, p, NO_TAU2, SINGLE_STUDY, (1.0,))


class _Heterogeneity(NamedTuple):
    """Variances in squared units of the effect."""

    i2: float
    h2: float
    tau2: float | None = None
    tau2_se: float | None = None
    tau2_ci_low: float | None = None
    tau2_ci_high: float | None = None


def _pooled(scaled: Scaled, body: OneBody, model: PoolingModel, found: Estimate, tau2_method: str) -> Pool:
    """Everything that follows from tau2; on the studies' own scale up to here, in the units of the effect from here on."""
    k, df, point, unit = body.k, body.k - 1, found.point, scaled.unit
    squared_se, by_t = 1 / point.w_sum, k >= model.min_studies_for_t
    if by_t:
        squared_se *= max(1.0, point.q / df) if model.guard else point.q / df
    estimate = scaled.centre + unit * point.mu
    unguarded = by_t and not model.guard
    if squared_se == 0 or (unguarded and unit * math.sqrt(squared_se) <= ROUNDING * abs(estimate)):
        return NotPooled(NO_WIDTH)
    se, ci_low, ci_high, p = _interval(estimate, unit * math.sqrt(squared_se), df if by_t else None)
    i2, h2, tau2, tau2_se, tau2_ci_low, tau2_ci_high = _heterogeneity(scaled, body, model, found)
    prediction_df, pi_low, pi_high = model.prediction_df(k), None, None
    if prediction_df is not None:
        half_width = _quantile(prediction_df) * unit * math.sqrt(float(found.tau2) + squared_se)
        pi_low, pi_high = estimate - half_width, estimate + half_width
    q = body.at_zero.q
    numbers = (estimate, se, ci_low, ci_high, q, i2, h2, tau2, tau2_se, tau2_ci_low, tau2_ci_high, pi_low, pi_high)
    # A sum of finite numbers may overflow, that of others is never finite; what is not there, or 0, is no matter.
    if not math.isfinite(sum(filter(None, numbers))) and not all(map(math.isfinite, filter(None, numbers))):
        return NotPooled(TOO_FAR_APART)
    return PooledEffect(
        k,
        estimate,
        se,
        ci_low,
        ci_high,
        p,
        tau2_method,
        model.ci_method(k),
        body.weights(point),
        q,
        df,
        chi2_survival(q, df),
        i2,
        h2,
        tau2,
        tau2_se,
        tau2_ci_low,
        tau2_ci_high,
        pi_low,
        pi_high,
        notices(found.maxima > 1, tau2_method != model.tau2_method),
    )


def _heterogeneity(scaled: Scaled, body: OneBody, model: PoolingModel, found: Estimate) -> _Heterogeneity:
    q, df = body.at_zero.q, body.k - 1
    if model.tau2_method == COMMON_EFFECT:
        return _Heterogeneity(i2_from_q(q, df), h2_from_q(q, df))
    tau2, se, typical = float(found.tau2), float(found.se), df / body.at_zero.g
    i2, h2 = i2_from_tau2(tau2, typical), h2_from_tau2(tau2, typical)
    if not model.tau2_interval:
        return _Heterogeneity(i2, h2, scaled.squared(tau2), scaled.squared(se))
    low, high = q_profile_of(body, 0.95)
    return _Heterogeneity(i2, h2, *map(scaled.squared, (tau2, se, low, high)))
