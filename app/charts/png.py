"""PNG from our SVG, with the vendored fonts and no other: the same bytes on every machine, and never a plot without its texts."""

import resvg_py

from app.charts.font_metrics import BOLD_FONT, FONT_FAMILY, REGULAR_FONT

SCALE = 2.0  # device pixels per pixel: sharp on phones and in print


def to_png(svg: str, *, scale: float = SCALE) -> bytes:
    """Draw an SVG of this package. A plot for a PNG is made with the theme light or dark; `auto` comes out light."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            skip_system_fonts=True,
            font_files=[str(REGULAR_FONT), str(BOLD_FONT)],
            font_family=FONT_FAMILY,
            sans_serif_family=FONT_FAMILY,
        )
    )
