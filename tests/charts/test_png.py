import struct
import zlib

import pytest

from app.charts.evidence_map import evidence_map_svg
from app.charts.forest import forest_svg
from app.charts.png import MOST_HEIGHT, MOST_PIXELS, TooLargeToDraw, bounded_scale, to_png
from app.charts.theme import Theme
from tests.charts.drawing import Drawing
from tests.charts.examples import body_of, map_answer

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = 4


def pixels(png: bytes) -> list[bytes]:
    """The rows of an 8-bit RGBA PNG, filters undone (PNG specification, section 9)."""
    assert png.startswith(PNG_SIGNATURE)
    width = struct.unpack_from(">L", png, 16)[0]
    assert png[24:26] == b"\x08\x06"
    packed, at = b"", len(PNG_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">L4s", png, at)
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw, size = zlib.decompress(packed), width * CHANNELS + 1
    rows, before = [], bytes(size - 1)
    for start in range(0, len(raw), size):
        before = unfilter(raw[start], raw[start + 1 : start + size], before)
        rows.append(before)
    return rows


def unfilter(kind: int, line: bytes, above: bytes) -> bytes:
    out = bytearray(line)
    for index in range(len(out)):
        left = out[index - CHANNELS] if index >= CHANNELS else 0
        corner = above[index - CHANNELS] if index >= CHANNELS else 0
        up = above[index]
        out[index] = (out[index] + [0, left, up, (left + up) // 2, paeth(left, up, corner)][kind]) & 255
    return bytes(out)


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


class TestToPng:
    def test_has_the_size_of_the_plot_times_the_scale(self) -> None:
        svg = forest_svg(body_of(1), width=400, theme=Theme.LIGHT)
        png = to_png(svg, scale=1.5)
        assert struct.unpack_from(">LL", png, 16)[0] == 600

    @pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
    def test_every_text_left_pixels(self, theme: Theme) -> None:
        svg = forest_svg(body_of(3), width=400, theme=theme)
        rows = pixels(to_png(svg, scale=1.0))
        for box in Drawing(svg).boxes():
            inside = [row[CHANNELS * int(box.left) : CHANNELS * (int(box.right) + 1)] for row in rows[int(box.top) : int(box.bottom) + 1]]
            colours = {part[index : index + CHANNELS] for part in inside for index in range(0, len(part), CHANNELS)}
            assert len(colours) > 2, box.text

    def test_is_the_same_every_time(self) -> None:
        svg = evidence_map_svg(map_answer(3), theme=Theme.LIGHT)
        assert to_png(svg) == to_png(svg)

    def test_auto_comes_out_light(self) -> None:
        assert to_png(forest_svg(body_of(1), theme=Theme.AUTO)) == to_png(forest_svg(body_of(1), theme=Theme.LIGHT))

    def test_refuses_what_would_be_too_tall_to_read(self) -> None:
        with pytest.raises(TooLargeToDraw, match=r"800 × \d+ pixels"):
            to_png(forest_svg(body_of(2000), theme=Theme.LIGHT))


class TestBoundedScale:
    def test_a_common_plot_has_the_scale_asked_for(self) -> None:
        assert bounded_scale(800, 2000, 2.0) == 2.0

    def test_a_tall_one_has_fewer_pixels_and_still_one_each(self) -> None:
        scale = bounded_scale(800, 20_000, 2.0)
        assert 1.0 <= scale < 2.0
        assert 800 * 20_000 * scale**2 <= MOST_PIXELS * (1 + 1e-9)

    @pytest.mark.parametrize(("width", "height"), [(800, 30_001), (100, MOST_HEIGHT + 1)])
    def test_beyond_it_is_refused(self, width: float, height: float) -> None:
        with pytest.raises(TooLargeToDraw):
            bounded_scale(width, height, 2.0)
