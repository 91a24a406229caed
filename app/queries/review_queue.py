"""Everything that was submitted and waits for a decision: to curators all, to contributors their own."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, not_, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.identifiers import Slug
from app.models import ApiKey, Assignment, Study, StudyRevision
from app.models.base import utc_now
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import revision_href, study_href
from app.queries.assignments import IN_FORCE
from app.queries.columns import Columns
from app.queries.comments import count_comments
from app.queries.departures import load_departures
from app.queries.document_members import document_member, lists_condition
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.makers import is_made_by, load_makers, why_not_decide
from app.queries.named_people import MYSELF, NOBODY, reads_as, refuse_unknown_people
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import ids_of_person, people_behind
from app.queries.study_inputs import study_label
from app.queries.study_records import UNDECIDED, RevisionKey, has_moved, is_own
from app.schemas.study import StudyDocument, conditions_of
from app.vocabulary import Design, RevisionStatus, Role, StudyKind

Json = dict[str, Any]
DOCUMENT = col(StudyRevision.document)
QUEUED: Columns = (
    col(StudyRevision.study_id), col(StudyRevision.number), col(StudyRevision.status), DOCUMENT, col(StudyRevision.base_revision),
    col(StudyRevision.drafted_for), col(StudyRevision.reason),
    col(StudyRevision.created_by), col(StudyRevision.submitted_by), col(StudyRevision.submitted_at), col(Study.key),
    col(Study.live_revision), col(Assignment.curator).label("assigned_to"),
)  # fmt: skip
PLACE = col(StudyRevision.study_id) + "." + cast(col(StudyRevision.number), String)


def queue_table(mine: Collection[str]) -> FilterTable:
    """The questions of the queue, as the reader who acts under the ids `mine` asks them."""

    def assigned(values: list[str]) -> ColumnElement[bool]:
        holder = func.coalesce(col(Assignment.curator), "")  # nobody is a value here: `assigned_to__not=me` keeps what nobody has
        return or_(*(holder == "" if value == NOBODY else holder.in_(_ids(value, mine)) for value in values))

    def submitted(values: list[str]) -> ColumnElement[bool]:
        return or_(*(col(StudyRevision.submitted_by).in_(_ids(value, mine)) for value in values))

    def made_by_me(values: list[bool]) -> ColumnElement[bool]:
        return or_(*(is_made_by(mine) if value else not_(is_made_by(mine)) for value in values))

    submitted_at = col(StudyRevision.submitted_at)
    return FilterTable(
        fields=(
            Field("status", col(StudyRevision.status), RevisionStatus, description="Without it: `submitted`, what waits for a decision."),
            Field("condition", None, Slug, condition=_about, description="A condition that the revision is about."),
            Field("intervention", document_member(DOCUMENT, "intervention"), Slug),
            Field("kind", document_member(DOCUMENT, "kind"), StudyKind),
            Field("design", document_member(DOCUMENT, "design"), Design),
            Field("study", col(StudyRevision.study_id), description="The id of a study."),
            Field("assigned_to", None, str, condition=assigned, description="`me`, `nobody`, the name of a curator or his key's prefix."),
            Field("submitted_by", None, str, condition=submitted, description="`me`, the name of a person or his key's prefix."),
            Field("submitted_at", submitted_at, datetime, ("gte", "lte"), description="When it was submitted: waiting since."),
            Field("is_amendment", None, bool, ("eq",), _is_amendment, description="Of an accepted record, or of a new one."),
            Field("mine", None, bool, ("eq",), made_by_me, description="`false` leaves out what you drafted or submitted."),
        ),
        sort_keys=(SortKey("submitted_at", submitted_at, datetime),),
        tie=SortKey("id", PLACE, nullable=False),
        default_sort="submitted_at,id",
    )


def _ids(value: str, mine: Collection[str]) -> Any:
    return (
        sorted(mine)
        if value == MYSELF
        else select(col(ApiKey.prefix)).where(or_(reads_as(col(ApiKey.name), value), col(ApiKey.prefix) == value))
    )


def _about(values: list[str]) -> ColumnElement[bool]:
    return lists_condition(DOCUMENT, values)


def _is_amendment(values: list[bool]) -> ColumnElement[bool]:
    base = col(StudyRevision.base_revision)
    return or_(*(base.is_not(None) if value else base.is_(None) for value in values))


REVIEW_QUEUE = queue_table(())
"""For the description of the list; each request reads its query with the table of its reader."""


def table_for_reader(session: Session, reader: Actor) -> FilterTable:
    return queue_table(ids_of_person(session, reader.id))


def list_review_queue(session: Session, asked: ListQuery, reader: Actor, *, one_person: bool = False) -> Page[Json]:
    """A page of the queue, the longest waiting first; a constant number of queries, however many rows."""
    for parameter in ("assigned_to", "submitted_by"):
        known_as = (col(ApiKey.name), col(ApiKey.prefix))
        refuse_unknown_people(session, asked, parameter, known_as, "holds no key here", named_to_reader=reader.may(Role.CURATOR))
    waiting: Any = (
        select(*QUEUED)
        .join(Study, col(Study.id) == col(StudyRevision.study_id))
        .outerjoin(Assignment, and_(col(Assignment.study_id) == col(Study.id), IN_FORCE))
        .where(true() if reader.may(Role.CURATOR) else is_own(reader))
    )
    if not {"status", "status__not"} & asked.values.keys():
        waiting = waiting.where(col(StudyRevision.status) == RevisionStatus.SUBMITTED)
    page = paginate(session, asked.apply(waiting), asked.sort, asked.page)
    makers = load_makers(session, [(row.study_id, row.number) for row in page.items])
    actors = {reader.id, *(actor for made in makers.values() for actor in made)}
    actors |= {
        actor for row in page.items for actor in (row.created_by, row.drafted_for, row.submitted_by, row.assigned_to) if actor is not None
    }
    names, people = load_actor_names(session, actors), people_behind(session, actors)
    comments = count_comments(session, {row.study_id for row in page.items}, reader)
    departures = {key: len(one.items) for key, one in load_departures(session, list(makers)).items()}
    items = [
        _item(row, _why_not(reader, makers, people, row, one_person), names, comments.get(row.study_id, 0))
        | {"departures": departures.get((row.study_id, row.number))}
        for row in page.items
    ]
    return Page(items, page.limit, page.next, page.total)


def _why_not(reader: Actor, makers: Mapping[RevisionKey, set[str]], people: Mapping[str, str], row: Any, one_person: bool) -> str | None:
    if row.status != RevisionStatus.SUBMITTED:
        return f"it is {row.status}; a decision is on what was submitted"
    return why_not_decide(reader, makers[row.study_id, row.number], people, one_person=one_person)


def _item(row: Any, why_not: str | None, names: Mapping[str, ActorName], comments: int) -> Json:
    document = StudyDocument.model_validate_json(row.document)
    submitter = names[row.submitted_by] if row.submitted_by is not None else None
    return {
        "study": row.study_id,
        "key": row.key,  # whoever has the row before him may see the record
        "revision": row.number,
        "status": row.status,
        "title": document.title,
        "label": study_label(document),
        "kind": document.kind,
        "design": document.design,
        "intervention": document.intervention,
        "conditions": sorted(conditions_of(document)),
        "is_amendment": row.base_revision is not None,
        "base_revision": row.base_revision,
        "base_has_moved": row.status in UNDECIDED and has_moved(base=row.base_revision, live=row.live_revision),
        "reason": row.reason,
        "created_by": names[row.created_by].name,
        "drafted_for": names[row.drafted_for].name if row.drafted_for is not None else None,
        "submitted_by": submitter.name if submitter is not None else None,
        "orcid": submitter.orcid if submitter is not None else None,
        "submitted_at": row.submitted_at,
        "waiting_days": (utc_now() - row.submitted_at).days if row.status == RevisionStatus.SUBMITTED else None,
        "assigned_to": names[row.assigned_to].name if row.assigned_to is not None else None,
        "comments": comments,
        "you_may_decide": why_not is None,
        "why_not": why_not,
        "href": revision_href(row.study_id, row.number),
        "thread": f"{study_href(row.study_id)}/thread",
    }
