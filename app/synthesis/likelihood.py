"""The sums over the studies that a likelihood of tau2 is made of, and what they say about where its maxima lie.

One text for one body (every member a float) and for many (every member an array, one element for each body).

Symbols as in `weighted_sums`. The studies are on their own scale: the most precise one has y = 0. Weights are taken relative
to its weight, u = (v0 + t) / (v + t) with v0 its variance, so that u0 = 1 and nothing overflows. Two facts keep every digit:
no other weight is larger than u0, so W - u cannot cancel; and mu is the residual of the most precise study, so that sums
of u r^2 made out of sums of u y^2 lose at most a factor k of rounding.

Why so few points are enough. With l1..l(k-1) the eigenvalues of the variances among contrasts of the studies (all of them
between the smallest and the largest v), and a1..a(k-1) the contrasts of y on them,

    F(t) = y'PPy = sum a^2 / (l + t)^2        G(t) = tr P = sum 1 / (l + t)

and twice the slope of the restricted likelihood is F - G (of the full likelihood: G = W = sum 1 / (v + t)). F^(-1/2) and
G^(-1/2) are power means of l + t, so concave in t: each lies below its tangents and above its chords. G/F rises wherever
2 y'PPPy / y'PPy > tr PP / tr P, and both of these only fall as t grows. So the values at two points prove what is between.

Source: Harville 1977, doi 10.1080/01621459.1977.10480998 (restricted likelihood); Horn and Johnson 2012, Matrix Analysis,
section 4.3 (interlacing); Hardy, Littlewood and Polya 1952, Inequalities, section 2.9 (power means).
"""

from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Number = TypeVar("Number", float, Array)

SMALLEST = 5e-324  # keeps a division by zero (F of identical effects, a level stretch) from being one; changes no other number
OVERSHOOT = 1.03  # of the first guess at a root, which is off by a few hundredths: from above it, one step proves most

Row: TypeAlias = tuple[Number, Number, Number]
Sums: TypeAlias = tuple[Row[Number], Row[Number], Row[Number]]
"""Sums over the studies at one tau2: of u, u y and u y^2, the same with u^2 and with u^3.

Those of u, u^2 and u^3 alone leave out the most precise study, whose u is 1 and whose y is 0.
"""


class Point(NamedTuple, Generic[Number]):
    """Everything at one tau2.

    `w_sum` W, `mu`, `q` = sum w r^2, `f` = y'PPy, `g` and `gg`: tr P and tr PP for the restricted likelihood, W and sum w^2 for
    the full one; `f_fall` = y'PPPy / f, minus half the relative slope of f; `g_fall` = gg / g, minus the relative slope of g.
    """

    tau2: Number
    w_sum: Number
    mu: Number
    q: Number
    f: Number
    g: Number
    gg: Number
    f_fall: Number
    g_fall: Number


def point_of(tau2: Number, first: Number, sums: Sums[Number], *, restricted: bool) -> Point[Number]:
    """Return the point at tau2 from its sums; `first` is v0 + tau2."""
    (u1, u1y, u1yy), (u2, u2y, u2yy), (u3, u3y, u3yy) = sums
    total = 1.0 + u1
    mu = u1y / total
    f = u2yy - mu * (u2y + u2y - mu * (1.0 + u2))
    # y'PPPy = the weighted variance of u r: that among the other studies, and that between them and the most precise one.
    others = u2y - mu * u2
    mean = others / u1
    among, between = u3yy - mu * (u3y + u3y - mu * u3) - others * mean, mu + mean
    fff = among * (among > 0) + u1 / total * between * between
    if restricted:
        # tr P = sum u (U - u) / U and tr PP, written out with u0 = 1.
        g = u1 + (u1 - u2) / total
        gg = u2 + ((u1 * u1 + u2 * (2.0 + u2)) / total - (u3 + u3)) / total
    else:
        g, gg = total, 1.0 + u2
    scale = 1.0 / first
    return Point(
        tau2,
        total * scale,
        mu,
        (u1yy - mu * u1y) * scale,
        f * scale * scale,
        g * scale,
        gg * scale * scale,
        fff / (f + SMALLEST) * scale,
        gg / g * scale,
    )


def step_of_q(point: Point[Number], target: Number) -> tuple[Number, Number]:
    """Return the Newton step n for 1/Q = 1/target, and the bend b of 1/Q that makes Halley's step n / (1 - n b) of it.

    Q' = -F and F' = -2 F f_fall, so that n = (Q/target - 1) Q/F and b = f_fall - F/Q, which is not below 0 as 1/Q is concave.
    """
    return (point.q / target - 1) * point.q / (point.f + SMALLEST), point.f_fall - point.f / point.q


def rises(point: Point[Number]) -> Any:
    """Whether the likelihood rises at the point."""
    return point.f > point.g


def newton_step(point: Point[Number]) -> Number:
    """Return the Newton step towards G/F = 1, which is a straight line in tau2 when all variances are equal."""
    return (point.f / point.g - 1) / (2 * point.f_fall - point.g_fall + SMALLEST)


