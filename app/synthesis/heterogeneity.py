"""Heterogeneity between studies: estimators of tau2, Cochran's Q, I2, H2 and the Q-profile interval.

Symbols as in `weighted_sums`. Everything is computed on effects shifted to about zero and variances divided by the smallest
one, so that no result depends on the units of the outcome, and then turned back. I2 is in percent.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled
from app.synthesis.distributions import chi2_quantile, chi2_survival
from app.synthesis.weighted_sums import TOO_FAR_APART, Fit, Scaled, scale_studies, sum_studies

Array = NDArray[np.float64]

GRID_POINTS_PER_DECADE = 12  # terms of the likelihood change over about one decade of tau2: no bump fits between two points
GRID_START = 1e-4  # of the smallest variance: below it the weights are constant and the score is a straight line
MAX_ITERATIONS = 200
NOT_CONVERGED = "the search for tau2 did not converge"
ONE_STUDY = "one study has no heterogeneity"
ROUNDING = 4 * float(np.finfo(np.float64).eps)


class Tau2(NamedTuple):
    """An estimate of tau2 with its standard error, both in squared units of the effect.

    `method` is the estimator that gave it, another than asked for if that one failed. `maxima` counts the local maxima of the
    likelihood (1 for estimators without one).
    """

    tau2: float
    se: float
    method: str
    maxima: int = 1


class CochranQ(NamedTuple):
    q: float
    df: int
    p: float


# --- Q, I2, H2, interval of tau2 ---


def cochran_q(effects: ArrayLike, variances: ArrayLike) -> CochranQ | NotPooled:
    """Return Q = sum (y - mu)^2 / v with mu the common-effect mean, df = k - 1, and its chi-square p (1 when k = 1).

    Source: Cochran 1954, doi 10.2307/3001666; Cochrane Handbook 10.10.2.
    """
    scaled = scale_studies(effects, variances)
    return scaled if isinstance(scaled, NotPooled) else scaled_cochran_q(scaled)


def scaled_cochran_q(scaled: Scaled) -> CochranQ:
    """Cochran's Q of studies that are on their own scale already."""
    q, df = float(Fit.at(scaled.y, scaled.v, 0.0).q), scaled.y.size - 1
    return CochranQ(q, df, float(chi2_survival(q, df)) if df else 1.0)


def i2_from_q(q: float, df: int) -> float:
    """Return I2 = 100 max(0, (Q - df) / Q), in percent; 0 when Q is 0.

    Source: Higgins and Thompson 2002, doi 10.1002/sim.1186.
    """
    return max(0.0, 100 * (q - df) / q) if q > 0 else 0.0


def h2_from_q(q: float, df: int) -> float:
    """Return H2 = Q / df, 1 when df is 0. Source: Higgins and Thompson 2002, doi 10.1002/sim.1186."""
    return q / df if df else 1.0


def typical_variance(v: Array) -> float:
    """Return the typical within-study variance (k - 1) / (W - sum w^2 / W), w = 1/v; k > 1.

    Source: Higgins and Thompson 2002, doi 10.1002/sim.1186, equation 9.
    """
    return (v.size - 1) / float(Fit.at(np.zeros_like(v), v, 0.0).trace_p)


def i2_from_tau2(tau2: float, typical: float) -> float:
    """Return I2 = 100 tau2 / (tau2 + typical within-study variance), in percent (as metafor, for any estimator)."""
    return 100 * tau2 / (tau2 + typical)


def h2_from_tau2(tau2: float, typical: float) -> float:
    """Return H2 = tau2 / typical within-study variance + 1 (as metafor, for any estimator)."""
    return tau2 / typical + 1


