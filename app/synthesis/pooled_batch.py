"""Many pools as arrays, and each of them as the value that the rest of the engine reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.heterogeneity import NOT_CONVERGED
from app.synthesis.weighted_sums import NO_STUDY, NOT_ABOVE_ZERO, NOT_FINITE, NOT_TWO_LISTS, TOO_FAR_APART

Array = NDArray[np.float64]
Codes = NDArray[np.uint8]

COMMON_EFFECT = "EE"  # `tau2_method` of the common-effect (equal-effects) model, as metafor names it
NO_TAU2 = "none"  # `tau2_method` of a single study
PAULE_MANDEL = "PM"

WALD = "wald"
HARTUNG_KNAPP = "hartung-knapp"
HARTUNG_KNAPP_UNGUARDED = "hartung-knapp-unguarded"
SINGLE_STUDY = "single-study"
CI_METHODS = (WALD, HARTUNG_KNAPP, HARTUNG_KNAPP_UNGUARDED, SINGLE_STUDY)

# Notices in `PooledEffect.warnings`.
PAULE_MANDEL_INSTEAD = "paule-mandel-instead"  # the restricted likelihood gave no maximum
SEVERAL_MAXIMA = "several-likelihood-maxima"  # the highest was taken; other software may stop at another

ROUNDING = 2e-15  # of an effect: eight units in its last digit; effects that differ by no more are identical as numbers go
NO_WIDTH = "the effects are identical: an unguarded Hartung-Knapp interval has no width"
UNKNOWN_ESTIMATOR = "the estimator of tau2 that was asked for is not one of those known"

REASONS = ("", NOT_TWO_LISTS, NO_STUDY, NOT_FINITE, NOT_ABOVE_ZERO, TOO_FAR_APART, NOT_CONVERGED, NO_WIDTH, UNKNOWN_ESTIMATOR)
"""What `PooledBatch.reason` means; 0: pooled."""

NUMBERS = (
    *("estimate", "se", "ci_low", "ci_high", "p", "q", "q_p", "i2", "h2"),
    *("tau2", "tau2_se", "tau2_ci_low", "tau2_ci_high", "pi_low", "pi_high"),
)
"""The members of `PooledBatch` that are numbers of `PooledEffect`, under the same names."""


@dataclass(frozen=True, slots=True, eq=False)
class PooledBatch:
    """Pools of many bodies, one element of each array for each body, in the order of the input.

    A number is NaN where `PooledEffect` has None, and wherever nothing was pooled; `reason` tells why (an index into
    `REASONS`). `ci_method` is an index into `CI_METHODS`. `weights` holds those of all bodies one after the other, body i from
    `offsets[i]` to `offsets[i + 1]`.
    """

    tau2_method: str
    k: NDArray[np.intp]
    estimate: Array
    se: Array
    ci_low: Array
    ci_high: Array
    p: Array
    q: Array
    q_p: Array
    i2: Array
    h2: Array
    tau2: Array
    tau2_se: Array
    tau2_ci_low: Array
    tau2_ci_high: Array
    pi_low: Array
    pi_high: Array
    ci_method: Codes
    several_maxima: NDArray[np.bool_]
    paule_mandel_instead: NDArray[np.bool_]
    reason: Codes
    weights: Array
    offsets: NDArray[np.intp]

    def __len__(self) -> int:
        return self.k.size

    @property
    def pooled(self) -> NDArray[np.bool_]:
        """Which bodies were pooled."""
        pooled: NDArray[np.bool_] = self.reason == 0
        return pooled

    def rows(self) -> tuple[PooledEffect | NotPooled, ...]:
        """Return the pool of every body, or the reason why there is none."""
        effects = map(PooledEffect._make, zip(*self._columns(), strict=True))
        if self.pooled.all():
            return tuple(effects)
        return tuple(NotPooled(REASONS[code]) if code else effect for code, effect in zip(self.reason.tolist(), effects, strict=True))

    def _columns(self) -> Iterator[list[Any]]:
        """The members of `PooledEffect` in their order, each a list with one value for each body."""
        known = {name: _known(getattr(self, name).tolist()) for name in NUMBERS}
        sizes, weights, offsets = self.k.tolist(), self.weights.tolist(), self.offsets.tolist()
        instead = self.paule_mandel_instead.tolist()
        yield sizes
        yield from (known[name] for name in NUMBERS[:5])
        yield [NO_TAU2 if k == 1 else PAULE_MANDEL if other else self.tau2_method for k, other in zip(sizes, instead, strict=True)]
        yield [CI_METHODS[code] for code in self.ci_method.tolist()]
        yield [tuple(weights[start:end]) for start, end in pairwise(offsets)]
        yield known["q"]
        yield [None if q is None else k - 1 for q, k in zip(known["q"], sizes, strict=True)]
        yield from (known[name] for name in NUMBERS[6:])
        yield list(map(notices, self.several_maxima.tolist(), instead))


def notices(several_maxima: bool, paule_mandel_instead: bool) -> tuple[str, ...]:
    """Return the notices of a pool in `PooledEffect.warnings`."""
    if not (several_maxima or paule_mandel_instead):
        return ()
    return (PAULE_MANDEL_INSTEAD,) * paule_mandel_instead + (SEVERAL_MAXIMA,) * several_maxima


def _known(numbers: list[float]) -> list[float | None] | list[float]:
    """The numbers, None for those that do not exist, if there are any such: a sum that holds one of these is none either."""
    total = sum(numbers)
    return numbers if total == total else [None if number != number else number for number in numbers]
