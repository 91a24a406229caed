"""Badge: the certainty and direction of one condition and intervention, for a page or a README; readable and not by colour alone."""

from app.charts.certainty_mark import CERTAINTY_SIGNS, DIRECTION_SIGNS
from app.charts.from_body import Body, badge_of
from app.charts.sentences import CERTAINTY_NAMES, FINDING_NAMES
from app.charts.shapes import BadgeShape
from app.charts.svg import Canvas, Style
from app.charts.text_layout import widest, wrap_text
from app.charts.theme import Theme
from app.vocabulary import Certainty

SIZE, LEADING = 12, 16
ROOM = 9  # on either side of a text
HEIGHT = 26
WIDEST_LINE = 360  # pixels of one part; longer texts take more lines


def badge_svg(rating: Body, *, condition: str, intervention: str) -> str:
    """The badge of a rating (`certainty`, `direction`) under the names given. Its colours are its own: it looks the same on any page."""
    return draw_badge(badge_of(rating, condition, intervention))


def draw_badge(shape: BadgeShape) -> str:
    left = wrap_text(f"{shape.intervention} · {shape.condition}", WIDEST_LINE, SIZE)
    right = wrap_text(verdict(shape), WIDEST_LINE, SIZE, bold=True)
    widths = widest(left, SIZE) + 2 * ROOM, widest(right, SIZE, bold=True) + 2 * ROOM
    height = HEIGHT + LEADING * (max(len(left), len(right)) - 1)
    canvas = Canvas(Theme.LIGHT)
    canvas.rect(0, 0, widths[0], height, role="badge-label")
    canvas.rect(widths[0], 0, widths[1], height, role=f"badge-{shape.certainty.value}")
    canvas.lines(ROOM, _first(left, height), left, LEADING, Style(size=SIZE, role="badge-ink"))
    canvas.lines(widths[0] + ROOM, _first(right, height), right, LEADING, Style(size=SIZE, bold=True, role="badge-ink"))
    title = f"{shape.intervention} for {shape.condition}: {in_words(shape)}"
    return canvas.document(sum(widths), height, title=title, desc=f"Evidence badge. {title}. Computed certainty (GRADE-style).")


def verdict(shape: BadgeShape) -> str:
    """Signs and words, such as `⊕⊕○○ low certainty · ▲ favours the treatment`."""
    if shape.certainty is Certainty.NO_EVIDENCE:
        return CERTAINTY_NAMES[shape.certainty]
    certainty = f"{CERTAINTY_SIGNS[shape.certainty]} {CERTAINTY_NAMES[shape.certainty]}"
    return certainty if shape.direction is None else f"{certainty} · {DIRECTION_SIGNS[shape.direction]} {FINDING_NAMES[shape.direction]}"


def in_words(shape: BadgeShape) -> str:
    direction = "" if shape.direction is None else f", {FINDING_NAMES[shape.direction]}"
    return CERTAINTY_NAMES[shape.certainty] + direction


def _first(lines: list[str], height: float) -> float:
    return height / 2 + 4.3 - LEADING * (len(lines) - 1) / 2
