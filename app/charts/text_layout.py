"""How much room a text takes, and how it is broken into lines."""

import re

from app.charts.font_metrics import font_metrics

SLACK = 1.02  # readers without DejaVu Sans see Verdana, drawn with about the same widths, or something narrower
SPACES = re.compile("[ \t\r\n]+")  # a no-break space holds together what stands around it


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width in pixels."""
    return font_metrics(bold).width(text) * size * SLACK


def widest(texts: list[str], size: float, bold: bool = False) -> float:
    return max((text_width(text, size, bold) for text in texts), default=0.0)


def wrap_text(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than `width`: between words, within a word only where it is wider than a line."""
    lines: list[str] = []
    line = ""
    for word in SPACES.split(text.strip()):
        joined = f"{line} {word}" if line else word
        if text_width(joined, size, bold) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        pieces = _break_word(word, width, size, bold)
        lines.extend(pieces[:-1])
        line = pieces[-1]
    return [*lines, line] if line or not lines else lines


def _break_word(word: str, width: float, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and text_width(pieces[-1] + character, size, bold) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces
