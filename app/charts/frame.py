"""What stands around a plot: heading, axis, labels of the two sides, notes, key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.charts.scales import Scale, Tick, ticks
from app.charts.svg import Canvas, Style
from app.charts.text_layout import text_width, widest, wrap_text

PADDING = 14
TITLE_SIZE, SIZE, SMALL = 16, 13, 11
TICK_ROOM = 18  # pixels between the labels of two ticks
KEY_MARK = 26  # pixels kept for a sign in the key
SMALL_LEADING = 15


@dataclass(frozen=True, slots=True)
class KeyItem:
    """A sign and its meaning; `draw` gets the middle of the sign."""

    text: str
    draw: Callable[[Canvas, float, float], None]


def draw_heading(canvas: Canvas, title: str, subtitle: str, width: float) -> float:
    """Title and subtitle; gives the y below them."""
    room = width - 2 * PADDING
    y = canvas.lines(PADDING, 26, wrap_text(title, room, TITLE_SIZE, True), 21, Style(size=TITLE_SIZE, bold=True))
    return canvas.lines(PADDING, y, wrap_text(subtitle, room, SIZE), 17, Style(role="muted")) - 6


def visible_ticks(scale: Scale, *, ratio: bool) -> list[Tick]:
    """Ticks whose labels stand clear of each other: as many as fit."""
    for most in range(9, 1, -1):
        found = [tick for tick in ticks(scale.low, scale.high, most, ratio=ratio) if scale.holds(tick.value)]
        room = widest([tick.label for tick in found], SMALL) + TICK_ROOM
        places = [scale.at(tick.value) for tick in found]
        if all(after - before >= room for before, after in pairwise(places)):
            return found
    return found[:1]


def draw_axis(canvas: Canvas, scale: Scale, y: float, *, ratio: bool) -> float:
    """The axis with its ticks; gives the y below their labels."""
    canvas.line((scale.left, y), (scale.right, y))
    for tick in visible_ticks(scale, ratio=ratio):
        x = scale.at(tick.value)
        canvas.line((x, y), (x, y + 5))
        canvas.text(x, y + 18, tick.label, Style(size=SMALL, anchor="middle"))
    return y + 22


def draw_sides(canvas: Canvas, labels: tuple[str, str], left: float, right: float, y: float) -> float:
    """The meaning of the two sides, each in its half; gives the y below."""
    room = (right - left) / 2 - 8
    ends = [y]
    for label, x, anchor in ((labels[0], left, "start"), (labels[1], right, "end")):
        lines = wrap_text(label, room, SMALL)
        ends.append(canvas.lines(x, y + 13, lines, SMALL_LEADING, Style(size=SMALL, anchor=anchor)) - 13)
    return max(ends) + 2


def draw_notes(canvas: Canvas, notes: Sequence[str], y: float, width: float, *, bold: bool = False) -> float:
    """Sentences over the whole width; gives the y below."""
    for note in notes:
        lines = wrap_text(note, width - 2 * PADDING, SMALL, bold)
        y = canvas.lines(PADDING, y + 13, lines, SMALL_LEADING, Style(size=SMALL, role="ink" if bold else "muted", bold=bold)) - 13
    return y


def draw_key(canvas: Canvas, items: Sequence[KeyItem], y: float, width: float) -> float:
    """Signs with their meaning, one after another as room allows; gives the y below."""
    x: float = PADDING
    tallest = 1
    for item in items:
        lines = wrap_text(item.text, width - 2 * PADDING - KEY_MARK, SMALL)
        needed = KEY_MARK + max(text_width(line, SMALL) for line in lines)
        if x > PADDING and x + needed > width - PADDING:
            x, y, tallest = PADDING, y + tallest * SMALL_LEADING + 4, 1
        item.draw(canvas, x + 9, y + 9)
        canvas.lines(x + KEY_MARK, y + 13, lines, SMALL_LEADING, Style(size=SMALL, role="muted"))
        x += needed + 18
        tallest = max(tallest, len(lines))
    return y + (tallest * SMALL_LEADING + 4 if items else 0)
