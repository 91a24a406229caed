"""Risk of bias by study and domain, a section for each tool: a sign and a colour in every field, words where there is no sign for them.

The last two columns: `Tool` is the tool's own overall judgement, `Rating` what the rating made of it for this outcome.
"""

from collections.abc import Iterator, Sequence

from app.charts.bias_grid import Grid, Place, Section, lay_out, places_of, sections_of
from app.charts.bias_mark import bias_in_words, draw_bias, draw_judgement, judgement_in_words
from app.charts.frame import PADDING, KeyItem, draw_heading, draw_key, draw_notes
from app.charts.from_body import Body
from app.charts.judgements import Stored, traffic_light_of
from app.charts.key_signs import concern_key, judgement_key, struck_key
from app.charts.sentences import concern_sentence, count
from app.charts.shapes import BiasRow, Json, Judgement, TrafficLight, checked_width, members
from app.charts.svg import Canvas, Style
from app.charts.text_layout import text_width, wrap_text
from app.charts.theme import Theme

LEADING, LINE = 17, 22  # of a label, of a line of marks
SMALL = 11
SUBTITLE = "Risk of bias by study"
COLUMNS = "Tool: the tool’s own overall judgement. Rating: what the rating made of it for this outcome."
ANOTHER = "Where Rating is empty, another judgement of that study decided."
NO_STUDY = "There is no study to judge."


def traffic_light_svg(body: Body, *, stored: Stored, retracted: Sequence[Body] = (), width: int = 800, theme: Theme = Theme.AUTO) -> str:
    """Risk of bias of a body's studies; `stored` holds by study key the judgements of the study record."""
    return draw_traffic_light(traffic_light_of(body, stored, retracted), width=width, theme=theme)


def traffic_light_data(body: Body, *, stored: Stored, retracted: Sequence[Body] = ()) -> Json:
    """The same as plain data."""
    shape = traffic_light_of(body, stored, retracted)
    return {**members(shape), "sentence": sentence(shape)}


def draw_traffic_light(shape: TrafficLight, *, width: int, theme: Theme) -> str:
    checked_width(width)
    canvas = Canvas(theme)
    y = draw_heading(canvas, shape.title, SUBTITLE, width)
    sections = sections_of(shape)
    grid = lay_out(sections, width)
    marks = _footnotes(sections, grid)
    for section in sections:
        y = _draw_section(canvas, section, grid, marks, y + 4, width)
    y = draw_notes(canvas, _notes(sections, marks), y + 6, width)
    y = draw_key(canvas, _key(shape, sections), y + 6, width)
    return canvas.document(width, y + 10, title="Risk of bias. " + shape.title, desc=sentence(shape))


def sentence(shape: TrafficLight) -> str:
    words = {"low": "low", "some-concerns": "some concerns", "high": "high"}
    counted = [row.rating for row in shape.rows if row.rating is not None and not row.retracted]
    assessed = [rating for rating in counted if rating.assessed]
    counts = [f"{sum(rating.level == level for rating in assessed)} {name}" for level, name in words.items()]
    counts.append(f"{len(counted) - len(assessed)} not assessed")
    text = f"Risk of bias of {count(len(counted), 'study', 'studies')}, over all: {', '.join(counts)}. {shape.title}."
    gone = sum(row.retracted and row.rating is not None for row in shape.rows)
    text += f" {count(gone, 'retracted study is', 'retracted studies are')} shown and not counted." if gone else ""
    return f"{text} {concern_sentence(row.label for row in shape.rows if row.concern and not row.retracted)}".rstrip()


def _footnotes(sections: Sequence[Section], grid: Grid) -> dict[str, str]:
    """Words that no sign stands for and no field can hold, each with the mark that stands there instead."""
    marks: dict[str, str] = {}
    for section in sections:
        for row in section.rows:
            for place, judgement in _judged(section, grid, row):
                if judgement.written and judgement.level is None and text_width(judgement.written, SMALL) > place.width - 4:
                    marks.setdefault(judgement.written, f"[{len(marks) + 1}]")
    return marks


