"""Imports and jobs, as their owners and curators read them."""

import json
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.models import ImportRecord, Job, ReferenceImport, Study
from app.queries.actor_names import load_actor_names
from app.queries.addresses import import_href, job_href, study_href
from app.queries.columns import members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import belongs_to, same_person
from app.vocabulary import ImportDecision, ImportState, ImportStatus, JobKind, JobState, Role

Json = dict[str, Any]


def _read_jobs(*states: JobState) -> ColumnElement[bool]:
    wanted = (col(Job.subject) == col(ReferenceImport.id), col(Job.kind) == JobKind.READ_IMPORT, col(Job.state).in_(states))
    return exists(select(col(Job.id)).where(*wanted))


STATE = case(
    (
        (col(ReferenceImport.state) == ImportState.UPLOADED) & _read_jobs(JobState.FAILED) & ~_read_jobs(JobState.QUEUED, JobState.RUNNING),
        ImportState.FAILED.value,
    ),
    else_=col(ReferenceImport.state),
)
"""Failed stands in no row of an import: a job failed, and no other is under way."""
ITEM: tuple[Any, ...] = (
    col(ReferenceImport.id), STATE.label("state"), col(ReferenceImport.file_name), col(ReferenceImport.format),
    col(ReferenceImport.size), col(ReferenceImport.created_at), col(ReferenceImport.created_by), col(ReferenceImport.read_at),
    col(ReferenceImport.committed_at),
)  # fmt: skip
RECORD: tuple[Any, ...] = (
    col(ImportRecord.number), col(ImportRecord.line), col(ImportRecord.status), col(ImportRecord.title), col(ImportRecord.document),
    col(ImportRecord.problems), col(ImportRecord.matches), col(ImportRecord.raw), col(ImportRecord.decision),
    col(ImportRecord.decided_study), col(ImportRecord.decided_record), col(ImportRecord.decided_by), col(ImportRecord.decided_at),
    col(ImportRecord.reason), col(ImportRecord.study_id),
)  # fmt: skip


def _created(values: list[Any]) -> ColumnElement[bool]:
    made, wanted = col(ImportRecord.study_id).is_not(None), set(values)
    return true() if wanted == {True, False} else made if True in wanted else ~made


IMPORTS = FilterTable(
    fields=(
        Field("state", STATE, ImportState),
        Field("format", col(ReferenceImport.format)),
        Field("created_by", col(ReferenceImport.created_by)),
    ),
    sort_keys=(),
    tie=SortKey("id", col(ReferenceImport.id), str, nullable=False),
    default_sort="-id",
)
RECORDS = FilterTable(
    fields=(
        Field("status", col(ImportRecord.status), ImportStatus),
        Field("decision", col(ImportRecord.decision), ImportDecision),
        Field("created", None, bool, condition=_created, description="Whether a commit has made a draft of it."),
        Field("number", col(ImportRecord.number), int, ("eq", "gte", "lte")),
        Field("line", col(ImportRecord.line), int, ("gte", "lte")),
    ),
    sort_keys=(),
    tie=SortKey("number", col(ImportRecord.number), int, nullable=False),
    default_sort="number",
)


def get_import(session: Session, import_id: str, by: Actor) -> ReferenceImport:
    """An import of one's own; a curator's sight is all of them."""
    row = session.get(ReferenceImport, import_id)
    if row is None or not (by.may(Role.CURATOR) or same_person(session, by.id, row.created_by)):
        raise NotFound(f"you have no import {import_id[:100]!r}")
    return row


def get_job(session: Session, job_id: str, by: Actor) -> Job:
    job = session.get(Job, job_id)
    if job is None or not (by.may(Role.CURATOR) or same_person(session, by.id, job.actor)):
        raise NotFound(f"you have no job {job_id[:100]!r}")
    return job


def list_imports(session: Session, asked: ListQuery, by: Actor, *, own: bool = False) -> Page[Json]:
    """Those that the reader may see, or his own alone, under whichever key."""
    statement = asked.apply(select(*ITEM))
    if own or not by.may(Role.CURATOR):
        statement = statement.where(belongs_to(col(ReferenceImport.created_by), by.id))
    page = paginate(session, statement, asked.sort, asked.page)
    items = [{**members(row, ITEM), "href": import_href(row.id)} for row in page.items]
    return Page(items, page.limit, page.next, page.total)


