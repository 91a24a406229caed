"""A pooled effect as a reader sees it."""

from pydantic import Field

from app.schemas.base import Shape


class Effect(Shape):
    """The pooled effect in its natural direction, treatment minus comparator; ratios exponentiated; 95 % intervals."""

    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    pi_low: float | None
    pi_high: float | None
    favours: str = Field(description="`intervention`, `comparator` or `neither`.")
    unit: str | None
