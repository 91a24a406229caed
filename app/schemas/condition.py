"""Conditions as they are served: in a list, and as the whole page of one."""

from app.schemas.base import Shape
from app.schemas.claim import ClaimItem
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.schemas.rating import PublishedReview, RatingOnPage, RatingSummary
from app.schemas.reference import Codes
from app.vocabulary import (
    AgeGroup,
    Confidence,
    Design,
    PublicationStatus,
    Stance,
    StudyKind,
    StudyStatus,
)


class ConditionItem(Shape):
    """A condition with the headline rating of every intervention."""

    slug: str
    name: str
    synonyms: list[str]
    description: str
    body_system: str
    age_group: AgeGroup
    broader: str | None
    codes: Codes
    article_term: str | None
    ratings: list[RatingSummary]
    href: str


class ConditionList(Shape):
    items: list[ConditionItem]
    page: PageInfo
    meta: Meta


class RelatedInterventionRow(Shape):
    """An intervention that the rated one is related to, and how."""

    intervention: str
    to: str
    relation: str
    href: str


class RelatedConditionRow(Shape):
    """A broader or narrower condition with its own headlines: shown beside, never pooled with this one."""

    slug: str
    name: str
    ratings: list[RatingSummary]
    href: str


class Related(Shape):
    interventions: list[RelatedInterventionRow]
    broader: list[RelatedConditionRow]
    narrower: list[RelatedConditionRow]


class StudyOnPage(Shape):
    """A study in short; `n` is the number analysed, else randomised."""

    id: str
    key: str
    title: str
    label: str
    year: int | None
    design: Design
    kind: StudyKind
    status: StudyStatus
    publication_status: PublicationStatus
    intervention: str | None
    n: int | None
    href: str


class RegistrationOnPage(Shape):
    """A registered trial; `reported_by` holds the keys of the accepted studies that report it."""

    id: str
    key: str
    title: str
    registration: str | None
    intervention: str | None
    publication_status: PublicationStatus
    completed_on: str | None
    n: int | None
    reported_by: list[str]
    href: str


class PositionOnPage(Shape):
    """What an organisation states about the condition."""

    id: str
    intervention: str
    organisation: str
    title: str
    year: int | None
    country: str | None
    language: str | None
    kind: str
    subject: str
    fidelity: str | None
    population: str | None
    stance: Stance
    summary: str
    safety_statement: str | None
    sources: list[str]
    confidence: Confidence


class ConditionLinks(Shape):
    self: str
    studies: str
    claims: str
    evidence: str
    evidence_map: str
    changes: str


class ConditionPage(Shape):
    """Everything about one condition, in one call."""

    slug: str
    name: str
    synonyms: list[str]
    description: str
    body_system: str
    age_group: AgeGroup
    broader: str | None
    codes: Codes
    article_term: str | None
    sources: list[str]
    version: int
    summary: str
    ratings: list[RatingOnPage]
    related: Related
    claims: list[ClaimItem]
    studies: list[StudyOnPage]
    studies_total: int
    published_reviews: list[PublishedReview]
    registrations: list[RegistrationOnPage]
    positions: list[PositionOnPage]
    links: ConditionLinks
    meta: Meta
