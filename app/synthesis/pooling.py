"""Pooling: one effect out of several by inverse variance, random or common effect, with its 95 % intervals.

Symbols as in `weighted_sums`. Effects are on the analysis scale (log for ratios) with the sign as computed. An impossible
pool is a `NotPooled` with its reason, never an exception or a NaN.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.distributions import Z_975, normal_two_sided_p, t_quantile, t_two_sided_p
from app.synthesis.heterogeneity import (
    Tau2,
    estimate_scaled_tau2,
    h2_from_q,
    h2_from_tau2,
    i2_from_q,
    i2_from_tau2,
    scaled_cochran_q,
    scaled_q_profile,
    typical_variance,
)
from app.synthesis.weighted_sums import TOO_FAR_APART, Fit, Scaled, scale_studies

COMMON_EFFECT = "EE"  # `tau2_method` of the common-effect (equal-effects) model, as metafor names it
NO_TAU2 = "none"  # `tau2_method` of a single study
MIN_STUDIES_FOR_PREDICTION = 3  # method, section 2; Higgins, Thompson and Spiegelhalter 2009, doi 10.1111/j.1467-985X.2008.00552.x
MIN_STUDIES_FOR_HARTUNG_KNAPP = 3  # method, section 2: with two studies t has one degree of freedom

WALD = "wald"
HARTUNG_KNAPP = "hartung-knapp"
HARTUNG_KNAPP_UNGUARDED = "hartung-knapp-unguarded"
SINGLE_STUDY = "single-study"

# Notices in `PooledEffect.warnings`.
PAULE_MANDEL_INSTEAD = "paule-mandel-instead"  # the restricted likelihood gave no maximum
SEVERAL_MAXIMA = "several-likelihood-maxima"  # the highest was taken; other software may stop at another

Pool: TypeAlias = PooledEffect | NotPooled
Fitting: TypeAlias = Callable[[ArrayLike, ArrayLike], Pool]


class _Interval(NamedTuple):
    """How the confidence interval is made: SE on the studies' own scale; df None means the normal distribution."""

    method: str
    se: float
    df: int | None


def pool(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    tau2_method: str = "REML",
    ci: Literal["hartung-knapp", "z"] = "hartung-knapp",
    guard: bool = True,
    prediction: Literal["t", "riley"] = "t",
) -> Pool:
    """Return the random-effects mean mu = sum(w y) / W, w = 1 / (v + tau2), with SE 1 / sqrt(W).

    `ci="z"`: mu -/+ z.975 SE (Wald). `ci="hartung-knapp"`: SE sqrt(s), s = sum w r^2 / (k - 1), t(k - 1); `guard` keeps s at
    least 1, so that the interval is never narrower than that SE gives. `prediction`: mu -/+ q sqrt(tau2 + SE^2) with the SE of
    the interval reported, q of t(k - 1) (`t`) or t(k - 2) (`riley`), for three studies and more.
    One study is returned as it is. `tau2_method` is a key of `TAU2_ESTIMATORS`; PooledEffect names the one used.

    Source: DerSimonian and Laird 1986; Hartung and Knapp 2001, doi 10.1002/sim.1009; guard: Knapp and Hartung 2003,
    doi 10.1002/sim.1482; metafor `rma(test="z" | "knha" | "adhoc")`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return scaled
    if scaled.y.size == 1:
        return _single_study(scaled)
    tau2 = estimate_scaled_tau2(scaled, tau2_method)
    if isinstance(tau2, NotPooled):
        return tau2
    fit = Fit.at(scaled.y, scaled.v, tau2.tau2)
    interval = _wald(fit) if ci == "z" else _hartung_knapp(fit, guard=guard)
    if interval.se == 0:
        return NotPooled("the effects are identical: an unguarded Hartung-Knapp interval has no width")
    pooled = replace(_summary(scaled, fit, interval, tau2.method), warnings=_notices(tau2, tau2_method))
    pooled = _with_prediction(_with_heterogeneity(pooled, scaled, tau2), scaled, tau2, interval, prediction)
    return _finite(pooled)


def pool_by_method(effects: ArrayLike, variances: ArrayLike) -> Pool:
    """Pool as the method (section 2) says: REML; three studies and more Hartung-Knapp guarded, two Wald, one the study's own."""
    if np.size(effects) >= MIN_STUDIES_FOR_HARTUNG_KNAPP:
        return pool(effects, variances)
    return pool(effects, variances, ci="z")


