"""A table with an interval drawn in every row: the common ground of the forest plot and the cumulative one.

Wide, texts stand in columns on either side of the plot. Narrow, they stand under the label: label, effect, the rest; the plot
keeps the right half. Which of the two is decided by what the measured columns leave for the plot.
"""

from dataclasses import dataclass, field

from app.charts.bias_mark import BIAS_RADIUS, bias_in_words, draw_bias
from app.charts.interval_marks import Mark, draw_mark
from app.charts.scales import Scale
from app.charts.sentences import DOT
from app.charts.shapes import Bias
from app.charts.svg import Canvas, Style
from app.charts.text_layout import text_width, widest, wrap_text

PADDING = 14
GAP = 16
SIZE, SMALL = 13, 11
LEADING, SMALL_LEADING = 17, 15
ROW_PADDING = 4  # above and below the lines of a row
LEAST_PLOT = 230  # pixels for the plot; with less, columns drop below the label
LABEL_SHARE = 0.3  # of the whole width, at most
NARROW_TEXT_SHARE = 0.5
NARROW_RADIUS, NARROW_MARK = 7, 20  # of a mark of risk of bias, and the room it takes
Cell = str | Bias


@dataclass(frozen=True, slots=True)
class Column:
    """`head` has one or two lines. `narrow` is how a cell reads under the label, such as `n {}`; the effect is `main`."""

    head: tuple[str, ...]
    before: bool = False
    main: bool = False
    narrow: str = "{}"
    middle: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    mark: Mark | None = None
    bold: bool = False
    struck: bool = False  # the label, and the effect where it is drawn
    kind: str = "row"
    role: str = "ink"
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    label_head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand. `edges` are the x of the columns: right edge, or middle."""

    narrow: bool
    label_width: float
    plot_left: float
    plot_right: float
    edges: tuple[float, ...] = field(default=())


def lay_out(table: Table, width: int) -> Layout:
    widths = [_column_width(table, index) for index in range(len(table.columns))]
    names = [text_width(row.label, SIZE, row.bold) for row in table.rows]
    label = min(max([text_width(table.label_head, SIZE, True), *names]) + 1, width * LABEL_SHARE)
    plot = width - 2 * PADDING - label - sum(widths) - GAP * (len(widths) + 1)
    if plot < LEAST_PLOT:
        left = PADDING + (width - 2 * PADDING) * NARROW_TEXT_SHARE
        return Layout(True, left - PADDING - GAP, left, width - PADDING - 4)
    edges: list[float] = []
    x = PADDING + label
    plot_left = plot_right = 0.0
    for column, column_width in zip(table.columns, widths, strict=True):
        if not column.before and plot_left == 0.0:
            plot_left, plot_right = x + GAP, x + GAP + plot
            x = plot_right
        x += GAP + column_width
        edges.append(x - column_width / 2 if column.middle else x)
    return Layout(False, label, plot_left, plot_right, tuple(edges))


def _column_width(table: Table, index: int) -> float:
    column = table.columns[index]
    texts = [cell for row in table.rows if isinstance(cell := row.cells[index], str)]
    bold = [cell for row in table.rows if row.bold and isinstance(cell := row.cells[index], str)]
    return max(widest(list(column.head), SIZE, True), widest(texts, SIZE), widest(bold, SIZE, True), 2 * BIAS_RADIUS)


def head_height(table: Table, layout: Layout) -> float:
    return 0 if layout.narrow else LEADING * max(len(column.head) for column in table.columns) + 8


def row_height(table: Table, row: Row, layout: Layout) -> float:
    lines = len(_label_lines(row, layout)) * LEADING
    return lines + (len(_narrow_lines(table, row, layout)) * SMALL_LEADING if layout.narrow else 0) + 2 * ROW_PADDING


def draw_head(canvas: Canvas, table: Table, layout: Layout, top: float) -> None:
    """The heads of the columns, their last lines on one baseline."""
    if layout.narrow:
        return
    baseline = top + head_height(table, layout) - 12
    canvas.text(PADDING, baseline, table.label_head, Style(bold=True))
    for column, x in zip(table.columns, layout.edges, strict=True):
        first = baseline - LEADING * (len(column.head) - 1)
        canvas.lines(x, first, column.head, LEADING, Style(bold=True, anchor="middle" if column.middle else "end"))


def draw_row(canvas: Canvas, table: Table, row: Row, layout: Layout, scale: Scale, top: float) -> float:
    """One row; gives the top of the next."""
    bottom = top + row_height(table, row, layout)
    style = Style(bold=row.bold, struck=row.struck, role=row.role)
    with canvas.group(_spoken(table, row), row.kind):
        below = canvas.lines(PADDING, top + ROW_PADDING + 13, _label_lines(row, layout), LEADING, style)
        middle = (top + bottom) / 2
        if layout.narrow:
            _draw_narrow_cells(canvas, table, row, layout, below - 2)
        else:
            middle = top + ROW_PADDING + LEADING / 2
            _draw_cells(canvas, table, row, layout, middle)
        if row.mark is not None:
            draw_mark(canvas, row.mark, scale, middle, role=row.role)
    return bottom


def draw_rows(canvas: Canvas, table: Table, layout: Layout, scale: Scale, y: float) -> float:
    """All rows: a rule above the pool, and between the tall rows of the narrow layout."""
    for index, row in enumerate(table.rows):
        if row.ruled or (layout.narrow and index > 0):
            canvas.line((PADDING, y), (max(layout.plot_right, *layout.edges, 0), y), role="rule")
        y = draw_row(canvas, table, row, layout, scale, y)
    return y


def _draw_cells(canvas: Canvas, table: Table, row: Row, layout: Layout, middle: float) -> None:
    for column, cell, x in zip(table.columns, row.cells, layout.edges, strict=True):
        if isinstance(cell, Bias):
            draw_bias(canvas, cell, x, middle)
        elif cell:
            anchor = "middle" if column.middle else "end"
            style = Style(anchor=anchor, bold=row.bold, role=row.role, struck=row.struck and column.main and row.mark is not None)
            canvas.text(x, middle + 4.5, cell, style)


def _draw_narrow_cells(canvas: Canvas, table: Table, row: Row, layout: Layout, baseline: float) -> None:
    lines = _narrow_lines(table, row, layout)
    bias = next((cell for cell in row.cells if isinstance(cell, Bias)), None)
    for index, line in enumerate(lines):
        main = index < len(_wrap_main(table, row, layout))
        x: float = PADDING
        if bias is not None and index == len(lines) - 1 and not main:
            draw_bias(canvas, bias, PADDING + NARROW_RADIUS, baseline + index * SMALL_LEADING - 4, radius=NARROW_RADIUS)
            x += NARROW_MARK
        style = Style(
            size=SMALL, bold=row.bold and main, role=row.role if main else "muted", struck=row.struck and main and row.mark is not None
        )
        canvas.text(x, baseline + index * SMALL_LEADING, line, style)


def _label_lines(row: Row, layout: Layout) -> list[str]:
    return wrap_text(row.label, layout.label_width, SIZE, row.bold)


def _wrap_main(table: Table, row: Row, layout: Layout) -> list[str]:
    text = next((str(cell) for column, cell in zip(table.columns, row.cells, strict=True) if column.main and cell), "")
    return wrap_text(text, layout.label_width, SMALL, row.bold) if text else []


def _narrow_lines(table: Table, row: Row, layout: Layout) -> list[str]:
    """The effect, then everything else; a mark of risk of bias stands before the last line."""
    pairs = zip(table.columns, row.cells, strict=True)
    rest = [column.narrow.format(cell) for column, cell in pairs if isinstance(cell, str) and cell and not column.main]
    has_bias = any(isinstance(cell, Bias) for cell in row.cells)
    others = wrap_text(DOT.join(rest), layout.label_width - NARROW_MARK, SMALL) if rest or has_bias else []
    return [*_wrap_main(table, row, layout), *others]


def _spoken(table: Table, row: Row) -> str:
    """The row in words, for who points at it or hears it."""
    cells = [(column, cell) for column, cell in zip(table.columns, row.cells, strict=True) if cell]
    told = (bias_in_words(cell) if isinstance(cell, Bias) else column.narrow.format(cell) for column, cell in cells)
    return ", ".join([row.label, *told])
