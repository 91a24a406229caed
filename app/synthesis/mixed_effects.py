"""The linear mixed-effects model behind meta-regression and subgroups: effect = X b + u + e, var(u) = tau2, var(e) = v.

Symbols: y effects, v variances, k studies, p columns of the design X, w = 1 / (v + tau2), r = y - X b the residuals of the
weighted fit, P = diag(w) - diag(w) X (X' diag(w) X)^-1 X' diag(w). The columns are made orthogonal under w one after the
other (Gram-Schmidt), so that every sum is a plain sum over studies: with c_j the j-th column and n_j = sum w c_j^2,
b_j = sum w c_j y / n_j, var(b_j) = 1 / n_j and the leverage h = sum_j w c_j^2 / n_j. With the one column 1 everything is the
random-effects mean of `pooling`.

Source: Raudenbush 2009, in The Handbook of Research Synthesis and Meta-Analysis, chapter 16; Viechtbauer 2010,
doi 10.18637/jss.v036.i03.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ModelMethod: TypeAlias = Literal["EE", "DL", "SJ", "PM", "ML", "REML"]
TestMethod: TypeAlias = Literal["z", "knha", "adhoc"]

MAX_VARIANCE_RATIO = 1e12  # of the largest to the smallest: beyond it 1 - leverage is only rounding
GRID_START = 1e-4  # of the smallest variance: below it tau2 changes no weight that matters
GRID_POINTS_PER_DECADE = 16
PARTS = 64  # of a bracket in one step: so many places are asked in one call, which costs little more than one place alone
ROUNDING = 4e-16  # relative: two neighbouring numbers are nearer, so that halving an interval down to it always ends


@dataclass(frozen=True, slots=True)
class MixedFit:
    """The weighted fit at one tau2, or at an array of them (then every member has its shape in front).

    `columns` (k x p) are the orthogonal columns, `norms` the n_j, `coefficients` the b_j.
    """

    w: Array
    columns: Array
    norms: Array
    coefficients: Array
    residuals: Array

    @classmethod
    def at(cls, y: Array, v: Array, design: Array, tau2: float | Array) -> "MixedFit":
        w = 1 / (v + np.asarray(tau2, dtype=np.float64)[..., None])
        columns: list[Array] = []
        norms: list[Array] = []
        coefficients: list[Array] = []
        residuals = np.broadcast_to(y, w.shape)
        for start in design.T:
            column = np.broadcast_to(start, w.shape)
            for earlier, norm in zip(columns, norms, strict=True):
                column = column - _share(w, earlier, column, norm)[..., None] * earlier
            norm = (w * column**2).sum(axis=-1)
            coefficient = _share(w, column, residuals, norm)
            residuals = residuals - coefficient[..., None] * column
            columns.append(column)
            norms.append(norm)
            coefficients.append(coefficient)
        return cls(w, np.stack(columns, axis=-1), np.stack(norms, axis=-1), np.stack(coefficients, axis=-1), residuals)

    @property
    def q(self) -> Array:
        """Residual heterogeneity y' P y = sum w r^2."""
        return _sum(self.w * self.residuals**2)

    @property
    def y_pp_y(self) -> Array:
        """y' P P y = sum w^2 r^2."""
        return _sum((self.w * self.residuals) ** 2)

    @property
    def trace_p(self) -> Array:
        """tr P = sum w (1 - h)."""
        leverage = (self.w[..., None] * self.columns**2 / self.norms[..., None, :]).sum(axis=-1)
        return _sum(self.w * np.maximum(0.0, 1 - leverage))

    def squared_projection(self, left: Array, right: Array) -> float:
        """Return sum_ij left_i P_ij^2 right_j, row by row; one tau2 only. tr(PVPV) with left = right = v, tr(PP) with ones.

        P_ii = w_i (1 - h_i) is not taken by subtraction where h_i is near 1: (1 - h_i) h_i = sum of the other h_ij^2, because
        the projection is idempotent.
        """
        root = np.sqrt(self.w)
        basis = root[:, None] * self.columns / np.sqrt(self.norms)
        total = 0.0
        for i in range(root.size):
            row = basis @ basis[i]
            leverage = float(row[i])
            row[i] = 0.0
            others = float((row**2).sum())
            row[i] = 1 - leverage if leverage < 0.5 else others / leverage
            total += float(left[i]) * float(((root[i] * root * row) ** 2 * right).sum())
        return total


def _sum(x: Array) -> Array:
    total: Array = x.sum(axis=-1)
    return total


def _share(w: Array, column: Array, of: Array, norm: Array) -> Array:
    share: Array = (w * column * of).sum(axis=-1) / norm
    return share


class Studies(NamedTuple):
    """Studies on their own scale (`weighted_sums.Scaled`) and the design: k x p, its first column or their sum the constant."""

    y: Array
    v: Array
    design: Array

    @property
    def df(self) -> int:
        return int(self.design.shape[0] - self.design.shape[1])

    def fit(self, tau2: float | Array) -> MixedFit:
        return MixedFit.at(self.y, self.v, self.design, tau2)

    def residual_squares(self) -> float:
        """The unweighted residual sum of squares: that of any weighting, times its largest weight, is an upper bound of q."""
        return float((MixedFit.at(self.y, np.ones_like(self.v), self.design, 0.0).residuals ** 2).sum())


class ResidualTau2(NamedTuple):
    """tau2 that the design leaves, its standard error (None for EE), and the number of local maxima of a likelihood."""

    tau2: float
    se: float | None
    maxima: int = 1


def _equal_effects(_: Studies) -> ResidualTau2:
    return ResidualTau2(0.0, None)


