"""Reads what a plot wrote: its texts with the boxes they fill, its elements, its problems."""

import re
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree

from app.charts.font_metrics import ASCENT, DESCENT
from app.charts.text_layout import text_width

SVG = "{http://www.w3.org/2000/svg}"
TOUCH = 0.6  # pixels by which two boxes may touch: a box is larger than its letters


@dataclass(frozen=True)
class TextBox:
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: "TextBox") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > TOUCH and down > TOUCH


class Drawing:
    """A parsed SVG; parsing fails where it is not well-formed."""

    def __init__(self, svg: str) -> None:
        self.svg = svg
        self.root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
        self.width = float(self.root.attrib["width"])
        self.height = float(self.root.attrib["height"])

    @property
    def title(self) -> str:
        return self._only("title")

    @property
    def desc(self) -> str:
        return self._only("desc")

    def _only(self, name: str) -> str:
        found = self.root.find(SVG + name)
        assert found is not None
        assert found.text
        return found.text

    def named_by(self) -> list[str]:
        """The texts that the drawing says it is named and described by."""
        by_id = {element.attrib["id"]: element.text or "" for element in self.root if "id" in element.attrib}
        return [by_id[name] for name in self.root.attrib["aria-labelledby"].split()]

    def elements(self, name: str) -> list[dict[str, str]]:
        return [dict(element.attrib) for element in self.root.iter(SVG + name)]

    def group(self, title: str) -> ElementTree.Element:
        """The first group whose title begins so."""
        for group in self.root.iter(SVG + "g"):
            told = group.find(SVG + "title")
            if told is not None and (told.text or "").startswith(title):
                return group
        raise AssertionError(f"no group {title}")

    def groups(self, kind: str) -> list[ElementTree.Element]:
        return [group for group in self.root.iter(SVG + "g") if group.attrib.get("class") == f"evidence-{kind}"]

    @property
    def words(self) -> str:
        """All texts, one after another, as a reader sees them."""
        return " ".join(text.text or "" for text in self.root.iter(SVG + "text"))

    def boxes(self) -> list[TextBox]:
        return [_box(element) for element in self.root.iter(SVG + "text")]

    def overlaps(self) -> list[tuple[str, str]]:
        boxes = sorted(self.boxes(), key=lambda box: box.top)
        found = []
        for index, box in enumerate(boxes):
            for other in boxes[index + 1 :]:
                if other.top >= box.bottom:
                    break
                if box.covers(other):
                    found.append((box.text, other.text))
        return found

    def outside(self) -> list[str]:
        return [box.text for box in self.boxes() if box.left < 0 or box.top < 0 or box.right > self.width or box.bottom > self.height]

    def not_numbers(self) -> list[str]:
        return re.findall(r'[a-z0-9]+="[^"]*\b(?:nan|inf|None)\b[^"]*"', self.svg)


def _box(element: ElementTree.Element) -> TextBox:
    at = element.attrib
    size, x, y, text = float(at["font-size"]), float(at["x"]), float(at["y"]), element.text or ""
    width = text_width(text, size, at.get("font-weight") == "bold")
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[at.get("text-anchor", "start")]
    return TextBox(text, left, y - ASCENT * size, left + width, y + DESCENT * size)


def growing(values: list[float]) -> bool:
    return all(before < after for before, after in pairwise(values))


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2, glossary)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, glossary)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
