"""Heterogeneity between studies: estimators of tau2, Cochran's Q, I2, H2 and the Q-profile interval.

Symbols as in `weighted_sums`. Everything is computed on effects shifted to about zero and variances divided by the smallest
one, so that no result depends on the units of the outcome, and then turned back. I2 is in percent. The estimators are written
once for one body and for many: numbers there are arrays here, one element for each body.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled
from app.synthesis.distributions import Number, chi2_quantile, chi2_survival
from app.synthesis.likelihood import Point
from app.synthesis.many_bodies import ManyBodies
from app.synthesis.one_body import OneBody
from app.synthesis.weighted_sums import TOO_FAR_APART, Scaled, scale_studies, sum_rows

Array = NDArray[np.float64]

NOT_CONVERGED = "the search for tau2 did not converge"
ONE_STUDY = "one study has no heterogeneity"


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
    df = scaled.y.size - 1
    if df == 0:
        return CochranQ(0.0, 0, 1.0)
    q = OneBody(scaled).at_zero.q
    return CochranQ(q, df, float(chi2_survival(q, float(df))))


def i2_from_q(q: float, df: int) -> float:
    """Return I2 = 100 max(0, (Q - df) / Q), in percent; 0 when Q is 0.

    Source: Higgins and Thompson 2002, doi 10.1002/sim.1186.
    """
    return max(0.0, 100 * (q - df) / q) if q > 0 else 0.0


def h2_from_q(q: float, df: int) -> float:
    """Return H2 = Q / df, 1 when df is 0. Source: Higgins and Thompson 2002, doi 10.1002/sim.1186."""
    return q / df if df else 1.0


def typical_variance(v: ArrayLike) -> float | NotPooled:
    """Return the typical within-study variance (k - 1) / (W - sum w^2 / W), w = 1/v; k > 1.

    Source: Higgins and Thompson 2002, doi 10.1002/sim.1186, equation 9.
    """
    scaled = scale_studies(np.zeros(np.shape(v)), v)
    if isinstance(scaled, NotPooled):
        return scaled
    k = scaled.y.size
    return NotPooled(ONE_STUDY) if k == 1 else scaled.squared((k - 1) / OneBody(scaled).at_zero.g)


def i2_from_tau2(tau2: Number, typical: Number) -> Number:
    """Return I2 = 100 tau2 / (tau2 + typical within-study variance), in percent (as metafor, for any estimator)."""
    return 100 * tau2 / (tau2 + typical)


def h2_from_tau2(tau2: Number, typical: Number) -> Number:
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
    low, high = q_profile_of(OneBody(scaled), level)
    return scaled.squared(low), scaled.squared(high)


def q_profile_of(bodies: Any, level: float) -> tuple[Any, Any]:
    """Q-profile limits of tau2 on the studies' own scale, of one body or many."""
    df = bodies.k - 1
    return bodies.q_root(chi2_quantile((1 + level) / 2, df)), bodies.q_root(chi2_quantile((1 - level) / 2, df))


# --- estimators of tau2 (on the studies' own scale, k > 1) ---


class Estimate(NamedTuple):
    """tau2 and its standard error on the studies' own scale, how many local maxima the likelihood has, and the sums at tau2.

    Numbers for a `OneBody`, arrays for `ManyBodies`.
    """

    tau2: Any
    se: Any
    point: Point[Any]
    maxima: Any = 1


Bodies = OneBody | ManyBodies


def _positive(x: Any) -> Any:
    """max(0, x) of a number or an array."""
    return (x > 0) * x + 0.0


def _dersimonian_laird(bodies: Bodies) -> Estimate:
    """max(0, (Q - (k - 1)) / C), C = W - sum w^2 / W at tau2 = 0. DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2."""
    zero, df = bodies.at_zero, bodies.k - 1
    c: Any = zero.g
    tau2 = _positive((zero.q - df) / c)
    return Estimate(tau2, (2 * df + 4 * tau2 * c + 2 * tau2**2 * zero.gg) ** 0.5 / c, bodies.at(tau2))


def _hedges(bodies: Bodies) -> Estimate:
    """max(0, var(y) - mean(v)). Hedges and Olkin 1985, Statistical Methods for Meta-Analysis, section 9.D."""
    k, v = bodies.k, bodies.known_v
    v_sum = sum_rows(v)
    tau2 = _positive(bodies.spread / (k - 1) - v_sum / k)
    sampling = (1 - 2 / k) * sum_rows(v**2) + v_sum**2 / k**2
    variance = 2 * sampling + 4 * tau2 * (1 - 1 / k) * v_sum + 2 * tau2**2 * (k - 1)
    return Estimate(tau2, variance**0.5 / (k - 1), bodies.at(tau2))


