"""An extraction: what one person reads off one study, to be compared with what another reads off it."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import Count, Positive, Shape, Text
from app.schemas.page import PageInfo
from app.schemas.study import AdverseEvents, AnalysedCount, Comparators, Results, RisksOfBias, StudyDocument
from app.schemas.study_writing import Warning
from app.vocabulary import DoubleExtractionStatus, ExtractionStatus

EXTRACTED_MEMBERS = (
    "comparators", "n_randomised", "n_analysed", "cluster_size", "results", "adverse_events", "risk_of_bias",
)  # fmt: skip
"""What two people read independently: arms, people, figures, harms, risk of bias. The rest of a record describes the report."""


class Extraction(Shape):
    """Those members of a study document that are extracted twice; each may be left out while work goes on."""

    comparators: Comparators = Field(default_factory=list)
    n_randomised: Count | None = None
    n_analysed: AnalysedCount = None
    cluster_size: Positive | None = None
    results: Results = Field(default_factory=list)
    adverse_events: AdverseEvents = AdverseEvents()
    risk_of_bias: RisksOfBias = Field(default_factory=list)


def with_extraction(document: StudyDocument, extraction: Extraction) -> StudyDocument:
    """The record with what was extracted in the place of what it held."""
    return document.model_copy(update={name: getattr(extraction, name) for name in EXTRACTED_MEMBERS})


def extracted_part(document: StudyDocument) -> Extraction:
    """What a record holds of what is extracted."""
    return Extraction.model_validate({name: getattr(document, name) for name in EXTRACTED_MEMBERS})


class ExtractionRequest(Shape):
    """What to begin with; without it one begins with an empty extraction."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"extraction": {"n_randomised": 54}}]})

    extraction: Extraction = Extraction()


class DoubleExtractionRequest(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The trial decides the rating of its condition."}]})

    reason: Text | None = None


class ClosingRequest(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "One of the two has left the group."}]})

    reason: Text


class Person(Shape):
    """Who did something, as the ledger names him."""

    name: str
    orcid: str | None


class ExtractionItem(Shape):
    """An extraction as everybody of the group may know of it: that it exists, whose it is and where it stands, and no value of it."""

    id: str
    study: str
    double_extraction: str
    base_revision: int
    status: ExtractionStatus
    extractor: Person
    mine: bool
    started_at: datetime
    completed_at: datetime | None
    withdrawn_at: datetime | None
    href: str


class ExtractionList(Shape):
    items: list[ExtractionItem]
    page: PageInfo


class ExtractionAnswer(ExtractionItem):
    """An extraction; `extraction` is null for whoever may not see its values yet, `hidden` then says why."""

    extraction: Extraction | None
    hidden: str | None
    withdrawal_reason: str | None
    warnings: list[Warning] = Field(description="What a submission with these values would be refused for.")
    row_sha256: str | None = Field(description="What the ledger pins of it; shown with its values.")


class ExtractedRecord(Shape):
    """What there is to read: the report, and the question it is read for. None of its figures."""

    title: str
    authors: list[str]
    year: int | None
    journal: str | None
    doi: str | None
    pmid: str | None
    pmcid: str | None
    registration: str | None
    sources: list[str]
    intervention: str | None
    conditions: list[str]


class DoubleExtractionItem(Shape):
    """One study that two people extract, and how many of them are still missing."""

    id: str
    study: str
    record: ExtractedRecord
    base_revision: int
    status: DoubleExtractionStatus
    asked_for: bool = Field(description="A curator asked for it, so that everybody with a key may take part.")
    reason: str | None
    opened_by: Person
    opened_at: datetime
    closed_by: Person | None
    closed_at: datetime | None
    closing_reason: str | None
    missing: Annotated[int, Field(ge=0, le=2)] = Field(description="How many completed extractions are missing; none once it is closed.")
    open_places: Annotated[int, Field(ge=0, le=2)] = Field(description="How many people may still begin one.")
    extractions: list[ExtractionItem]
    adjudication: str | None
    href: str


class DoubleExtractionList(Shape):
    items: list[DoubleExtractionItem]
    page: PageInfo
