"""Meta-regression on one continuous moderator: effect = intercept + slope x moderator + between-study and sampling error.

Everything is computed with the moderator in units of half its range around the middle, and turned back; the covariance is
kept at the weighted mean of the moderator, where intercept and slope are uncorrelated, so that years need not be centred.
"""

import math
from dataclasses import astuple, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled
from app.synthesis.mixed_effects import Array, MixedFit, ModelMethod, Studies, TestMethod
from app.synthesis.model_summary import (
    Coefficient,
    ResidualHeterogeneity,
    coefficient,
    estimate_residual_tau2,
    quantile_975,
    residual_heterogeneity,
    scale_factor,
)
from app.synthesis.not_computed import UNWRITABLE, NotComputed, all_finite
from app.synthesis.weighted_sums import Scaled, scale_studies

MIN_SPREAD = 1e-12  # half the range of the moderator beside its size, below which only rounding is left
SAME_MODERATOR = "the moderator is the same in every study"


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """The fitted line.

    `covariance` of (intercept, slope), already multiplied by `scale_factor` (s2w); `qm` the omnibus test of the slope, chi-square
    with 1 degree of freedom (z), else F(1, df), which is the squared statistic of the slope and has its p. `df` None: normal.
    `centre` is the weighted mean of the moderator, `at_centre` and `se_at_centre` the effect expected there.
    """

    k: int
    intercept: Coefficient
    slope: Coefficient
    covariance: tuple[tuple[float, float], tuple[float, float]]
    qm: float
    qm_p: float
    df: int | None
    scale_factor: float
    heterogeneity: ResidualHeterogeneity
    maxima: int
    centre: float
    at_centre: float
    se_at_centre: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The effect expected at one value of the moderator, its 95 % interval, and that of a new study's true effect."""

    moderator: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


class _Moderator(NamedTuple):
    """moderator = middle + half_range * x, x in [-1, 1]."""

    x: Array
    middle: float
    half_range: float


