"""One body of evidence: the search for tau2 by plain numbers, as fast as one body can be done.

The same search for many bodies at once is in `many_bodies`; the formulas of both are those of `likelihood`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.synthesis.likelihood import (
    SMALLEST,
    Point,
    goes_one_way,
    has_no_root,
    newton_step,
    point_of,
    rises,
    rises_beyond,
    step_towards_root,
)
from app.synthesis.weighted_sums import Scaled

Array = NDArray[np.float64]

MAX_ITERATIONS = 200  # of one root
MAX_POINTS = 20_000  # of one search: a factor of 1e150 between variances takes about a thousand
SMALLEST_STEP = 1e-6  # relative to the natural scale of t: nearer to a double root the two signs must do
GROWTH = 3  # of a step after one that was proved; any number gives the same answer, this one soonest
CLOSE_ENOUGH = 1e-8  # a step this small, relative to the natural scale, squares to a rounding error
SLACK = 1 + 1e-9  # on a proved upper bound, for its own rounding


class _Bracket(NamedTuple):
    """A point where the likelihood rises, one above where it does not (None: not looked at), and its tau2."""

    low: Point[float]
    above: Point[float] | None
    high: float


class OneBody:
    """The studies of one body on their own scale, two or more."""

    def __init__(self, scaled: Scaled) -> None:
        self.y, self.v = scaled.y, scaled.v
        self.k = self.y.size
        first, self.v_max = scaled.first, scaled.v_max
        self.v0 = float(self.v[first])
        self._powers = powers = np.empty((3, self.k))
        self._u, self._u2, self._u3 = powers[0], powers[1], powers[2]
        columns = np.ones((3, self.k))
        columns[0, first] = 0.0
        columns[1] = self.y
        np.multiply(self.y, self.y, columns[2])
        self._columns = columns.T
        self.at_zero = self.at(0.0)

    def at(self, tau2: float, *, restricted: bool = True) -> Point[float]:
        """Return the point at tau2."""
        first = self.v0 + tau2
        np.add(self.v, tau2, self._u)
        np.divide(first, self._u, self._u)
        np.multiply(self._u, self._u, self._u2)
        np.multiply(self._u2, self._u, self._u3)
        return point_of(tau2, first, self._powers.dot(self._columns).tolist(), restricted=restricted)

    @property
    def known_v(self) -> Array:
        return self.v

    def weights(self, point: Point[float]) -> list[float]:
        """Return the weights at a point, summing to 1."""
        weights: list[float] = (1 / point.w_sum / (self.v + point.tau2)).tolist()
        return weights

    @property
    def spread(self) -> float:
        """Sum (y - mean)^2."""
        return float(np.add.reduce((self.y - np.add.reduce(self.y) / self.k) ** 2))

    def q_root(self, target: float) -> float:
        """Return the tau2 at which the generalised Q falls to `target`, 0 if it begins below; NaN if the search does not end.

        1/Q is a harmonic mean of l + t, so concave, and Newton's steps for it never pass the root when they begin below. The
        tangent at infinity gives where to begin: spread / target - sum v (y - mean)^2 / spread.
        """
        if self.at_zero.q <= target:
            return 0.0
        squares = (self.y - np.add.reduce(self.y) / self.k) ** 2
        spread = float(np.add.reduce(squares))
        tau2 = max(0.0, spread / target - float(self.v.dot(squares)) / spread)
        for _ in range(MAX_ITERATIONS):
            point = self.at(tau2)
            step = (point.q / target - 1) * point.q / (point.f + SMALLEST)
            tau2 = max(0.0, tau2 + step)
            if abs(step) <= CLOSE_ENOUGH * (tau2 + self.v0):
                return tau2
        return math.nan

    def maximum(self, *, restricted: bool = True) -> tuple[float, int]:
        """Return the tau2 >= 0 of the highest likelihood and the number of local maxima; NaN and 0 if the search does not end.

        Every change from rising to falling is followed to its root; 0 is a maximum if the likelihood does not rise there.
        Above sum y^2 - v0 it falls, because sum y^2 >= sum (y - mean)^2.
        """
        highest = float(self.y.dot(self.y)) * SLACK
        if highest <= self.v0:
            return 0.0, 1
        start = self.at_zero if restricted else self.at(0.0, restricted=False)
        brackets = self._brackets(start, highest, restricted=restricted)
        if brackets is None:
            return math.nan, 0
        maxima = [] if rises(start) else [0.0]
        maxima += [self._root(bracket, restricted=restricted) for bracket in brackets]
        if not maxima or any(math.isnan(tau2) for tau2 in maxima):
            return math.nan, 0
        if len(maxima) == 1:
            return maxima[0], 1
        return max(maxima, key=lambda tau2: self.log_likelihood(tau2, restricted=restricted)), len(maxima)

    def _brackets(self, start: Point[float], highest: float, *, restricted: bool) -> list[_Bracket] | None:
        """Walk upwards as far as may hold a root, by steps each proved to hold one at most; keep those with a maximum inside."""
        brackets: list[_Bracket] = []
        low, step = start, max(1 / start.g_fall, (start.q - self.k + 1) / start.g)  # the natural scale, or about where the maximum is
        for _ in range(MAX_POINTS):
            if low.tau2 >= highest:
                return brackets
            if rises_beyond(low, self.v_max):
                return [*brackets, _Bracket(low, None, highest)] if rises(low) else brackets
            high = self.at(low.tau2 + step, restricted=restricted)
            if step * low.g_fall <= SMALLEST_STEP or goes_one_way(low, high, self.v_max) or has_no_root(low, high):
                if rises(low) and not rises(high):
                    brackets.append(_Bracket(low, high, high.tau2))
                low, step = high, GROWTH * step
            else:
                step /= 2
        return None

    def _root(self, bracket: _Bracket, *, restricted: bool) -> float:
        """The maximum inside a bracket: steps along cubics through the last two points, kept inside by bisection.

        A cubic is off by about (distance to one point x distance to the other)^2, which tells when to stop.
        """
        point, other, high = bracket
        lowest, tau2 = point.tau2, point.tau2 + (newton_step(point) if other is None else step_towards_root(point, other))
        if not lowest < tau2 < high:
            tau2 = middle(lowest, high, self.v0)
        for _ in range(MAX_ITERATIONS):
            other, point = point, self.at(tau2, restricted=restricted)
            if rises(point):
                lowest = tau2
            else:
                high = tau2
            following = tau2 + step_towards_root(point, other)
            if not lowest <= following <= high:
                following = middle(lowest, high, self.v0)
                if not lowest < following < high:
                    return max(0.0, following)
            elif abs((following - tau2) * (following - other.tau2)) <= CLOSE_ENOUGH * (tau2 + self.v0) ** 2:
                return following
            tau2 = following
        return math.nan

    def log_likelihood(self, tau2: float, *, restricted: bool = True) -> float:
        """Return the log-likelihood with mu at its maximum, up to a constant: (sum log w - Q) / 2, restricted: - log(W) / 2."""
        point = self.at(tau2)
        value = (-float(np.log(self.v + tau2).sum()) - point.q) / 2
        return value - math.log(point.w_sum) / 2 if restricted else value


def middle(low: float, high: float, offset: float) -> float:
    """Return the geometric middle, seen from `offset` below zero, because tau2 may span many powers of ten."""
    return math.sqrt(low + offset) * math.sqrt(high + offset) - offset
