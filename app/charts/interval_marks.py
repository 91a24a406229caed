"""What stands in the plot of a row: a square with its interval, a diamond, a range, or an arrow for a direction without numbers."""

import math
from dataclasses import dataclass

from app.charts.scales import Scale
from app.charts.svg import Canvas

LARGEST_SQUARE, SMALLEST_SQUARE = 15.0, 4.0  # pixels a side; the area grows with the weight
DIAMOND_HALF_HEIGHT = 7.5
ARROW_LENGTH = 34.0
HEAD = 6.0


@dataclass(frozen=True, slots=True)
class Square:
    """An estimate with its interval; `share` of the largest weight, None outside the pool (drawn hollow)."""

    estimate: float
    low: float | None
    high: float | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Diamond:
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Span:
    """A prediction interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """A direction without numbers: `side` -1 points left of null, +1 right, 0 is a ring on null."""

    side: int


Mark = Square | Diamond | Span | Arrow


def draw_mark(canvas: Canvas, mark: Mark, scale: Scale, y: float, role: str = "ink") -> None:
    match mark:
        case Square():
            draw_square(canvas, mark, scale, y, role)
        case Diamond():
            draw_diamond(canvas, mark, scale, y)
        case Span():
            draw_span(canvas, mark, scale, y)
        case Arrow():
            draw_arrow(canvas, mark, scale, y)


def draw_square(canvas: Canvas, mark: Square, scale: Scale, y: float, role: str) -> None:
    if mark.low is not None and mark.high is not None:
        draw_whisker(canvas, mark.low, mark.high, scale, y, role=role, width=1.5)
    side = square_side(mark.share)
    x = scale.within(mark.estimate)
    if mark.share is None:
        canvas.rect(x - side / 2, y - side / 2, side, side, role="paper", outline=role)
    else:
        canvas.rect(x - side / 2, y - side / 2, side, side, role=role)


def square_side(share: float | None) -> float:
    return 7.0 if share is None else max(SMALLEST_SQUARE, LARGEST_SQUARE * math.sqrt(share))


def draw_whisker(canvas: Canvas, low: float, high: float, scale: Scale, y: float, *, role: str, width: float) -> None:
    """An interval; where it goes on beyond the axis, an arrow head says so."""
    left, right = scale.within(low), scale.within(high)
    canvas.line((left, y), (right, y), role=role, width=width)
    if low < scale.low:
        canvas.polygon([(left, y), (left + HEAD, y - 4), (left + HEAD, y + 4)], role=role)
    if high > scale.high:
        canvas.polygon([(right, y), (right - HEAD, y - 4), (right - HEAD, y + 4)], role=role)


def draw_diamond(canvas: Canvas, mark: Diamond, scale: Scale, y: float) -> None:
    """Its width is the confidence interval."""
    left, middle, right = scale.within(mark.low), scale.within(mark.estimate), scale.within(mark.high)
    corners = [(left, y), (middle, y - DIAMOND_HALF_HEIGHT), (right, y), (middle, y + DIAMOND_HALF_HEIGHT)]
    canvas.polygon(corners, role="pool", outline="pool")


def draw_span(canvas: Canvas, mark: Span, scale: Scale, y: float) -> None:
    draw_whisker(canvas, mark.low, mark.high, scale, y, role="range", width=2.5)
    for value in (mark.low, mark.high):
        if scale.holds(value):
            canvas.line((scale.at(value), y - 5), (scale.at(value), y + 5), role="range", width=2)


def draw_arrow(canvas: Canvas, mark: Arrow, scale: Scale, y: float) -> None:
    x = scale.within(0.0)
    if mark.side == 0:
        canvas.circle(x, y, 4.5, role="paper", outline="muted", width=1.5)
        return
    end = x + mark.side * ARROW_LENGTH
    canvas.line((x, y), (end - mark.side * HEAD, y), role="muted", width=1.5, dash="3 2")
    canvas.polygon([(end, y), (end - mark.side * HEAD, y - 4), (end - mark.side * HEAD, y + 4)], role="muted")
