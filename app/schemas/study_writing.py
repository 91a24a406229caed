"""What the writing routes of studies take and answer."""

from collections.abc import Iterable
from typing import Any

from pydantic import ConfigDict, Field

from app.errors import FieldDoubt, FieldProblem
from app.schemas.base import Ordinal, Shape, Text
from app.schemas.interests import Interests
from app.schemas.study import StudyDocument
from app.vocabulary import Decision, RevisionStatus, StudyStatus


class ReviewRequest(Shape):
    """A curator's decision; accepting needs `conflict_of_interest` (`none`, or which), the others a `comment`."""

    decision: Decision
    comment: Text | None = None
    conflict_of_interest: Interests | None = None
    revision: Ordinal | None = Field(default=None, description="The revision that was read; needed where several wait.")


class SubmissionRequest(Shape):
    """What a submission may say; an amendment of an accepted record needs the reason, unless its draft gave one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Table 2 has 12.4 in the printed version."}]})
    reason: Text | None = Field(default=None, description="Why, for the reviewer; public once it is accepted.")


class RetractionRequest(Shape):
    reason: Text


class Warning(Shape):
    """What a submission would be refused for, or (`blocks_submission` false) what should be read again and may be right."""

    pointer: str
    detail: str
    allowed: list[str] | None
    blocks_submission: bool = True


def as_warnings(problems: Iterable[FieldProblem]) -> list[Warning]:
    return [Warning(**problem.as_json(), blocks_submission=not isinstance(problem, FieldDoubt)) for problem in problems]


class MergeReport(Shape):
    """What a draft was merged with, because another revision was accepted since it was begun."""

    revision: int = Field(description="The revision whose changes were carried over.")
    onto: int = Field(description="The accepted revision that they were carried over to.")
    taken_over: list[str] = Field(description="Pointers to the members that the accepted revision brought in.")


class StudyWritten(Shape):
    """A record after an act on it."""

    id: str
    key: str
    revision: int
    status: StudyStatus
    revision_status: RevisionStatus
    document: StudyDocument
    warnings: list[Warning]
    merged: MergeReport | None = Field(description="Null unless the draft was carried over to another accepted revision.")
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
    declares_interests: bool
    reviewer: str
    orcid: str | None
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
