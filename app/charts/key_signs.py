"""The signs of a plot's key: what its marks mean, each drawn around a middle."""

from collections.abc import Sequence

from app.charts.bias_mark import draw_bias, draw_level
from app.charts.frame import KeyItem
from app.charts.shapes import CONCERN_SIGN, Bias, Judgement
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


def judgement_key(shown: Sequence[Judgement], ratings: Sequence[Bias], *, with_gaps: bool) -> list[KeyItem]:
    """The signs of domains, tools and ratings that a plot uses; `with_gaps` where some records lack what others give."""
    levels = {judgement.level for judgement in shown}
    used = {*levels, *(bias.level for bias in ratings if bias.assessed)}
    meanings = (("low", "low"), ("some-concerns", "some concerns, unclear or moderate"), ("high", "high, serious or critical"))
    items = [_level_item(level, text) for level, text in (*meanings, ("no-information", "no information")) if level in used]
    if any(not bias.assessed for bias in ratings):
        items.append(_bias_item(Bias(None, assessed=False), "not assessed with a tool that the rating reads"))
    if with_gaps:
        items.append(KeyItem("not given in the record", lambda canvas, x, y: canvas.text(x, y + 4, "–", Style(size=11, anchor="middle"))))
    return items


def _level_item(level: str, text: str) -> KeyItem:
    return KeyItem(text, lambda canvas, x, y: draw_level(canvas, level, x, y, radius=7))


def concern_key(concern: bool) -> list[KeyItem]:
    """The line that explains the sign behind a label, where there is one."""
    return [KeyItem("expression of concern on the report, counted", _draw_concern)] if concern else []


def _draw_concern(canvas: Canvas, x: float, y: float) -> None:
    canvas.text(x, y + 4, CONCERN_SIGN, Style(anchor="middle"))


def cross_key(canvas: Canvas, x: float, y: float) -> None:
    draw_cross(canvas, x, y, 4)


def draw_cross(canvas: Canvas, x: float, y: float, arm: float) -> None:
    """A ring struck through: a study that was retracted."""
    canvas.circle(x, y, arm + 1, role="paper", outline="muted", width=1.2)
    for side in (-1, 1):
        canvas.line((x - arm, y - side * arm), (x + arm, y + side * arm), role="muted", width=1.5)


def _bias_item(bias: Bias, text: str) -> KeyItem:
    return KeyItem(text, lambda canvas, x, y: draw_bias(canvas, bias, x, y, radius=7))


def _sign(bias: Bias) -> str | None:
    return bias.level if bias.assessed else None