def common_effect(effects: ArrayLike, variances: ArrayLike) -> Pool:
    """Return the common-effect mean, w = 1/v, Wald interval, I2 and H2 from Q; no tau2 and no prediction interval.

    Source: Cochrane Handbook 10.3; metafor `rma(method="EE")`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return scaled
    if scaled.y.size == 1:
        return _single_study(scaled)
    fit = Fit.at(scaled.y, scaled.v, 0.0)
    q, df, p = scaled_cochran_q(scaled)
    pooled = _summary(scaled, fit, _wald(fit), COMMON_EFFECT)
    return _finite(replace(pooled, q=q, q_df=df, q_p=p, i2=i2_from_q(q, df), h2=h2_from_q(q, df)))


def leave_one_out(effects: ArrayLike, variances: ArrayLike, *, fit: Fitting = pool_by_method) -> tuple[Pool, ...]:
    """Return one pool for every study, in the order of the input: what remains without it. `fit` does the pooling."""
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    return tuple(fit(np.delete(y, left_out), np.delete(v, left_out)) for left_out in range(y.size))


def cumulative(effects: ArrayLike, variances: ArrayLike, order: Sequence[int], *, fit: Fitting = pool_by_method) -> tuple[Pool, ...]:
    """Return the pool after each study is added; `order` holds zero-based positions, the first to enter first."""
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    return tuple(fit(y[list(order[:count])], v[list(order[:count])]) for count in range(1, len(order) + 1))


def _single_study(scaled: Scaled) -> Pool:
    fit = Fit.at(scaled.y, scaled.v, 0.0)
    return _finite(_summary(scaled, fit, _wald(fit)._replace(method=SINGLE_STUDY), NO_TAU2))


def _wald(fit: Fit) -> _Interval:
    return _Interval(WALD, 1 / math.sqrt(fit.w_sum), None)


def _hartung_knapp(fit: Fit, *, guard: bool) -> _Interval:
    df = fit.residuals.size - 1
    factor = float(fit.q) / df
    if guard:
        factor = max(1.0, factor)
    return _Interval(HARTUNG_KNAPP if guard else HARTUNG_KNAPP_UNGUARDED, math.sqrt(factor / float(fit.w_sum)), df)


def _summary(scaled: Scaled, fit: Fit, interval: _Interval, tau2_method: str) -> PooledEffect:
    """Estimate, interval, p and weights, in the units of the effect."""
    estimate, se = scaled.centre + scaled.unit * float(fit.mu), scaled.unit * interval.se
    half_width = _quantile(interval.df) * se
    statistic = estimate / se
    return PooledEffect(
        k=fit.residuals.size,
        estimate=estimate,
        se=se,
        ci_low=estimate - half_width,
        ci_high=estimate + half_width,
        p=float(normal_two_sided_p(statistic) if interval.df is None else t_two_sided_p(statistic, interval.df)),
        tau2_method=tau2_method,
        ci_method=interval.method,
        weights=tuple((fit.w / fit.w_sum).tolist()),
    )


def _quantile(df: int | None) -> float:
    """The 97.5th percentile of t(df), of the normal distribution without df."""
    return Z_975 if df is None else float(t_quantile(0.975, df))


def _with_heterogeneity(pooled: PooledEffect, scaled: Scaled, tau2: Tau2) -> PooledEffect:
    q, df, p = scaled_cochran_q(scaled)
    typical = typical_variance(scaled.v)
    low, high = scaled_q_profile(scaled, 0.95)
    return replace(
        pooled,
        q=q,
        q_df=df,
        q_p=p,
        i2=i2_from_tau2(tau2.tau2, typical),
        h2=h2_from_tau2(tau2.tau2, typical),
        tau2=scaled.squared(tau2.tau2),
        tau2_se=scaled.squared(tau2.se),
        tau2_ci_low=low,
        tau2_ci_high=high,
    )


def _with_prediction(
    pooled: PooledEffect, scaled: Scaled, tau2: Tau2, interval: _Interval, prediction: Literal["t", "riley"]
) -> PooledEffect:
    if pooled.k < MIN_STUDIES_FOR_PREDICTION:
        return pooled
    df = pooled.k - 1 if prediction == "t" else pooled.k - 2
    half_width = _quantile(df) * scaled.unit * math.sqrt(tau2.tau2 + interval.se**2)
    return replace(pooled, pi_low=pooled.estimate - half_width, pi_high=pooled.estimate + half_width)


def _notices(tau2: Tau2, asked_for: str) -> tuple[str, ...]:
    notices = [PAULE_MANDEL_INSTEAD] if tau2.method != asked_for else []
    return (*notices, SEVERAL_MAXIMA) if tau2.maxima > 1 else tuple(notices)


def _finite(pooled: PooledEffect) -> Pool:
    """Let no infinite or undefined number out: units so large or small that the result cannot be written."""
    numbers = (value for value in astuple(pooled) if isinstance(value, float))
    return pooled if all(math.isfinite(number) for number in numbers) else NotPooled(TOO_FAR_APART)
