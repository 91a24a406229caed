"""Where the marks of a risk-of-bias plot stand: beside the label in one line, or below it in as many as the width asks for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.charts.frame import PADDING
from app.charts.judgements import TOOL_NAMES
from app.charts.shapes import BiasRow, TrafficLight
from app.charts.text_layout import text_width
from app.vocabulary import RiskOfBiasTool

FIELDS = (44.0, 36.0, 30.0)  # pixels of a domain; the widest that leaves room for the labels
OVERALL = 52.0  # of the two last columns
LEAST_LABEL = 160.0
GAP = 10.0
ROUNDING = 0.01
NO_TOOL = "Not assessed"


@dataclass(frozen=True, slots=True)
class Section:
    """The judgements by one tool, each with its label; `domains` in the order in which the records name them."""

    tool: str | None
    domains: tuple[str, ...]
    rows: tuple[BiasRow, ...]
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        return NO_TOOL if self.tool is None else TOOL_NAMES[RiskOfBiasTool(self.tool)]

    @property
    def heads(self) -> tuple[str, ...]:
        own = () if self.tool is None else ("Tool",)
        return (*(f"D{index}" for index in range(1, len(self.domains) + 1)), *own, "Rating")

    def widths(self, field: float) -> list[float]:
        return [field] * len(self.domains) + [OVERALL] * (len(self.heads) - len(self.domains))


@dataclass(frozen=True, slots=True)
class Grid:
    """`stacked`: the marks stand below the label. `left` and `right` bound them, `field` is the width of a domain."""

    stacked: bool
    label: float
    left: float
    right: float
    field: float


@dataclass(frozen=True, slots=True)
class Place:
    """A column: its head, the line it stands in, its middle and its width."""

    head: str
    line: int
    middle: float
    width: float


def sections_of(shape: TrafficLight) -> list[Section]:
    """The tools in the order in which the method prefers them, studies without a judgement last."""
    order = [*(tool.value for tool in RiskOfBiasTool), None]
    found = []
    for tool in order:
        rows = tuple(row for row in shape.rows if row.tool == tool)
        domains = tuple(dict.fromkeys(judgement.name for row in rows for judgement in row.domains))
        if rows:
            found.append(Section(tool, domains, rows, labels_of(rows)))
    return found


def labels_of(rows: Sequence[BiasRow]) -> tuple[str, ...]:
    """The studies, and who judged where one record has several judgements by the same tool."""
    times = Counter(row.key for row in rows)
    judges = [f", judged by {row.judged_by}" if times[row.key] > 1 and row.judged_by else "" for row in rows]
    return tuple(f"{row.marked_name}{judge}" for row, judge in zip(rows, judges, strict=True))


def lay_out(sections: Sequence[Section], width: int) -> Grid:
    right = float(width - PADDING)
    room = right - PADDING
    names = [text_width(label, 13) for section in sections for label in section.labels]
    names += [text_width(section.name, 13, True) for section in sections]
    longest = max(names, default=0.0) + 2
    for field in FIELDS:
        marks = max((sum(section.widths(field)) for section in sections), default=0.0)
        if min(longest, LEAST_LABEL) + GAP + marks <= room:
            label = min(longest, room - GAP - marks)
            left = PADDING + label + GAP
            return Grid(False, label, left, left + marks, field)
    return Grid(True, room, PADDING, right, FIELDS[-1])


def places_of(section: Section, grid: Grid) -> list[Place]:
    """The columns of a section from left to right: tool and rating on the right edge, or behind the domains where these are stacked."""
    columns = list(zip(section.heads, section.widths(grid.field), strict=True))
    domains, last = columns[: len(section.domains)], columns[len(section.domains) :]
    places = _in_lines(domains, grid, grid.left)
    if not grid.stacked:
        return [*places, *_in_lines(last, grid, grid.right - OVERALL * len(last))]
    behind = grid.left + grid.field * len(domains)
    if behind + OVERALL * len(last) <= grid.right:
        return [*places, *_in_lines(last, grid, behind)]
    return [*places, *_in_lines(last, grid, grid.left, line=places[-1].line + 1)]


def _in_lines(columns: Sequence[tuple[str, float]], grid: Grid, x: float, *, line: int = 0) -> list[Place]:
    places = []
    for head, width in columns:
        if x > grid.left and x + width > grid.right + ROUNDING:
            x, line = grid.left, line + 1
        places.append(Place(head, line, x + width / 2, width))
        x += width
    return places
