"""Contour-enhanced funnel plot: each study's effect against its standard error, over regions of its own p value.

Contours around null, not around the pool: Peters 2008, doi 10.1016/j.jclinepi.2007.11.010. Asymmetry is not to be judged with fewer
than ten studies: Sterne 2011, doi 10.1136/bmj.d4002; Cochrane Handbook, section 13.3.5.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.charts.forest import form_of
from app.charts.frame import PADDING, KeyItem, draw_axis, draw_heading, draw_key, draw_notes, draw_sides
from app.charts.from_body import Body, forest_of
from app.charts.key_signs import concern_key, cross_key, draw_cross
from app.charts.numbers import EffectFormat
from app.charts.scales import Range, Scale, bounded, choose_range, linear_ticks
from app.charts.sentences import concern_sentence, count, effect_in_words, heading, side_labels, subheading
from app.charts.shapes import CONCERN_SIGN, Forest, Json, StudyMark, checked_width, plain
from app.charts.svg import Canvas, Style
from app.charts.text_layout import widest
from app.charts.theme import Theme

LEAST_STUDIES = 10
Z_90, Z_95, Z_99 = 1.644854, 1.959964, 2.575829  # standard normal quantiles of two-sided p 0.10, 0.05, 0.01
CONTOURS = ((Z_99, "shade-2", "5 3"), (Z_95, "shade-1", "2 2"), (Z_90, "paper", ""))  # z, the shade inside, the dash of its border
SHADES = (("p > 0.10", "paper"), ("p 0.05 to 0.10", "shade-1"), ("p 0.01 to 0.05", "shade-2"), ("p < 0.01", "shade-3"))
ASPECT, LOWEST_HEIGHT, HIGHEST_HEIGHT = 0.62, 260, 520
HEADROOM = 1.08  # the standard-error axis ends a little below the largest
RADIUS = 5.0
SMALL = 11
TOO_FEW = "Fewer than 10 studies with numbers: asymmetry cannot be judged from this plot."


@dataclass(frozen=True, slots=True)
class Frame:
    """`x` maps effects, `y` standard errors (0 on top)."""

    x: Scale
    y: Scale


def funnel_svg(body: Body, *, width: int = 800, theme: Theme = Theme.AUTO, retracted: Sequence[Body] = ()) -> str:
    """The funnel plot of a body of evidence, as stored or served; `retracted` studies are crossed out where they would stand."""
    return draw_funnel(forest_of(body, retracted), width=width, theme=theme)


def funnel_data(body: Body, retracted: Sequence[Body] = ()) -> Json:
    """The same as plain data: the points, the pool, and whether asymmetry can be judged."""
    forest = forest_of(body, retracted)
    points = points_of(forest)
    return {
        "question": plain(forest.question),
        "points": [plain(study) for study in points],
        "retracted": [plain(study) for study in forest.studies if study.retracted],
        "pool": plain(forest.pool),
        "contours": {"p": [0.1, 0.05, 0.01], "z": [Z_90, Z_95, Z_99]},
        "can_judge_asymmetry": len(points) >= LEAST_STUDIES,
        "sentence": sentence(forest, points, form_of(forest)),
    }


def points_of(forest: Forest) -> tuple[StudyMark, ...]:
    """The studies with an effect and a standard error."""
    return tuple(study for study in forest.counted if study.effect is not None and study.se is not None)


def crossed_of(forest: Forest) -> tuple[StudyMark, ...]:
    """The retracted studies that would be points."""
    return tuple(study for study in forest.studies if study.retracted and study.effect is not None and study.se is not None)


def draw_funnel(forest: Forest, *, width: int, theme: Theme) -> str:
    checked_width(width)
    points = points_of(forest)
    canvas = Canvas(theme)
    y = draw_heading(canvas, heading(forest.question), "Funnel plot: " + subheading(forest.question), width)
    if points or crossed_of(forest):
        y = _draw_plot(canvas, forest, points, y, width)
    y = draw_notes(canvas, _notes(forest, points), y + 6, width, bold=True)
    y = draw_key(canvas, _key(forest, points), y + 6, width)
    desc = sentence(forest, points, form_of(forest))
    return canvas.document(width, y + 10, title="Funnel plot. " + heading(forest.question), desc=desc)


def sentence(forest: Forest, points: tuple[StudyMark, ...], form: EffectFormat) -> str:
    studies = count(len(points), "study", "studies")
    text = f"Funnel plot of {studies} with numbers, effect against standard error: {heading(forest.question)}, {forest.question.condition}."
    if forest.pool is not None:
        sides = [sum(study.effect is not None and study.effect < forest.pool.estimate for study in points)]
        sides.append(sum(study.effect is not None and study.effect > forest.pool.estimate for study in points))
        text += f" Pooled {effect_in_words(forest.pool, form)}; {sides[0]} below the pooled effect, {sides[1]} above."
    gone = sum(study.retracted for study in forest.studies)
    text += f" {count(gone, 'retracted study is', 'retracted studies are')} not counted." if gone else ""
    concern = concern_sentence(study.name for study in points if study.concern)
    text += f" {concern}" if concern else ""
    return text + (f" {TOO_FEW}" if len(points) < LEAST_STUDIES else "")


def _draw_plot(canvas: Canvas, forest: Forest, points: tuple[StudyMark, ...], top: float, width: int) -> float:
    crossed = crossed_of(forest)
    largest = max(study.se or 0.0 for study in (*points, *crossed)) * HEADROOM or 1.0
    ticks = linear_ticks(0.0, largest, 5)
    left = PADDING + widest([tick.label for tick in ticks], SMALL) + 14
    height = min(max(width * ASPECT, LOWEST_HEIGHT), HIGHEST_HEIGHT)
    canvas.text(PADDING, top + 13, "Standard error (precise studies on top)", Style(size=SMALL, role="muted"))
    frame = Frame(
        Scale(*_effect_range(forest, (*points, *crossed), largest), left, width - PADDING - 4),
        Scale(0.0, largest, top + 24, top + 24 + height),
    )
    _draw_contours(canvas, frame)
    _draw_lines(canvas, forest, frame)
    for tick in ticks:
        y = frame.y.at(tick.value)
        canvas.line((left - 5, y), (left, y))
        canvas.text(left - 8, y + 4, tick.label, Style(size=SMALL, anchor="end"))
    canvas.line((left, frame.y.left), (left, frame.y.right))
    form = form_of(forest)
    for study in points:
        _draw_point(canvas, study, frame, form)
    for study in crossed:
        with canvas.group(f"{study.name}: retracted, not counted", "retracted"):
            draw_cross(canvas, frame.x.within(study.effect or 0.0), frame.y.at(study.se or 0.0), RADIUS)
    below = draw_axis(canvas, frame.x, frame.y.right, ratio=forest.question.ratio)
    return draw_sides(canvas, side_labels(forest.question), left, frame.x.right, below)


def _effect_range(forest: Forest, points: tuple[StudyMark, ...], largest: float) -> Range:
    """All points, and both funnels down to the largest standard error."""
    middle = 0.0 if forest.pool is None else forest.pool.estimate
    effects = [study.effect for study in points if study.effect is not None]
    funnels = [-Z_99 * largest, Z_99 * largest, middle - Z_95 * largest, middle + Z_95 * largest]
    return choose_range([*effects, *funnels], [], ratio=forest.question.ratio)


def _draw_contours(canvas: Canvas, frame: Frame) -> None:
    """From the outside in: p < 0.01, 0.01 to 0.05, 0.05 to 0.10, above."""
    x, y = frame.x, frame.y
    canvas.rect(x.left, y.left, x.right - x.left, y.right - y.left, role="shade-3")
    for z, role, dash in CONTOURS:
        canvas.polygon(_wedge(frame, 0.0, z), role=role)
        for side in (-1, 1):
            _draw_ray(canvas, frame, 0.0, side * z, role="muted", dash=dash, width=0.7)


def _wedge(frame: Frame, middle: float, z: float) -> list[tuple[float, float]]:
    """The region within z standard errors of `middle`, cut where the plot ends."""
    corners = [(frame.x.within(middle), frame.y.left)]
    for side in (1, -1):
        end = _ray_end(frame, middle, side * z)
        corner = (frame.x.right if side > 0 else frame.x.left, frame.y.right)
        cut = [end, corner] if end[1] < frame.y.right else [end]
        corners += cut if side > 0 else cut[::-1]
    return corners


def _ray_end(frame: Frame, middle: float, z: float) -> tuple[float, float]:
    """Where the line effect = middle + z * se leaves the plot."""
    largest = frame.y.high
    edge = frame.x.high if z > 0 else frame.x.low
    se = min((edge - middle) / z, largest)
    return frame.x.within(middle + z * se), frame.y.at(se)


def _draw_ray(canvas: Canvas, frame: Frame, middle: float, z: float, *, role: str, dash: str, width: float) -> None:
    canvas.line((frame.x.within(middle), frame.y.left), _ray_end(frame, middle, z), role=role, dash=dash, width=width)


def _draw_lines(canvas: Canvas, forest: Forest, frame: Frame) -> None:
    null = frame.x.at(0.0)
    canvas.line((null, frame.y.left), (null, frame.y.right), role="muted")
    if forest.pool is not None:
        middle = bounded(forest.pool.estimate, ratio=forest.question.ratio)
        x = frame.x.at(middle)
        canvas.line((x, frame.y.left), (x, frame.y.right), role="pool", width=1.5)
        for side in (-1, 1):
            _draw_ray(canvas, frame, middle, side * Z_95, role="pool", dash="6 4", width=1.2)


def _draw_point(canvas: Canvas, study: StudyMark, frame: Frame, form: EffectFormat) -> None:
    effect, se = study.effect or 0.0, study.se or 0.0
    doubted = ", expression of concern" if study.concern else ""
    with canvas.group(f"{study.name}{doubted}: {form.one(effect)}, standard error {se:.3g}", "point"):
        x, y = frame.x.within(effect), frame.y.at(se)
        canvas.circle(x, y, RADIUS, role="ink", outline="paper")
        if study.concern:
            canvas.text(x + RADIUS + 2, y + 4, CONCERN_SIGN, Style(size=SMALL))


def _notes(forest: Forest, points: tuple[StudyMark, ...]) -> list[str]:
    notes = [TOO_FEW] if 0 < len(points) < LEAST_STUDIES else []
    notes += ["No study has numbers: there is nothing to plot."] if not points else []
    return [*notes, f"Not pooled: {forest.not_pooled}"] if forest.pool is None else notes


def _key(forest: Forest, points: tuple[StudyMark, ...]) -> list[KeyItem]:
    crossed = [KeyItem("retracted, not counted", cross_key)] if crossed_of(forest) else []
    if not points and not crossed:
        return []
    items = [KeyItem("study", lambda canvas, x, y: canvas.circle(x, y, RADIUS, role="ink")), *(_shade_item(*shade) for shade in SHADES)]
    if forest.pool is not None:
        items.append(KeyItem("pooled effect", lambda canvas, x, y: canvas.line((x - 9, y), (x + 9, y), role="pool", width=1.5)))
        items.append(KeyItem("95 % around it", lambda canvas, x, y: canvas.line((x - 9, y), (x + 9, y), role="pool", dash="6 4")))
    return [*items, *crossed, *concern_key(any(study.concern for study in points))]


def _shade_item(text: str, role: str) -> KeyItem:
    return KeyItem(text, lambda canvas, x, y: canvas.rect(x - 9, y - 6, 18, 12, role=role, outline="muted"))
