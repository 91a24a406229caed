"""Advance widths of the vendored fonts, read from their TrueType tables.

Source: OpenType specification 1.9, tables `head`, `hhea`, `hmtx` and `cmap` (format 4: the Basic Multilingual Plane).
"""

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONT_FOLDER = Path(__file__).resolve().parent / "fonts"
REGULAR_FONT = FONT_FOLDER / "DejaVuSans.ttf"
BOLD_FONT = FONT_FOLDER / "DejaVuSans-Bold.ttf"
FONT_FAMILY = "DejaVu Sans"

ASCENT, DESCENT = 0.78, 0.24  # of the font size: what letters with accents aside reach above and below the baseline
UNKNOWN_ADVANCE = 1.0  # em: a character that the font lacks is drawn by another; the widest guess is the safe one
UNICODE_BMP = (3, 1)  # platform and encoding of the character map
SEGMENTED = 4  # its format


@dataclass(frozen=True, slots=True)
class FontMetrics:
    """Advance width by code point, in em."""

    advances: dict[int, float]

    def width(self, text: str) -> float:
        """The width of a text in em, without kerning."""
        return sum(self.advances.get(ord(character), UNKNOWN_ADVANCE) for character in text)


@cache
def font_metrics(bold: bool = False) -> FontMetrics:
    """Read one of the two fonts, once."""
    font = (BOLD_FONT if bold else REGULAR_FONT).read_bytes()
    tables = _table_offsets(font)
    units_per_em = struct.unpack_from(">H", font, tables["head"] + 18)[0]
    advances = _advances_by_glyph(font, tables)
    glyphs = _glyph_by_code(font, tables["cmap"])
    return FontMetrics({code: advances[min(glyph, len(advances) - 1)] / units_per_em for code, glyph in glyphs.items()})


def _table_offsets(font: bytes) -> dict[str, int]:
    count = struct.unpack_from(">H", font, 4)[0]
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * index) for index in range(count))
    return {tag.decode("ascii"): offset for tag, _, offset, _ in records}


def _advances_by_glyph(font: bytes, tables: dict[str, int]) -> list[int]:
    """Advance widths in font units; glyphs past the end of the list have the last one."""
    count = struct.unpack_from(">H", font, tables["hhea"] + 34)[0]
    return [struct.unpack_from(">H", font, tables["hmtx"] + 4 * index)[0] for index in range(count)]


def _glyph_by_code(font: bytes, cmap: int) -> dict[int, int]:
    table = cmap + _unicode_subtable(font, cmap)
    segments = struct.unpack_from(">H", font, table + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", font, table + 14)
    starts = struct.unpack_from(f">{segments}H", font, table + 16 + 2 * segments)
    deltas = struct.unpack_from(f">{segments}h", font, table + 16 + 4 * segments)
    offsets_at = table + 16 + 6 * segments
    offsets = struct.unpack_from(f">{segments}H", font, offsets_at)
    glyphs: dict[int, int] = {}
    for index, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(start, end + 1):
            glyph = code if offset == 0 else struct.unpack_from(">H", font, offsets_at + 2 * index + offset + 2 * (code - start))[0]
            if glyph != 0 or offset == 0:
                glyphs[code] = (glyph + delta) & 0xFFFF
    return {code: glyph for code, glyph in glyphs.items() if glyph != 0}


def _unicode_subtable(font: bytes, cmap: int) -> int:
    count = struct.unpack_from(">H", font, cmap + 2)[0]
    for index in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", font, cmap + 4 + 8 * index)
        if (platform, encoding) == UNICODE_BMP and struct.unpack_from(">H", font, cmap + offset)[0] == SEGMENTED:
            return int(offset)
    raise ValueError("the font has no character map of format 4")
