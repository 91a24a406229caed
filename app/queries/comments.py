"""Comments on a study as a reader may see them.

What was said of a draft stays between its authors and the curators, also after the draft was accepted: it was said in
confidence. What is said of an accepted revision is for everybody with a key, who can answer for what he says there; the
public reads the decisions.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.models import Comment, Study, StudyRevision
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.columns import Columns, members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.makers import is_made_by
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import ids_of_person
from app.queries.study_revisions import load_accepted_numbers
from app.vocabulary import CommentAudience, Role

Json = dict[str, Any]
COMMENT: Columns = (
    col(Comment.id), col(Comment.revision), col(Comment.audience), col(Comment.pointer), col(Comment.reply_to), col(Comment.text),
    col(Comment.author), col(Comment.created_at), col(Comment.withdrawn_at),
)  # fmt: skip


def _is_withdrawn(values: list[Any]) -> ColumnElement[bool]:
    withdrawn = col(Comment.withdrawn_at)
    return or_(*(withdrawn.is_not(None) if value else withdrawn.is_(None) for value in values))


COMMENTS = FilterTable(
    fields=(
        Field("revision", col(Comment.revision), int, ("eq", "not", "gte", "lte")),
        Field("pointer", col(Comment.pointer)),
        Field("reply_to", col(Comment.reply_to)),
        Field("withdrawn", None, bool, ("eq",), _is_withdrawn, description="Those whose text is gone, or the others."),
    ),
    sort_keys=(SortKey("created_at", col(Comment.created_at), datetime, nullable=False),),
    tie=SortKey("id", col(Comment.id), nullable=False),
    default_sort="id",
)
"""Ids are UUIDv7: their order is that of writing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader sees of a study: the numbers of revisions that were accepted once, and of those whose drafts he may see."""

    accepted: frozenset[int]
    drafts: frozenset[int]
    everything: bool = False
    has_key: bool = False

    @property
    def numbers(self) -> frozenset[int]:
        return self.accepted | self.drafts


def load_seen(session: Session, study: Study, reader: Actor | None) -> Seen:
    """Three queries at most."""
    accepted = frozenset(number for _, number in load_accepted_numbers(session, [study.id]))
    if reader is None:
        return Seen(accepted, frozenset())
    curating = reader.may(Role.CURATOR)
    mine: list[ColumnElement[bool]] = [col(StudyRevision.study_id) == study.id]
    if not curating:
        mine.append(is_made_by(ids_of_person(session, reader.id)))
    drafts = frozenset(session.execute(select(col(StudyRevision.number)).where(*mine)).scalars())
    return Seen(accepted, drafts, everything=curating, has_key=True)


def may_read(row: Comment, seen: Seen) -> bool:
    """May the reader see this comment?"""
    if row.audience == CommentAudience.KEY_HOLDERS:
        return seen.has_key
    return seen.everything or row.revision in seen.drafts


def readable(seen: Seen) -> ColumnElement[bool]:
    """The same for a query."""
    if seen.everything:
        return true()
    if not seen.has_key:
        return false()
    of_drafts = and_(col(Comment.audience) == CommentAudience.DRAFT, col(Comment.revision).in_(sorted(seen.drafts)))
    return or_(col(Comment.audience) == CommentAudience.KEY_HOLDERS, of_drafts)


def count_comments(session: Session, studies: Collection[str], reader: Actor) -> dict[str, int]:
    """Study to the number of comments that the reader may see and that were not withdrawn. Two queries."""
    kept: list[ColumnElement[bool]] = [col(Comment.study_id).in_(studies), col(Comment.withdrawn_at).is_(None)]
    if not reader.may(Role.CURATOR):
        of_comment = (col(StudyRevision.study_id) == col(Comment.study_id), col(StudyRevision.number) == col(Comment.revision))
        his = exists().where(*of_comment, is_made_by(ids_of_person(session, reader.id))).correlate(Comment)
        kept.append(or_(col(Comment.audience) == CommentAudience.KEY_HOLDERS, his))
    count = select(col(Comment.study_id), func.count()).where(*kept)
    return dict(session.execute(count.group_by(col(Comment.study_id))).all())


def get_comment_row(session: Session, study: Study, comment: str, seen: Seen) -> Comment:
    row = session.get(Comment, comment)
    if row is None or row.study_id != study.id or not may_read(row, seen):
        raise NotFound(f"There is no comment {comment[:40]!r} on this study.")
    return row


def list_comments(session: Session, study: Study, asked: ListQuery, seen: Seen) -> Page[Json]:
    """A page of comments, the oldest first. Two queries."""
    statement = select(*COMMENT).where(col(Comment.study_id) == study.id, readable(seen))
    page = paginate(session, asked.apply(statement), asked.sort, asked.page)
    return Page(comment_items(session, page.items), page.limit, page.next, page.total)


def get_comment(session: Session, comment: str) -> Json:
    """One comment that is known to exist."""
    row = session.execute(select(*COMMENT).where(col(Comment.id) == comment)).one()
    [item] = comment_items(session, [row])
    return item


def comment_items(session: Session, rows: Sequence[Any]) -> list[Json]:
    names = load_actor_names(session, {row.author for row in rows})
    return [_item(row, names) for row in rows]


def _item(row: Any, names: Mapping[str, ActorName]) -> Json:
    author = names[row.author]
    return members(row, COMMENT) | {"author": author.name, "orcid": author.orcid}
