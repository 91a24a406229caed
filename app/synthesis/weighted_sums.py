"""The studies on a scale of their own, and the weighted sums over them that pooling and heterogeneity are made of.

Symbols: y effects, v variances (squared standard errors), t = tau2 the variance of the true effects, w = 1 / (v + t),
W = sum w, mu = sum(w y) / W, r = y - mu, k studies, P = diag(w) - w w' / W.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled

Array = NDArray[np.float64]

MAX_DISTANCE = 1e75  # between two effects, or of the largest to the smallest standard error: its fourth power is still a number
TOO_FAR_APART = "the studies differ by more than floating-point numbers can hold"


class Scaled(NamedTuple):
    """Studies on a scale of their own: effect = centre + unit * y, variance = unit^2 * v, smallest v in [1, 4).

    `unit` is a power of two, so that scaling there and back loses no digit.
    """

    y: Array
    v: Array
    centre: float
    unit: float

    def squared(self, value: float) -> float:
        """A variance on this scale turned back into squared units of the effect."""
        return value * self.unit * self.unit


def scale_studies(effects: ArrayLike, variances: ArrayLike) -> Scaled | NotPooled:
    """Check the studies and put them on their own scale; NotPooled names what is wrong with them."""
    y, v = np.atleast_1d(np.asarray(effects, dtype=np.float64)), np.atleast_1d(np.asarray(variances, dtype=np.float64))
    if y.shape != v.shape or y.ndim != 1:
        return NotPooled("effects and variances are not two lists of the same length")
    if y.size == 0:
        return NotPooled("no study with an effect and a standard error")
    if not (np.isfinite(y).all() and np.isfinite(v).all()):
        return NotPooled("an effect or a variance is not a finite number")
    if not (v > 0).all():
        return NotPooled("a variance is not above zero")
    unit = 2.0 ** ((math.frexp(float(v.min()))[1] - 1) // 2)
    centre = float(y[np.argmin(v)])
    with np.errstate(over="ignore"):
        scaled = Scaled((y - centre) / unit, v / unit / unit, centre, unit)
    if not ((np.abs(scaled.y) <= MAX_DISTANCE).all() and (scaled.v <= MAX_DISTANCE**2).all()):
        return NotPooled(TOO_FAR_APART)
    return scaled


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights and the sums every estimator is made of.

    The studies lie along the last axis; tau2 may be one number or an array of them, and every sum then has its shape.
    """

    w: Array
    w_sum: Array
    mu: Array
    residuals: Array

    @classmethod
    def at(cls, y: Array, v: Array, tau2: float | Array) -> "Fit":
        w = 1 / (v + np.asarray(tau2)[..., None])
        w_sum = w.sum(axis=-1)
        mu = (w * y).sum(axis=-1) / w_sum
        return cls(w, w_sum, mu, y - mu[..., None])

    @property
    def q(self) -> Array:
        """Generalised Q: sum w r^2."""
        return sum_studies(self.w * self.residuals**2)

    @property
    def trace_p(self) -> Array:
        """tr P = W - sum w^2 / W, P = diag(w) - w w' / W; summed as w_i (W - w_i) / W, which cannot cancel."""
        return sum_studies(self.w * _sum_of_others(self.w)) / self.w_sum

    @property
    def trace_pp(self) -> Array:
        """tr PP = sum w^2 - 2 sum w^3 / W + (sum w^2 / W)^2, again without cancellation."""
        share_of_others = _sum_of_others(self.w) / self.w_sum[..., None]
        w2 = self.w**2
        return sum_studies(w2 * share_of_others**2) + sum_studies(w2 * _sum_of_others(w2)) / self.w_sum**2

    @property
    def y_pp_y(self) -> Array:
        """y' PP y = sum w^2 r^2."""
        return sum_studies((self.w * self.residuals) ** 2)

    @property
    def y_ppp_y(self) -> Array:
        """y' PPP y = sum w^3 r^2 - (sum w^2 r)^2 / W."""
        wr = self.w * self.residuals
        return sum_studies(self.w * wr**2) - sum_studies(self.w * wr) ** 2 / self.w_sum


def sum_studies(x: Array) -> Array:
    """Sum over the studies (the last axis)."""
    total: Array = x.sum(axis=-1)
    return total


def _sum_of_others(x: Array) -> Array:
    """For every study the sum over the other ones, without subtracting its own share from the total."""
    others = np.zeros_like(x)
    others[..., 1:] = np.cumsum(x[..., :-1], axis=-1)
    others[..., :-1] += np.cumsum(x[..., :0:-1], axis=-1)[..., ::-1]
    return others
