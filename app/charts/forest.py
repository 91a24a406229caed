"""Forest plot: each study with its effect, the pool as a diamond, what is too small to matter as a band."""

from collections.abc import Sequence

from app.charts.frame import KeyItem, draw_axis, draw_heading, draw_key, draw_notes, draw_sides
from app.charts.from_body import Body, forest_of
from app.charts.interval_marks import Arrow, Diamond, Span, Square
from app.charts.interval_table import PADDING, Column, Layout, Row, Table, draw_head, draw_rows, head_height, lay_out, row_height
from app.charts.key_signs import arrow_key, band_key, bias_key, concern_key, diamond_key, square_key, struck_key
from app.charts.numbers import EffectFormat, effect_format, percent
from app.charts.scales import Scale, choose_range
from app.charts.sentences import (
    count,
    direction_in_words,
    forest_sentence,
    heading,
    heterogeneity_in_words,
    method_in_words,
    mid_in_words,
    participants,
    side_labels,
    subheading,
)
from app.charts.shapes import Forest, Json, PoolMark, StudyMark, checked_width, members
from app.charts.svg import Canvas
from app.charts.theme import Theme

BAND_REACH = 2.0  # the band widens the axis only where it is no wider than so many times what the studies need
NOT_POOLED_ROW = "Not pooled"
NULL = "–"  # what is not known, or not there


def forest_svg(body: Body, *, width: int = 800, theme: Theme = Theme.AUTO, retracted: Sequence[Body] = ()) -> str:
    """The forest plot of a body of evidence, as stored or served; `retracted` are rows of studies that are shown but not counted."""
    return draw_forest(forest_of(body, retracted), width=width, theme=theme)


def forest_data(body: Body, retracted: Sequence[Body] = ()) -> Json:
    """The same as plain data: what is drawn, how it is printed, and the sentence that describes it."""
    forest = forest_of(body, retracted)
    form = form_of(forest)
    low, high = range_of(forest)
    controlled = forest.question.controlled
    studies = [{**members(study), "printed": effect_cell(study, form, controlled=controlled)} for study in forest.studies]
    printed = None if forest.pool is None else pool_cell(forest.pool, form)
    left, right = side_labels(forest.question)
    axis = {"low": low, "high": high, "null": 0.0, "log": forest.question.ratio, "left": left, "right": right}
    return {**members(forest), "studies": studies, "pool_printed": printed, "axis": axis, "sentence": forest_sentence(forest, form)}


def draw_forest(forest: Forest, *, width: int, theme: Theme) -> str:
    checked_width(width)
    form = form_of(forest)
    table = _table(forest, form)
    layout = lay_out(table, width)
    scale = Scale(*range_of(forest), layout.plot_left, layout.plot_right)
    canvas = Canvas(theme)
    top = draw_heading(canvas, heading(forest.question), subheading(forest.question), width)
    draw_head(canvas, table, layout, top)
    rows_top = top + head_height(table, layout)
    rows_bottom = rows_top + sum(row_height(table, row, layout) for row in table.rows) + 6
    _draw_ground(canvas, forest, scale, rows_top, rows_bottom, width)
    draw_rows(canvas, table, layout, scale, rows_top + 3)
    y = _draw_foot(canvas, forest, form, layout, scale, rows_bottom, width)
    return canvas.document(width, y + 10, title="Forest plot. " + heading(forest.question), desc=forest_sentence(forest, form))


def form_of(forest: Forest) -> EffectFormat:
    values = [value for study in forest.studies for value in (study.effect, study.ci_low, study.ci_high) if value is not None]
    return effect_format(values, ratio=forest.question.ratio)


def range_of(forest: Forest) -> tuple[float, float]:
    """The range of the axis, on the analysis scale."""
    core = [0.0, *(study.effect for study in forest.counted if study.effect is not None)]
    if forest.pool is not None:
        core += [forest.pool.ci_low, forest.pool.ci_high]
    mid = forest.question.mid
    if mid is not None and forest.question.measure is not None:
        largest = max(abs(value) for value in core)
        core += [-mid, mid] if largest == 0 or mid <= BAND_REACH * largest else []
    intervals = [(study.ci_low, study.ci_high) for study in forest.studies if study.ci_low is not None and study.ci_high is not None]
    if forest.pool is not None and forest.pool.pi_low is not None and forest.pool.pi_high is not None:
        intervals.append((forest.pool.pi_low, forest.pool.pi_high))
    return choose_range(core, intervals, ratio=forest.question.ratio)


def effect_cell(study: StudyMark, form: EffectFormat, *, controlled: bool) -> str:
    if study.effect is None:
        return direction_in_words(study.direction, controlled=controlled)
    if study.ci_low is None or study.ci_high is None:
        return form.one(study.effect)
    return f"{form.one(study.effect)} {form.interval(study.ci_low, study.ci_high)}"


def pool_cell(pool: PoolMark, form: EffectFormat) -> str:
    return f"{form.one(pool.estimate)} {form.interval(pool.ci_low, pool.ci_high)}"


def n_cell(study: StudyMark) -> str:
    return NULL if study.n is None else f"≈{study.n}" if study.n_estimated else str(study.n)


