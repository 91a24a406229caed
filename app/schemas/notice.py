"""Notices about studies: retractions, expressions of concern, corrections, as the literature services report them."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from app.schemas.base import Shape, Text
from app.schemas.lookup import NoticeKind, SourceName
from app.schemas.meta import Meta
from app.schemas.page import PageInfo
from app.vocabulary import NoticeStatus


class NoticeOfStudy(Shape):
    """A notice as the page of its study shows it."""

    id: str
    kind: NoticeKind
    status: NoticeStatus = Field(
        description="open: a curator has to look; acted-on: the study was retracted or marked by it; known: the record said so already; "
        "handled or dismissed: by a curator."
    )
    source: SourceName
    asserted_by: str | None = Field(description="Who told the source, such as publisher or retraction-watch.")
    dated: str | None = Field(description="Of the notice, as exact as the source is.")
    notice_doi: str | None
    notice_pmid: str | None
    reasons: list[str]
    found_at: datetime
    revision: int | None = Field(description="The revision of the study that was made by it.")
    href: str


class NoticeItem(NoticeOfStudy):
    study: str
    study_key: str
    study_title: str
    study_href: str
    record_url: str = Field(description="Where the source was asked.")
    found_by: str
    closed_at: datetime | None
    closed_by: str | None
    closing_reason: str | None


class NoticeAnswer(NoticeItem):
    meta: Meta


class NoticeList(Shape):
    items: list[NoticeItem]
    page: PageInfo
    meta: Meta


class NoticeClosing(Shape):
    """How a curator closes a notice: it was dealt with, or it is false or of no concern here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"status": "handled", "reason": "The correction mends table 3; revision 4 has the corrected figures."}]
        }
    )

    status: Literal[NoticeStatus.HANDLED, NoticeStatus.DISMISSED]
    reason: Text
