"""The mark of a judgement of risk of bias: a disc with a sign, so that it is read without colour."""

from app.charts.sentences import BIAS_NAMES
from app.charts.shapes import Bias
from app.charts.svg import Canvas, Style

BIAS_RADIUS = 8
SIGNS = {"low": "+", "some-concerns": "?", "high": "−"}
ROLES = {"low": "bias-low", "some-concerns": "bias-some", "high": "bias-high"}


def bias_in_words(bias: Bias) -> str:
    name = "not assessed" if not bias.assessed else BIAS_NAMES[bias.level]
    return f"Risk of bias: {name}" + (f" ({bias.reason.rstrip('.')})" if bias.reason and bias.assessed else "")


def draw_bias(canvas: Canvas, bias: Bias, x: float, y: float, radius: float = BIAS_RADIUS) -> None:
    """Around (x, y): `+` low, `?` some concerns, `−` high; an empty ring with a dot where nothing was assessed."""
    with canvas.group(bias_in_words(bias), "bias"):
        if bias.level is None or not bias.assessed:
            canvas.circle(x, y, radius, role="paper", outline="muted", width=1.2)
            canvas.circle(x, y, 1.4, role="muted")
            return
        canvas.circle(x, y, radius, role=ROLES[bias.level], outline="bias-ink", width=0.8)
        size = round(radius * 1.6, 1)
        canvas.text(x, y + size * 0.36, SIGNS[bias.level], Style(size=size, anchor="middle", bold=True, role="bias-ink"))
