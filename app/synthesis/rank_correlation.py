"""Begg and Mazumdar's test: do effects and variances rise together? Kendall's tau with its exact and its normal p.

Nothing here depends on the order of the studies: sums are rounded once (`math.fsum`), so that ties stay ties.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled
from app.synthesis.distributions import normal_two_sided_p
from app.synthesis.not_computed import NotComputed
from app.synthesis.weighted_sums import Array, Scaled, scale_studies

MIN_STUDIES = 2
MAX_STUDIES_EXACT = 49  # as R's `cor.test`: above that the normal p is close, and counting permutations gets slow


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """`tau` is Kendall's tau-b; `p_exact` None with ties or more than 49 studies, `p_normal` corrected for ties, both two-sided."""

    k: int
    tau: float
    p_exact: float | None
    p_normal: float

    @property
    def p(self) -> float:
        """The exact p where there is one, else the normal one (as metafor's `ranktest(exact=TRUE)`)."""
        return self.p_normal if self.p_exact is None else self.p_exact


def rank_correlation(effects: ArrayLike, variances: ArrayLike) -> RankCorrelation | NotComputed:
    """Return Kendall's tau between y* = (y - mu) / sqrt(v - 1/W) and v, mu the common effect, W = sum 1/v.

    NotComputed for fewer than two studies, identical effects or identical variances.
    Source: Begg and Mazumdar 1994, doi 10.2307/2533446; metafor `ranktest`; p as R `cor.test(method="kendall")`, after
    Kendall 1970, Rank Correlation Methods, chapters 4 and 5.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotComputed(scaled.reason)
    k = scaled.y.size
    if k < MIN_STUDIES:
        return NotComputed("one study has no rank correlation")
    if np.ptp(scaled.v) == 0:
        return NotComputed("all variances are the same")
    return _kendall(_standardised_deviates(scaled), scaled.v)


def _standardised_deviates(scaled: Scaled) -> Array:
    """(y - mu) / sqrt(v - 1/W); v - 1/W = v (sum of the other weights) / W, which does not cancel."""
    w = (1 / scaled.v).tolist()
    total = math.fsum(w)
    mu = math.fsum((scaled.y / scaled.v).tolist()) / total
    others = [total - weight if 2 * weight <= total else math.fsum(w[:i] + w[i + 1 :]) for i, weight in enumerate(w)]
    return (scaled.y - mu) / np.sqrt(scaled.v * (np.array(others) / total))


def _kendall(x: Array, y: Array) -> RankCorrelation | NotComputed:
    """tau-b = S / sqrt((T - Tx)(T - Ty)): S concordant minus discordant pairs, T all pairs, Tx and Ty the pairs tied."""
    k, score = x.size, sum(int((np.sign(x[i] - x[:i]) * np.sign(y[i] - y[:i])).sum()) for i in range(x.size))
    pairs, ties_x, ties_y = k * (k - 1) // 2, _tie_sizes(x.tolist()), _tie_sizes(y.tolist())
    untied_x, untied_y = (pairs - sum(t * (t - 1) // 2 for t in ties) for ties in (ties_x, ties_y))
    if untied_x == 0:
        return NotComputed("all effects are the same")
    exact = None if ties_x or ties_y or k > MAX_STUDIES_EXACT else _exact_p(k, (score + pairs) // 2)
    return RankCorrelation(k, score / math.sqrt(untied_x * untied_y), exact, _normal_p(k, score, ties_x, ties_y))


def _tie_sizes(values: Sequence[float]) -> list[int]:
    return [count for count in Counter(values).values() if count > 1]


def _exact_p(k: int, concordant: int) -> float:
    """min(1, 2 P) with P the smaller tail of the number of concordant pairs over all k! orders.

    Orders of n things with c concordant pairs: sum over j = 0 .. n - 1 of the orders of n - 1 things with c - j of them, which
    is a difference of two running sums.
    """
    counts = [1]
    for n in range(2, k + 1):
        sums = list(accumulate([*counts, *[0] * (n - 1)], initial=0))
        counts = [sums[c + 1] - sums[max(0, c + 1 - n)] for c in range(len(sums) - 1)]
    smaller = min(concordant, len(counts) - 1 - concordant)
    return min(1.0, 2 * sum(counts[: smaller + 1]) / math.factorial(k))


def _normal_p(k: int, score: int, ties_x: Sequence[int], ties_y: Sequence[int]) -> float:
    """Two-sided p of S / sd(S), sd corrected for ties, without continuity correction (Kendall 1970, chapter 4)."""
    if score == 0:
        return 1.0
    first = k * (k - 1) * (2 * k + 5) - sum(t * (t - 1) * (2 * t + 5) for t in (*ties_x, *ties_y))
    second = sum(t * (t - 1) for t in ties_x) * sum(t * (t - 1) for t in ties_y)
    third = sum(t * (t - 1) * (t - 2) for t in ties_x) * sum(t * (t - 1) * (t - 2) for t in ties_y)
    variance = first / 18 + second / (2 * k * (k - 1)) + (third / (9 * k * (k - 1) * (k - 2)) if k > 2 else 0.0)
    return float(normal_two_sided_p(score / math.sqrt(variance)))
