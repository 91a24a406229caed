"""Extractions by two people: which there are, how far they are, and who may see the values of which.

**Blind.** Until both are completed the values of an extraction are its author's alone: neither the other extractor nor a
curator nor an administrator sees them, so that the second is not led by the first, and whoever will adjudicate does not
take sides before both have spoken. What everybody of the group sees is that it exists, whose it is and where it stands.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.models import Adjudication, DoubleExtraction, Study, StudyExtraction, StudyRevision
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import adjudication_href, double_extraction_href, extraction_href
from app.queries.adjudicated_revisions import load_accepted_with
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import belongs_to, ids_of_person
from app.queries.study_records import visible_to
from app.schemas.extraction import ExtractedRecord
from app.vocabulary import DoubleExtractionStatus, ExtractionStatus, Role, StudyStatus

Json = dict[str, Any]
NOT_EXTRACTED = (StudyStatus.REJECTED, StudyStatus.WITHDRAWN, StudyStatus.RETRACTED)
"""Records that nobody is to extract: what is refused, taken back or retracted."""
EXTRACTORS = 2
"""How many people extract one study, each for himself."""
NOT_WITHDRAWN = col(StudyExtraction.status) != ExtractionStatus.WITHDRAWN
ADJUDICATED = col(DoubleExtraction.id).in_(select(col(Adjudication.double_extraction_id)))


def _count(*which: ColumnElement[bool]) -> Any:
    counted = select(func.count()).select_from(StudyExtraction)
    return (
        counted.where(col(StudyExtraction.double_extraction_id) == col(DoubleExtraction.id), *which)
        .correlate(DoubleExtraction)
        .scalar_subquery()
    )


COMPLETED_COUNT = _count(col(StudyExtraction.status) == ExtractionStatus.COMPLETED)
STATUS: Any = case(
    (ADJUDICATED, DoubleExtractionStatus.ADJUDICATED.value),
    (col(DoubleExtraction.closed_at).is_not(None), DoubleExtractionStatus.CLOSED.value),
    (COMPLETED_COUNT >= EXTRACTORS, DoubleExtractionStatus.COMPLETED.value),
    else_=DoubleExtractionStatus.IN_PROGRESS.value,
)
EXTRACTION_STATUS: Any = case(
    (
        and_(col(StudyExtraction.status) == ExtractionStatus.IN_PROGRESS, col(DoubleExtraction.closed_at).is_not(None)),
        ExtractionStatus.CLOSED.value,
    ),
    else_=col(StudyExtraction.status),
)
"""Of an extraction beside its double extraction: nobody waits for one that was closed."""
MISSING: Any = case((col(DoubleExtraction.closed_at).is_not(None), 0), else_=EXTRACTORS - COMPLETED_COUNT)


def double_extraction_table(own: Collection[str]) -> FilterTable:
    """What can be asked by a person who acts under these ids."""

    def mine(values: list[Any]) -> ColumnElement[bool]:
        own_rows = (col(StudyExtraction.extractor).in_(sorted(own)), NOT_WITHDRAWN)
        is_mine = col(DoubleExtraction.id).in_(select(col(StudyExtraction.double_extraction_id)).where(*own_rows))
        return is_mine if values[0] else ~is_mine

    return FilterTable(
        fields=(
            Field("status", STATUS, DoubleExtractionStatus),
            Field("study", col(DoubleExtraction.study_id), description="The id of a study."),
            Field("asked_for", col(DoubleExtraction.asked_for), bool, ("eq",), description="Whether a curator asked for it."),
            Field("missing", MISSING, int, ("eq", "gte", "lte"), description="How many are missing, 0 to 2; of a closed one none."),
            Field("mine", None, bool, ("eq",), mine, description="Those in which you extract, under whichever key; or the others."),
        ),
        sort_keys=(),
        tie=SortKey("id", col(DoubleExtraction.id), nullable=False),
        default_sort="-id",
    )


DOUBLE_EXTRACTIONS = double_extraction_table(())
"""For the OpenAPI document, and for whoever asks nothing of himself."""


def extraction_table(own: Collection[str]) -> FilterTable:
    """What can be asked of extractions by a person who acts under these ids."""

    def mine(values: list[Any]) -> ColumnElement[bool]:
        is_mine = col(StudyExtraction.extractor).in_(sorted(own))
        return is_mine if values[0] else ~is_mine

    return FilterTable(
        fields=(
            Field("status", EXTRACTION_STATUS, ExtractionStatus),
            Field("study", col(StudyExtraction.study_id), description="The id of a study."),
            Field("double_extraction", col(StudyExtraction.double_extraction_id), description="The id of a double extraction."),
            Field("mine", None, bool, ("eq",), mine, description="Your own, under whichever key; or those of others."),
        ),
        sort_keys=(),
        tie=SortKey("id", col(StudyExtraction.id), nullable=False),
        default_sort="-id",
    )


EXTRACTIONS = extraction_table(())
"""For the OpenAPI document alone."""


def get_double_extraction(session: Session, double_extraction: str, reader: Actor) -> DoubleExtraction:
    row = session.get(DoubleExtraction, double_extraction)
    if row is None or not may_know_of(session, row, reader):
        raise NotFound(f"There is no double extraction {double_extraction[:40]!r}; /v1/double-extractions lists those you may see.")
    return row


def find_open_double_extraction(session: Session, study: Study) -> DoubleExtraction | None:
    mine = (col(DoubleExtraction.study_id) == study.id, col(DoubleExtraction.closed_at).is_(None))
    return session.execute(select(DoubleExtraction).where(*mine)).scalar_one_or_none()


def get_newest_double_extraction(session: Session, study_id: str, reader: Actor) -> DoubleExtraction:
    """The open one of a study, else the last; NotFound where there is none that the reader may see."""
    newest = select(DoubleExtraction).where(col(DoubleExtraction.study_id) == study_id, knows_of(reader))
    row = session.execute(newest.order_by(col(DoubleExtraction.id).desc()).limit(1)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"Study {study_id[:40]} has no extraction that can be shown; /v1/double-extractions lists those you may see.")
    return row


def extractions_of(session: Session, double: DoubleExtraction) -> list[StudyExtraction]:
    """Those that count, the first begun first."""
    mine = (col(StudyExtraction.double_extraction_id) == double.id, NOT_WITHDRAWN)
    return list(session.execute(select(StudyExtraction).where(*mine).order_by(col(StudyExtraction.id))).scalars())


def completed_pair(session: Session, double: DoubleExtraction) -> tuple[StudyExtraction, StudyExtraction] | None:
    """Both, the first begun first, once both are completed; this and nothing else lifts the blind."""
    rows = [row for row in extractions_of(session, double) if row.status == ExtractionStatus.COMPLETED]
    return (rows[0], rows[1]) if len(rows) == EXTRACTORS else None


def get_extraction_row(session: Session, extraction: str, reader: Actor | None) -> StudyExtraction:
    """An extraction that the reader may know of: his own, of what he may know of, and everybody's once it is public."""
    row = session.get(StudyExtraction, extraction)
    if row is None or not (_is_public(session, row.double_extraction_id) or _is_known_to(session, row, reader)):
        raise NotFound(f"There is no extraction {extraction[:40]!r}; /v1/extractions lists those you may see.")
    return row


