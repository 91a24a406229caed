"""A rating as it stood at one entry of the ledger, computed again from the inputs that were kept."""

from datetime import date

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.evidence import PassedOverRow
from app.schemas.meta import Meta
from app.schemas.rating import ConcernRow, HarmsRow, HistoryEntry, OutcomeRow, OverdueRow, ReasonRow
from app.vocabulary import Certainty, ComparatorGroup, Finding, Importance


class RatingContent(Shape):
    """A rating as the engine gives it, without names and addresses."""

    method: str
    as_of: date
    inputs_hash: str
    condition: str
    intervention: str
    certainty: Certainty
    direction: Finding | None
    sentence: str
    headline_comparator: ComparatorGroup | None
    tier: Importance | None
    reasons: list[ReasonRow]
    eligible_studies: int
    eligible_participants: int
    harms: HarmsRow
    overdue_registrations: list[OverdueRow]
    measured_not_usable: list[PassedOverRow]
    ineligible: list[PassedOverRow]
    outcomes: list[OutcomeRow]
    concerns: list[ConcernRow] = Field(default_factory=list, description="There only where there is one.")


class PastRatingLinks(Shape):
    self: str
    rating: str
    history: str
    condition: str
    intervention: str
    inputs: str | None = Field(description="Null where the inputs were not kept.")


class PastRating(HistoryEntry):
    """What the history says of a rating, and the whole rating computed again under its own method version."""

    condition: str
    intervention: str
    reproduced: bool | None = Field(
        description="True: certainty, direction, sentence, comparator and counts come out as the history says. Null: not to be computed."
    )
    not_reproduced_because: str | None
    rating: RatingContent | None
    links: PastRatingLinks
    meta: Meta
