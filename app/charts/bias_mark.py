"""The mark of a judgement of risk of bias: a disc with a sign, so that it is read without colour."""

from app.charts.sentences import BIAS_NAMES
from app.charts.shapes import Bias, Judgement
from app.charts.svg import Canvas, Style

BIAS_RADIUS = 8
LEAST_SIGN = 11  # pixels: no text of a plot is smaller
SIGNS = {"low": "+", "some-concerns": "?", "high": "−", "no-information": "NI"}
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
        draw_level(canvas, bias.level, x, y, radius)


def draw_level(canvas: Canvas, level: str, x: float, y: float, radius: float = BIAS_RADIUS) -> None:
    if level == "no-information":
        canvas.circle(x, y, radius, role="paper", outline="muted", width=1.2)
        canvas.text(x, y + 4, SIGNS[level], Style(size=LEAST_SIGN, anchor="middle", bold=True))
        return
    canvas.circle(x, y, radius, role=ROLES[level], outline="bias-ink", width=0.8)
    size = max(round(radius * 1.6, 1), LEAST_SIGN)
    canvas.text(x, y + size * 0.36, SIGNS[level], Style(size=size, anchor="middle", bold=True, role="bias-ink"))


def judgement_in_words(judgement: Judgement) -> str:
    return f"{judgement.name}: {'not given' if judgement.written is None else judgement.written}"


def draw_judgement(canvas: Canvas, judgement: Judgement, text: str, x: float, y: float) -> None:
    """Around (x, y) the sign of the level, or `text` where the word has none."""
    with canvas.group(judgement_in_words(judgement), "judgement"):
        if judgement.level is not None:
            draw_level(canvas, judgement.level, x, y)
        else:
            role = "muted" if judgement.written is None else "ink"
            canvas.text(x, y + 4, text, Style(size=LEAST_SIGN, anchor="middle", role=role))
