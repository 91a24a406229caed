"""One body of evidence: the search for tau2 by plain numbers, as fast as one body can be done.

The same search for many bodies at once is in `many_bodies`; the formulas of both are those of `likelihood`.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.synthesis.likelihood import (
    Point,
    Row,
    expected_root,
    falls_beyond,
    goes_one_way,
    has_no_root,
    meets_once,
    newton_step,
    point_of,
    rises,
    rises_beyond,
    step_of_q,
    step_towards_root,
)
from app.synthesis.weighted_sums import Scaled

Array = NDArray[np.float64]

MAX_ITERATIONS = 200  # of one root
MAX_POINTS = 20_000  # of one search: a factor of 1e150 between variances takes about a thousand
SMALLEST_STEP = 1e-6  # relative to the natural scale of t: nearer to a double root the two signs must do
GROWTH = 3  # of a step after one that was proved; any number gives the same answer, this one soonest
CLOSE_ENOUGH = 1e-8  # a step this small, relative to the natural scale, squares to a rounding error
CLOSE_BY_CUBES = 3e-6  # this small, it cubes to one
ROUNDING = 1e-14  # of the root, relative to the natural scale
SLACK = 1 + 1e-9  # on a proved upper bound, for its own rounding


class _Bracket(NamedTuple):
    """A point where the likelihood rises, another near (on either side, None: not looked at), and a tau2 above where it falls."""

    low: Point[float]
    other: Point[float] | None
    high: float


class OneBody:
    """The studies of one body on their own scale, two or more. `spread` is sum (y - mean)^2.

    A study that is left out has infinite variance, so that its weight is 0 at every tau2.
    """

    def __init__(self, scaled: Scaled) -> None:
        self.y, self.v = scaled.y, scaled.v
        self.k = k = len(self.y)
        self.first, self.v_max = scaled.first, scaled.v_max
        self.v0 = float(self.v[self.first])
        self._rows = rows = np.empty((5, k))
        self._powers = rows[:3]
        self._u, rows[3], rows[4] = tuple(self._powers), 1.0, self.v
        columns = np.empty((3, k))
        columns[0], columns[1] = 1.0, self.y
        columns[0, self.first] = 0.0
        np.multiply(self.y, self.y, columns[2])
        self._columns = columns.T
        self.left_out: int | None = None
        self._weigh(0.0, self.v0)
        self._read(rows.dot(self._columns).tolist())

    def _read(self, sums: list[Row[float]]) -> None:
        """Take what the sums at tau2 = 0, of 1 and of v say: each alone (without the most precise study), times y, times y^2."""
        u, squares, cubes, (_, y_sum, yy_sum), (v_sum, vy_sum, vyy_sum) = sums
        self.at_zero = point_of(0.0, self.v0, (u, squares, cubes), restricted=True)
        # No more than a factor k is lost here: a study with y = 0 is among them.
        mean = y_sum / self.k
        self.spread = yy_sum - y_sum * mean
        self._v_spread = vyy_sum - 2 * mean * vy_sum + mean * mean * (v_sum + self.v0)
        self._v_mean = (v_sum + self.v0) / self.k

    def without_each(self) -> Iterator["OneBody | None"]:
        """Yield for every study the body without it, on the same scale; None for the most precise one, which has made the scale.

        The sums at tau2 = 0 are made for all of them by one product; nothing is subtracted. One body must be done with before
        the next is taken: they share the place where sums are made.
        """
        self._weigh(0.0, self.v0)
        k = self.k
        sums = ((self._rows[:, None] * self._columns.T).reshape(15, k) @ (1 - np.eye(k))).T.reshape(k, 5, 3).tolist()
        for i in range(k):
            yield None if i == self.first else self._without(i, sums[i])

    def _without(self, i: int, sums: Any) -> "OneBody":
        v = self.v.copy()
        v[i] = math.inf
        body = object.__new__(OneBody)
        body.__dict__ = {**vars(self), "v": v, "k": self.k - 1, "left_out": i}
        body._read(sums)
        return body

    def _weigh(self, tau2: float, first: float) -> None:
        """Write the relative weights u at tau2, their squares and cubes where the sums are made; `first` is v0 + tau2."""
        u, squares, cubes = self._u
        np.add(self.v, tau2, u)
        np.divide(first, u, u)
        np.multiply(u, u, squares)
        np.multiply(squares, u, cubes)

    def at(self, tau2: float, *, restricted: bool = True) -> Point[float]:
        """Return the point at tau2."""
        first = self.v0 + tau2
        self._weigh(tau2, first)
        return point_of(tau2, first, self._powers.dot(self._columns).tolist(), restricted=restricted)

    @property
    def known_v(self) -> Array:
        """Variances, 0 for a study that is left out."""
        return self.v if self.left_out is None else np.where(self.v < math.inf, self.v, 0.0)

    def weights(self, point: Point[float]) -> tuple[float, ...]:
        """Return the weights at a point, summing to 1."""
        weights = (1 / point.w_sum / (self.v + point.tau2)).tolist()
        if self.left_out is not None:
            del weights[self.left_out]
        return tuple(weights)

    def q_root(self, target: float) -> float:
        """Return the tau2 at which the generalised Q falls to `target`, 0 if it begins below; NaN if the search does not end.

        1/Q is a harmonic mean of l + t, so concave: Newton's steps for it never pass the root from below, and come below it from
        above. Halley's are longer, here twice as long at most, and leave the cube of the error. The tangent at infinity gives
        where to begin: spread / target - sum v (y - mean)^2 / spread.
        """
        if self.at_zero.q <= target:
            return 0.0
        tau2 = max(0.0, self.spread / target - self._v_spread / self.spread)
        for _ in range(MAX_ITERATIONS):
            point = self.at(tau2)
            newton, bend = step_of_q(point, target)
            step = newton / max(0.5, 1 - newton * bend)
            tau2 = max(0.0, tau2 + step)
            if abs(step) <= CLOSE_BY_CUBES * (tau2 + self.v0):
                return tau2
        return math.nan

    def maximum(self, *, restricted: bool = True) -> tuple[float, int]:
        """Return the tau2 >= 0 of the highest likelihood and the number of local maxima; NaN and 0 if the search does not end.

        Every change from rising to falling is followed to its root; 0 is a maximum if the likelihood does not rise there.
        Above sum (y - mean)^2 - v0 it falls.
        """
        highest = self.spread * SLACK
        if highest <= self.v0:
            return 0.0, 1
        start = self.at_zero if restricted else self.at(0.0, restricted=False)
        brackets = self._brackets(start, highest, restricted=restricted)
        if brackets is None:
            return math.nan, 0
        maxima = [] if rises(start) else [0.0]
        maxima += [self._root(bracket, restricted=restricted) for bracket in brackets]
        if not maxima or any(map(math.isnan, maxima)):
            return math.nan, 0
        if len(maxima) == 1:
            return maxima[0], 1
        return max(maxima, key=lambda tau2: self.log_likelihood(tau2, restricted=restricted)), len(maxima)

    def _first_step(self, start: Point[float], *, restricted: bool) -> float:
        """About where the likelihood is highest, or the natural scale."""
        root = expected_root(start, self.k - restricted, self.spread, self._v_spread, self._v_mean)
        return root if 0 < root < math.inf else max(1 / start.g_fall, (start.q - self.k + 1) / start.g)

    def _brackets(self, start: Point[float], highest: float, *, restricted: bool) -> list[_Bracket] | None:
        """Walk upwards as far as may hold a root, by steps each proved to hold one at most; keep those with a maximum inside."""
        brackets: list[_Bracket] = []
        contrasts = self.k - restricted
        previous, low, step = None, start, self._first_step(start, restricted=restricted)
        for _ in range(MAX_POINTS):
            if low.tau2 >= highest or falls_beyond(low, highest):
                return brackets
            if rises_beyond(low, self.v_max):
                return [*brackets, _Bracket(low, previous, highest)] if rises(low) else brackets
            high = self.at(low.tau2 + step, restricted=restricted)
            peak = rises(low) and not rises(high)
            if (peak and meets_once(low, high, self.v_max, contrasts)) or self._is_plain(low, high):
                brackets += [_Bracket(low, high, high.tau2)] * peak
                previous, low, step = low, high, GROWTH * step
            else:
                step /= 2
        return None

    def _is_plain(self, low: Point[float], high: Point[float]) -> bool:
        """Whether no more than one root lies between two points, or they are as near to each other as makes no difference."""
        near = (high.tau2 - low.tau2) * low.g_fall <= SMALLEST_STEP
        return near or bool(goes_one_way(low, high, self.v_max) or has_no_root(low, high))

    def _root(self, bracket: _Bracket, *, restricted: bool) -> float:
        """The maximum inside a bracket: steps along cubics through the last two points, kept inside by bisection.

        A cubic is off by C (distance to one point x distance to the other)^2. So the product tells when to stop; and after two
        cubics, C itself does: what is left is (last step)^3 / (distance to the point before the last two)^2.
        """
        point, other, high = bracket
        lowest, tau2 = point.tau2, point.tau2 + (newton_step(point) if other is None else step_towards_root(point, other))
        older = other
        if not lowest < tau2 < high:
            tau2, older = middle(lowest, high, self.v0), None
        elif other is not None and abs(tau2 - other.tau2) < tau2 - lowest:
            point, older = other, point
        for _ in range(MAX_ITERATIONS):
            other, point = point, self.at(tau2, restricted=restricted)
            if rises(point):
                lowest = tau2
            else:
                high = tau2
            step = step_towards_root(point, other)
            following = tau2 + step
            if not lowest <= following <= high:
                following, older = middle(lowest, high, self.v0), None
                if not lowest < following < high:
                    return max(0.0, following)
            elif self._is_close(tau2, step, following - other.tau2, None if older is None else following - older.tau2):
                return following
            else:
                older = other
            tau2 = following
        return math.nan

    def _is_close(self, tau2: float, step: float, to_other: float, to_older: float | None) -> bool:
        """Whether a step along a cubic has come to the root but for rounding; see `_root`."""
        scale = tau2 + self.v0
        last, other = abs(step) / scale, abs(to_other) / scale
        if last * other <= CLOSE_ENOUGH:
            return True
        older = 0.0 if to_older is None else to_older / scale
        return last * last * last <= ROUNDING * older * older

    def log_likelihood(self, tau2: float, *, restricted: bool = True) -> float:
        """Return the log-likelihood with mu at its maximum, up to a constant: (sum log w - Q) / 2, restricted: - log(W) / 2."""
        point = self.at(tau2)
        v = self.v if self.left_out is None else np.delete(self.v, self.left_out)
        value = (-float(np.log(v + tau2).sum()) - point.q) / 2
        return value - math.log(point.w_sum) / 2 if restricted else value


def middle(low: float, high: float, offset: float) -> float:
    """Return the geometric middle, seen from `offset` below zero, because tau2 may span many powers of ten."""
    return math.sqrt(low + offset) * math.sqrt(high + offset) - offset
