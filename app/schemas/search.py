"""What a search across all kinds finds."""

from enum import StrEnum

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.page import PageInfo


class SearchKind(StrEnum):
    """What can be found by its words."""

    CONDITION = "condition"
    INTERVENTION = "intervention"
    STUDY = "study"
    OUTCOME = "outcome"
    CLAIM = "claim"
    READING = "reading"
    POSITION = "position"


class Snippet(Shape):
    """Plain text around the words that were found."""

    text: str
    marked: list[tuple[int, int]] = Field(description="Start and end of each word found, counted in Unicode characters.")


class SearchHit(Shape):
    """One thing found; `id` is its slug or id, `title` the text of a claim."""

    kind: SearchKind
    id: str
    title: str
    snippet: Snippet | None
    score: float | None = Field(
        description="Higher is better, within one answer only; what bears the very name comes first whatever its score. "
        "Null behind the 2,000 newest matches, which alone are ranked."
    )
    href: str


class SearchAnswer(Shape):
    """The best of the newest 2,000 matches first, then the older ones, the newest first."""

    items: list[SearchHit]
    page: PageInfo
    meta: Meta
