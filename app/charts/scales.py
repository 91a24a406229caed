"""From effects to pixels: the range of an axis, its ticks and their labels.

Ratios are on the log scale here as everywhere in the engine, so that every axis is linear; only the ticks of ratios stand at round
numbers of the natural scale.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.charts.numbers import LARGEST_LOG, decade, plain_number, ratio_number

LARGEST = 1e300  # magnitudes beyond it would overflow when a range is taken
MARGIN = 0.04  # of the range, free on either side
LEAST_WIDTH, RELATIVE_WIDTH, LEAST_LOG_WIDTH = 1e-290, 1e-9, 1e-4  # of a range, so that neighbouring ticks are different numbers
BEYOND = 1.0  # how far past the core, in widths of the core, an interval may reach before it is cut with an arrow
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
RATIO_MANTISSAS = ((1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
LINEAR_BELOW = math.log(1.6)  # a ratio axis narrower than this has evenly spaced ticks
LOG_10 = math.log(10)
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tick:
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] of the analysis scale to [left, right] in pixels."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """The pixel of a value, unbounded."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def within(self, value: float) -> float:
        """The pixel of a value, at the end of the axis where it lies beyond."""
        return self.at(min(max(value, self.low), self.high))

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def bounded(value: float, *, ratio: bool) -> float:
    """The value, no larger than what can be drawn."""
    limit = LARGEST_LOG if ratio else LARGEST
    return min(max(value, -limit), limit)


def choose_range(core: Sequence[float], intervals: Iterable[Range], *, ratio: bool) -> Range:
    """The range of an axis: every value of `core`, and the intervals as far as they do not dwarf it."""
    inner = [bounded(value, ratio=ratio) for value in core]
    limits = [bounded(value, ratio=ratio) for interval in intervals for value in interval]
    low, high = min(inner), max(inner)
    reach = (high - low) * BEYOND
    if reach == 0.0:
        reach = max((abs(value - low) for value in limits), default=0.0) or abs(low) or 1.0
    low = max(min([low, *limits]), low - reach)
    high = min(max([high, *limits]), high + reach)
    least = LEAST_LOG_WIDTH if ratio else max(LEAST_WIDTH, max(abs(low), abs(high)) * RELATIVE_WIDTH)
    room = max((high - low) * MARGIN, least)
    return low - room, high + room


def linear_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most about `most` ticks at multiples of 1, 2, 2.5 or 5 times a power of ten."""
    raw = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in STEPS if factor * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [Tick(index * step, plain_number(index * step, step)) for index in range(first, last + 1)]


def ratio_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Ticks at round ratios, the densest set with at most `most`; `low` and `high` are logarithms."""
    if high - low < LINEAR_BELOW:
        return [Tick(math.log(tick.value), tick.label) for tick in linear_ticks(math.exp(low), math.exp(high), most) if tick.value > 0]
    first, last = math.ceil(low / LOG_10 - 1e-9), math.floor(high / LOG_10 + 1e-9)
    if last - first >= most:
        every = math.ceil((last - first + 1) / most)
        return [Tick(power * LOG_10, decade(power)) for power in range(first, last + 1) if power % every == 0]
    for mantissas in RATIO_MANTISSAS:
        values = [(power, mantissa) for power in range(first - 1, last + 1) for mantissa in mantissas]
        inside = [(power * LOG_10 + math.log(mantissa), power, mantissa) for power, mantissa in values]
        inside = [tick for tick in inside if low <= tick[0] <= high]
        if len(inside) <= most:
            break
    return [Tick(value, ratio_number(mantissa, power)) for value, power, mantissa in inside]


def ticks(low: float, high: float, most: int, *, ratio: bool) -> list[Tick]:
    return ratio_ticks(low, high, most) if ratio else linear_ticks(low, high, most)