def _table(forest: Forest, form: EffectFormat) -> Table:
    measure = "Effect" if forest.question.measure is None else f"{forest.question.measure.value} [95 % CI]"
    columns = (
        Column(("n",), before=True, narrow="n {}"),
        Column(("Bias",), before=True, middle=True, narrow="risk of bias {}"),
        Column((measure,), main=True),
        Column(("Weight",), narrow="weight {}" if forest.pool is None else "{}"),
    )
    studies = sorted(forest.studies, key=lambda study: (study.year is None, study.year or 0, study.name, study.key))
    largest = max((study.weight or 0.0 for study in studies), default=0.0)
    rows = [_study_row(forest, study, form, largest) for study in studies]
    return Table("Study", columns, (*rows, *_pool_rows(forest, form)))


def _study_row(forest: Forest, study: StudyMark, form: EffectFormat, largest: float) -> Row:
    weight = "retracted" if study.retracted else NULL if study.weight is None else percent(study.weight)
    cells = (n_cell(study), study.bias, effect_cell(study, form, controlled=forest.question.controlled), weight)
    role = "muted" if study.retracted else "ink"
    return Row(study.marked_name, cells, _study_mark(forest, study, largest), struck=study.retracted, kind="study", role=role)


def _study_mark(forest: Forest, study: StudyMark, largest: float) -> Square | Arrow | None:
    if study.effect is not None:
        share = None if study.weight is None or largest == 0 else study.weight / largest
        return Square(study.effect, study.ci_low, study.ci_high, share)
    side = forest.question.treatment_side
    if study.direction is None or study.retracted or (side is None and study.direction != 0):
        return None
    return Arrow(study.direction * (side or 0))


def _pool_rows(forest: Forest, form: EffectFormat) -> list[Row]:
    pool = forest.pool
    if pool is None:
        return [Row(NOT_POOLED_ROW, ("", "", "", ""), bold=True, kind="not-pooled", ruled=True)]
    mark = Diamond(pool.estimate, pool.ci_low, pool.ci_high)
    cells = (_pool_n(forest), "", pool_cell(pool, form), "100 %")
    rows = [Row(f"Pooled ({method_in_words(pool)})", cells, mark, bold=True, kind="pool", ruled=True)]
    if pool.pi_low is not None and pool.pi_high is not None:
        interval = form.interval(pool.pi_low, pool.pi_high)
        rows.append(Row("95 % prediction interval", ("", "", interval, ""), Span(pool.pi_low, pool.pi_high), kind="prediction"))
    return rows


def _pool_n(forest: Forest) -> str:
    pooled = [study for study in forest.counted if study.weight is not None]
    sign = "≥" if any(study.n is None for study in pooled) else "≈" if any(study.n_estimated for study in pooled) else ""
    return f"{sign}{sum(study.n or 0 for study in pooled)}"


def _draw_ground(canvas: Canvas, forest: Forest, scale: Scale, top: float, bottom: float, width: float) -> None:
    """Behind the rows: the band of differences too small to matter, the line of no difference, the pooled effect."""
    mid = forest.question.mid
    if mid is not None and forest.question.measure is not None:
        left, right = scale.within(-mid), scale.within(mid)
        canvas.rect(left, top, right - left, bottom - top, role="band")
    canvas.line((PADDING, top), (width - PADDING, top), role="rule")
    canvas.line((scale.at(0.0), top), (scale.at(0.0), bottom), role="muted")
    if forest.pool is not None:
        x = scale.at(forest.pool.estimate)
        canvas.line((x, top), (x, bottom), role="pool", dash="4 3")


def _draw_foot(canvas: Canvas, forest: Forest, form: EffectFormat, layout: Layout, scale: Scale, y: float, width: int) -> float:
    if forest.question.measure is not None:
        y = draw_axis(canvas, scale, y, ratio=forest.question.ratio)
    y = draw_sides(canvas, side_labels(forest.question), layout.plot_left, layout.plot_right, y) + 6
    if forest.pool is None:
        y = draw_notes(canvas, [f"Not pooled: {forest.not_pooled}"], y, width, bold=True)
    else:
        y = draw_notes(canvas, [note for note in [heterogeneity_in_words(forest.pool, ratio=forest.question.ratio)] if note], y, width)
    y = draw_notes(canvas, [f"{count(len(forest.counted), 'study', 'studies')}, {participants(forest.counted)}"], y, width)
    return draw_key(canvas, _key(forest, form), y + 6, width)


def _key(forest: Forest, form: EffectFormat) -> list[KeyItem]:
    items: list[KeyItem] = []
    if forest.question.mid is not None and forest.question.measure is not None:
        text = mid_in_words(forest.question, form)
        items.append(KeyItem(text, band_key))
    if any(study.weight is not None for study in forest.counted):
        items.append(KeyItem("study: area by weight, line 95 % CI", square_key))
    if forest.pool is not None:
        items.append(KeyItem("pooled, width 95 % CI", diamond_key))
    if any(study.effect is None and study.direction is not None for study in forest.counted):
        items.append(KeyItem("direction only, no usable numbers", arrow_key))
    if len(forest.counted) < len(forest.studies):
        items.append(KeyItem("struck through: retracted, not counted", struck_key))
    items += concern_key(any(study.concern for study in forest.studies))
    return [*items, *bias_key([study.bias for study in forest.studies])]
