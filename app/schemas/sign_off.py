"""Sign-offs: a curator's word that he read a rating with all it rests on and found it sound."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.schemas.base import Shape, Text
from app.schemas.interests import Interests
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.vocabulary import Certainty, Finding, SignOffStanding


class SignOffRequest(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"comment": "Figures checked against the three reports; the domains are judged as I would.", "conflict_of_interest": "none"}
            ]
        }
    )

    comment: Text
    conflict_of_interest: Interests
    inputs_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Of the rating that was read: the sign-off is refused if it has changed since."
    )


class SignOffWithdrawal(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "I overlooked that two of the papers report the same people."}]})

    reason: Text


class SignOffLinks(Shape):
    rating: str
    inputs: str


class SignOffItem(Shape):
    """One sign-off; certainty and direction are those of the rating when it was signed."""

    id: str
    condition: str
    intervention: str
    status: SignOffStanding = Field(
        description="`requires-review`: what the rating rests on or says has changed since; `renewed`: it has, and was signed off anew."
    )
    certainty: Certainty
    direction: Finding | None
    method: str
    inputs_hash: str
    sequence: int
    comment: str
    conflict_of_interest: str
    declares_interests: bool
    independent: bool = Field(
        description="Neither had a hand in a study that the headline rests on nor declares an interest; without such a word none counts."
    )
    alone: bool = Field(description="Not independent, and counted by the exception for an installation of one person.")
    signer: str
    orcid: str | None
    signed_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawal_reason: str | None
    href: str
    links: SignOffLinks


class SignOffAnswer(SignOffItem):
    meta: Meta


class SignOffList(Shape):
    items: list[SignOffItem]
    page: PageInfo
    meta: Meta