def _dersimonian_laird(studies: Studies) -> ResidualTau2:
    """max(0, (q - (k - p)) / tr P) at tau2 = 0. DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2."""
    fit, ones, df = studies.fit(0.0), np.ones_like(studies.v), studies.df
    trace = float(fit.trace_p)
    tau2 = max(0.0, (float(fit.q) - df) / trace)
    variance = 2 * df + 4 * tau2 * trace + 2 * tau2**2 * fit.squared_projection(ones, ones)
    return ResidualTau2(tau2, math.sqrt(variance) / trace)


def _sidik_jonkman(studies: Studies) -> ResidualTau2:
    """t0 q / (k - p), w at t0 = sum (y - mean)^2 / k. Sidik and Jonkman 2005, doi 10.1111/j.1467-9876.2005.00489.x."""
    start = float(np.var(studies.y))
    fit, v, ones = studies.fit(start), studies.v, np.ones_like(studies.v)
    tau2 = start * float(fit.q) / studies.df
    pvpv, pvp, pp = fit.squared_projection(v, v), fit.squared_projection(v, ones), fit.squared_projection(ones, ones)
    return ResidualTau2(tau2, start * math.sqrt(2 * pvpv + 4 * tau2 * pvp + 2 * tau2**2 * pp) / studies.df)


def _paule_mandel(studies: Studies) -> ResidualTau2:
    """The tau2 at which q = k - p, or 0. Paule and Mandel 1982, doi 10.6028/jres.087.022."""
    k, df = studies.y.size, studies.df

    def excess(tau2: float | Array) -> Array:
        return studies.fit(tau2).q - df

    tau2 = max(_downward_roots(excess, _tau2_grid(studies)))
    return ResidualTau2(tau2, k * math.sqrt(2 / df) / float(_sum(studies.fit(tau2).w)))


class _Likelihood(NamedTuple):
    """`value` up to a constant; `score` is twice its derivative by tau2."""

    value: Callable[[MixedFit], Array]
    score: Callable[[MixedFit], Array]


def _log_likelihood(fit: MixedFit) -> Array:
    return (_sum(np.log(fit.w)) - fit.q) / 2


_ML = _Likelihood(_log_likelihood, lambda fit: fit.y_pp_y - _sum(fit.w))
_REML = _Likelihood(lambda fit: _log_likelihood(fit) - _sum(np.log(fit.norms)) / 2, lambda fit: fit.y_pp_y - fit.trace_p)


def _maximum_likelihood(studies: Studies) -> ResidualTau2:
    """Global maximum of the likelihood. Hardy and Thompson 1996, Stat Med 15:619."""
    tau2, maxima = _global_maximum(studies, _ML)
    return ResidualTau2(tau2, math.sqrt(2 / float(_sum(studies.fit(tau2).w ** 2))), maxima)


def _restricted_maximum_likelihood(studies: Studies) -> ResidualTau2:
    """Global maximum of the restricted likelihood. Viechtbauer 2005, doi 10.3102/10769986030003261."""
    tau2, maxima = _global_maximum(studies, _REML)
    ones = np.ones_like(studies.v)
    return ResidualTau2(tau2, math.sqrt(2 / studies.fit(tau2).squared_projection(ones, ones)), maxima)


def _global_maximum(studies: Studies, likelihood: _Likelihood) -> tuple[float, int]:
    """The tau2 >= 0 of the highest likelihood and the number of local maxima; 0 is one if the score falls from there."""
    maxima = _downward_roots(lambda tau2: likelihood.score(studies.fit(tau2)), _tau2_grid(studies))
    return max(maxima, key=lambda tau2: float(likelihood.value(studies.fit(tau2)))), len(maxima)


def _tau2_grid(studies: Studies) -> Array:
    """0 and a grid of equal ratios up to where every estimating function is surely below zero.

    With S the unweighted residual sum of squares and t >= max v: q <= S / t, sum w^2 r^2 <= q / t <= S / t^2, sum w >= k / 2t
    and tr P >= (k - p) / 2t. So no root lies beyond 2 S / (k - p).
    """
    lowest = GRID_START * float(studies.v.min())
    highest = max(2 * float(studies.v.max()), 4 * studies.residual_squares() / studies.df)
    points = math.ceil(GRID_POINTS_PER_DECADE * math.log10(highest / lowest)) + 1
    return np.concatenate(([0.0], np.geomspace(lowest, highest, points)))


def _downward_roots(function: Callable[[float | Array], Array], grid: Array) -> list[float]:
    """Every point where the function falls from above zero to zero or below, and 0 if it begins there."""
    values = function(grid)
    falls = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    return [0.0] * bool(values[0] <= 0) + [_narrow(function, float(grid[i]), float(grid[i + 1])) for i in falls]


def _narrow(function: Callable[[float | Array], Array], low: float, high: float) -> float:
    """The first root found between `low`, where the function is above zero, and `high`, where it is not: part by part."""
    while high - low > ROUNDING * high:
        places = np.linspace(low, high, PARTS + 1)
        below = np.append(function(places[1:-1]) <= 0, True)
        first = int(below.argmax())
        low, high = float(places[first]), float(places[first + 1])
    return low + (high - low) / 2


TAU2_METHODS: Mapping[str, Callable[[Studies], ResidualTau2]] = MappingProxyType(
    {
        "EE": _equal_effects,
        "DL": _dersimonian_laird,
        "SJ": _sidik_jonkman,
        "PM": _paule_mandel,
        "ML": _maximum_likelihood,
        "REML": _restricted_maximum_likelihood,
    }
)
