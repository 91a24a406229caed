"""Fail-safe numbers: how many unpublished studies without any effect would take a result away.

They are served because reviews print them; the Cochrane Handbook (version 5.1, 10.4.4.3) does not recommend them, and no
judgement of the method uses them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled
from app.synthesis.distributions import Z_975, normal_cdf, normal_two_sided_p
from app.synthesis.not_computed import UNWRITABLE, NotComputed
from app.synthesis.weighted_sums import Array, scale_studies

Z_95 = 1.6448536269514722  # the 95th percentile of the standard normal distribution: Rosenthal's one-sided 0.05
WHOLE = 2.0**-26  # a number this close to a whole one is that number; what lies above it is rounded up


@dataclass(frozen=True, slots=True)
class FailSafe:
    """`count`: null studies needed. `p`: of what is observed (Orwin: None). `mean`, `target`: the effects compared, if any."""

    count: int
    p: float | None = None
    mean: float | None = None
    target: float | None = None


def rosenthal(effects: ArrayLike, variances: ArrayLike) -> FailSafe | NotComputed:
    """Return how many null results bring Stouffer's combined test to a one-sided p of 0.05: k (Z / z.95)^2 - k.

    Z = |sum y / sqrt(v)| / sqrt(k); `p` is one-sided. Rounded up, not below 0.
    Source: Rosenthal 1979, doi 10.1037/0033-2909.86.3.638.
    """
    studies = _studies(effects, variances)
    if isinstance(studies, NotComputed):
        return studies
    y, v = studies
    with np.errstate(over="ignore"):
        z = abs(float((y / np.sqrt(v)).sum())) / math.sqrt(y.size)
    count = _whole(y.size * (z / Z_95) * (z / Z_95) - y.size)
    return count if isinstance(count, NotComputed) else FailSafe(count, p=float(normal_cdf(-z)))


def orwin(effects: ArrayLike, variances: ArrayLike, *, target: float | None = None) -> FailSafe | NotComputed:
    """Return how many studies of effect 0 bring the unweighted mean down to the target: k (mean - target) / target.

    The target, in units of the effect, is half the mean unless given (then k studies are needed), and takes the sign of the
    mean. A target of 0 is never reached. Rounded up, not below 0.
    Source: Orwin 1983, doi 10.3102/10769986008002157.
    """
    studies = _studies(effects, variances)
    if isinstance(studies, NotComputed):
        return studies
    y = studies[0]
    mean = float((y / y.size).sum())
    aim = mean / 2 if target is None else math.copysign(target, mean)
    if aim == 0 or not math.isfinite(aim):
        return NotComputed("the mean or the target effect is zero, or the target is not a number: no count of null studies reaches it")
    count = _whole(y.size * (mean / aim - 1))
    return count if isinstance(count, NotComputed) else FailSafe(count, mean=mean, target=aim)


def rosenberg(effects: ArrayLike, variances: ArrayLike) -> FailSafe | NotComputed:
    """Return how many null studies of average weight bring the common effect to a two-sided p of 0.05.

    N = k ((sum w y / z.975)^2 / W - 1), w = 1 / v, W = sum w; `mean` the common effect, `p` its two-sided p. Rounded up, not
    below 0.
    Source: Rosenberg 2005, doi 10.1111/j.0014-3820.2005.tb01004.x.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotComputed(scaled.reason)
    w = 1 / scaled.v
    total = float(w.sum())
    mean = scaled.centre + scaled.unit * float((w * scaled.y).sum()) / total
    z = mean / scaled.unit * math.sqrt(total)
    count = _whole(scaled.y.size * ((z / Z_975) * (z / Z_975) - 1))
    return count if isinstance(count, NotComputed) else FailSafe(count, p=float(normal_two_sided_p(z)), mean=mean)


def _studies(effects: ArrayLike, variances: ArrayLike) -> tuple[Array, Array] | NotComputed:
    checked = scale_studies(effects, variances)
    if isinstance(checked, NotPooled):
        return NotComputed(checked.reason)
    return np.atleast_1d(np.asarray(effects, dtype=np.float64)), np.atleast_1d(np.asarray(variances, dtype=np.float64))


def _whole(number: float) -> int | NotComputed:
    """The count rounded up, not below 0; a rounding error above a whole number is no study more."""
    if not math.isfinite(number):
        return NotComputed(UNWRITABLE)
    nearest = round(number)
    return max(0, nearest if abs(number - nearest) < WHOLE else math.ceil(number))
