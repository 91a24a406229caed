"""Who looks after a submission, and the queue of all that wait for a decision."""

from datetime import datetime

from pydantic import ConfigDict, Field

from app.schemas.base import Line, Shape
from app.schemas.page import PageInfo
from app.vocabulary import Design, RevisionStatus, StudyKind


class AssignmentRequest(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"curator": "me"}]})

    curator: Line = Field(description="`me`, the name of a curator, or the prefix of his key.")


class Assigned(Shape):
    curator: str
    orcid: str | None
    by: str
    at: datetime
    revision: int


class AssignmentAnswer(Shape):
    study: str
    assigned: Assigned | None = Field(description="Null: nobody looks after the submissions of this study.")
    href: str


class QueueItem(Shape):
    """A revision that was submitted, or is in the state that was asked for.

    Title, kind, design, intervention and conditions are those of the revision, not of what is accepted.
    """

    study: str
    key: str
    revision: int
    status: RevisionStatus
    title: str
    label: str = Field(description="First author and year, such as `Haller 2016`.")
    kind: StudyKind | None
    design: Design | None
    intervention: str | None
    conditions: list[str]
    is_amendment: bool
    base_revision: int | None
    base_has_moved: bool = Field(description="Another revision was accepted since this one was begun.")
    reason: str | None
    created_by: str
    drafted_for: str | None = Field(description="Whose draft it is, where another person wrote this version of it.")
    submitted_by: str | None
    orcid: str | None = Field(description="Of who submitted it.")
    submitted_at: datetime | None
    waiting_days: int | None
    assigned_to: str | None
    comments: int = Field(description="How many comments on the record you may see.")
    departures: int | None = Field(
        description="How many of its figures are not those an adjudicator decided; null where it came of no adjudication."
    )
    you_may_decide: bool
    why_not: str | None
    href: str
    thread: str


class QueueList(Shape):
    items: list[QueueItem]
    page: PageInfo
