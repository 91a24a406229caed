"""The ledger, read in the order of its commits. Every entry is public as it was written, so that everybody can check the chain.

`after` is a cursor that a follower can keep for good: it is the sequence of the last entry he has seen.
"""

import json
from typing import Annotated, Any

from pydantic import Field as Bounds
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Change, ChangeSubject
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.schemas.base import MAX_ORDINAL
from app.schemas.change import Include

Json = dict[str, Any]
Place = Annotated[int, Bounds(ge=0, le=MAX_ORDINAL)]
"""Of an entry; 0 is before the first."""
CHANGE: tuple[Any, ...] = (
    col(Change.sequence), col(Change.occurred_at), col(Change.action), col(Change.subject), col(Change.summary), col(Change.content),
    col(Change.previous_hash), col(Change.hash),
)  # fmt: skip


def _touches(values: list[Any]) -> ColumnElement[bool]:
    """Along the index of `change_subject`, which holds the entry's own subject too."""
    touched = select(col(ChangeSubject.sequence)).where(col(ChangeSubject.subject).in_(values))
    return col(Change.sequence).in_(touched)


def _behind(values: list[Any]) -> ColumnElement[bool]:
    later: ColumnElement[bool] = col(Change.sequence) > values[0]
    return later


def _everything(_values: list[Any]) -> ColumnElement[bool]:
    return true()


CHANGES = FilterTable(
    fields=(
        Field("after", None, Place, ("eq",), _behind, whole=True, description="Entries behind this one."),
        Field("subject", None, str, condition=_touches, description="What an entry touches: `condition:migraine`, `study:<id>`, …"),
        Field("action", col(Change.action)),
        Field("actor", col(Change.actor)),
        Field("include", None, Include, ("eq",), _everything, whole=True, description="`content`: the canonical text of every entry."),
    ),
    sort_keys=(),
    tie=SortKey("sequence", col(Change.sequence), int, nullable=False),
    default_sort="sequence",
)


def list_changes(session: Session, asked: ListQuery) -> Page[Json]:
    """A page of the ledger; one query."""
    page = paginate(session, asked.apply(select(*CHANGE)), asked.sort, asked.page)
    with_content = "include" in asked.values
    return Page([_item(row, with_content) for row in page.items], page.limit, page.next, page.total)


def _item(row: Any, with_content: bool) -> Json:
    content = json.loads(row.content)
    return {
        "sequence": row.sequence,
        "occurred_at": row.occurred_at,
        "actor": {name: content["actor"][name] for name in ("id", "name", "orcid")},
        "action": row.action,
        "subject": row.subject,
        "subjects": content["subjects"],
        "summary": row.summary,
        "details": content["details"],
        "previous_hash": row.previous_hash,
        "hash": row.hash,
        "content": row.content if with_content else None,
    }
