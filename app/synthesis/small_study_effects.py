"""Small-study effects: do smaller studies show larger effects? Regression tests for funnel-plot asymmetry.

All of them regress the effect on a measure of the study's size and test slope = 0; the intercept is the effect expected of an
infinitely large study. `egger` and `peters` fit by weighted least squares with a multiplicative residual variance, t(k - 2);
`egger_mixed` adds a between-study variance instead, as meta-regression does, normal test.
"""

import math
from dataclasses import astuple, dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled
from app.synthesis.distributions import t_quantile, t_two_sided_p
from app.synthesis.effect_sizes import Effects, odds_ratio, poolable
from app.synthesis.meta_regression import MetaRegression, meta_regression
from app.synthesis.mixed_effects import ModelMethod
from app.synthesis.not_computed import UNWRITABLE, NotComputed, all_finite
from app.synthesis.weighted_sums import Scaled, scale_studies

Array = NDArray[np.float64]
Predictor: TypeAlias = Literal["se", "variance", "1/n"]

MIN_STUDIES = 3  # two studies always lie on a line
MIN_SPREAD = 1e-9  # relative spread of the predictor, and of the residuals, below which only rounding is left


@dataclass(frozen=True, slots=True)
class RegressionTest:
    """The fitted line; `statistic` = slope / its SE, `p` two-sided from t(df), the interval of the intercept with t(df), 95 %."""

    intercept: float
    slope: float
    statistic: float
    df: int
    p: float
    slope_se: float
    intercept_ci_low: float
    intercept_ci_high: float


@dataclass(frozen=True, slots=True)
class NotTested:
    """Why there is no test, as a value."""

    reason: str


def egger(
    effects: ArrayLike, variances: ArrayLike, *, predictor: Predictor = "se", n: ArrayLike | None = None
) -> RegressionTest | NotTested:
    """Regress the effect on its standard error with weights 1/v (Egger's test), or on its variance or 1/n with the same weights.

    `n` holds the participants of every study and is needed for `predictor="1/n"`, the form for SMD, whose standard error
    depends on the effect itself. NotTested for fewer than three studies, a predictor that does not vary, or effects that lie
    exactly on a line.
    Source: Egger 1997, doi 10.1136/bmj.315.7109.629; 1/n for SMD: Pustejovsky and Rodgers 2019, doi 10.1002/jrsm.1332;
    metafor `regtest(model="lm", predictor="sei" | "vi" | "ninv")`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotTested(scaled.reason)
    if predictor == "1/n":
        sizes = np.atleast_1d(np.asarray(n, dtype=np.float64)) if n is not None else np.array([])
        if sizes.shape != scaled.y.shape or not (np.isfinite(sizes) & (sizes > 0)).all():
            return NotTested("the number of participants is not known for every study")
        smallest = float(sizes.min())
        line = _weighted_line(smallest / sizes, scaled.y, 1 / scaled.v)
        return line if isinstance(line, NotTested) else _back(line, scaled, slope_unit=scaled.unit * smallest)
    # In units of the effect both axes share one scale, so the slope on the standard error is a plain number.
    x, unit = (np.sqrt(scaled.v), 1.0) if predictor == "se" else (scaled.v, 1 / scaled.unit)
    largest = float(x.max())
    line = _weighted_line(x / largest, scaled.y, 1 / scaled.v)
    return line if isinstance(line, NotTested) else _back(line, scaled, slope_unit=unit / largest)


def egger_mixed(effects: ArrayLike, variances: ArrayLike, *, tau2_method: ModelMethod = "REML") -> MetaRegression | NotTested:
    """Regress the effect on its standard error by meta-regression: w = 1 / (v + tau2), normal test of the slope.

    Source: Sterne and Egger 2005, in Publication Bias in Meta-Analysis, pages 99 to 110, doi 10.1002/0470870168; metafor
    `regtest(model="rma", predictor="sei")`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotTested(scaled.reason)
    regression = meta_regression(effects, variances, np.sqrt(np.asarray(variances, dtype=np.float64)), tau2_method=tau2_method, test="z")
    return NotTested(regression.reason) if isinstance(regression, NotComputed) else regression


def peters(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> RegressionTest | NotTested:
    """Regress the log odds ratio on 1/N with weights 1 / (1/events + 1/non-events), both arms taken together (Peters' test).

    Studies without events in both arms, or with nothing but events in both, have no odds ratio and are left out.
    Source: Peters 2006, doi 10.1001/jama.295.6.676.
    """
    effects = odds_ratio(events1, n1, events2, n2)
    effects = Effects(*(np.atleast_1d(member) for member in effects))
    kept = poolable(effects)
    a, n_a, c, n_c = (np.broadcast_to(np.asarray(counts, dtype=np.float64), kept.shape)[kept] for counts in (events1, n1, events2, n2))
    events, total = a + c, n_a + n_c
    smallest = float(total.min(initial=math.inf))
    line = _weighted_line(smallest / total, effects.effect[kept], events * ((total - events) / total))
    return line if isinstance(line, NotTested) else replace(line, slope=line.slope * smallest, slope_se=line.slope_se * smallest)


def _weighted_line(x: Array, y: Array, weights: Array) -> RegressionTest | NotTested:
    """Fit y = intercept + slope x by weighted least squares, residual variance from the residuals, df = k - 2; x in (0, 1]."""
    k = y.size
    if k < MIN_STUDIES:
        return NotTested(f"{k} studies are too few, {MIN_STUDIES} are needed")
    w = weights / weights.sum()
    x_mean, y_mean = float((w * x).sum()), float((w * y).sum())
    dx, dy = x - x_mean, y - y_mean
    sxx, syy = float((w * dx**2).sum()), float((w * dy**2).sum())
    if sxx <= (MIN_SPREAD * x_mean) ** 2:
        return NotTested("all studies have the same standard error or size")
    slope = float((w * dx * dy).sum()) / sxx
    residual = float((w * (dy - slope * dx) ** 2).sum())
    if residual <= MIN_SPREAD**2 * syy:
        return NotTested("the effects lie exactly on a line")
    slope_se = math.sqrt(residual / (k - 2)) / math.sqrt(sxx)
    statistic = slope / slope_se
    intercept, intercept_se = y_mean - slope * x_mean, math.hypot(math.sqrt(residual / (k - 2)), x_mean * slope_se)
    half_width = float(t_quantile(0.975, k - 2)) * intercept_se
    p = float(t_two_sided_p(statistic, k - 2))
    return RegressionTest(intercept, slope, statistic, k - 2, p, slope_se, intercept - half_width, intercept + half_width)


def _back(line: RegressionTest, scaled: Scaled, *, slope_unit: float) -> RegressionTest | NotTested:
    """The line in the units of the effect."""
    back = replace(
        line,
        intercept=scaled.centre + scaled.unit * line.intercept,
        slope=slope_unit * line.slope,
        slope_se=slope_unit * line.slope_se,
        intercept_ci_low=scaled.centre + scaled.unit * line.intercept_ci_low,
        intercept_ci_high=scaled.centre + scaled.unit * line.intercept_ci_high,
    )
    return back if all_finite(astuple(back)) else NotTested(UNWRITABLE)
