"""Risk of bias by study and domain: a sign and a colour in every field."""

from collections.abc import Mapping, Sequence

from app.charts.bias_mark import draw_bias
from app.charts.frame import PADDING, draw_heading, draw_key, draw_notes
from app.charts.from_body import Body, traffic_light_of
from app.charts.key_signs import bias_key
from app.charts.sentences import count
from app.charts.shapes import BiasRow, Json, TrafficLight, checked_width, members
from app.charts.svg import Canvas, Style
from app.charts.text_layout import text_width, wrap_text
from app.charts.theme import Theme

FIELD = 44.0  # pixels a column
LEAST_FIELD = 22.0
LABEL_SHARE = 0.5
LEADING = 17
SUBTITLE = "Risk of bias by study"


def traffic_light_svg(body: Body, *, domains: Mapping[str, Mapping[str, str]], width: int = 800, theme: Theme = Theme.AUTO) -> str:
    """Risk of bias of a body's studies; `domains` holds by study key the judgements by domain, as the study records have them."""
    return draw_traffic_light(traffic_light_of(body, domains), width=width, theme=theme)


def traffic_light_data(body: Body, *, domains: Mapping[str, Mapping[str, str]]) -> Json:
    """The same as plain data."""
    shape = traffic_light_of(body, domains)
    return {**members(shape), "sentence": sentence(shape)}


def draw_traffic_light(shape: TrafficLight, *, width: int, theme: Theme) -> str:
    checked_width(width)
    canvas = Canvas(theme)
    y = draw_heading(canvas, shape.title, SUBTITLE, width)
    heads = [*(f"D{index}" for index in range(1, len(shape.domains) + 1)), "All"]
    field = min(FIELD, max(LEAST_FIELD, width * (1 - LABEL_SHARE) / len(heads)))
    longest = max((text_width(row.label, 13) for row in shape.rows), default=0.0)
    label = min(max(longest + 2, 60), width - 2 * PADDING - field * len(heads) - 8)
    middles = [PADDING + label + 8 + field * (index + 0.5) for index in range(len(heads))]
    y += 16
    canvas.text(PADDING, y, "Study", Style(bold=True))
    for head, x in zip(heads, middles, strict=True):
        canvas.text(x, y, head, Style(bold=True, anchor="middle", size=12))
    end = middles[-1] + field / 2
    y += 8
    for row in shape.rows:
        canvas.line((PADDING, y), (end, y), role="rule")
        y = _draw_row(canvas, row, middles, label, y)
    canvas.line((PADDING, y), (end, y), role="rule")
    names = [f"D{index}: {name}" for index, name in enumerate(shape.domains, start=1)]
    y = draw_notes(canvas, names, y + 6, width)
    y = draw_key(canvas, bias_key([bias for row in shape.rows for bias in (*row.domains, row.overall)]), y + 6, width)
    return canvas.document(width, y + 10, title="Risk of bias. " + shape.title, desc=sentence(shape))


def sentence(shape: TrafficLight) -> str:
    words = {"low": "low", "some-concerns": "some concerns", "high": "high"}
    assessed = [row for row in shape.rows if row.overall.assessed]
    counts = [f"{sum(row.overall.level == level for row in assessed)} {name}" for level, name in words.items()]
    counts.append(f"{len(shape.rows) - len(assessed)} not assessed")
    return f"Risk of bias of {count(len(shape.rows), 'study', 'studies')}, over all: {', '.join(counts)}. {shape.title}."


def _draw_row(canvas: Canvas, row: BiasRow, middles: Sequence[float], label: float, top: float) -> float:
    lines = wrap_text(row.label, label, 13)
    bottom = top + len(lines) * LEADING + 10
    with canvas.group(row.label, "study"):
        canvas.lines(PADDING, top + 5 + 13, lines, LEADING)
        for bias, x in zip((*row.domains, row.overall), middles, strict=True):
            draw_bias(canvas, bias, x, (top + bottom) / 2)
    return bottom
