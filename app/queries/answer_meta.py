"""`meta`: which method, which entry of the ledger and which day an answer rests on."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Change, ChangeSubject
from app.queries.made_from import note_made_from, note_sequence
from app.queries.prepared import ask_prepared, in_list
from app.schemas.meta import Meta
from app.synthesis.rating import METHOD_VERSION


def answer_meta(
    session: Session,
    *,
    subjects: Collection[str] | None = None,
    records: Collection[str] = (),
    as_of: Iterable[date] = (),
    at_least: int = 0,
) -> Meta:
    """One query. `subjects` and `records`: see `newest_sequence`; `as_of`: the days of the ratings that the answer shows;
    `at_least`: the newest entry that they were stored with. A kept reply lives until an entry about these arrives."""
    note_made_from(session, subjects, records)
    sequence = max(newest_sequence(session, subjects, records), at_least)
    note_sequence(session, sequence)
    return Meta(method=METHOD_VERSION, sequence=sequence, as_of=max(as_of, default=None))


def newest_sequence(session: Session, subjects: Collection[str] | None, records: Collection[str] = ()) -> int:
    """The newest entry of the ledger that an answer depends on, 0 where there is none.

    `subjects` count with all that touches them (None: any entry counts); `records` only with their own edits: an answer that
    shows the name of an intervention does not change with every rating of it.
    """
    if subjects is None:
        return ask_prepared(session, NEWEST).scalar() or 0
    if not records:
        return ask_prepared(session, TOUCHING, subjects=subjects).scalar() or 0
    return ask_prepared(session, TOUCHING_OR_EDITING, subjects=subjects, records=records).scalar() or 0


def _touching_or_editing() -> Select[Any]:
    editing = select(func.max(col(Change.sequence)).label("sequence")).where(in_list(col(Change.subject), "records"))
    newest = union_all(TOUCHING, editing).subquery()
    return select(func.max(newest.c.sequence))


NEWEST = select(func.max(col(Change.sequence)))
TOUCHING = select(func.max(col(ChangeSubject.sequence)).label("sequence")).where(in_list(col(ChangeSubject.subject), "subjects"))
TOUCHING_OR_EDITING = _touching_or_editing()