def list_records(session: Session, row: ReferenceImport, asked: ListQuery) -> Page[Json]:
    """Three queries, whatever the number of records."""
    of_import = select(*RECORD).where(col(ImportRecord.import_id) == row.id)
    page = paginate(session, asked.apply(of_import), asked.sort, asked.page)
    matches = [match for record in page.items for match in record.matches]
    studies = _studies(session, {match["study"] for match in matches if match["study"]})
    records = _titles(session, row.id, {match["record"] for match in matches if match["record"]})
    items = [_record(record, studies, records) for record in page.items]
    return Page(items, page.limit, page.next, page.total)


def newest_job(session: Session, row: ReferenceImport) -> Job | None:
    newest = select(Job).where(col(Job.subject) == row.id).order_by(col(Job.id).desc()).limit(1)
    return session.execute(newest).scalar_one_or_none()


def import_members(session: Session, row: ReferenceImport) -> Json:
    """An import with its counts and its newest job."""
    names = load_actor_names(session, [row.created_by])
    job = newest_job(session, row)
    shown = {name: getattr(row, name) for name in SHOWN}
    if job is not None and job.state == JobState.FAILED and row.state == ImportState.UPLOADED:
        shown |= {"state": ImportState.FAILED.value, "problem": _why_given_up(row, job)}
    return {
        **shown,
        "created_by_name": names[row.created_by].name,
        "counts": _counts(session, row) if row.read_at is not None else None,
        "job": job_members(job) if job is not None else None,
        "href": import_href(row.id),
    }


def _why_given_up(row: ReferenceImport, job: Job) -> Json:
    why = (job.error or {}).get("detail") or "nobody knows why"
    act = f"have it read again (POST {import_href(row.id)}/reading), or throw the import away (DELETE)"
    return {"detail": f"reading was given up: {why}; {act}", "line": None}


SHOWN = (
    *("id", "state", "file_name", "format", "encoding", "size", "sha256", "intervention", "conditions", "notices", "problem"),
    *("created_at", "created_by", "read_at", "committed_at"),
)


def job_members(job: Job) -> Json:
    names = ("id", "kind", "state", "done", "total", "actor", "created_at", "started_at", "finished_at", "error")
    return {**{name: getattr(job, name) for name in names}, "import_href": import_href(job.subject), "href": job_href(job.id)}


def _counts(session: Session, row: ReferenceImport) -> Json:
    groups = (col(ImportRecord.status), col(ImportRecord.decision), col(ImportRecord.study_id).is_not(None))
    counted = select(*groups, func.count()).where(col(ImportRecord.import_id) == row.id).group_by(*groups)
    counts = dict.fromkeys(("records", *(status.replace("-", "_") for status in ImportStatus), "undecided", "created"), 0)
    for status, decision, created, number in session.execute(counted):
        counts["records"] += number
        counts[status.replace("-", "_")] += number
        counts["created"] += number if created else 0
        if status == ImportStatus.POSSIBLE_DUPLICATE and decision == ImportDecision.UNDECIDED:
            counts["undecided"] += number
    return counts


def _studies(session: Session, ids: set[str]) -> dict[str, Any]:
    if not ids:
        return {}
    columns = (col(Study.id), col(Study.key), col(Study.title), col(Study.year))
    return {row.id: row for row in session.execute(select(*columns).where(col(Study.id).in_(ids)))}


def _titles(session: Session, import_id: str, numbers: set[int]) -> dict[int, str | None]:
    if not numbers:
        return {}
    columns = (col(ImportRecord.number), col(ImportRecord.title))
    rows = session.execute(select(*columns).where(col(ImportRecord.import_id) == import_id, col(ImportRecord.number).in_(numbers)))
    return {row.number: row.title for row in rows}


def _record(row: Any, studies: dict[str, Any], records: dict[int, str | None]) -> Json:
    shown = members(row, RECORD)
    shown["study"] = shown.pop("study_id")
    document = json.loads(row.document) if row.document is not None else None
    return {**shown, "document": document, "matches": [_match(match, studies, records) for match in row.matches]}


def _match(match: Json, studies: dict[str, Any], records: dict[int, str | None]) -> Json:
    study = studies.get(match["study"])
    return {
        **match,
        "href": study_href(study.id) if study is not None else None,
        "key": study.key if study is not None else None,
        "title": study.title if study is not None else records.get(match["record"]),
        "year": study.year if study is not None else None,
    }