def meta_regression(
    effects: ArrayLike,
    variances: ArrayLike,
    moderator: ArrayLike,
    *,
    tau2_method: ModelMethod = "REML",
    test: TestMethod = "adhoc",
) -> MetaRegression | NotComputed:
    """Return the weighted regression of the effects on one moderator, w = 1 / (v + tau2), tau2 what the moderator leaves.

    b = (X' W X)^-1 X' W y, var(b) = s (X' W X)^-1 with X = (1, moderator); test and interval by the normal distribution (`z`,
    s = 1) or t(k - 2) (`knha`: s = sum w r^2 / (k - 2); `adhoc`: not below 1). `tau2_method`: EE DL SJ PM ML REML. The slope is
    in units of the effect by unit of the moderator. Needs three studies and a moderator that varies and is known in all.

    Source: Thompson and Higgins 2002, doi 10.1002/sim.1187; Knapp and Hartung 2003, doi 10.1002/sim.1482; metafor
    `rma(yi, vi, mods=~mod)`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotComputed(scaled.reason)
    axis = _scale_moderator(moderator, scaled.y.size)
    if isinstance(axis, NotComputed):
        return axis
    studies = Studies(scaled.y, scaled.v, np.column_stack([np.ones_like(axis.x), axis.x]))
    tau2 = estimate_residual_tau2(studies, tau2_method)
    if isinstance(tau2, NotComputed):
        return tau2
    fit = studies.fit(tau2.tau2)
    factor, left = scale_factor(studies, fit, test), residual_heterogeneity(scaled, studies, tau2, tau2_method)
    if isinstance(factor, NotComputed):
        return factor
    if isinstance(left, NotComputed):
        return left
    line = _Line.of(fit, axis, scaled, factor)
    return _regression(line, studies, left, None if test == "z" else studies.df, tau2.maxima)


def predict(regression: MetaRegression, moderator: float) -> Prediction | NotComputed:
    """Return the effect at that value: mu = intercept + slope x, se^2 = x' V x; mu -/+ q se and mu -/+ q sqrt(se^2 + tau2).

    q is the quantile the regression used (normal, or t with its df). Source: metafor `predict.rma`; prediction interval:
    Higgins, Thompson and Spiegelhalter 2009, doi 10.1111/j.1467-985X.2008.00552.x.
    """
    distance = moderator - regression.centre
    estimate = regression.at_centre + distance * regression.slope.estimate
    se = math.hypot(regression.se_at_centre, distance * regression.slope.se)
    quantile = quantile_975(regression.df)
    ci, pi = quantile * se, quantile * math.hypot(se, math.sqrt(regression.heterogeneity.tau2))
    result = Prediction(moderator, estimate, se, estimate - ci, estimate + ci, estimate - pi, estimate + pi)
    return result if all_finite(astuple(result)) else NotComputed(UNWRITABLE)


class _Line(NamedTuple):
    """The line in the units of effect and moderator, with the statistic of the slope taken before any turning back."""

    centre: float
    at_centre: float
    se_at_centre: float
    slope: float
    slope_se: float
    slope_statistic: float
    factor: float

    @classmethod
    def of(cls, fit: MixedFit, axis: _Moderator, scaled: Scaled, factor: float) -> "_Line":
        mean, slope = (float(b) for b in fit.coefficients)
        se_mean, se_slope = (math.sqrt(factor / float(norm)) for norm in fit.norms)
        weighted_mean = float((fit.w * axis.x).sum() / fit.w.sum())
        return cls(
            centre=axis.middle + axis.half_range * weighted_mean,
            at_centre=scaled.centre + scaled.unit * mean,
            se_at_centre=scaled.unit * se_mean,
            slope=_ratio(scaled.unit * slope, axis.half_range),
            slope_se=_ratio(scaled.unit * se_slope, axis.half_range),
            slope_statistic=slope / se_slope,
            factor=factor,
        )


def _ratio(numerator: float, denominator: float) -> float:
    """The quotient; infinite, for the caller to refuse, where it is too large to write."""
    with np.errstate(over="ignore"):
        return float(np.float64(numerator) / denominator)


def _regression(line: _Line, studies: Studies, left: ResidualHeterogeneity, df: int | None, maxima: int) -> MetaRegression | NotComputed:
    # Written as products: float powers raise on overflow, products turn infinite and are refused below.
    slope_variance = line.slope_se * line.slope_se
    intercept_se = math.hypot(line.se_at_centre, line.centre * line.slope_se)
    intercept = coefficient(line.at_centre - line.centre * line.slope, intercept_se, df)
    slope = coefficient(line.slope, line.slope_se, df, statistic=line.slope_statistic)
    if isinstance(intercept, NotComputed):
        return intercept
    if isinstance(slope, NotComputed):
        return slope
    covariance = -line.centre * slope_variance
    matrix = ((intercept_se * intercept_se, covariance), (covariance, slope_variance))
    if not all_finite((*matrix[0], *matrix[1])):
        return NotComputed(UNWRITABLE)
    return MetaRegression(
        k=studies.y.size,
        intercept=intercept,
        slope=slope,
        covariance=matrix,
        qm=line.slope_statistic**2,
        qm_p=slope.p,
        df=df,
        scale_factor=line.factor,
        heterogeneity=left,
        maxima=maxima,
        centre=line.centre,
        at_centre=line.at_centre,
        se_at_centre=line.se_at_centre,
    )


def _scale_moderator(moderator: ArrayLike, k: int) -> _Moderator | NotComputed:
    values = np.atleast_1d(np.asarray(moderator, dtype=np.float64))
    if values.shape != (k,):
        return NotComputed("the moderator does not have one value for every study")
    if not np.isfinite(values).all():
        return NotComputed("the moderator is not known for every study")
    low, high = float(values.min()), float(values.max())
    # Halved before they are added, so that the largest numbers do not overflow.
    middle, half_range = low / 2 + high / 2, high / 2 - low / 2
    if half_range <= MIN_SPREAD * max(abs(low), abs(high)):
        return NotComputed(SAME_MODERATOR)
    return _Moderator((values - middle) / half_range, middle, half_range)
