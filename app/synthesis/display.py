"""Numbers as they are shown: natural scale, rounded, never infinite. What is computed with keeps full precision."""

import math

from app.synthesis.body import PooledEffect
from app.vocabulary import RATIO_MEASURES, Measure

SIGNIFICANT_DIGITS = 3
WHOLE_FROM = 10**SIGNIFICANT_DIGITS


def natural_scale(value: float, measure: Measure | None) -> float:
    """A ratio exponentiated, anything else as it is; infinite where a log ratio is too large to show."""
    if measure not in RATIO_MEASURES:
        return value
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def rounded(value: float) -> float:
    """Three significant digits, whole numbers from 1000 on."""
    return float(round(value)) if abs(value) >= WHOLE_FROM else float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def display_value(value: float, measure: Measure | None) -> float:
    """An effect of the analysis scale as a reader sees it: natural scale, rounded."""
    return rounded(natural_scale(value, measure))


def shown(value: float | None, measure: Measure | None) -> float | None:
    """`display_value`, None where there is nothing finite to show."""
    if value is None:
        return None
    natural = natural_scale(value, measure)
    return rounded(natural) if math.isfinite(natural) else None


def finite(value: float | None) -> float | None:
    """The value, None where it is unknown, infinite or not a number: JSON has no words for those."""
    return value if value is not None and math.isfinite(value) else None


def pooled_to_json(pooled: PooledEffect) -> dict[str, object]:
    """A pooled effect on the analysis scale, every member under its own name, full precision."""
    members = pooled._asdict()
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    numbers = {name: finite(value) for name, value in members.items() if name not in texts and not isinstance(value, tuple)}
    return {**numbers, **texts, "weights": list(pooled.weights), "warnings": list(pooled.warnings)}