def step_towards_root(point: Point[Number], previous: Point[Number]) -> Number:
    """Return the step from `point` towards G/F = 1 along the cubic tau2(G/F) that has the values and slopes of both points.

    Source: inverse Hermite interpolation, Stoer and Bulirsch 2002, Introduction to Numerical Analysis, section 2.1.5.
    """
    one, other = point.g / (point.f + SMALLEST), previous.g / (previous.f + SMALLEST)
    slope = one * (point.f_fall + point.f_fall - point.g_fall) + SMALLEST
    other_slope = other * (previous.f_fall + previous.f_fall - previous.g_fall) + SMALLEST
    difference = one - other + SMALLEST
    excess = one - 1.0
    share = excess / difference
    rest = 1.0 - share
    cubic = share * share * (difference * rest / other_slope - (point.tau2 - previous.tau2) * (1.0 + (rest + rest)))
    return cubic - rest * rest * excess / slope


def goes_one_way(low: Point[Number], high: Point[Number], v_max: Number) -> Any:
    """Whether it is proved that G/F rises, or falls, all the way between two points, so that it is 1 once at most."""
    low_scale, high_scale = low.tau2 + v_max, high.tau2 + v_max
    rises_all_the_way = 2 * high.f_fall * high_scale >= low.g_fall * low_scale
    return rises_all_the_way | (2 * low.f_fall * low_scale <= high.g_fall * high_scale)


def has_no_root(low: Point[Number], high: Point[Number]) -> Any:
    """Whether it is proved that F and G do not meet between two points.

    F^(-1/2) by its tangent at one of them stays below G^(-1/2) by its chord, or above it the other way round.
    """
    width = high.tau2 - low.tau2
    above = (rises(low) & (low.f > high.g * (1 + low.f_fall * width) ** 2)) | (
        rises(high) & (high.f > low.g * (1 - high.f_fall * width) ** 2)
    )
    below = ((low.f < low.g) & (high.f * (1 + low.g_fall * width / 2) ** 2 < low.g)) | (
        (high.f < high.g) & (low.f * (1 - high.g_fall * width / 2) ** 2 < high.g)
    )
    return above | below


def rises_beyond(point: Point[Number], v_max: Number) -> Any:
    """Whether it is proved that G/F rises from here on: `goes_one_way` with the other point at infinity."""
    return point.g_fall * (point.tau2 + v_max) <= 2


def expected_root(start: Point[Number], contrasts: Number, spread: Number, v_spread: Number, v_mean: Number) -> Number:
    """Return about where G/F = 1 if it is below 1 at tau2 = 0, rather too much; not above zero, or NaN, where nothing can be said.

    G/F is taken as l + m t + a d / (d + t): with its value and slope at 0, and the straight line l + m t it comes to at infinity.
    `spread` is sum (y - mean)^2, `v_spread` sum v (y - mean)^2, `contrasts` k - 1, of the full likelihood k.
    """
    ratio = start.g / (start.f + SMALLEST)
    m = contrasts / spread
    intercept = m * (2 * v_spread / spread - v_mean)
    d = (ratio - intercept) / (m - ratio * (2 * start.f_fall - start.g_fall) + SMALLEST)
    half = (intercept - 1 + m * d) / 2
    root: Number = ((half * half + abs(m * d * (1 - ratio))) ** 0.5 - half) / m * OVERSHOOT
    return ((ratio < 1) & (d > 0)) * root


def meets_once(low: Point[Number], high: Point[Number], v_max: Number, contrasts: Number) -> Any:
    """Whether it is proved that G/F goes through 1 once between a point where the likelihood rises and one where it does not.

    From `low` on F^(-1/2) stays below its tangent and 1/G above the line of slope 1/contrasts, so that F > G for some way:
    r (1 + g d / contrasts) > (1 + f_fall d)^2 with r = F/G. From there on G/F rises, as in `goes_one_way`, with 1 / g_fall grown
    by that way at least.
    """
    ratio = low.f / low.g
    half = ratio * low.g / contrasts / low.f_fall / 2 - 1
    way = (half + (half * half + ratio - 1) ** 0.5) / low.f_fall
    return 2 * high.f_fall * (high.tau2 + v_max) * (1 / low.g_fall + way) >= low.tau2 + way + v_max


def falls_beyond(point: Point[Number], spread: Number) -> Any:
    """Whether it is proved that the likelihood falls from here on; `spread` is sum (y - mean)^2 or more.

    F^(-1/2) grows by at least its slope at infinity, spread^(-1/2), and 1/G by its slope here at most. With r = F/G here and
    s = sqrt(F / spread), G/F stays above (1 + s d)^2 / (r (1 + g_fall d)) at a distance d, which is above 1 for all d > 0 if
    the quadratic in d has no positive root.
    """
    share, squared = point.f / point.g, point.f / (spread + SMALLEST)
    excess = share * point.g_fall - 2 * squared**0.5
    return (share < 1) & ((excess <= 0) | (excess * excess < 4 * squared * (1 - share)))
