"""The ledger as it is served."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.meta import Meta
from app.schemas.page import PageInfo


class Include(StrEnum):
    CONTENT = "content"


class ChangeActor(Shape):
    id: str
    name: str
    orcid: str | None


class ChangeItem(Shape):
    """One entry. `hash` is the SHA-256 of `content`, which holds `previous_hash`: whoever has the contents can check the chain."""

    sequence: int
    occurred_at: datetime
    actor: ChangeActor
    action: str
    subject: str
    subjects: list[str] = Field(description="All that the entry touches, its subject included.")
    summary: str
    details: dict[str, Any]
    previous_hash: str
    hash: str
    content: str | None = Field(description="The canonical text that was hashed; null without `include=content`.")


class ChangeList(Shape):
    """Entries in the order in which they were committed; `meta.sequence` is the newest entry of the ledger."""

    items: list[ChangeItem]
    page: PageInfo
    meta: Meta
