"""Cumulative plot: the pooled effect as it stood after each study, by year."""

from collections.abc import Sequence

from app.charts.forest import pool_cell
from app.charts.frame import KeyItem, draw_axis, draw_heading, draw_key, draw_notes, draw_sides
from app.charts.from_body import Body, cumulative_of
from app.charts.interval_marks import Square
from app.charts.interval_table import PADDING, Column, Row, Table, draw_head, draw_rows, head_height, lay_out, row_height
from app.charts.key_signs import band_key, concern_key, square_key, struck_key
from app.charts.numbers import EffectFormat, effect_format
from app.charts.scales import Scale, choose_range
from app.charts.sentences import concern_sentence, count, effect_in_words, heading, mid_in_words, side_labels, subheading
from app.charts.shapes import Cumulative, CumulativeStep, Json, checked_width, members
from app.charts.svg import Canvas
from app.charts.theme import Theme

BAND_REACH = 2.0
EVEN = 0.3  # area of the squares, of the largest: here they say nothing of weight


def cumulative_svg(body: Body, *, width: int = 800, theme: Theme = Theme.AUTO, retracted: Sequence[Body] = ()) -> str:
    """The cumulative plot of a body of evidence, as stored or served; `retracted` studies stand in their year and add nothing."""
    return draw_cumulative(cumulative_of(body, retracted), width=width, theme=theme)


def cumulative_data(body: Body, retracted: Sequence[Body] = ()) -> Json:
    """The same as plain data."""
    shape = cumulative_of(body, retracted)
    return {**members(shape), "sentence": sentence(shape, form_of(shape))}


def draw_cumulative(shape: Cumulative, *, width: int, theme: Theme) -> str:
    checked_width(width)
    form = form_of(shape)
    question = shape.question
    rows = _rows(shape, form)
    measure = "Effect" if question.measure is None else f"{question.measure.value} [95 % CI]"
    table = Table("Study added", (Column(("Studies",), before=True, narrow="{} in the pool"), Column((measure,), main=True)), rows)
    layout = lay_out(table, width)
    scale = Scale(*range_of(shape), layout.plot_left, layout.plot_right)
    canvas = Canvas(theme)
    y = draw_heading(canvas, heading(question), "Cumulative, by year: " + subheading(question), width)
    if rows:
        draw_head(canvas, table, layout, y)
        top = y + head_height(table, layout)
        bottom = top + sum(row_height(table, row, layout) for row in rows) + 6
        _draw_ground(canvas, shape, scale, top, bottom, width)
        draw_rows(canvas, table, layout, scale, top + 3)
        y = bottom
    if shape.steps:
        y = draw_axis(canvas, scale, y, ratio=question.ratio)
        y = draw_sides(canvas, side_labels(question), layout.plot_left, layout.plot_right, y) + 6
    y = draw_notes(canvas, [f"Not pooled: {shape.not_pooled}"] if shape.not_pooled else [], y + 6, width, bold=True)
    y = draw_key(canvas, _key(shape, form), y + 6, width)
    return canvas.document(width, y + 10, title="Cumulative plot. " + heading(question), desc=sentence(shape, form))


def _rows(shape: Cumulative, form: EffectFormat) -> tuple[Row, ...]:
    """By year: the pool after each study, and retracted studies as lines of their own."""
    rows = [
        (step.year, Row(f"+ {step.marked_name}", (str(step.pool.k), pool_cell(step.pool, form)), _mark(step), kind="step"))
        for step in shape.steps
    ]
    rows += [
        (study.year, Row(study.marked_name, ("", "retracted, not counted"), struck=True, kind="retracted", role="muted"))
        for study in shape.retracted
    ]
    return tuple(row for _, row in sorted(rows, key=lambda pair: (pair[0] is None, pair[0] or 0)))


def form_of(shape: Cumulative) -> EffectFormat:
    values = [value for step in shape.steps for value in (step.pool.estimate, step.pool.ci_low, step.pool.ci_high)]
    return effect_format(values, ratio=shape.question.ratio)


def range_of(shape: Cumulative) -> tuple[float, float]:
    core = [0.0, *(step.pool.estimate for step in shape.steps)]
    mid = shape.question.mid
    if mid is not None and mid <= BAND_REACH * max(abs(value) for value in core):
        core += [-mid, mid]
    if shape.steps:
        core += [shape.steps[-1].pool.ci_low, shape.steps[-1].pool.ci_high]
    return choose_range(core, [(step.pool.ci_low, step.pool.ci_high) for step in shape.steps], ratio=shape.question.ratio)


def sentence(shape: Cumulative, form: EffectFormat) -> str:
    question = shape.question
    if not shape.steps:
        return f"Cumulative plot without a pool: {heading(question)}, {question.condition}. Not pooled: {shape.not_pooled}."
    first, last = shape.steps[0], shape.steps[-1]
    gone = len(shape.retracted)
    text = f"Cumulative plot of {count(len(shape.steps), 'study', 'studies')} by year: {heading(question)}, {question.condition}. "
    text += f"After {first.added}: {effect_in_words(first.pool, form)}. After {last.added}: {effect_in_words(last.pool, form)}."
    text += f" {count(gone, 'retracted study is', 'retracted studies are')} shown and not counted." if gone else ""
    return f"{text} {concern_sentence(step.added for step in shape.steps if step.concern)}".rstrip()


def _mark(step: CumulativeStep) -> Square:
    return Square(step.pool.estimate, step.pool.ci_low, step.pool.ci_high, EVEN)


def _draw_ground(canvas: Canvas, shape: Cumulative, scale: Scale, top: float, bottom: float, width: float) -> None:
    mid = shape.question.mid
    if mid is not None:
        left, right = scale.within(-mid), scale.within(mid)
        canvas.rect(left, top, right - left, bottom - top, role="band")
    canvas.line((PADDING, top), (width - PADDING, top), role="rule")
    canvas.line((scale.at(0.0), top), (scale.at(0.0), bottom), role="muted")


def _key(shape: Cumulative, form: EffectFormat) -> list[KeyItem]:
    items: list[KeyItem] = []
    if shape.steps:
        items += [] if shape.question.mid is None else [KeyItem(mid_in_words(shape.question, form), band_key)]
        items.append(KeyItem("pooled effect so far, line 95 % CI", square_key))
    items += concern_key(any(step.concern for step in shape.steps))
    return [*items, KeyItem("struck through: retracted, not counted", struck_key)] if shape.retracted else items
