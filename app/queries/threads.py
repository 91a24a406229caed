"""The thread of a study: who drafted, submitted, extracted, said and decided what, across all its revisions, in the order of time."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, Subquery, cast, exists, literal, null, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Adjudication, Assignment, Comment, DoubleExtraction, Review, Study, StudyExtraction, StudyRevision
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import adjudication_href, extraction_href, revision_href
from app.queries.comments import Seen, readable
from app.queries.extractions_seen import ExtractionsSeen
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.schemas.interests import declares_interests
from app.vocabulary import RevisionStatus, ThreadEvent

Json = dict[str, Any]
LIVE_ONCE = (RevisionStatus.ACCEPTED, RevisionStatus.SUPERSEDED)
REASON_OF = {ThreadEvent.DRAFTED: "reason", ThreadEvent.MADE_LIVE: "reason", ThreadEvent.WITHDRAWN: "withdrawal_reason"}
OF_EXTRACTIONS = (ThreadEvent.EXTRACTION_STARTED, ThreadEvent.EXTRACTION_COMPLETED, ThreadEvent.EXTRACTION_WITHDRAWN)
NAMED_BY_ROW = (ThreadEvent.COMMENTED, ThreadEvent.DECIDED, ThreadEvent.ADJUDICATED)
NOTHING_SAID: Json = {
    "reason": None,
    "decision": None,
    "comment": None,
    "conflict_of_interest": None,
    "declares_interests": None,
    "pointer": None,
    "reply_to": None,
    "audience": None,
    "withdrawn_at": None,
    "curator": None,
}


def _events(study_id: str | None, seen: Seen, work: ExtractionsSeen) -> Subquery:
    """Every act on the study that the reader may know of, one row each; the parts are read by their ids afterwards."""
    revision, review, comment, given = StudyRevision, Review, Comment, Assignment
    of_study = (col(revision.study_id) == study_id, col(revision.number).in_(sorted(seen.numbers)))
    decided = exists().where(col(review.study_id) == col(revision.study_id), col(review.revision) == col(revision.number))
    without_review = (col(revision.decided_at).is_not(None), col(revision.status).in_(LIVE_ONCE), ~decided)
    withdrawn = (col(revision.decided_at).is_not(None), col(revision.status) == RevisionStatus.WITHDRAWN)
    by_reader = (col(given.study_id) == study_id, col(given.revision).in_(sorted(seen.drafts)))
    parts = (
        _of_revision(ThreadEvent.DRAFTED, revision.created_at, revision.created_by).where(*of_study),
        _of_revision(ThreadEvent.SUBMITTED, revision.submitted_at, revision.submitted_by).where(
            *of_study, col(revision.submitted_at).is_not(None)
        ),
        _of_revision(ThreadEvent.MADE_LIVE, revision.decided_at, revision.decided_by).where(*of_study, *without_review),
        _of_revision(ThreadEvent.WITHDRAWN, revision.decided_at, revision.decided_by).where(*of_study, *withdrawn),
        _row(ThreadEvent.DECIDED, col(review.id), review.id, review.revision, review.created_at, review.reviewer).where(
            col(review.study_id) == study_id, col(review.revision).in_(sorted(seen.numbers))
        ),
        _row(ThreadEvent.COMMENTED, col(comment.id), comment.id, comment.revision, comment.created_at, comment.author).where(
            col(comment.study_id) == study_id, readable(seen)
        ),
        _row(ThreadEvent.ASSIGNED, col(given.id), given.id, given.revision, given.made_at, given.made_by).where(*by_reader),
        _row(ThreadEvent.UNASSIGNED, literal("ended-") + col(given.id), given.id, given.revision, given.ended_at, given.ended_by).where(
            *by_reader, col(given.ended_at).is_not(None)
        ),
        *_extraction_events(work),
    )
    return union_all(*parts).subquery("event")


def _extraction_events(work: ExtractionsSeen) -> Iterator[Select[Any]]:
    """That somebody began or ended his extraction, and that both were adjudicated: without a value of either."""
    row, double, adjudication = StudyExtraction, DoubleExtraction, Adjudication
    known = (col(row.double_extraction_id) == col(double.id), col(double.id).in_(sorted(work.doubles)))
    for kind, at in (
        (ThreadEvent.EXTRACTION_STARTED, row.started_at),
        (ThreadEvent.EXTRACTION_COMPLETED, row.completed_at),
        (ThreadEvent.EXTRACTION_WITHDRAWN, row.withdrawn_at),
    ):
        event = literal(f"{kind}-") + col(row.id)
        yield _row(kind, event, row.id, double.base_revision, at, row.extractor).where(*known, col(at).is_not(None))
    made = (adjudication.id, adjudication.revision, adjudication.made_at, adjudication.adjudicator)
    seen = col(adjudication.id).in_(sorted(work.adjudications))
    yield _row(ThreadEvent.ADJUDICATED, col(adjudication.id), *made).where(seen)


def _of_revision(kind: ThreadEvent, at: Any, actor: Any) -> Select[Any]:
    number = col(StudyRevision.number)
    return _row(kind, literal(f"{kind}-") + cast(number, String), null(), number, at, actor)


def _row(kind: ThreadEvent, event: Any, source: Any, revision: Any, at: Any, actor: Any) -> Select[Any]:
    columns: tuple[Any, ...] = (
        cast(event, String).label("id"),
        literal(kind.value, String).label("kind"),
        cast(source, String).label("source"),
        col(revision).label("revision"),
        col(at).label("at"),
        col(actor).label("actor"),
    )
    return select(*columns)


def thread_table(events: Subquery) -> FilterTable:
    return FilterTable(
        fields=(
            Field("kind", events.c.kind, ThreadEvent),
            Field("revision", events.c.revision, int, ("eq", "not", "gte", "lte")),
            Field("at", events.c.at, datetime, ("gte", "lte")),
        ),
        sort_keys=(SortKey("at", events.c.at, datetime, nullable=False),),
        tie=SortKey("id", events.c.id, nullable=False),
        default_sort="at,id",
    )


THREAD = thread_table(_events(None, Seen(frozenset(), frozenset()), ExtractionsSeen()))
"""For the description of the list; each request reads its query with the table of its own events."""


def thread_of(study: Study, seen: Seen, work: ExtractionsSeen) -> tuple[Subquery, FilterTable]:
    events = _events(study.id, seen, work)
    return events, thread_table(events)


def list_thread(session: Session, study: Study, events: Subquery, asked: ListQuery) -> Page[Json]:
    """A page of the thread, the oldest first; seven queries, one more with `count=true`."""
    page = paginate(session, asked.apply(select(*events.c)), asked.sort, asked.page)
    rows = page.items
    said: dict[str, Json] = {}
    revisions = _load_revisions(session, study, {row.revision for row in rows})
    for table, shown, kinds in SHOWN:
        ids = {row.source for row in rows if row.kind in kinds}
        found = session.execute(select(table).where(col(table.id).in_(ids))).scalars()
        said |= {one.id: shown(one) for one in found}
    actors = {row.actor for row in rows} | {one["curator"] for one in said.values() if "curator" in one}
    names = load_actor_names(session, actors)
    items = [_item(row, study, revisions[row.revision], said.get(row.source or "", {}), names) for row in rows]
    return Page(items, page.limit, page.next, page.total)


def _load_revisions(session: Session, study: Study, numbers: Collection[int]) -> dict[int, Any]:
    columns = (col(StudyRevision.number), col(StudyRevision.status), col(StudyRevision.reason), col(StudyRevision.withdrawal_reason))
    of_study = (col(StudyRevision.study_id) == study.id, col(StudyRevision.number).in_(numbers))
    rows = session.execute(select(*columns).where(*of_study))
    return {row.number: row for row in rows}


def _item(row: Any, study: Study, revision: Any, said: Json, names: Mapping[str, ActorName]) -> Json:
    actor = names[row.actor]
    own = {"reason": getattr(revision, REASON_OF[row.kind])} if row.kind in REASON_OF else {}
    curator = {"curator": names[said["curator"]].name} if "curator" in said else {}
    return (
        {
            "id": row.source if row.kind in NAMED_BY_ROW else row.id,
            "kind": row.kind,
            "revision": row.revision,
            "revision_status": revision.status,
            "at": row.at,
            "by": actor.name,
            "orcid": actor.orcid,
        }
        | NOTHING_SAID
        | own
        | said
        | curator
        | {"href": _href(study, row)}
    )


def _href(study: Study, row: Any) -> str:
    if row.kind == ThreadEvent.ADJUDICATED:
        return adjudication_href(study.id, row.source)
    return extraction_href(row.source) if row.kind in OF_EXTRACTIONS else revision_href(study.id, row.revision)


def _decided(review: Review) -> Json:
    stated = review.conflict_of_interest or None
    return {
        "decision": review.decision,
        "comment": review.comment,
        "conflict_of_interest": stated,
        "declares_interests": declares_interests(stated) if stated else None,
    }


def _commented(comment: Comment) -> Json:
    return {
        "comment": comment.text,
        "pointer": comment.pointer,
        "reply_to": comment.reply_to,
        "audience": comment.audience,
        "withdrawn_at": comment.withdrawn_at,
    }


def _adjudicated(adjudication: Adjudication) -> Json:
    return {"reason": adjudication.reason}


def _assigned(assignment: Assignment) -> Json:
    return {"curator": assignment.curator}


SHOWN: Sequence[tuple[Any, Callable[[Any], Json], tuple[ThreadEvent, ...]]] = (
    (Review, _decided, (ThreadEvent.DECIDED,)),
    (Comment, _commented, (ThreadEvent.COMMENTED,)),
    (Adjudication, _adjudicated, (ThreadEvent.ADJUDICATED,)),
    (Assignment, _assigned, (ThreadEvent.ASSIGNED, ThreadEvent.UNASSIGNED)),
)
