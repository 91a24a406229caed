"""The signs of a plot's key: what its marks mean, each drawn around a middle."""

from collections.abc import Sequence

from app.charts.bias_mark import draw_bias
from app.charts.frame import KeyItem
from app.charts.shapes import Bias
from app.charts.svg import Canvas, Style


def band_key(canvas: Canvas, x: float, y: float) -> None:
    canvas.rect(x - 9, y - 6, 18, 12, role="band", outline="rule")


def square_key(canvas: Canvas, x: float, y: float) -> None:
    canvas.line((x - 9, y), (x + 9, y), width=1.5)
    canvas.rect(x - 4, y - 4, 8, 8, role="ink")


def diamond_key(canvas: Canvas, x: float, y: float) -> None:
    canvas.polygon([(x - 9, y), (x, y - 6), (x + 9, y), (x, y + 6)], role="pool")


def arrow_key(canvas: Canvas, x: float, y: float) -> None:
    canvas.line((x - 8, y), (x + 3, y), role="muted", width=1.5, dash="3 2")
    canvas.polygon([(x + 9, y), (x + 3, y - 4), (x + 3, y + 4)], role="muted")


def struck_key(canvas: Canvas, x: float, y: float) -> None:
    canvas.text(x, y + 4, "Ab", Style(size=11, anchor="middle", role="muted", struck=True))


def bias_key(shown: Sequence[Bias]) -> list[KeyItem]:
    """The signs of risk of bias that a plot uses."""
    meanings = (
        (Bias("low"), "low risk of bias"),
        (Bias("some-concerns"), "some concerns"),
        (Bias("high"), "high risk of bias"),
        (Bias(None, assessed=False), "risk of bias not assessed"),
    )
    signs = {_sign(bias) for bias in shown}
    return [_bias_item(bias, text) for bias, text in meanings if _sign(bias) in signs]


def _bias_item(bias: Bias, text: str) -> KeyItem:
    return KeyItem(text, lambda canvas, x, y: draw_bias(canvas, bias, x, y, radius=7))


def _sign(bias: Bias) -> str | None:
    return bias.level if bias.assessed else None
