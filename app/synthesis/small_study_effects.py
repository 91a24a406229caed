"""Small-study effects: do smaller studies show larger effects? Regression tests for funnel-plot asymmetry.

All of them fit effect = intercept + slope x predictor by weighted least squares with a multiplicative residual variance and
test slope = 0 with t(k - 2). The intercept is the effect expected of an infinitely large study.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled
from app.synthesis.distributions import t_two_sided_p
from app.synthesis.effect_sizes import Effects, odds_ratio, poolable
from app.synthesis.weighted_sums import scale_studies

Array = NDArray[np.float64]

MIN_STUDIES = 3  # two studies always lie on a line
MIN_SPREAD = 1e-9  # relative spread of the predictor, and of the residuals, below which only rounding is left


@dataclass(frozen=True, slots=True)
class RegressionTest:
    """The fitted line; `statistic` = slope / its SE, `p` two-sided from t(df)."""

    intercept: float
    slope: float
    statistic: float
    df: int
    p: float


@dataclass(frozen=True, slots=True)
class NotTested:
    """Why there is no test, as a value."""

    reason: str


def egger(
    effects: ArrayLike, variances: ArrayLike, *, predictor: Literal["se", "1/n"] = "se", n: ArrayLike | None = None
) -> RegressionTest | NotTested:
    """Regress the effect on its standard error with weights 1/v (Egger's test), or on 1/n with the same weights.

    `n` holds the participants of every study and is needed for `predictor="1/n"`, the form for SMD, whose standard error
    depends on the effect itself. NotTested for fewer than three studies, a predictor that does not vary, or effects that lie
    exactly on a line.
    Source: Egger 1997, doi 10.1136/bmj.315.7109.629; 1/n for SMD: Pustejovsky and Rodgers 2019, doi 10.1002/jrsm.1332;
    metafor `regtest(model="lm", predictor="sei" | "ninv")`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotTested(scaled.reason)
    if predictor == "se":
        # In units of the effect both axes share one scale, so the slope is a plain number.
        line = _weighted_line(np.sqrt(scaled.v), scaled.y, 1 / scaled.v)
        return line if isinstance(line, NotTested) else _back(line, scaled.centre, scaled.unit, slope_unit=1.0)
    sizes = np.atleast_1d(np.asarray(n, dtype=np.float64)) if n is not None else np.array([])
    if sizes.shape != scaled.y.shape or not (np.isfinite(sizes) & (sizes > 0)).all():
        return NotTested("the number of participants is not known for every study")
    line = _weighted_line(1 / sizes, scaled.y, 1 / scaled.v)
    return line if isinstance(line, NotTested) else _back(line, scaled.centre, scaled.unit, slope_unit=scaled.unit)


def peters(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> RegressionTest | NotTested:
    """Regress the log odds ratio on 1/N with weights 1 / (1/events + 1/non-events), both arms taken together (Peters' test).

    Studies without events in both arms, or with nothing but events in both, have no odds ratio and are left out.
    Source: Peters 2006, doi 10.1001/jama.295.6.676.
    """
    effects = odds_ratio(events1, n1, events2, n2)
    effects = Effects(*(np.atleast_1d(member) for member in effects))
    kept = poolable(effects)
    events = np.broadcast_to(np.add(events1, events2), kept.shape)[kept].astype(np.float64)
    total = np.broadcast_to(np.add(n1, n2), kept.shape)[kept].astype(np.float64)
    return _weighted_line(1 / total, effects.effect[kept], events * (total - events) / total)


def _weighted_line(x: Array, y: Array, weights: Array) -> RegressionTest | NotTested:
    """Fit y = intercept + slope x by weighted least squares, residual variance from the residuals, df = k - 2."""
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
    statistic = slope / math.sqrt(residual / (k - 2) / sxx)
    return RegressionTest(y_mean - slope * x_mean, slope, statistic, k - 2, float(t_two_sided_p(statistic, k - 2)))


def _back(line: RegressionTest, centre: float, unit: float, *, slope_unit: float) -> RegressionTest:
    """The line in the units of the effect."""
    return RegressionTest(centre + unit * line.intercept, slope_unit * line.slope, line.statistic, line.df, line.p)
