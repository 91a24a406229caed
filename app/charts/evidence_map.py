"""Evidence map: conditions by interventions. A bubble's area is the number of participants; its colour, and the signs beside it, are
the certainty; a sign says what the evidence finds.

Where the columns would be too narrow, every condition is a heading with its interventions below.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.charts.certainty_mark import CERTAINTY_SIGNS, DIRECTION_SIGNS
from app.charts.frame import PADDING, KeyItem, draw_heading, draw_key
from app.charts.from_body import Body, evidence_map_of
from app.charts.sentences import CERTAINTY_NAMES, FINDING_NAMES, count
from app.charts.shapes import EvidenceMapShape, Json, MapLine, MapMark, checked_width, members
from app.charts.svg import Canvas, Style
from app.charts.text_layout import text_width, wrap_text
from app.charts.theme import Theme
from app.vocabulary import Certainty, Finding

LARGEST_RADIUS, SMALLEST_RADIUS = 17.0, 2.5
LEAST_COLUMN, WIDEST_COLUMN = 150.0, 300.0
LABEL_SHARE = 0.34
ROW = 2 * LARGEST_RADIUS + 6
SMALL, SIGN_SIZE, HEAD_SIZE, LEADING = 11, 12, 12, 15
CONDITION = "Condition"
BUBBLE = 2 * LARGEST_RADIUS + 10
TITLE = "Evidence map"
SUBTITLE = "Certainty of the evidence by condition and intervention; larger bubbles hold more participants"


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a mark stands: bubble and text have their own middles; `room` is the width for the text."""

    left: float
    middle: float
    text_middle: float
    room: float


def evidence_map_svg(answer: Body, *, width: int = 800, theme: Theme = Theme.AUTO) -> str:
    """The map from the answer of `/v1/evidence-map`."""
    return draw_evidence_map(evidence_map_of(answer), width=width, theme=theme)


def evidence_map_data(answer: Body) -> Json:
    """The same as plain data."""
    shape = evidence_map_of(answer)
    return {**members(shape), "sentence": sentence(shape)}


def draw_evidence_map(shape: EvidenceMapShape, *, width: int, theme: Theme) -> str:
    checked_width(width)
    canvas = Canvas(theme)
    y = draw_heading(canvas, TITLE, SUBTITLE, width) + 4
    names = [text_width(CONDITION, HEAD_SIZE, True), *(text_width(line.condition, 13) for line in shape.lines)]
    label = min(max(names) + 2, width * LABEL_SHARE)
    column = (width - 2 * PADDING - label) / max(len(shape.interventions), 1)
    in_columns = column >= LEAST_COLUMN
    y = _draw_grid(canvas, shape, label, min(column, WIDEST_COLUMN), y) if in_columns else _draw_list(canvas, shape, y, width)
    y = draw_key(canvas, _key(shape), y + 8, width)
    return canvas.document(width, y + 10, title=TITLE, desc=sentence(shape))


def sentence(shape: EvidenceMapShape) -> str:
    marks = [mark for line in shape.lines for mark in line.marks]
    counts = [(CERTAINTY_NAMES[level], sum(mark.certainty is level for mark in marks)) for level in Certainty]
    told = ", ".join(f"{number} {name}" for name, number in counts if number)
    conditions = count(len(shape.lines), "condition", "conditions")
    return f"Evidence map of {conditions} by {count(len(shape.interventions), 'intervention', 'interventions')}: {told or 'nothing rated'}."


def radius_of(participants: int, largest: int) -> float:
    """The area grows with the participants."""
    return 0.0 if participants <= 0 else max(SMALLEST_RADIUS, LARGEST_RADIUS * math.sqrt(participants / largest))


def _draw_grid(canvas: Canvas, shape: EvidenceMapShape, label: float, column: float, y: float) -> float:
    lefts = [PADDING + label + 12 + column * index for index in range(len(shape.interventions))]
    heads = [wrap_text(name, column - 24, HEAD_SIZE, True) for _, name in shape.interventions]
    tallest = max((len(lines) for lines in heads), default=1)
    canvas.text(PADDING, y + 13 + LEADING * (tallest - 1), CONDITION, Style(size=HEAD_SIZE, bold=True))
    for left, lines in zip(lefts, heads, strict=True):
        canvas.lines(left, y + 13 + LEADING * (tallest - len(lines)), lines, LEADING, Style(size=HEAD_SIZE, bold=True))
    y += LEADING * tallest + 8
    end = PADDING + label + column * len(lefts)
    for line in shape.lines:
        canvas.line((PADDING, y), (end, y), role="rule")
        names = wrap_text(line.condition, label, 13)
        height = max(ROW, len(names) * 17 + 8)
        canvas.lines(PADDING, y + height / 2 + 4.5 - 17 * (len(names) - 1) / 2, names, 17)
        by_slug = {mark.intervention: mark for mark in line.marks}
        for left, (slug, name) in zip(lefts, shape.interventions, strict=True):
            if slug in by_slug:
                cell = Cell(left, y + height / 2, y + height / 2, column - BUBBLE - 6)
                _draw_mark(canvas, by_slug[slug], f"{line.condition}, {name}", cell, _largest(shape))
        y += height
    canvas.line((PADDING, y), (end, y), role="rule")
    return y


