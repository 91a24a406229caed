"""The revisions of a study: everybody sees those that were accepted once, authors also their own, curators all."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.models import Change, Review, Study, StudyRevision
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import revision_href
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.study_records import is_own
from app.schemas.interests import declares_interests
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus, Role

Json = dict[str, Any]
LIVE_ACTIONS = ("study.accepted", "study.retracted")
"""The acts that make a revision the live one; the ledger knows of them for good, a status of `superseded` does not tell."""
REVISION: tuple[Any, ...] = (
    col(StudyRevision.number), col(StudyRevision.status), col(StudyRevision.base_revision), col(StudyRevision.reason),
    col(StudyRevision.created_by), col(StudyRevision.created_at), col(StudyRevision.submitted_at), col(StudyRevision.decided_at),
    col(StudyRevision.decided_by), col(StudyRevision.drafted_for), col(StudyRevision.withdrawal_reason),
)  # fmt: skip
REVISIONS = FilterTable(
    fields=(Field("status", col(StudyRevision.status), RevisionStatus),),
    sort_keys=(),
    tie=SortKey("number", col(StudyRevision.number), int, nullable=False),
    default_sort="-number",
)


def load_accepted_numbers(session: Session, study_ids: Collection[str]) -> set[tuple[str, int]]:
    """(study id, number) of every revision that was the live one once. One query."""
    subjects = {f"study:{study_id}" for study_id in study_ids}
    made_live = (col(Change.subject).in_(sorted(subjects)), col(Change.action).in_(LIVE_ACTIONS))
    rows = session.execute(select(col(Change.subject), col(Change.content)).where(*made_live))
    return {(subject.removeprefix("study:"), json.loads(content)["details"]["revision"]) for subject, content in rows}


def load_visible_revisions(session: Session, study: Study, reader: Actor | None) -> Sequence[Any]:
    """The revisions of a study that the reader may see, oldest first: two queries."""
    visible = _visible(session, study, reader)
    rows = select(*REVISION).where(col(StudyRevision.study_id) == study.id, visible).order_by(col(StudyRevision.number))
    return session.execute(rows).all()


def list_revisions(session: Session, study: Study, asked: ListQuery, reader: Actor | None) -> Page[Json]:
    """A page of revisions with the decisions on them."""
    statement: Any = select(*REVISION).where(col(StudyRevision.study_id) == study.id, _visible(session, study, reader))
    page = paginate(session, asked.apply(statement), asked.sort, asked.page)
    return Page(_items(session, study.id, page.items), page.limit, page.next, page.total)


def get_visible_revision(session: Session, study: Study, number: int, reader: Actor | None) -> Json:
    """One revision with its document; one that the reader may not see is not there."""
    wanted = (col(StudyRevision.study_id) == study.id, col(StudyRevision.number) == number, _visible(session, study, reader))
    row = session.execute(select(*REVISION, col(StudyRevision.document)).where(*wanted)).one_or_none()
    if row is None:
        raise NotFound(f"Study {study.id} has no revision {number} that can be shown.")
    [item] = _items(session, study.id, [row])
    return item | {"study": study.id, "document": StudyDocument.model_validate_json(row.document)}


def compared_revision(session: Session, study: Study, item: Json, reader: Actor | None) -> int | None:
    """The revision that one is compared with unless a reader says which: its base; while none was accepted, the one before it."""
    if item["base_revision"] is not None:
        base: int = item["base_revision"]
        return base
    earlier = (col(StudyRevision.study_id) == study.id, col(StudyRevision.number) < item["number"], _visible(session, study, reader))
    return session.execute(select(func.max(col(StudyRevision.number))).where(*earlier)).scalar()


def _visible(session: Session, study: Study, reader: Actor | None) -> ColumnElement[bool]:
    if reader is not None and reader.may(Role.CURATOR):
        return true()
    accepted = col(StudyRevision.number).in_([number for _, number in load_accepted_numbers(session, [study.id])])
    return accepted if reader is None else or_(accepted, is_own(reader))


def _items(session: Session, study_id: str, rows: Sequence[Any]) -> list[Json]:
    numbers = [row.number for row in rows]
    mine = (col(Review.study_id) == study_id, col(Review.revision).in_(numbers))
    reviews = session.execute(select(Review).where(*mine).order_by(col(Review.created_at))).scalars().all()
    actors = {actor for row in rows for actor in (row.created_by, row.decided_by, row.drafted_for) if actor is not None}
    names = load_actor_names(session, actors | {review.reviewer for review in reviews})
    by_number: dict[int, list[Json]] = defaultdict(list)
    for review in reviews:
        by_number[review.revision].append(_review(review, names[review.reviewer]))
    return [_item(study_id, row, names, by_number[row.number]) for row in rows]


def _item(study_id: str, row: Any, names: Mapping[str, ActorName], reviews: list[Json]) -> Json:
    people = {name: names.get(getattr(row, name) or "") for name in ("created_by", "decided_by", "drafted_for")}
    return {column.key: getattr(row, column.key) for column in REVISION} | {
        **{name: person.name if person is not None else None for name, person in people.items()},
        **{f"{name}_orcid": person.orcid if person is not None else None for name, person in people.items()},
        "reviews": reviews,
        "href": revision_href(study_id, row.number),
    }


def _review(review: Review, reviewer: ActorName) -> Json:
    return {
        "decision": review.decision,
        "comment": review.comment,
        "conflict_of_interest": review.conflict_of_interest or None,
        "declares_interests": declares_interests(review.conflict_of_interest),
        "reviewer": reviewer.name,
        "orcid": reviewer.orcid,
        "at": review.created_at,
    }
