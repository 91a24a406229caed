"""Writes SVG: elements with escaped texts and rounded numbers, and the document around them.

No script, nothing loaded from elsewhere, no transform: a text stands where its attributes say, so that tests can check that none
covers another.
"""

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from xml.sax.saxutils import escape

from app.charts.font_metrics import FONT_FAMILY
from app.charts.theme import PREFIX, Theme, dark_style, palette

FALLBACK_FAMILIES = "Verdana, Arial, sans-serif"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
Points = Sequence[tuple[float, float]]


def clean(text: str) -> str:
    """A text that may stand in XML, on one line and escaped, attributes included."""
    return escape(" ".join(NOT_XML.sub("\ufffd", text).split()), {'"': "&quot;"})


def number(value: float) -> str:
    """A coordinate, to a hundredth of a pixel."""
    if not math.isfinite(value):
        raise ValueError(f"no coordinate: {value}")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks; `anchor` is SVG's: start, middle or end."""

    size: float = 13
    anchor: str = "start"
    bold: bool = False
    role: str = "ink"
    struck: bool = False


NORMAL = Style()


class Canvas:
    """Collects elements from back to front. `role` names a colour of the theme."""

    def __init__(self, theme: Theme = Theme.AUTO) -> None:
        self.theme = theme
        self._colours = palette(theme)
        self._elements: list[str] = []

    def text(self, x: float, y: float, content: str, style: Style = NORMAL) -> None:
        """One line of text; `y` is its baseline."""
        extra = ' font-weight="bold"' if style.bold else ""
        extra += ' text-decoration="line-through"' if style.struck else ""
        extra += f' text-anchor="{style.anchor}"' if style.anchor != "start" else ""
        place = f'x="{number(x)}" y="{number(y)}" font-size="{number(style.size)}"'
        self._elements.append(f"<text {place}{extra} {self._fill(style.role)}>{clean(content)}</text>")

    def lines(self, x: float, y: float, contents: Sequence[str], leading: float, style: Style = NORMAL) -> float:
        """Lines of text one under another, the first with its baseline at `y`; gives the baseline after the last."""
        for index, content in enumerate(contents):
            self.text(x, y + index * leading, content, style)
        return y + len(contents) * leading

    def line(self, start: tuple[float, float], end: tuple[float, float], *, role: str = "ink", width: float = 1, dash: str = "") -> None:
        (x1, y1), (x2, y2) = start, end
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        place = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
        self._elements.append(f'<line {place} stroke-width="{number(width)}"{dashes} {self._stroke(role)}/>')

    def rect(self, x: float, y: float, width: float, height: float, *, role: str, outline: str = "", radius: float = 0) -> None:
        place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        rounding = f' rx="{number(radius)}"' if radius else ""
        self._elements.append(f"<rect {place}{rounding} {self._fill(role, outline)}/>")

    def circle(self, x: float, y: float, radius: float, *, role: str, outline: str = "", width: float = 1) -> None:
        place = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" stroke-width="{number(width)}"'
        self._elements.append(f"<circle {place} {self._fill(role, outline)}/>")

    def polygon(self, points: Points, *, role: str, outline: str = "") -> None:
        corners = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self._elements.append(f'<polygon points="{corners}" {self._fill(role, outline)}/>')

    @contextmanager
    def group(self, title: str, kind: str = "") -> Iterator[None]:
        """Elements that belong together; `title` is shown to whoever points at them."""
        name = f' class="{PREFIX}{kind}"' if kind else ""
        self._elements.append(f"<g{name}><title>{clean(title)}</title>")
        yield
        self._elements.append("</g>")

    def document(self, width: float, height: float, *, title: str, desc: str) -> str:
        """The whole SVG. The same input gives the same bytes; ids differ between plots, so that a page can hold several."""
        mark = f"{zlib.crc32((title + desc).encode('utf-8', 'replace')):08x}"
        size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
        names = f'role="img" aria-labelledby="t-{mark} d-{mark}"'
        style = f"<style>{dark_style()}</style>" if self.theme is Theme.AUTO else ""
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {names} font-family="\'{FONT_FAMILY}\', {FALLBACK_FAMILIES}">',
            f'<title id="t-{mark}">{clean(title)}</title>',
            f'<desc id="d-{mark}">{clean(desc)}</desc>',
            style,
            f'<rect width="100%" height="100%" {self._fill("paper")}/>',
        ]
        return "\n".join([*(line for line in head if line), *self._elements, "</svg>"]) + "\n"

    def _fill(self, role: str, outline: str = "") -> str:
        if not outline:
            return f'class="{PREFIX}fill-{role}" fill="{self._colours[role]}"'
        names = f"{PREFIX}fill-{role} {PREFIX}stroke-{outline}"
        return f'class="{names}" fill="{self._colours[role]}" stroke="{self._colours[outline]}"'

    def _stroke(self, role: str) -> str:
        return f'class="{PREFIX}stroke-{role}" stroke="{self._colours[role]}"'