def _judged(section: Section, grid: Grid, row: BiasRow) -> Iterator[tuple[Place, Judgement]]:
    """The fields of a row but the last, with what the tool says there."""
    found = {judgement.name: judgement for judgement in row.domains}
    judgements = [found.get(name, Judgement(name, None, None)) for name in section.domains]
    if section.tool is not None:
        judgements.append(row.overall)
    return zip(places_of(section, grid), judgements, strict=False)


def _draw_section(canvas: Canvas, section: Section, grid: Grid, marks: dict[str, str], y: float, width: int) -> float:
    places = places_of(section, grid)
    bold = Style(bold=True)
    canvas.text(PADDING, y + 13, section.name, bold)
    top = y + LEADING if grid.stacked else y
    for place in places:
        canvas.text(place.middle, top + 13 + place.line * LEADING, place.head, Style(bold=True, anchor="middle", size=12))
    y = top + LEADING * (places[-1].line + 1) + 4
    for row, label in zip(section.rows, section.labels, strict=True):
        canvas.line((PADDING, y), (width - PADDING, y), role="rule")
        y = _draw_row(canvas, section, grid, row, label, marks, y)
    canvas.line((PADDING, y), (width - PADDING, y), role="rule")
    return y + 6


def _draw_row(canvas: Canvas, section: Section, grid: Grid, row: BiasRow, label: str, marks: dict[str, str], top: float) -> float:
    places = places_of(section, grid)
    lines = wrap_text(label, grid.label, 13)
    labels, signs = len(lines) * LEADING, (places[-1].line + 1) * LINE
    bottom = top + 8 + (labels + signs if grid.stacked else max(labels, signs))
    first = (top + 4 + labels if grid.stacked else (top + bottom - signs) / 2) + LINE / 2
    with canvas.group(_spoken(row, label), "study"):
        style = Style(struck=row.retracted, role="muted" if row.retracted else "ink")
        canvas.lines(PADDING, (top + 4 if grid.stacked else (top + bottom - labels) / 2) + 13, lines, LEADING, style)
        for place, judgement in _judged(section, grid, row):
            text = marks.get(judgement.written or "", judgement.written) or "–"
            draw_judgement(canvas, judgement, text, place.middle, first + place.line * LINE)
        if row.rating is not None:
            draw_bias(canvas, row.rating, places[-1].middle, first + places[-1].line * LINE)
    return bottom


def _spoken(row: BiasRow, label: str) -> str:
    told = [judgement_in_words(judgement) for judgement in row.domains]
    told.append(judgement_in_words(row.overall))
    told.append("another judgement decided" if row.rating is None else f"rating: {bias_in_words(row.rating)}")
    return (
        f"{label}{', retracted, not counted' if row.retracted else ''}{', expression of concern' if row.concern else ''}: {'; '.join(told)}"
    )


def _notes(sections: Sequence[Section], marks: dict[str, str]) -> list[str]:
    if not sections:
        return [NO_STUDY]
    domains = [
        f"{section.name}: " + "; ".join(f"D{index}\u00a0{name}" for index, name in enumerate(section.domains, start=1))
        for section in sections
        if section.domains
    ]
    silent = [section.name for section in sections if section.tool is not None and not section.domains]
    told = [f"{name}: the records give no judgements by domain." for name in silent]
    written = [f"{mark} as written: {words}" for words, mark in marks.items()]
    others = [ANOTHER] if any(row.rating is None for section in sections for row in section.rows) else []
    return [*domains, *told, *written, COLUMNS, *others]


def _key(shape: TrafficLight, sections: Sequence[Section]) -> list[KeyItem]:
    judgements = [one for row in shape.rows for one in (*row.domains, row.overall)]
    ratings = [row.rating for row in shape.rows if row.rating is not None]
    gaps = any(
        len(row.domains) < len(section.domains) or row.overall.written is None
        for section in sections
        if section.tool
        for row in section.rows
    )
    items = judgement_key(judgements, ratings, with_gaps=gaps)
    if any(row.retracted for row in shape.rows):
        items.append(KeyItem("struck through: retracted, not counted", struck_key))
    items += concern_key(any(row.concern for row in shape.rows))
    return items
