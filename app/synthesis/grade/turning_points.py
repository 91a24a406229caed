"""Where the level of a body can turn as one number of it moves: the places to probe, and the search between them.

A level is a step function of the width of the interval, of the MID and of the participants. Its steps lie where a limit of an
interval meets null or the MID, and where the information passes a threshold; those places are computed, and the rules are asked
on both sides of each.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from app.synthesis.body import PooledEffect
from app.synthesis.grade.information_size import participants_still_needed
from app.synthesis.grade.level_parts import LevelParts, without_high_risk

BESIDE = 1e-6
"""How far beside a computed place the rules are asked, relative to it: well beyond the tolerance with which a limit touches."""
HALVINGS = 24  # of a step between two probes; enough for one in ten million people
MOST_PARTICIPANTS = 10_000_000
SMALLEST_FACTOR, LARGEST_FACTOR = 1e-3, 1e3
ROUNDING_SLACK = 1e-9


def with_variance(pooled: PooledEffect, ratio: float) -> PooledEffect:
    """The pool with `ratio` times the variance of its mean, at the same estimate and tau2; both intervals follow.

    A limit of the CI lies sqrt(ratio) times as far from the estimate; one of the PI
    sqrt((tau2 + ratio se^2) / (tau2 + se^2)) times.
    """
    shrunk = math.sqrt(ratio)
    spread = _prediction_factor(pooled, ratio)
    at, pi_low, pi_high = pooled.estimate, pooled.pi_low, pooled.pi_high
    return pooled._replace(
        se=pooled.se * shrunk,
        ci_low=at + (pooled.ci_low - at) * shrunk,
        ci_high=at + (pooled.ci_high - at) * shrunk,
        pi_low=None if pi_low is None else at + (pi_low - at) * spread,
        pi_high=None if pi_high is None else at + (pi_high - at) * spread,
    )


def first_turn(
    level_at: Callable[[float], int],
    moves: Callable[[int], bool],
    start: float,
    probes: Iterable[float],
    *,
    whole_numbers: bool = False,
) -> tuple[float, int] | None:
    """The place nearest to `start` on the way through `probes` where the level moves as wanted, and the level there; or None."""
    before = start
    for probe in sorted(probes, key=lambda place: abs(math.log(place) if start == 1.0 else place - start)):
        level = level_at(probe)
        if moves(level):
            place = _halve(level_at, moves, before, probe, whole_numbers=whole_numbers)
            return place, level_at(place)
        before = probe
    return None


def narrowings_to_probe(parts: LevelParts, widest: float) -> list[float]:
    """Ratios of the variance of the pooled mean at which a limit of the CI or the PI may meet null or the MID."""
    pooled = parts.body.pooled
    ratios = [] if pooled is None else [*_ci_meets(pooled, _limits(parts)), *_pi_meets(pooled, _limits(parts))]
    return _beside(ratio for ratio in ratios if 0 < ratio <= widest)


def participants_to_probe(parts: LevelParts) -> list[int]:
    """Numbers of further participants at which the level may turn, in order; none where nobody's number is known."""
    thresholds, size = parts.thresholds, parts.size
    if size is None:
        return _around([thresholds.unpooled_participants - parts.n])
    if size.n <= 0:
        return []
    places = [size.n / ratio - size.n for ratio in narrowings_to_probe(parts, 1.0)]
    needed = [participants_still_needed(size, fraction) for fraction in (thresholds.fraction_some, thresholds.fraction_enough)]
    return _around([*places, *(float(number) for number in needed if number is not None)])


def mid_factors_to_probe(parts: LevelParts) -> list[float]:
    """Multiples of the MID at which a limit, an estimate or the information size may meet it."""
    pooled, mid = parts.body.pooled, parts.body.mid.value
    if pooled is None or mid is None:
        return []
    remaining = without_high_risk(parts)
    met = [pooled.estimate, pooled.ci_low, pooled.ci_high, pooled.pi_low, pooled.pi_high, None if remaining is None else remaining.estimate]
    factors = [abs(place) / mid for place in met if place]
    if parts.size is not None and parts.size.n > 0:
        fractions = (parts.thresholds.fraction_some, parts.thresholds.fraction_enough)
        factors += [math.sqrt(fraction / parts.size.fraction) * step for fraction in fractions for step in (0.99, 1.0, 1.01)]
    return _beside(factor for factor in factors if SMALLEST_FACTOR <= factor <= LARGEST_FACTOR)


def _limits(parts: LevelParts) -> Sequence[float]:
    mid = parts.body.mid.value
    return (0.0,) if mid is None else (0.0, mid, -mid)


def _ci_meets(pooled: PooledEffect, limits: Sequence[float]) -> list[float]:
    distances = [end - pooled.estimate for end in (pooled.ci_low, pooled.ci_high) if end != pooled.estimate]
    shares = [(limit - pooled.estimate) / distance for limit in limits for distance in distances]
    return [share**2 for share in shares if share > 0]


def _pi_meets(pooled: PooledEffect, limits: Sequence[float]) -> list[float]:
    if pooled.pi_low is None or pooled.pi_high is None or pooled.se == 0:
        return []
    tau2, variance = pooled.tau2 or 0.0, pooled.se**2
    distances = [end - pooled.estimate for end in (pooled.pi_low, pooled.pi_high) if end != pooled.estimate]
    shares = [(limit - pooled.estimate) / distance for limit in limits for distance in distances]
    return [(share**2 * (tau2 + variance) - tau2) / variance for share in shares if share > 0]


def _prediction_factor(pooled: PooledEffect, ratio: float) -> float:
    tau2, variance = pooled.tau2 or 0.0, pooled.se**2
    return math.sqrt((tau2 + variance * ratio) / (tau2 + variance)) if tau2 + variance > 0 else 1.0


def _beside(places: Iterable[float]) -> list[float]:
    return sorted({place * side for place in places for side in (1 - BESIDE, 1 + BESIDE)})


def _around(places: Iterable[float]) -> list[int]:
    """The whole numbers about each place, 1 and more."""
    numbers = {math.ceil(place - ROUNDING_SLACK) + step for place in places if place <= MOST_PARTICIPANTS for step in (-1, 0, 1)}
    return sorted(number for number in numbers if number >= 1)


def _halve(level_at: Callable[[float], int], moves: Callable[[int], bool], before: float, after: float, *, whole_numbers: bool) -> float:
    """The first place after `before` where the level moves, when it does at `after`."""
    for _ in range(HALVINGS):
        middle = (before + after) // 2 if whole_numbers else (before + after) / 2
        if middle in (before, after):
            break
        before, after = (before, middle) if moves(level_at(middle)) else (middle, after)
    return after