def _draw_list(canvas: Canvas, shape: EvidenceMapShape, y: float, width: int) -> float:
    names = dict(shape.interventions)
    for line in shape.lines:
        canvas.line((PADDING, y), (width - PADDING, y), role="rule")
        y = canvas.lines(PADDING, y + 19, wrap_text(line.condition, width - 2 * PADDING, 13, True), 17, Style(bold=True)) - 10
        y = _draw_list_marks(canvas, line, names, y, width, _largest(shape))
    return y


def _draw_list_marks(canvas: Canvas, line: MapLine, names: dict[str, str], y: float, width: int, largest: int) -> float:
    for mark in line.marks:
        name = names[mark.intervention]
        room = width - 2 * PADDING - BUBBLE
        lines = wrap_text(name, room, SMALL)
        height = max(ROW, (len(lines) + 2) * LEADING + 4)
        canvas.lines(PADDING + BUBBLE, y + 14, lines, LEADING, Style(size=SMALL))
        middle = y + 14 + len(lines) * LEADING + 2
        _draw_mark(canvas, mark, f"{line.condition}, {name}", Cell(PADDING, y + height / 2, middle, room), largest)
        y += height + 4
    return y


def _draw_mark(canvas: Canvas, mark: MapMark, place: str, cell: Cell, largest: int) -> None:
    """A bubble, and beside it the certainty, the direction and the numbers."""
    with canvas.group(f"{place}: {_in_words(mark)}", "cell"):
        x, y = cell.left + LARGEST_RADIUS, cell.middle
        if mark.certainty is Certainty.NO_EVIDENCE:
            canvas.circle(x, y, 3, role="paper", outline="muted")
            canvas.text(cell.left + BUBBLE, cell.text_middle + 4, CERTAINTY_NAMES[mark.certainty], Style(size=SMALL, role="muted"))
            return
        radius = radius_of(mark.participants, largest)
        if radius:
            canvas.circle(x, y, radius, role=f"certainty-{mark.certainty.value}", outline="ink", width=0.8)
        canvas.text(cell.left + BUBBLE, cell.text_middle - 3, _signs(mark, cell.room), Style(size=SIGN_SIZE))
        numbers = f"{count(mark.studies, 'study', 'studies')}, n {people_of(mark)}"
        canvas.text(cell.left + BUBBLE, cell.text_middle + 12, numbers, Style(size=SMALL, role="muted"))


def _signs(mark: MapMark, room: float) -> str:
    """Certainty and direction as signs, the direction in words too where they fit."""
    if mark.direction is None:
        return CERTAINTY_SIGNS[mark.certainty]
    short = f"{CERTAINTY_SIGNS[mark.certainty]} {DIRECTION_SIGNS[mark.direction]}"
    long = f"{short} {FINDING_NAMES[mark.direction]}"
    return long if text_width(long, SIGN_SIZE) <= room else short


def people_of(mark: MapMark) -> str:
    """How many took part; studies of nobody are studies that do not say how many."""
    return "–" if mark.participants == 0 and mark.studies > 0 else str(mark.participants)


def _in_words(mark: MapMark) -> str:
    direction = "" if mark.direction is None else f", {FINDING_NAMES[mark.direction]}"
    return f"{CERTAINTY_NAMES[mark.certainty]}{direction}, {count(mark.studies, 'study', 'studies')}, {people_of(mark)} participants"


def _largest(shape: EvidenceMapShape) -> int:
    return max((mark.participants for line in shape.lines for mark in line.marks), default=1) or 1


def _key(shape: EvidenceMapShape) -> list[KeyItem]:
    marks = [mark for line in shape.lines for mark in line.marks]
    return [*_certainty_key(marks), *_direction_key(marks)]


def _certainty_key(marks: Sequence[MapMark]) -> list[KeyItem]:
    used = [level for level in Certainty if level is not Certainty.NO_EVIDENCE and any(mark.certainty is level for mark in marks)]

    def bubble(level: Certainty) -> KeyItem:
        role = f"certainty-{level.value}"
        return KeyItem(
            f"{CERTAINTY_SIGNS[level]} {CERTAINTY_NAMES[level]}",
            lambda canvas, x, y: canvas.circle(x, y, 7, role=role, outline="ink", width=0.8),
        )

    return [bubble(level) for level in used]


def _direction_key(marks: Sequence[MapMark]) -> list[KeyItem]:
    used = [finding for finding in Finding if any(mark.direction is finding for mark in marks)]

    def sign(finding: Finding) -> KeyItem:
        return KeyItem(
            FINDING_NAMES[finding], lambda canvas, x, y: canvas.text(x, y + 4, DIRECTION_SIGNS[finding], Style(size=12, anchor="middle"))
        )

    return [sign(finding) for finding in used]
