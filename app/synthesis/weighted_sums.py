"""The studies on a scale of their own, and the weighted sums over them that pooling and heterogeneity are made of.

Symbols: y effects, v variances (squared standard errors), t = tau2 the variance of the true effects, w = 1 / (v + t),
W = sum w, mu = sum(w y) / W, r = y - mu, k studies, P = diag(w) - w w' / W.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.body import NotPooled

Array = NDArray[np.float64]

MAX_DISTANCE = 1e75  # between two effects, or of the largest to the smallest standard error: its fourth power is still a number
TOO_FAR_APART = "the studies differ by more than floating-point numbers can hold"


class Scaled(NamedTuple):
    """Studies on a scale of their own: effect = centre + unit * y, variance = unit^2 * v, smallest v in [1, 4).

    `unit` is a power of two, so that scaling there and back loses no digit. `first` is the place of the most precise study,
    whose effect is the centre; `v_max` the largest v.
    """

    y: Array
    v: Array
    centre: float
    unit: float
    first: int
    v_max: float

    def squared(self, value: float) -> float:
        """A variance on this scale turned back into squared units of the effect."""
        return value * self.unit * self.unit


NOT_TWO_LISTS = "effects and variances are not two lists of the same length"
NO_STUDY = "no study with an effect and a standard error"
NOT_FINITE = "an effect or a variance is not a finite number"
NOT_ABOVE_ZERO = "a variance is not above zero"


def scale_studies(effects: ArrayLike, variances: ArrayLike) -> Scaled | NotPooled:
    """Check the studies and put them on their own scale; NotPooled names what is wrong with them."""
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.ndim == 0 or v.ndim == 0:
        y, v = np.atleast_1d(y), np.atleast_1d(v)
    if y.shape != v.shape or y.ndim != 1:
        return NotPooled(NOT_TWO_LISTS)
    if y.size == 0:
        return NotPooled(NO_STUDY)
    # Plain numbers are sooner sorted out than arrays as short as these. A sum of finite ones may overflow, that of others never is one.
    ys, vs = y.tolist(), v.tolist()
    if not math.isfinite(sum(ys) + sum(vs)) and not all(map(math.isfinite, ys + vs)):
        return NotPooled(NOT_FINITE)
    v_min, v_max = min(vs), max(vs)
    if v_min <= 0:
        return NotPooled(NOT_ABOVE_ZERO)
    first = vs.index(v_min)
    centre, unit = ys[first], unit_of(v_min)
    if max(max(ys) - centre, centre - min(ys)) / unit > MAX_DISTANCE or v_max / unit / unit > MAX_DISTANCE**2:
        return NotPooled(TOO_FAR_APART)
    shrink = 1 / unit / unit
    scaled_v = v * shrink if shrink < math.inf else v / unit / unit
    return Scaled((y - centre) / unit, scaled_v, centre, unit, first, v_max / unit / unit)


def unit_of(smallest_variance: float) -> float:
    """Return the power of two u with the smallest variance in [u^2, 4 u^2)."""
    return math.ldexp(1.0, (math.frexp(smallest_variance)[1] - 1) // 2)


def sum_rows(x: Array, axis: int = 0) -> Array:
    """Sum over the studies where they lie along the first axis, or the one named, one row after the other.

    Always in that order, so that rows of zeros at the end and columns beside change no digit (NumPy would sum a single column
    in pairs).
    """
    single_column = x.ndim > axis + 1 and math.prod(x.shape[axis + 1 :]) == 1
    total: Array = np.add.accumulate(x, axis=axis).take(-1, axis=axis) if single_column else np.add.reduce(x, axis=axis)
    return total
