"""Claims as they are served: what a source asserts, and what the evidence says of it."""

from datetime import date

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.vocabulary import Certainty, ClaimKind, Finding, Verdict


class ClaimItem(Shape):
    """A claim with its verdict, judged by the stored rating of its condition and intervention."""

    id: str
    text: str
    kind: ClaimKind
    condition: str | None
    intervention: str | None
    asserted_direction: Finding | None
    verdict: Verdict
    verdict_reason: str
    source: str
    source_title: str
    source_url: str | None
    locator: str | None
    href: str


class ClaimList(Shape):
    items: list[ClaimItem]
    page: PageInfo
    meta: Meta


class ClaimSource(Shape):
    slug: str
    title: str
    author: str | None
    type: str
    url: str | None


class JudgingRating(Shape):
    """The rating that the claim was judged by."""

    condition: str
    intervention: str
    certainty: Certainty
    direction: Finding | None
    sentence: str
    method: str
    as_of: date
    href: str


class ClaimLinks(Shape):
    self: str
    condition: str | None
    intervention: str | None
    changes: str


class ClaimAnswer(Shape):
    id: str
    text: str
    kind: ClaimKind
    condition: str | None
    intervention: str | None
    asserted_direction: Finding | None
    verdict: Verdict
    verdict_reason: str
    source: ClaimSource
    locator: str | None
    version: int
    rating: JudgingRating | None
    links: ClaimLinks
    meta: Meta
