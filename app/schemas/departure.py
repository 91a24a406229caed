"""Departures: where a revision does not hold what an adjudicator decided."""

from typing import Any

from pydantic import Field

from app.schemas.base import Shape
from app.vocabulary import FieldChange


class Departure(Shape):
    """One member, or one entry of a list, that is not as it was decided."""

    pointer: str
    change: FieldChange
    decided: Any = Field(description="Null of what was added after the decision.")
    holds: Any = Field(description="Null of what was taken out after the decision.")


class AdjudicationFollowed(Shape):
    """The adjudication that a revision came of, and every figure in which it departs from what was decided there."""

    adjudication: str = Field(description="The address of the adjudication.")
    revision: int = Field(description="The revision whose figures are compared with those decided.")
    departures: list[Departure]
