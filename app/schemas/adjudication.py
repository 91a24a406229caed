"""An adjudication: a third person decides where two extractions of one study differ."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.schemas.base import Shape, Text
from app.schemas.departure import AdjudicationFollowed
from app.schemas.extraction import Extraction, ExtractionItem, Person
from app.schemas.page import PageInfo
from app.schemas.study_writing import Warning
from app.vocabulary import AdjudicatedChoice, RevisionStatus

MAX_DECISIONS = 20_000


class DecisionRequest(Shape):
    """What is taken at one place of the comparison; `other` needs the value (null: none) and the reason."""

    pointer: Annotated[str, Field(max_length=1000)]
    choice: AdjudicatedChoice
    value: Any = None
    reason: Text | None = None


class AdjudicationRequest(Shape):
    """A decision on every difference. `wording` decides all those of the kind `wording` that are not decided one by one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decisions": [
                        {"pointer": "/results/0/treatment/sd", "choice": "second"},
                        {
                            "pointer": "/n_analysed",
                            "choice": "other",
                            "value": 51,
                            "reason": "Both missed the three who left before week 8.",
                        },
                    ],
                    "wording": "first",
                    "reason": "Read against table 2 of the report.",
                }
            ]
        }
    )

    decisions: list[DecisionRequest] = Field(default_factory=list, max_length=MAX_DECISIONS)
    wording: AdjudicatedChoice | None = None
    reason: Text | None = None
    base_revision: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        default=None,
        description="The revision that was read, where the record has other figures now than when the extraction began.",
    )


class DecisionShown(Shape):
    """A difference with both values, what was taken and why."""

    pointer: str
    about: dict[str, Any]
    first: Any
    second: Any
    choice: AdjudicatedChoice
    taken: Any
    reason: str | None


class AdjudicationItem(Shape):
    id: str
    study: str
    double_extraction: str
    base_revision: int
    revision: int
    revision_status: RevisionStatus
    reason: str | None
    adjudicator: Person
    first_extractor: Person
    second_extractor: Person
    made_at: datetime
    public: bool = Field(description="Whether the study was accepted with it.")
    href: str


class AdjudicationList(Shape):
    items: list[AdjudicationItem]
    page: PageInfo


class AdjudicationAnswer(AdjudicationItem):
    """An adjudication with all that it rests on. `warnings` is what a submission would be refused for."""

    first: ExtractionItem
    second: ExtractionItem
    first_extraction: Extraction
    second_extraction: Extraction
    adjudicated: Extraction
    decisions: list[DecisionShown]
    warnings: list[Warning]
    followed: AdjudicationFollowed = Field(
        description="Whether the revision that was accepted with it, or the newest that came of it, still holds what was decided."
    )
    document_sha256: str
