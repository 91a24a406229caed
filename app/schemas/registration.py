"""Registered trials: where each stands towards its results."""

from datetime import date

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.vocabulary import RegistrationStatus


class RegistrationItem(Shape):
    """One registered trial for one of its conditions."""

    id: str = Field(description="Of the record of the registration under /v1/studies.")
    key: str
    title: str
    registration: str | None
    condition: str
    intervention: str | None
    status: RegistrationStatus = Field(
        description="reported: a linked report has a usable result for the condition; overdue: ended more than 24 months ago without one; "
        "awaited: ended, and not overdue yet; running: ends later; unknown: no day of completion is known."
    )
    completed_on: str | None
    months_since_completion: int | None
    n: int | None = Field(description="People randomised or enrolled, as the record says.")
    linked: list[str] = Field(description="Keys of the accepted studies that name it as theirs, with a usable result or not.")
    href: str
    rating: str | None


class RegistrationList(Shape):
    items: list[RegistrationItem]
    page: PageInfo
    meta: Meta


class RegistrationsOfRating(Shape):
    """The registered trials of a condition and intervention, as they stood on the day of the rating."""

    as_of: date
    reported: int
    overdue: int
    awaited: int
    running: int
    unknown: int
    items: list[RegistrationItem]
