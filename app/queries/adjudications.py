"""Adjudications: who may see which, and all that one rests on."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.models import Adjudication, DoubleExtraction, StudyExtraction, StudyRevision
from app.queries.actor_names import load_actor_names
from app.queries.addresses import adjudication_href
from app.queries.adjudicated_revisions import load_accepted_with
from app.queries.departures import newest_departures
from app.queries.extractions import extraction_items, person
from app.queries.filters import FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import is_among
from app.queries.study_records import get_visible_study, owner_of
from app.schemas.extraction import Extraction, extracted_part
from app.schemas.study import StudyDocument
from app.schemas.study_read import AttributionRole
from app.vocabulary import Role

Json = dict[str, Any]
ADJUDICATIONS = FilterTable(
    fields=(),
    sort_keys=(),
    tie=SortKey("id", col(Adjudication.id), nullable=False),
    default_sort="-id",
)


def people_of(adjudication: Adjudication, extractions: Sequence[StudyExtraction]) -> set[str]:
    """Both extractors and the adjudicator."""
    return {adjudication.adjudicator, *(row.extractor for row in extractions)}


def list_adjudications(session: Session, study_id: str, asked: ListQuery, reader: Actor | None) -> Page[Json]:
    """Those of one study that the reader may see; whoever may see neither the study nor one of them hears that it is not there."""
    mine = select(Adjudication).where(col(Adjudication.study_id) == study_id)
    rows = session.execute(mine).scalars().all()
    public = load_accepted_with(session, rows)
    seen = [row.id for row in rows if row.id in public or _takes_part(session, row, reader)]
    if not seen:
        get_visible_study(session, study_id, reader)
    page = paginate(session, asked.apply(mine.where(col(Adjudication.id).in_(seen))), asked.sort, asked.page)
    return Page([_item(session, row, public) for row in page.items], page.limit, page.next, page.total)


def get_adjudication(session: Session, study_id: str, adjudication: str, reader: Actor | None) -> Json:
    """One adjudication with both extractions, what was taken of either and why."""
    row = session.get(Adjudication, adjudication)
    public = load_accepted_with(session, [row]) if row is not None else {}
    if row is None or row.study_id != study_id or not (row.id in public or _takes_part(session, row, reader)):
        raise NotFound(f"Study {study_id[:40]} has no adjudication {adjudication[:40]!r} that can be shown.")
    first, second = _both(session, row)
    base = session.get_one(DoubleExtraction, row.double_extraction_id).base_revision
    items = extraction_items(session, [(first, base), (second, base)], reader)
    document = StudyDocument.model_validate_json(session.get_one(StudyRevision, (row.study_id, row.revision)).document)
    return _item(session, row, public) | {
        "first": items[0],
        "second": items[1],
        "first_extraction": Extraction.model_validate_json(first.document),
        "second_extraction": Extraction.model_validate_json(second.document),
        "adjudicated": extracted_part(document),
        "decisions": json.loads(row.decisions),
        "followed": newest_departures(session, row).as_json(),
        "document_sha256": row.document_sha256,
        "document": document,
    }


def list_hands(session: Session, study_id: str) -> list[Json]:
    """Who extracted and who adjudicated what was accepted, each with the revision it was accepted with. One query where there is none."""
    mine = select(Adjudication).where(col(Adjudication.study_id) == study_id)
    rows = session.execute(mine.order_by(col(Adjudication.id))).scalars().all()
    accepted_with = load_accepted_with(session, rows)
    found: list[Json] = []
    for row in (row for row in rows if row.id in accepted_with):
        pair = _both(session, row)
        names = load_actor_names(session, people_of(row, pair))
        hands = [(AttributionRole.EXTRACTOR, one.extractor, one.completed_at) for one in pair]
        for role, actor, moment in (*hands, (AttributionRole.ADJUDICATOR, row.adjudicator, row.made_at)):
            said = {"by": names[actor].name, "orcid": names[actor].orcid, "at": moment}
            found.append({"revision": accepted_with[row.id], "role": role, **said})
    return found


def _both(session: Session, row: Adjudication) -> tuple[StudyExtraction, StudyExtraction]:
    return session.get_one(StudyExtraction, row.first_id), session.get_one(StudyExtraction, row.second_id)


def _takes_part(session: Session, row: Adjudication, reader: Actor | None) -> bool:
    """Before the study is accepted with it: both extractors, the adjudicator, whoever has the draft of it, and curators."""
    if reader is None:
        return False
    owner = owner_of(session.get_one(StudyRevision, (row.study_id, row.revision)))
    return reader.may(Role.CURATOR) or is_among(session, reader.id, {owner, *people_of(row, _both(session, row))})


def _item(session: Session, row: Adjudication, public: Collection[str]) -> Json:
    first, second = _both(session, row)
    names = load_actor_names(session, people_of(row, (first, second)))
    return {
        "id": row.id,
        "study": row.study_id,
        "double_extraction": row.double_extraction_id,
        "base_revision": row.base_revision,
        "revision": row.revision,
        "revision_status": session.get_one(StudyRevision, (row.study_id, row.revision)).status,
        "reason": row.reason,
        "adjudicator": person(names[row.adjudicator]),
        "first_extractor": person(names[first.extractor]),
        "second_extractor": person(names[second.extractor]),
        "made_at": row.made_at,
        "public": row.id in public,
        "href": adjudication_href(row.study_id, row.id),
    }