def q_profile_interval(effects: ArrayLike, variances: ArrayLike, level: float = 0.95) -> tuple[float, float] | NotPooled:
    """Return the Q-profile limits of tau2: where sum w r^2 equals the upper and the lower quantile of chi-square(k - 1).

    A limit without a root is 0; (0, 0) means that the effects lie closer together than chance would have them.
    Source: Viechtbauer 2007, doi 10.1002/sim.2514.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return scaled
    if scaled.y.size == 1:
        return NotPooled(ONE_STUDY)
    low, high = scaled_q_profile(scaled, level)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else NotPooled(TOO_FAR_APART)


def scaled_q_profile(scaled: Scaled, level: float) -> tuple[float, float]:
    """Q-profile limits of tau2, in squared units of the effect, of two studies or more on their own scale."""
    df = scaled.y.size - 1
    low = _q_root(scaled.y, scaled.v, float(chi2_quantile((1 + level) / 2, df)))
    high = _q_root(scaled.y, scaled.v, float(chi2_quantile((1 - level) / 2, df)))
    return scaled.squared(low), scaled.squared(high)


# --- root search ---


def _root(function: Callable[[float], tuple[float, float]], low: float, high: float) -> float:
    """The point in [low, high] where a function falls from above zero to below: Newton steps, kept inside by bisection.

    `function` gives value and derivative. It stops when the next step, or what is left of the interval, is a rounding error;
    NaN, for the callers to catch, if it never does.
    """
    point = low
    for _ in range(MAX_ITERATIONS):
        value, slope = function(point)
        low, high = (point, high) if value > 0 else (low, point)
        following = point - value / slope if slope < 0 else high
        if min(abs(following - point), high - low) <= ROUNDING * point:
            return point
        if not low < following < high:
            # The geometric middle, because tau2 may span many powers of ten.
            following = math.sqrt(low) * math.sqrt(high) if low > 0 else high / 2
        point = following
    return math.nan


def _q_root(y: Array, v: Array, target: float) -> float:
    """The tau2 at which the generalised Q falls to `target`, 0 if it begins below.

    Solved for 1 - target/Q, which is close to a straight line in tau2. dQ/dtau2 = -sum w^2 r^2.
    """
    if Fit.at(y, v, 0.0).q <= target:
        return 0.0

    def function(tau2: float) -> tuple[float, float]:
        fit = Fit.at(y, v, tau2)
        q = float(fit.q)
        return 1 - target / q, -target * float(fit.y_pp_y) / q**2

    # Q(t) <= sum (y - mean)^2 / t, because mu minimises the weighted sum of squares.
    highest = float(((y - y.mean()) ** 2).sum()) / target
    return _root(function, 0.0, highest * (1 + 1e-9))


# --- estimators of tau2 (on the studies' own scale, k > 1) ---


def _dersimonian_laird(y: Array, v: Array) -> Tau2:
    """max(0, (Q - (k - 1)) / C), C = W - sum w^2 / W at tau2 = 0. DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2."""
    fit, df = Fit.at(y, v, 0.0), y.size - 1
    c = float(fit.trace_p)
    tau2 = max(0.0, (float(fit.q) - df) / c)
    return Tau2(tau2, math.sqrt(2 * df + 4 * tau2 * c + 2 * tau2**2 * float(fit.trace_pp)) / c, "DL")


def _hedges(y: Array, v: Array) -> Tau2:
    """max(0, var(y) - mean(v)). Hedges and Olkin 1985, Statistical Methods for Meta-Analysis, section 9.D."""
    k = y.size
    tau2 = max(0.0, float(np.var(y, ddof=1)) - float(v.mean()))
    sampling = (1 - 2 / k) * float((v**2).sum()) + float(v.sum()) ** 2 / k**2
    variance = 2 * sampling + 4 * tau2 * (1 - 1 / k) * float(v.sum()) + 2 * tau2**2 * (k - 1)
    return Tau2(tau2, math.sqrt(variance) / (k - 1), "HE")


def _sidik_jonkman(y: Array, v: Array) -> Tau2:
    """t0 sum w r^2 / (k - 1), w at t0 = sum (y - mean)^2 / k. Sidik and Jonkman 2005, doi 10.1111/j.1467-9876.2005.00489.x."""
    k, start = y.size, float(np.var(y))
    fit = Fit.at(y, v, start)
    w, w_sum = fit.w, float(fit.w_sum)
    tau2 = start * float(fit.q) / (k - 1)
    diagonal_pp = w**2 - 2 * w**3 / w_sum + w**2 * (w**2).sum() / w_sum**2
    trace_pvpv = float(((w * v) ** 2 - 2 * w * (w * v) ** 2 / w_sum).sum() + ((w**2 * v).sum() / w_sum) ** 2)
    variance = 2 * trace_pvpv + 4 * tau2 * float((v * diagonal_pp).sum()) + 2 * tau2**2 * float(fit.trace_pp)
    return Tau2(tau2, start * math.sqrt(max(0.0, variance)) / (k - 1), "SJ")


def _paule_mandel(y: Array, v: Array) -> Tau2:
    """The tau2 at which sum w r^2 = k - 1, or 0. Paule and Mandel 1982, doi 10.6028/jres.087.022."""
    k = y.size
    tau2 = _q_root(y, v, k - 1)
    return Tau2(tau2, k * math.sqrt(2 / (k - 1)) / float(Fit.at(y, v, tau2).w_sum), "PM")


def _empirical_bayes(y: Array, v: Array) -> Tau2:
    """Morris' empirical Bayes estimator, the same root as Paule-Mandel. Morris 1983, doi 10.1080/01621459.1983.10477920."""
    return _paule_mandel(y, v)._replace(method="EB")


def _score(fit: Fit) -> Array:
    """Twice the derivative of the log-likelihood: sum w^2 r^2 - W."""
    return fit.y_pp_y - fit.w_sum


def _score_slope(fit: Fit) -> Array:
    return sum_studies(fit.w**2) - 2 * fit.y_ppp_y


def _log_likelihood(fit: Fit) -> Array:
    """Log-likelihood with mu at its maximum, up to a constant."""
    return (sum_studies(np.log(fit.w)) - fit.q) / 2