def why_hidden(session: Session, row: StudyExtraction, reader: Actor | None) -> str | None:
    """Why the values of an extraction that the reader knows of are not shown to him; None where they are."""
    if reader is not None and row.extractor in ids_of_person(session, reader.id):
        return None
    if row.status == ExtractionStatus.WITHDRAWN:
        return "It was withdrawn: its values are its author's alone."
    if completed_pair(session, session.get_one(DoubleExtraction, row.double_extraction_id)) is None:
        return "Until both extractions are completed the values of each are its author's alone."
    return None


def list_extractions(session: Session, asked: ListQuery, reader: Actor) -> Page[Json]:
    """A page of the extractions that the reader may know of, without a value of any."""
    statement: Any = select(StudyExtraction, DoubleExtraction.base_revision).join(  # type: ignore[call-overload]
        DoubleExtraction, col(DoubleExtraction.id) == col(StudyExtraction.double_extraction_id)
    )
    visible = or_(knows_of(reader), belongs_to(col(StudyExtraction.extractor), reader.id))
    page = paginate(session, asked.apply(statement.where(visible)), asked.sort, asked.page)
    items = extraction_items(session, [(row[0], row[1]) for row in page.items], reader)
    return Page(items, page.limit, page.next, page.total)


def extraction_items(session: Session, rows: Sequence[tuple[StudyExtraction, int]], reader: Actor | None) -> list[Json]:
    """Extractions, each with the revision it began from, as everybody of the group may know of them. Three queries."""
    names = load_actor_names(session, {row.extractor for row, _ in rows})
    own = ids_of_person(session, reader.id) if reader is not None else []
    standing = select(col(StudyExtraction.id), EXTRACTION_STATUS).join(
        DoubleExtraction, col(DoubleExtraction.id) == col(StudyExtraction.double_extraction_id)
    )
    statuses: dict[str, str] = dict(session.execute(standing.where(col(StudyExtraction.id).in_([row.id for row, _ in rows]))).all())
    return [_extraction_item(row, base, names, own) | {"status": statuses[row.id]} for row, base in rows]


