"""Ratings as they are served: what the engine stored, word for word, with names, published reviews, history and links added."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.evidence import DomainRow, PassedOverRow, SummaryRow
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.schemas.registration import RegistrationsOfRating
from app.schemas.what_if import RatingWhatIf
from app.vocabulary import (
    Agreement,
    Certainty,
    ComparatorGroup,
    ConclusionDirection,
    Domain,
    Finding,
    Importance,
    PublicationStatus,
    SignOffStatus,
)


class OutcomeRow(SummaryRow):
    """One row of a summary of findings; `body` is its id under /v1/evidence."""

    body: str
    domains: dict[Domain, DomainRow]


class ReasonRow(Shape):
    rule: str
    text: str
    bodies: list[str]


class HarmsRow(Shape):
    """What the eligible studies say of harms; a silent study is not a safe treatment."""

    serious_adverse_events: int | None
    studies_counting_serious: int
    studies_reporting: int
    studies_silent: int


class OverdueRow(Shape):
    """A registered trial that ended long ago without a result that can be used."""

    key: str
    registration: str | None
    completed_on: str
    n: int | None


class ConcernRow(Shape):
    """An eligible study on whose report an expression of concern stands; it counts."""

    study: str
    label: str


class RatingSummary(Shape):
    """The headline of one condition and intervention."""

    intervention: str
    intervention_name: str
    certainty: Certainty
    direction: Finding | None
    sentence: str
    headline_comparator: ComparatorGroup | None
    eligible_studies: int
    eligible_participants: int
    as_of: date
    sign_off: SignOffStatus | None = Field(description="Whether a curator signed it off as it stands; null with a what-if.")
    href: str


class RatingOnPage(RatingSummary):
    """The headline with its summary of findings, as the page of a condition shows it."""

    method: str
    tier: Importance | None
    reasons: list[ReasonRow]
    outcomes: list[OutcomeRow]
    harms: HarmsRow
    measured_not_usable: list[PassedOverRow]


class PublishedReview(Shape):
    """A published review, what its authors concluded, and how that relates to the rating here."""

    id: str
    key: str
    title: str
    year: int | None
    publication_status: PublicationStatus
    intervention: str | None
    conclusion: str | None
    conclusion_direction: ConclusionDirection | None
    certainty: str | None = Field(description="As its authors said.")
    included_studies: int | None = Field(description="As its authors said.")
    included_participants: int | None = Field(description="As its authors said.")
    included_known: int = Field(description="How many of the studies here it is known to include.")
    agreement: Agreement
    agreement_reason: str
    href: str


class HistoryEntry(Shape):
    """How the rating stood from one entry of the ledger on, and what made it move."""

    sequence: int
    changed_at: datetime
    as_of: date
    method: str
    inputs_hash: str
    certainty: Certainty
    direction: Finding | None
    sentence: str
    headline_comparator: ComparatorGroup | None
    eligible_studies: int
    eligible_participants: int
    cause: dict[str, Any]


class HistoryList(Shape):
    items: list[HistoryEntry]
    page: PageInfo
    meta: Meta


class LeftOut(Shape):
    """Accepted studies and reviews that `published_until` leaves out."""

    later: list[str] = Field(description="Keys of what was published after that year.")
    unknown_year: list[str] = Field(description="Keys of what has no known year.")


class RatingLinks(Shape):
    self: str
    condition: str
    intervention: str
    evidence: str
    history: str
    sign_offs: str


class Signer(Shape):
    """A curator who read the rating, as it stands, with all it rests on and found it sound."""

    by: str
    orcid: str | None
    at: datetime
    conflict_of_interest: str
    independent: bool = Field(
        description="False: had a hand in a study that the headline rests on, or declares an interest; such a word counts beside somebody "
        "independent only, or by the exception for an installation of one person."
    )
    href: str


class AppraisedBody(Shape):
    """A body of the rating of which a curator appraised a domain: its certainty as computed and as it counts with that."""

    body: str
    computed: Certainty
    effective: Certainty
    domains: list[Domain]
    href: str


class RatingAnswer(RatingOnPage):
    """The whole rating of one condition and intervention."""

    condition: str
    condition_name: str
    inputs_hash: str
    overdue_registrations: list[OverdueRow]
    ineligible: list[PassedOverRow]
    concerns: list[ConcernRow]
    published_until: int | None = Field(description="The year asked for; null: the rating as it stands.")
    left_out: LeftOut | None
    what_if: RatingWhatIf | None = Field(description="What was asked of the rating on other terms; null: the rating as it is stored.")
    effective_certainty: Certainty | None = Field(
        description="With the curators' appraisals of the bodies it rests on; equal to `certainty` without any; null with a what-if."
    )
    appraised_bodies: list[AppraisedBody] | None = Field(description="Null with a what-if.")
    signed_off_by: list[Signer] | None = Field(description="Of the rating as it stands; null with a what-if.")
    registrations: RegistrationsOfRating | None = Field(description="Null with a what-if.")
    published_reviews: list[PublishedReview]
    history: list[HistoryEntry] | None = Field(description="The newest 25 moves, newest first; null with a what-if.")
    history_total: int | None
    links: RatingLinks
    meta: Meta
