"""Many bodies of evidence at once: the search for tau2 by arrays, one column for each body.

Studies lie along the first axis, so that a sum over them adds whole rows. A column shorter than the others is filled up with
studies of effect 0 and infinite variance: their weight is 0 at every tau2, and adding 0 changes no digit. The formulas are
those of `likelihood`, the search is that of `one_body`.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.synthesis.likelihood import (
    Point,
    expected_root,
    falls_beyond,
    goes_one_way,
    has_no_root,
    meets_once,
    newton_step,
    point_of,
    rises,
    step_of_q,
    step_towards_root,
)
from app.synthesis.one_body import CLOSE_BY_CUBES, CLOSE_ENOUGH, MAX_ITERATIONS, SLACK, OneBody
from app.synthesis.weighted_sums import Scaled, sum_rows

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]

SURVEY = np.array([[0.25], [0.5], [0.75], [1.0]])  # where to look, as powers of the range; what stays unclear goes the way of one body
FURTHER = 1.03  # than where the root is expected, which for one body in twenty is too near; `survey` is for those that remain
NOWHERE = np.empty(0, dtype=np.intp)


class ManyBodies:
    """Bodies of two studies or more on their own scales: `y`, `v` (studies, bodies), row 0 the most precise study of each.

    `singly`: how many bodies of which a first look proves too little go the way of one body at once, which for a few is less work.
    It is 0 where no digit of a body may depend on which others stand beside it.
    """

    def __init__(self, y: Array, v: Array, k: Array, *, singly: int = 0) -> None:
        self.y, self.v, self.k, self.singly = y, v, k, singly
        self.v0 = v[0]
        self._y, self._v = y[1:], v[1:]

    @cached_property
    def at_zero(self) -> Point[Array]:
        return self.at(np.zeros(self.k.size))

    @cached_property
    def present(self) -> Mask:
        return np.isfinite(self.v)

    @cached_property
    def known_v(self) -> Array:
        """Variances, 0 where there is no study."""
        return self.v if self.present.all() else np.where(self.present, self.v, 0.0)

    @cached_property
    def squares(self) -> Array:
        """(y - mean)^2, 0 where there is no study."""
        mean = sum_rows(self.y) / self.k
        squares: Array = (self.y - mean) ** 2
        return squares if self.present.all() else np.where(self.present, squares, 0.0)

    @cached_property
    def spread(self) -> Array:
        """Sum of (y - mean)^2."""
        return sum_rows(self.squares)

    def take(self, columns: Positions) -> "ManyBodies":
        """Return some of the bodies, in their order."""
        if columns.size == self.k.size:
            return self
        # take() keeps whole rows together in memory, indexing does not: `sum_rows` rests on that.
        return ManyBodies(self.y.take(columns, axis=1), self.v.take(columns, axis=1), self.k[columns])

    def one(self, column: int) -> OneBody:
        there = self.present[:, column]
        y, v = self.y[there, column], self.v[there, column]
        return OneBody(Scaled(y, v, 0.0, 1.0, 0, float(v.max())))

    def at(self, tau2: Array, *, restricted: bool = True) -> Point[Array]:
        """Return the points at one tau2 for each body, or at several: `tau2` (bodies) or (points, bodies)."""
        y, v = (self._y, self._v) if tau2.ndim == 1 else (self._y[:, None], self._v[:, None])
        first = self.v0 + tau2
        terms = np.empty((9, v.shape[0], *tau2.shape))
        u, uy, uyy, u2, u2y, u2yy, u3, u3y, u3yy = terms
        np.divide(first, np.add(v, tau2, out=u), out=u)
        np.multiply(u, y, out=uy)
        np.multiply(uy, y, out=uyy)
        np.multiply(u, u, out=u2)
        np.multiply(u, uy, out=u2y)
        np.multiply(uy, uy, out=u2yy)
        np.multiply(u, u2, out=u3)
        np.multiply(u, u2y, out=u3y)
        np.multiply(uy, u2y, out=u3yy)
        sums = sum_rows(terms, axis=1)
        return point_of(tau2, first, ((sums[0], sums[1], sums[2]), (sums[3], sums[4], sums[5]), tuple(sums[6:])), restricted=restricted)

    def q_root(self, target: Array) -> Array:
        """Return the tau2 at which the generalised Q falls to `target`, 0 where it begins below; NaN where the search does not end."""
        roots = np.zeros(self.k.size)
        left = np.flatnonzero(self.at_zero.q > target)
        start = np.maximum(0.0, self.spread / target - sum_rows(self.known_v * self.squares) / self.spread)
        roots[left] = np.nan
        bodies, tau2, target = self.take(left), start[left], target[left]
        for _ in range(MAX_ITERATIONS):
            if not left.size:
                break
            point = bodies.at(tau2)
            newton, bend = step_of_q(point, target)
            step = newton / np.maximum(0.5, 1 - newton * bend)
            tau2 = np.maximum(0.0, tau2 + step)
            found = np.abs(step) <= CLOSE_BY_CUBES * (tau2 + bodies.v0)
            if found.any():
                roots[left[found]] = tau2[found]
                going = ~found
                bodies, left, tau2, target = bodies.take(np.flatnonzero(going)), left[going], tau2[going], target[going]
        return roots

    def maximum(self, *, restricted: bool = True) -> tuple[Array, NDArray[np.intp]]:
        """Return for each body the tau2 >= 0 of the highest likelihood and the number of local maxima (NaN and 0: not found).

        A body with more than one maximum, or one where a few points prove too little, is handed to the search for one body.
        """
        tau2, maxima = np.zeros(self.k.size), np.ones(self.k.size, dtype=np.intp)
        left = np.flatnonzero(self.spread * SLACK > self.v0)
        if left.size:
            bodies = self.take(left)
            bracketed, brackets, further = bodies.expect(restricted=restricted)
            tau2[left[bracketed]] = bodies.take(bracketed).roots(brackets, restricted=restricted)
            left, bodies = left[further], bodies.take(further)
        if left.size:
            if left.size > self.singly:
                bracketed, brackets, unclear = bodies.survey(bodies.spread * SLACK, restricted=restricted)
                tau2[left[bracketed]] = bodies.take(bracketed).roots(brackets, restricted=restricted)
                left = left[unclear]
            for column in left.tolist():
                tau2[column], maxima[column] = self.one(column).maximum(restricted=restricted)
        return tau2, maxima

    def expect(self, *, restricted: bool) -> tuple[Positions, "_Brackets", Positions]:
        """Look where the maximum is expected, as `OneBody` does first.

        Return the bodies proved to have their only maximum between 0 and there (one root up to there, none beyond), with the
        brackets around it, and the bodies that need a further look. The only maximum of all others is proved to be zero.
        """
        contrasts, v_max = self.k - restricted, self.known_v.max(axis=0)
        zero = self.at_zero if restricted else self.at(np.zeros(self.k.size), restricted=False)
        v_spread, v_mean = sum_rows(self.known_v * self.squares), sum_rows(self.known_v) / self.k
        root = expected_root(zero, contrasts, self.spread, v_spread, v_mean) * FURTHER
        natural = np.maximum(1 / zero.g_fall, (zero.q - self.k + 1) / zero.g)
        high = self.at(np.where((root > 0) & (root < np.inf), root, natural), restricted=restricted)
        peak = rises(zero) & ~rises(high) & falls_beyond(high, self.spread * SLACK)
        once = meets_once(zero, high, v_max, contrasts)
        if (peak > once).any():
            once |= goes_one_way(zero, high, v_max) | has_no_root(zero, high)
        peak &= once
        bracketed, further = np.arange(self.k.size), NOWHERE
        if not peak.all():
            bracketed, further = np.flatnonzero(peak), np.flatnonzero(~(peak | falls_beyond(zero, self.spread * SLACK)))
            zero, high = Point(*(each[bracketed] for each in zero)), Point(*(each[bracketed] for each in high))
        return bracketed, _Brackets(zero.tau2, high.tau2, high, high.tau2 + step_towards_root(high, zero)), further

    def survey(self, highest: Array, *, restricted: bool) -> tuple[Positions, "_Brackets", Positions]:
        """Look at a few tau2 from 0 up to where it is proved that G/F only rises; `highest`: above it the likelihood falls.

        Return the bodies whose only maximum lies above zero with the brackets around it, and the bodies that stay unclear. The
        only maximum of all others is zero. 1 / g_fall grows faster than tau2, so that G/F rises beyond max v - 2 / g_fall(0).
        """
        v_max = self.known_v.max(axis=0)
        zero = self.at_zero if restricted else self.at(np.zeros(self.k.size), restricted=False)
        scale = 1 / zero.g_fall
        end = np.maximum(v_max - 2 * scale, 0.0) * SLACK
        tau2 = scale * ((1 + end / scale) ** SURVEY - 1)
        tau2[-1] = end
        above = self.at(tau2, restricted=restricted)
        points: Point[Array] = Point(*(np.concatenate([one[None], more]) for one, more in zip(zero, above, strict=True)))
        low: Point[Array] = Point(*(each[:-1] for each in points))
        high: Point[Array] = Point(*(each[1:] for each in points))
        rising = rises(points)
        peaks = np.concatenate([rising[:-1] & ~rising[1:], rising[-1:]])
        unclear = ~((goes_one_way(low, high, v_max) | has_no_root(low, high)).all(axis=0) & (peaks.sum(axis=0) + ~rising[0] == 1))
        bracketed = np.flatnonzero(rising[0] & ~unclear)
        where = peaks.argmax(axis=0)[bracketed]
        at_low: Point[Array] = Point(*(each[where, bracketed] for each in points))
        next_one = np.minimum(where + 1, len(SURVEY))
        at_next: Point[Array] = Point(*(each[next_one, bracketed] for each in points))
        last = where == len(SURVEY)
        upper = np.where(last, np.maximum(end, highest)[bracketed], at_next.tau2)
        start = at_low.tau2 + np.where(last, newton_step(at_low), step_towards_root(at_low, at_next))
        return bracketed, _Brackets(at_low.tau2, upper, at_low, start), np.flatnonzero(unclear)

    def roots(self, brackets: "_Brackets", *, restricted: bool) -> Array:
        """The maxima inside their brackets, as `OneBody` finds them."""
        roots = np.full(self.k.size, np.nan)
        left, bodies = np.arange(self.k.size), self
        low, high, point, tau2 = brackets
        tau2 = np.where((low < tau2) & (tau2 < high), tau2, middle(low, high, self.v0))
        for _ in range(MAX_ITERATIONS):
            if not left.size:
                break
            other, point = point, bodies.at(tau2, restricted=restricted)
            rising = rises(point)
            low, high = np.where(rising, tau2, low), np.where(rising, high, tau2)
            following = tau2 + step_towards_root(point, other)
            inside = (low <= following) & (following <= high)
            found = np.abs((following - tau2) * (following - other.tau2)) <= CLOSE_ENOUGH * (tau2 + bodies.v0) ** 2
            if not inside.all():
                halfway = middle(low, high, bodies.v0)
                found = np.where(inside, found, ~((low < halfway) & (halfway < high)))
                following = np.where(inside, following, halfway)
            tau2 = following
            if found.any():
                roots[left[found]] = np.maximum(0.0, tau2[found])
                if found.all():
                    break
                going = np.flatnonzero(~found)
                left, bodies, tau2, low, high = left[going], bodies.take(going), tau2[going], low[going], high[going]
                point = Point._make(each[going] for each in point)
        return roots


class _Brackets(NamedTuple):
    """For each body a tau2 where the likelihood rises and one above it where it does not, a point near, and where between to begin."""

    low: Array
    high: Array
    near: Point[Array]
    start: Array


def middle(low: Array, high: Array, offset: Array) -> Array:
    """Return the geometric middle, seen from `offset` below zero, because tau2 may span many powers of ten."""
    between: Array = np.sqrt(low + offset) * np.sqrt(high + offset) - offset
    return between
