"""PNG from our SVG, with the vendored fonts and no other: the same bytes on every machine, and never a plot without its texts."""

import math
import re

import resvg_py

from app.charts.font_metrics import BOLD_FONT, FONT_FAMILY, REGULAR_FONT

SCALE = 2.0  # device pixels per pixel: sharp on phones and in print
LEAST_SCALE = 1.0  # below it the smallest texts cannot be read
MOST_PIXELS = 24_000_000  # of a picture, in device pixels: 96 MB while it is drawn
MOST_HEIGHT = 32_000  # in device pixels; many readers take no side of 2^15 or more
SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"')


class TooLargeToDraw(ValueError):
    """A plot that no picture within the bounds can hold legibly; its SVG has no such bounds."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(
            f"the plot is {width:.0f} × {height:.0f} pixels, more than a PNG holds here ({MOST_PIXELS:,} pixels, {MOST_HEIGHT:,} high)"
        )


def to_png(svg: str, *, scale: float = SCALE) -> bytes:
    """Draw an SVG of this package. A plot for a PNG is made with the theme light or dark; `auto` comes out light.

    `scale` is the most: very tall plots are drawn with fewer device pixels per pixel, down to LEAST_SCALE.
    """
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=bounded_scale(*size_of(svg), scale),
            skip_system_fonts=True,
            font_files=[str(REGULAR_FONT), str(BOLD_FONT)],
            font_family=FONT_FAMILY,
            sans_serif_family=FONT_FAMILY,
        )
    )


def size_of(svg: str) -> tuple[float, float]:
    """Width and height in pixels, as `Canvas.document` writes them."""
    match = SIZE.match(svg)
    if match is None:
        raise ValueError("not a drawing of this package: it has no width and height")
    return float(match[1]), float(match[2])


def bounded_scale(width: float, height: float, scale: float) -> float:
    """The scale that keeps a picture within its bounds; TooLargeToDraw where that would be illegible."""
    bounded = min(scale, math.sqrt(MOST_PIXELS / (width * height)), MOST_HEIGHT / height)
    if bounded < min(scale, LEAST_SCALE):
        raise TooLargeToDraw(width, height)
    return bounded