def _sidik_jonkman(bodies: Bodies) -> Estimate:
    """t0 sum w r^2 / (k - 1), w at t0 = sum (y - mean)^2 / k. Sidik and Jonkman 2005, doi 10.1111/j.1467-9876.2005.00489.x."""
    k, v = bodies.k, bodies.known_v
    start: Any = bodies.spread / k
    point = bodies.at(start)
    w = 1 / (bodies.v + start)
    w_sum = sum_rows(w)
    tau2 = start * point.q / (k - 1)
    diagonal_pp = w**2 - 2 * w**3 / w_sum + w**2 * sum_rows(w**2) / w_sum**2
    trace_pvpv = sum_rows((w * v) ** 2 - 2 * w * (w * v) ** 2 / w_sum) + (sum_rows(w**2 * v) / w_sum) ** 2
    variance = 2 * trace_pvpv + 4 * tau2 * sum_rows(v * diagonal_pp) + 2 * tau2**2 * point.gg
    return Estimate(tau2, start * _positive(variance) ** 0.5 / (k - 1), bodies.at(tau2))


def _paule_mandel(bodies: Bodies) -> Estimate:
    """The tau2 at which sum w r^2 = k - 1, or 0. Paule and Mandel 1982, doi 10.6028/jres.087.022."""
    k: Any = bodies.k
    tau2: Any = bodies.q_root(k - 1)
    point = bodies.at(tau2)
    return Estimate(tau2, k * (2 / (k - 1)) ** 0.5 / point.w_sum, point)


def _empirical_bayes(bodies: Bodies) -> Estimate:
    """Morris' empirical Bayes estimator, the same root as Paule-Mandel. Morris 1983, doi 10.1080/01621459.1983.10477920."""
    return _paule_mandel(bodies)


def _maximum_likelihood(bodies: Bodies) -> Estimate:
    """Global maximum of the likelihood; SE sqrt(2 / sum w^2). Hardy and Thompson 1996, Stat Med 15:619."""
    tau2, maxima = bodies.maximum(restricted=False)
    point = bodies.at(tau2, restricted=False)  # type: ignore[arg-type]  # each kind of bodies gives and takes its own kind of number
    return Estimate(tau2, (2 / point.gg) ** 0.5, point, maxima)


def _restricted_maximum_likelihood(bodies: Bodies) -> Estimate:
    """Global maximum of the restricted likelihood; SE sqrt(2 / tr PP). Viechtbauer 2005, doi 10.3102/10769986030003261."""
    tau2, maxima = bodies.maximum()
    point = bodies.at(tau2)  # type: ignore[arg-type]  # as above
    return Estimate(tau2, (2 / point.gg) ** 0.5, point, maxima)


TAU2_ESTIMATORS: Mapping[str, Callable[[Bodies], Estimate]] = MappingProxyType(
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


def unknown_estimator(method: str) -> NotPooled:
    return NotPooled(f"{method} is not an estimator of tau2; there are {', '.join(TAU2_ESTIMATORS)}")


def estimate_of(body: OneBody, method: str) -> tuple[Estimate, str] | NotPooled:
    """Return tau2 of one body by the named estimator, and its name; Paule-Mandel where that one finds no maximum."""
    estimate = TAU2_ESTIMATORS[method](body)
    if math.isnan(estimate.tau2):
        estimate, method = _paule_mandel(body), "PM"
    return NotPooled(NOT_CONVERGED) if math.isnan(estimate.tau2) else (estimate, method)


def estimates_of(bodies: ManyBodies, method: str) -> tuple[Estimate, NDArray[np.bool_]]:
    """Return tau2 of many bodies by the named estimator, and which of them took Paule-Mandel; NaN where that fails too."""
    estimate = TAU2_ESTIMATORS[method](bodies)
    failed = np.isnan(estimate.tau2)
    if failed.any():
        instead = _paule_mandel(bodies)
        point = Point._make(np.where(failed, new, old) for new, old in zip(instead.point, estimate.point, strict=True))
        tau2, se = (np.where(failed, new, old) for new, old in zip(instead[:2], estimate[:2], strict=True))
        estimate = Estimate(tau2, se, point, np.where(failed, 1, estimate.maxima))
    return estimate, failed


def estimate_scaled_tau2(scaled: Scaled, method: str) -> Tau2 | NotPooled:
    """Return tau2 on the studies' own scale by the named estimator; Paule-Mandel (and `method` saying so) where it finds no maximum."""
    if method not in TAU2_ESTIMATORS:
        return unknown_estimator(method)
    if scaled.y.size == 1:
        return NotPooled(ONE_STUDY)
    found = estimate_of(OneBody(scaled), method)
    if isinstance(found, NotPooled):
        return found
    estimate, used = found
    return Tau2(float(estimate.tau2), float(estimate.se), used, estimate.maxima)


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
