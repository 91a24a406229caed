"""What the writing routes of studies take and answer."""

from typing import Any

from app.schemas.base import Shape, Text
from app.schemas.study import StudyDocument
from app.vocabulary import Decision, RevisionStatus, StudyStatus


class ReviewRequest(Shape):
    """A curator's decision; accepting needs `conflict_of_interest` (`none`, or which), the others a `comment`."""

    decision: Decision
    comment: Text | None = None
    conflict_of_interest: Text | None = None


class RetractionRequest(Shape):
    reason: Text


class Warning(Shape):
    """What a submission would be refused for."""

    pointer: str
    detail: str
    allowed: list[str] | None


class StudyWritten(Shape):
    """A record after an act on it."""

    id: str
    key: str
    revision: int
    status: StudyStatus
    revision_status: RevisionStatus
    document: StudyDocument
    warnings: list[Warning]
    href: str


class RatingHeadline(Shape):
    certainty: str
    direction: str | None
    sentence: str
    headline_comparator: str | None
    eligible_studies: int
    eligible_participants: int


class RatingChange(Shape):
    """One rating that an act touches, before and after, with the reasons that differ."""

    condition: str
    intervention: str
    moves: bool
    before: RatingHeadline | None
    after: RatingHeadline
    reasons: list[str]
    outcomes_before: list[dict[str, Any]]
    outcomes_after: list[dict[str, Any]]


class PreviewAnswer(Shape):
    """What accepting the document would do; nothing was written."""

    sequence: int
    warnings: list[Warning]
    ratings: list[RatingChange]


class ReviewAnswer(Shape):
    id: str
    study: str
    revision: int
    decision: Decision
    comment: str | None
    conflict_of_interest: str | None
    reviewer: str
    created_at: str
    study_status: StudyStatus
    sequence: int
    ratings: list[RatingChange]


class RetractionAnswer(Shape):
    study: str
    revision: int
    reason: str
    study_status: StudyStatus
    sequence: int
    ratings: list[RatingChange]