def _restricted_score(fit: Fit) -> Array:
    """Twice the derivative of the restricted log-likelihood: sum w^2 r^2 - tr P."""
    return fit.y_pp_y - fit.trace_p


def _restricted_score_slope(fit: Fit) -> Array:
    return fit.trace_pp - 2 * fit.y_ppp_y


def _restricted_log_likelihood(fit: Fit) -> Array:
    """Restricted log-likelihood, up to a constant."""
    return _log_likelihood(fit) - np.log(fit.w_sum) / 2


class _Likelihood(NamedTuple):
    value: Callable[[Fit], Array]
    score: Callable[[Fit], Array]
    slope: Callable[[Fit], Array]


_ML = _Likelihood(_log_likelihood, _score, _score_slope)
_REML = _Likelihood(_restricted_log_likelihood, _restricted_score, _restricted_score_slope)


def _tau2_grid(y: Array, v: Array) -> Array:
    """0 and a grid of equal ratios up to where either score is surely below zero.

    For t >= max v and R the range of the effects, sum w^2 r^2 <= k R^2 / t^2 and tr P >= (k - 1) / 2t: no root beyond 4 R^2.
    """
    lowest = GRID_START * float(v.min())
    highest = max(2 * float(v.max()), 8 * float(np.ptp(y)) ** 2)
    points = math.ceil(GRID_POINTS_PER_DECADE * math.log10(highest / lowest)) + 1
    return np.concatenate(([0.0], np.geomspace(lowest, highest, points)))


def _global_maximum(y: Array, v: Array, likelihood: _Likelihood) -> tuple[float, int]:
    """The tau2 >= 0 of the highest likelihood, and the number of local maxima.

    Every change of the score from above zero to below is followed to its root; 0 is a maximum if the score falls from there.
    """
    grid = _tau2_grid(y, v)
    score = likelihood.score(Fit.at(y, v, grid))

    def score_and_slope(tau2: float) -> tuple[float, float]:
        fit = Fit.at(y, v, tau2)
        return float(likelihood.score(fit)), float(likelihood.slope(fit))

    peaks = np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0))
    maxima = [0.0] * bool(score[0] <= 0) + [_root(score_and_slope, float(grid[i]), float(grid[i + 1])) for i in peaks]
    if not maxima or any(math.isnan(tau2) for tau2 in maxima):
        return math.nan, 0
    return max(maxima, key=lambda tau2: float(likelihood.value(Fit.at(y, v, tau2)))), len(maxima)


def _maximum_likelihood(y: Array, v: Array) -> Tau2:
    """Global maximum of the likelihood. Hardy and Thompson 1996, Stat Med 15:619."""
    tau2, maxima = _global_maximum(y, v, _ML)
    return Tau2(tau2, math.sqrt(2 / float(sum_studies(Fit.at(y, v, tau2).w ** 2))), "ML", maxima)


def _restricted_maximum_likelihood(y: Array, v: Array) -> Tau2:
    """Global maximum of the restricted likelihood. Viechtbauer 2005, doi 10.3102/10769986030003261."""
    tau2, maxima = _global_maximum(y, v, _REML)
    return Tau2(tau2, math.sqrt(2 / float(Fit.at(y, v, tau2).trace_pp)), "REML", maxima)


TAU2_ESTIMATORS: Mapping[str, Callable[[Array, Array], Tau2]] = MappingProxyType(
    {
        "DL": _dersimonian_laird,
        "HE": _hedges,
        "SJ": _sidik_jonkman,
        "PM": _paule_mandel,
        "EB": _empirical_bayes,
        "ML": _maximum_likelihood,
        "REML": _restricted_maximum_likelihood,
    }
)


def estimate_scaled_tau2(scaled: Scaled, method: str) -> Tau2 | NotPooled:
    """Return tau2 on the studies' own scale by the named estimator; Paule-Mandel (and `method` saying so) where it finds no maximum."""
    if method not in TAU2_ESTIMATORS:
        return NotPooled(f"{method} is not an estimator of tau2; there are {', '.join(TAU2_ESTIMATORS)}")
    if scaled.y.size == 1:
        return NotPooled(ONE_STUDY)
    estimate = TAU2_ESTIMATORS[method](scaled.y, scaled.v)
    if math.isnan(estimate.tau2):
        estimate = _paule_mandel(scaled.y, scaled.v)
    return NotPooled(NOT_CONVERGED) if math.isnan(estimate.tau2) else estimate


def estimate_tau2(effects: ArrayLike, variances: ArrayLike, method: str = "REML") -> Tau2 | NotPooled:
    """Return tau2, the variance of the true effects in squared units of the effect, and its standard error."""
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return scaled
    estimate = estimate_scaled_tau2(scaled, method)
    if isinstance(estimate, NotPooled):
        return estimate
    tau2, se = scaled.squared(estimate.tau2), scaled.squared(estimate.se)
    return estimate._replace(tau2=tau2, se=se) if math.isfinite(tau2) and math.isfinite(se) else NotPooled(TOO_FAR_APART)