def list_double_extractions(session: Session, asked: ListQuery, reader: Actor) -> Page[Json]:
    """A page of studies that two people extract."""
    statement: Any = select(DoubleExtraction, STATUS.label("status"))
    page = paginate(session, asked.apply(statement.where(knows_of(reader))), asked.sort, asked.page)
    items = _double_items(session, [(row[0], row[1]) for row in page.items], reader)
    return Page(items, page.limit, page.next, page.total)


def double_extraction_item(session: Session, double: DoubleExtraction, reader: Actor) -> Json:
    status = session.execute(select(STATUS).select_from(DoubleExtraction).where(col(DoubleExtraction.id) == double.id)).scalar_one()
    [item] = _double_items(session, [(double, status)], reader)
    return item


def knows_of(reader: Actor) -> ColumnElement[bool]:
    """Curators all; others those of studies that they may see and those in which they take part.

    Of a record that was never accepted whoever may extract it too, while a curator's request for extractions waits for one: afterwards
    it has no use for them, and what is in it stays private.
    """
    if reader.may(Role.CURATOR):
        return true()
    own_rows = (belongs_to(col(StudyExtraction.extractor), reader.id), NOT_WITHDRAWN)
    taking_part = select(col(StudyExtraction.double_extraction_id)).where(*own_rows)
    to_extract = select(col(Study.id)).where(col(Study.status).not_in(NOT_EXTRACTED))
    return or_(
        and_(col(DoubleExtraction.asked_for), MISSING > 0, col(DoubleExtraction.study_id).in_(to_extract)),
        col(DoubleExtraction.study_id).in_(select(col(Study.id)).where(visible_to(reader))),
        col(DoubleExtraction.id).in_(taking_part),
    )


def may_know_of(session: Session, double: DoubleExtraction, reader: Actor) -> bool:
    found = select(col(DoubleExtraction.id)).where(col(DoubleExtraction.id) == double.id, knows_of(reader))
    return session.execute(found).first() is not None


def _is_known_to(session: Session, row: StudyExtraction, reader: Actor | None) -> bool:
    if reader is None:
        return False
    own = row.extractor in ids_of_person(session, reader.id)
    return own or may_know_of(session, session.get_one(DoubleExtraction, row.double_extraction_id), reader)


