"""Which of the two limits that matter (null, MID on the other side) an interval crosses.

Everything here is benefit-oriented: positive favours the intervention. Source: Papakonstantinou 2020,
doi 10.1002/cl2.1080 (CINeMA), read with the MID on the side opposite to the estimate.
"""

from dataclasses import dataclass

from app.synthesis.body import Body, PooledEffect
from app.synthesis.effect_sizes import benefit_oriented
from app.vocabulary import Better

TOLERANCE = 1e-9
"""Relative to the interval (or the MID): a limit that touches by rounding alone counts as touching, not as crossing."""


@dataclass(frozen=True, slots=True)
class BenefitView:
    """A pooled effect turned so that positive favours the intervention; `mid` None where it cannot be had."""

    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float | None
    pi_high: float | None
    mid: float | None

    @property
    def ci_inside_mid(self) -> bool:
        """Whether the whole interval lies in (-mid, mid)."""
        return self.mid is not None and -self.mid * (1 - TOLERANCE) < self.ci_low and self.ci_high < self.mid * (1 - TOLERANCE)

    @property
    def ci_side(self) -> int:
        """+1 if the interval lies wholly above null, -1 if below, 0 if it holds or touches null."""
        slack = TOLERANCE * (self.ci_high - self.ci_low)
        return int(self.ci_low > slack) - int(self.ci_high < -slack)

    @property
    def opposite_mid(self) -> float | None:
        """The MID on the side of null where the estimate does not lie."""
        if self.mid is None:
            return None
        return -self.mid if self.estimate >= 0 else self.mid


def benefit_view(body: Body) -> BenefitView | None:
    """The pooled effect of a body, benefit-oriented; None where nothing is pooled."""
    return None if body.pooled is None else view_of(body.pooled, body.outcome.better, body.mid.value)


def view_of(pooled: PooledEffect, better: Better, mid: float | None) -> BenefitView:
    """One pooled effect, benefit-oriented by `better`; a turned interval swaps its limits."""
    ci_low, ci_high = turned_interval(pooled.ci_low, pooled.ci_high, better)
    pi_low, pi_high = None, None
    if pooled.pi_low is not None and pooled.pi_high is not None:
        pi_low, pi_high = turned_interval(pooled.pi_low, pooled.pi_high, better)
    return BenefitView(float(benefit_oriented(pooled.estimate, better)), ci_low, ci_high, pi_low, pi_high, mid)


def turned_interval(low: float, high: float, better: Better) -> tuple[float, float]:
    """Both limits benefit-oriented, the lower first."""
    one, other = float(benefit_oriented(low, better)), float(benefit_oriented(high, better))
    return min(one, other), max(one, other)


def strictly_inside(value: float, low: float, high: float) -> bool:
    """Whether `value` lies between the limits without touching them."""
    slack = TOLERANCE * (high - low)
    return low + slack < value < high - slack


def count_crossed(limits: tuple[float, ...], low: float, high: float) -> int:
    """How many of `limits` lie strictly inside the interval."""
    return sum(strictly_inside(limit, low, high) for limit in limits)


def limits_of_imprecision(view: BenefitView) -> tuple[float, ...]:
    """Null and, where there is one, the MID on the side opposite to the estimate."""
    return (0.0,) if view.opposite_mid is None else (0.0, view.opposite_mid)


def count_imprecision_crossings(view: BenefitView) -> int:
    """c of the method: crossed limits of the CI, 0 when the CI lies inside (-mid, mid)."""
    return 0 if view.ci_inside_mid else count_crossed(limits_of_imprecision(view), view.ci_low, view.ci_high)


def count_excess_crossings(view: BenefitView) -> tuple[int, int, tuple[float, ...]] | None:
    """(crossings of the CI, crossings of the PI, limits) as CINeMA compares them; None without a prediction interval.

    A CI inside (-mid, mid) counts 0, and its limits are then -mid and mid.
    """
    if view.pi_low is None or view.pi_high is None:
        return None
    limits = (-view.mid, view.mid) if view.ci_inside_mid and view.mid is not None else limits_of_imprecision(view)
    return count_imprecision_crossings(view), count_crossed(limits, view.pi_low, view.pi_high), limits
