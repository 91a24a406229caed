"""Notices about studies, as they are stored and as they are served; and the studies that a check asks for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import PublicationNotice, SourceCheck, Study
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import notice_href, study_href
from app.queries.columns import Columns, members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.schemas.lookup import NoticeKind, Publication, Retraction, SourceName
from app.vocabulary import NoticeStatus

Json = dict[str, Any]
OF_STUDY: Columns = (
    col(PublicationNotice.id), col(PublicationNotice.kind), col(PublicationNotice.status), col(PublicationNotice.source),
    col(PublicationNotice.asserted_by), col(PublicationNotice.dated), col(PublicationNotice.notice_doi),
    col(PublicationNotice.notice_pmid), col(PublicationNotice.reasons), col(PublicationNotice.found_at), col(PublicationNotice.revision),
)  # fmt: skip
NOTICE: Columns = (
    *OF_STUDY, col(PublicationNotice.record_url), col(PublicationNotice.found_by), col(PublicationNotice.closed_at),
    col(PublicationNotice.closed_by), col(PublicationNotice.closing_reason),
)  # fmt: skip
STUDY: Columns = (col(Study.id).label("study"), col(Study.key).label("study_key"), col(Study.title).label("study_title"))


def _is_about(studies: list[Any]) -> ColumnElement[bool]:
    named = or_(col(Study.id).in_(studies), col(Study.key).in_(studies))
    return col(PublicationNotice.study_id).in_(select(col(Study.id)).where(named))


NOTICES = FilterTable(
    fields=(
        Field("status", col(PublicationNotice.status), NoticeStatus),
        Field("kind", col(PublicationNotice.kind), NoticeKind),
        Field("source", col(PublicationNotice.source), SourceName),
        Field("study", None, condition=_is_about, description="The id or the key of the study that the notice is about."),
    ),
    sort_keys=(),
    tie=SortKey("id", col(PublicationNotice.id), nullable=False),
    default_sort="-id",
)
"""Ids are UUIDv7: the newest found comes first."""


def load_study_notices(session: Session, study_id: str) -> list[PublicationNotice]:
    """All notices about a study, in the order in which they were found."""
    mine = select(PublicationNotice).where(col(PublicationNotice.study_id) == study_id).order_by(col(PublicationNotice.id))
    return list(session.execute(mine).scalars())


def load_notices_of_studies(session: Session, study_ids: Collection[str]) -> dict[str, list[PublicationNotice]]:
    """The same of many studies, those without a notice included. One query."""
    found: dict[str, list[PublicationNotice]] = {study_id: [] for study_id in study_ids}
    theirs = select(PublicationNotice).where(col(PublicationNotice.study_id).in_(found)).order_by(col(PublicationNotice.id))
    for row in session.execute(theirs).scalars():
        found[row.study_id].append(row)
    return found


def as_reported(row: PublicationNotice) -> Retraction:
    """A stored notice in the shape in which sources report theirs."""
    return Retraction(
        kind=NoticeKind(row.kind),
        date=row.dated,
        notice_doi=row.notice_doi,
        notice_pmid=row.notice_pmid,
        source=SourceName(row.source),
        asserted_by=row.asserted_by,
    )


def notices_of_study(session: Session, study_id: str) -> list[Json]:
    """As the page of a study shows them. One query."""
    rows = session.execute(select(*OF_STUDY).where(col(PublicationNotice.study_id) == study_id).order_by(col(PublicationNotice.id)))
    return [members(row, OF_STUDY) | {"href": notice_href(row.id)} for row in rows]


def get_notice_row(session: Session, notice: str) -> PublicationNotice:
    row = session.get(PublicationNotice, notice)
    if row is None:
        raise _unknown_notice(notice)
    return row


def get_notice(session: Session, notice: str) -> Json:
    """One notice. Two queries."""
    row = session.execute(_notices().where(col(PublicationNotice.id) == notice)).one_or_none()
    if row is None:
        raise _unknown_notice(notice)
    [item] = _items(session, [row])
    return item


def list_notices(session: Session, asked: ListQuery) -> Page[Json]:
    """One page of notices. Two queries, one more with `count=true`."""
    page = paginate(session, asked.apply(_notices()), asked.sort, asked.page)
    return Page(_items(session, page.items), page.limit, page.next, page.total)


def _notices() -> Select[Any]:
    return select(*NOTICE, *STUDY).join(Study, col(Study.id) == col(PublicationNotice.study_id))


def _items(session: Session, rows: Sequence[Any]) -> list[Json]:
    names = load_actor_names(session, {actor for row in rows for actor in (row.found_by, row.closed_by) if actor is not None})
    return [_item(row, names) for row in rows]


def _item(row: Any, names: Mapping[str, ActorName]) -> Json:
    return members(row, NOTICE) | {
        "study": row.study,
        "study_key": row.study_key,
        "study_title": row.study_title,
        "study_href": study_href(row.study),
        "found_by": names[row.found_by].name,
        "closed_by": names[row.closed_by].name if row.closed_by is not None else None,
        "href": notice_href(row.id),
    }


def _unknown_notice(notice: str) -> NotFound:
    return NotFound(f"There is no notice {notice[:40]!r}; /v1/notices lists all.")


def checkable(only: Collection[str], since: datetime | None) -> ColumnElement[bool]:
    """Accepted studies with a DOI or PubMed id; `only` by key, id, DOI or PubMed id; `since`: not fully checked since that moment."""
    conditions = [col(Study.live_revision).is_not(None), or_(col(Study.doi).is_not(None), col(Study.pmid).is_not(None))]
    if only:
        conditions.append(or_(*(name.in_(only) for name in (col(Study.key), col(Study.id), col(Study.doi), col(Study.pmid)))))
    if since is not None:
        conditions.append(or_(_unchecked("crossref", col(Study.doi), since), _unchecked("pubmed", col(Study.pmid), since)))
    return and_(*conditions)


def _unchecked(source: str, identifier: Any, since: datetime) -> ColumnElement[bool]:
    checked = select(col(SourceCheck.study_id)).where(
        col(SourceCheck.study_id) == col(Study.id), col(SourceCheck.source) == source, col(SourceCheck.checked_at) >= since
    )
    return and_(identifier.is_not(None), ~checked.correlate(Study).exists())


def load_publications(session: Session, which: ColumnElement[bool], *, after: str, limit: int) -> list[Publication]:
    """The next studies to ask for, by id."""
    columns = (col(Study.id), col(Study.key), col(Study.doi), col(Study.pmid))
    rows = session.execute(select(*columns).where(which, col(Study.id) > after).order_by(col(Study.id)).limit(limit))
    return [Publication(study_id, key, doi, pmid) for study_id, key, doi, pmid in rows]


def count_studies(session: Session, which: ColumnElement[bool]) -> int:
    return session.execute(select(func.count()).select_from(Study).where(which)).scalar_one()
