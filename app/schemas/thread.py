"""What is said about a study record: comments, and the thread in which they stand beside submissions and decisions."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.schemas.base import Ordinal, Pointer, Shape, Text
from app.schemas.page import PageInfo
from app.vocabulary import CommentAudience, Decision, RevisionStatus, ThreadEvent


class CommentRequest(Shape):
    """Without `revision` the comment is on the revision of the comment that it answers, else on the one that is shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Table 2 has 12.4 here, not 21.4.", "revision": 1, "pointer": "/results/0/treatment/sd", "reply_to": None}
            ]
        }
    )

    text: Text
    revision: Ordinal | None = None
    pointer: Pointer | None = Field(default=None, description="JSON Pointer (RFC 6901) to a member of the revision's document.")
    reply_to: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")] | None = Field(
        default=None, description="The id of a comment on the study."
    )


class CommentItem(Shape):
    """A comment. One that was withdrawn has lost its text; that it was there, whose and when, stays."""

    id: str
    revision: int
    audience: CommentAudience = Field(description="`draft`: the authors of the revision and curators; `key-holders`: everybody with a key.")
    pointer: str | None
    reply_to: str | None
    text: str | None
    author: str
    orcid: str | None
    created_at: datetime
    withdrawn_at: datetime | None


class CommentList(Shape):
    items: list[CommentItem]
    page: PageInfo


class ThreadItem(Shape):
    """One act on one revision: who, when, and what he said of it."""

    id: str
    kind: ThreadEvent = Field(
        description="`made-live`: accepted without a review, which founding data and retractions alone can be. Of an extraction it says "
        "that it was begun, completed or withdrawn, and nothing that it holds."
    )
    revision: int
    revision_status: RevisionStatus = Field(description="Where the revision stands now.")
    at: datetime
    by: str
    orcid: str | None
    reason: str | None = Field(description="Why the revision was drafted, made live, or withdrawn; why it was adjudicated so.")
    decision: Decision | None
    comment: str | None = Field(description="Of a decision or a comment; null where a comment was withdrawn.")
    conflict_of_interest: str | None
    declares_interests: bool | None
    pointer: str | None
    reply_to: str | None
    audience: CommentAudience | None
    withdrawn_at: datetime | None
    curator: str | None = Field(description="To whom the submission was assigned, or who has it no more.")
    href: str


class ThreadList(Shape):
    items: list[ThreadItem]
    page: PageInfo
