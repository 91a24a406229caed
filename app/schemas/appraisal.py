"""Appraisals: what a curator says of one GRADE domain of one body of evidence, beside what was computed."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import Shape, Text
from app.schemas.interests import Interests
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.vocabulary import AppraisalStatus, ComparatorGroup, Concern, Domain, Horizon


class AppraisalRequest(Shape):
    """`levels` is how many the domain takes in the curator's view, from 0 to the most that the rules could take of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "domain": "indirectness",
                    "levels": 1,
                    "rationale": "The people studied were treated in hospital; those who ask are treated by appointment.",
                    "conflict_of_interest": "none",
                }
            ]
        }
    )

    domain: Domain
    levels: Annotated[int, Field(strict=True, ge=0, le=3)]
    rationale: Text
    conflict_of_interest: Interests


class WithdrawalRequest(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The trial that it spoke of has been retracted."}]})

    reason: Text


class AppraisalLinks(Shape):
    evidence: str
    inputs: str


class AppraisalItem(Shape):
    """One appraisal. It stays in force until it is withdrawn or replaced, also when the judgement beside it has moved since."""

    id: str
    body: str
    condition: str
    intervention: str
    outcome: str
    comparator_group: ComparatorGroup
    horizon: Horizon
    domain: Domain
    levels: int
    concern: Concern
    computed_levels: int = Field(description="What the rules took of the domain when the appraisal was made.")
    rationale: str
    conflict_of_interest: str | None = Field(description="Null: made before anybody was asked.")
    declares_interests: bool
    appraiser_made_some: bool | None = Field(
        description="Had the curator a hand in a study that the body rests on? Null: made before anybody was asked."
    )
    author: str
    orcid: str | None
    made_at: datetime
    method: str
    inputs_hash: str = Field(description="Of the rating that the appraisal was made on; /v1/rating-inputs has what is behind it.")
    status: AppraisalStatus
    stands_on_current_inputs: bool = Field(
        description="False when the computed judgement now rests on other studies or numbers than the curator had before him."
    )
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_by_orcid: str | None
    withdrawal_reason: str | None
    replaced_by: str | None
    href: str
    links: AppraisalLinks


class AppraisalAnswer(AppraisalItem):
    meta: Meta


class AppraisalList(Shape):
    items: list[AppraisalItem]
    page: PageInfo
    meta: Meta