def _is_public(session: Session, double_extraction: str) -> bool:
    """Was the study accepted with what an adjudication made of this double extraction?"""
    found = select(Adjudication).where(col(Adjudication.double_extraction_id) == double_extraction)
    row = session.execute(found).scalar_one_or_none()
    return row is not None and row.id in load_accepted_with(session, [row])


def _double_items(session: Session, rows: Sequence[tuple[DoubleExtraction, str]], reader: Actor) -> list[Json]:
    ids = [double.id for double, _ in rows]
    found = session.execute(
        select(StudyExtraction).where(col(StudyExtraction.double_extraction_id).in_(ids)).order_by(col(StudyExtraction.id))
    ).scalars()
    base = {double.id: double.base_revision for double, _ in rows}
    items = extraction_items(session, [(row, base[row.double_extraction_id]) for row in found], reader)
    by_double: dict[str, list[Json]] = defaultdict(list)
    for item in items:
        by_double[item["double_extraction"]].append(item)
    made = select(col(Adjudication.double_extraction_id), col(Adjudication.id)).where(col(Adjudication.double_extraction_id).in_(ids))
    adjudications = dict(session.execute(made).all())
    people = {actor for double, _ in rows for actor in (double.opened_by, double.closed_by) if actor is not None}
    names = load_actor_names(session, people)
    records = _records(session, [double for double, _ in rows])
    return [_double_item(double, status, records[double.id], by_double[double.id], adjudications, names) for double, status in rows]


def _records(session: Session, doubles: Sequence[DoubleExtraction]) -> dict[str, Json]:
    """What each is about, by the revision that it began from. One query."""
    began = and_(
        col(StudyRevision.study_id) == col(DoubleExtraction.study_id), col(StudyRevision.number) == col(DoubleExtraction.base_revision)
    )
    rows = session.execute(
        select(col(DoubleExtraction.id), col(StudyRevision.document))
        .join(StudyRevision, began)
        .where(col(DoubleExtraction.id).in_([double.id for double in doubles]))
    )
    return {double: {name: json.loads(document)[name] for name in ExtractedRecord.model_fields} for double, document in rows}


def _double_item(
    double: DoubleExtraction,
    status: str,
    record: Json,
    extractions: list[Json],
    adjudications: Mapping[str, str],
    names: Mapping[str, ActorName],
) -> Json:
    counting = [item for item in extractions if item["status"] != ExtractionStatus.WITHDRAWN]
    made = adjudications.get(double.id)
    return {
        "id": double.id,
        "study": double.study_id,
        "record": record,
        "base_revision": double.base_revision,
        "status": status,
        "asked_for": double.asked_for,
        "reason": double.reason,
        "opened_by": person(names[double.opened_by]),
        "opened_at": double.opened_at,
        "closed_by": person(names[double.closed_by]) if double.closed_by is not None else None,
        "closed_at": double.closed_at,
        "closing_reason": double.closing_reason,
        "missing": EXTRACTORS - sum(item["status"] == ExtractionStatus.COMPLETED for item in counting) if double.closed_at is None else 0,
        "open_places": EXTRACTORS - len(counting) if double.closed_at is None else 0,
        "extractions": extractions,
        "adjudication": adjudication_href(double.study_id, made) if made is not None else None,
        "href": double_extraction_href(double.id),
    }


def _extraction_item(row: StudyExtraction, base: int, names: Mapping[str, ActorName], own: Collection[str]) -> Json:
    return {
        "id": row.id,
        "study": row.study_id,
        "double_extraction": row.double_extraction_id,
        "base_revision": base,
        "status": row.status,
        "extractor": person(names[row.extractor]),
        "mine": row.extractor in own,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "withdrawn_at": row.withdrawn_at,
        "href": extraction_href(row.id),
    }


def person(name: ActorName) -> Json:
    return {"name": name.name, "orcid": name.orcid}
