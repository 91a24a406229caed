"""What was asked of a what-if, what it leaves out, and what is stored: so that a reader sees before and after."""

from datetime import date

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.effect import Effect
from app.vocabulary import Certainty, ComparatorGroup, Finding, LeavingOut


class WhatIfLeftOut(Shape):
    """Keys of studies that do not count here."""

    later: list[str] = Field(description="Published after `published_until`.")
    unknown_year: list[str] = Field(description="Of no known year, which `published_until` leaves out too.")
    high_risk: list[str] = Field(description="At high risk of bias for the outcome, left out by `without`.")


class Asked(Shape):
    """The parameters of a what-if, null where not given; nothing of it is stored."""

    published_until: int | None
    without: LeavingOut | None
    method: str | None
    left_out: WhatIfLeftOut


class StoredBody(Shape):
    """The body as it is stored."""

    certainty: Certainty
    finding: Finding
    effect: Effect | None
    k: int
    n: int
    sentence: str
    method: str
    as_of: date


class EvidenceWhatIf(Asked):
    mid: float | None = Field(description="In units of the instrument, in SD, or as a ratio above 1.")
    notes: list[str]
    stored: StoredBody


class StoredRating(Shape):
    """The rating as it is stored."""

    certainty: Certainty
    direction: Finding | None
    sentence: str
    headline_comparator: ComparatorGroup | None
    eligible_studies: int
    eligible_participants: int
    method: str
    as_of: date


class RatingWhatIf(Asked):
    stored: StoredRating
