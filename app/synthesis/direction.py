"""Direction of effect where nothing can be pooled: how many studies favour the intervention (SWiM).

Only the direction counts, never its statistical significance (Cochrane Handbook 12.2.1.3; Campbell 2020,
doi 10.1136/bmj.l6890).
"""

import math
from collections.abc import Sequence

from app.synthesis.body import DirectionCount
from app.synthesis.distributions import Z_975, binomial_two_sided_p

MIN_DIRECTIONS_FOR_SIGNIFICANCE = 6  # the exact two-sided sign test gives 2 / 2^5 = 0.0625 at best with five, 0.031 with six


def count_directions(directions: Sequence[int]) -> DirectionCount:
    """Count +1 (favours the intervention), -1 (favours the comparator) and 0 (null: counts for neither side).

    Gives the exact two-sided sign test against one half and the 95 % Wilson interval of the share that favours the
    intervention, both over the studies with a direction, None when there are none.
    """
    favouring = sum(1 for direction in directions if direction > 0)
    against = sum(1 for direction in directions if direction < 0)
    with_direction = favouring + against
    low, high = wilson_interval(favouring, with_direction) if with_direction else (None, None)
    return DirectionCount(
        favouring=favouring,
        against=against,
        null=len(directions) - with_direction,
        with_direction=with_direction,
        sign_test_p=binomial_two_sided_p(favouring, with_direction) if with_direction else None,
        proportion_low=low,
        proportion_high=high,
        can_reach_significance=with_direction >= MIN_DIRECTIONS_FOR_SIGNIFICANCE,
    )


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion; trials > 0, 0 <= successes <= trials.

    With p = s/n and z = z.975: (p + z^2/2n -/+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
    Source: Wilson 1927, doi 10.1080/01621459.1927.10502953.
    """
    proportion = successes / trials
    z2_over_n = Z_975**2 / trials
    middle = proportion + z2_over_n / 2
    half_width = Z_975 * math.sqrt(proportion * (1 - proportion) / trials + z2_over_n / (4 * trials))
    # At no or all successes one limit is exactly 0 or 1, which rounding would miss.
    low = (middle - half_width) / (1 + z2_over_n) if successes > 0 else 0.0
    high = (middle + half_width) / (1 + z2_over_n) if successes < trials else 1.0
    return low, high
