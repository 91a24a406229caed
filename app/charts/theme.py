"""Colours by their role, light and dark. Each meaning is also a shape or a sign: nothing is said by colour alone.

Colours are written as attributes, so that they hold where a page forbids style elements; for `auto` a style element changes
them to the dark ones when the reader's system asks for dark. Certainty and risk of bias: Okabe and Ito 2008, "Color universal
design", https://jfly.uni-koeln.de/color/, told apart by people with any of the three colour-vision deficiencies.
"""

from collections.abc import Mapping
from enum import StrEnum


class Theme(StrEnum):
    """`auto` follows the reader's system."""

    LIGHT = "light"
    DARK = "dark"
    AUTO = "auto"


BOTH = {
    "bias-low": "#56b4e9",
    "bias-some": "#f0e442",
    "bias-high": "#e69f00",
    "bias-ink": "#10151b",
    "certainty-high": "#009e73",
    "certainty-moderate": "#56b4e9",
    "certainty-low": "#e69f00",
    "certainty-very-low": "#d55e00",
    "badge-label": "#3b434c",
    "badge-high": "#00664a",
    "badge-moderate": "#0b5cad",
    "badge-low": "#855400",
    "badge-very-low": "#9c3a00",
    "badge-no-evidence": "#5a636d",
    "badge-ink": "#ffffff",
}
LIGHT = {
    **BOTH,
    "paper": "#ffffff",
    "ink": "#1b1f24",
    "muted": "#57606a",
    "rule": "#d0d7de",
    "pool": "#0b5cad",
    "range": "#a33a00",
    "band": "#e6eef8",
    "shade-1": "#eef1f4",
    "shade-2": "#d9e0e7",
    "shade-3": "#bfcad5",
}
DARK = {
    **BOTH,
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "muted": "#9da7b3",
    "rule": "#3a424c",
    "pool": "#6cb6ff",
    "range": "#ffa657",
    "band": "#1a2a40",
    "shade-1": "#171e27",
    "shade-2": "#242e3a",
    "shade-3": "#354353",
}
PREFIX = "evidence-"


def palette(theme: Theme) -> Mapping[str, str]:
    """Role to colour, as written into the attributes."""
    return DARK if theme is Theme.DARK else LIGHT


def dark_style() -> str:
    """The rules that turn the light colours into the dark ones."""
    changed = [(role, colour) for role, colour in DARK.items() if LIGHT[role] != colour]
    fills = [f".{PREFIX}fill-{role}{{fill:{colour}}}" for role, colour in changed]
    strokes = [f".{PREFIX}stroke-{role}{{stroke:{colour}}}" for role, colour in changed]
    return "@media (prefers-color-scheme:dark){" + "".join([*fills, *strokes]) + "}"
