"""Adjudications: who may see which, and all that one rests on."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.models import Adjudication, DoubleExtraction, StudyExtraction, StudyRevision
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import adjudication_href
from app.queries.adjudicated_revisions import load_accepted_with, load_pairs
from app.queries.columns import Columns
from app.queries.departures import newest_departures
from app.queries.extractions import extraction_items, person
from app.queries.filters import FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.people import people_behind
from app.queries.study_records import RevisionKey, get_visible_study, owner_of
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
DRAFT: Columns = (
    col(StudyRevision.study_id), col(StudyRevision.number), col(StudyRevision.status), col(StudyRevision.created_by),
    col(StudyRevision.drafted_for),
)  # fmt: skip


Pairs = Mapping[str, tuple[StudyExtraction, StudyExtraction]]


def list_adjudications(session: Session, study_id: str, asked: ListQuery, reader: Actor | None) -> Page[Json]:
    """Those of one study that the reader may see; whoever may see neither the study nor one of them hears that it is not there."""
    seen, public = load_seen_adjudications(session, study_id, reader)
    if not seen:
        get_visible_study(session, study_id, reader)
    statement = select(Adjudication).where(col(Adjudication.id).in_([row.id for row in seen]))
    page = paginate(session, asked.apply(statement), asked.sort, asked.page)
    return Page(_items(session, page.items, load_pairs(session, page.items), public), page.limit, page.next, page.total)


def load_seen_adjudications(session: Session, study_id: str, reader: Actor | None) -> tuple[list[Adjudication], dict[str, int]]:
    """Those of a study that the reader may see; and which of them everybody may, with the revision they were accepted with."""
    rows = session.execute(select(Adjudication).where(col(Adjudication.study_id) == study_id)).scalars().all()
    public = load_accepted_with(session, rows)
    taking_part = {row.id for row in _taking_part(session, rows, load_pairs(session, rows), reader)}
    return [row for row in rows if row.id in public or row.id in taking_part], public


def get_adjudication(session: Session, study_id: str, adjudication: str, reader: Actor | None) -> Json:
    """One adjudication with both extractions, what was taken of either and why."""
    row = session.get(Adjudication, adjudication)
    if row is None or row.study_id != study_id:
        raise _unknown(study_id, adjudication)
    pairs, public = load_pairs(session, [row]), load_accepted_with(session, [row])
    if row.id not in public and not _taking_part(session, [row], pairs, reader):
        raise _unknown(study_id, adjudication)
    first, second = pairs[row.id]
    base = session.get_one(DoubleExtraction, row.double_extraction_id).base_revision
    items = extraction_items(session, [(first, base), (second, base)], reader)
    document = StudyDocument.model_validate_json(session.get_one(StudyRevision, (row.study_id, row.revision)).document)
    [item] = _items(session, [row], pairs, public)
    return item | {
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
    accepted = [row for row in rows if row.id in accepted_with]
    if not accepted:
        return []
    pairs = load_pairs(session, accepted)
    names = load_actor_names(session, {actor for row in accepted for actor in _people(row, pairs)})
    found: list[Json] = []
    for row in accepted:
        hands = [(AttributionRole.EXTRACTOR, one.extractor, one.completed_at) for one in pairs[row.id]]
        for role, actor, moment in (*hands, (AttributionRole.ADJUDICATOR, row.adjudicator, row.made_at)):
            said = {"by": names[actor].name, "orcid": names[actor].orcid, "at": moment}
            found.append({"revision": accepted_with[row.id], "role": role, **said})
    return found


def _people(row: Adjudication, pairs: Pairs) -> set[str]:
    """Both extractors and the adjudicator."""
    return {row.adjudicator, *(one.extractor for one in pairs[row.id])}


def _taking_part(session: Session, rows: Sequence[Adjudication], pairs: Pairs, reader: Actor | None) -> Sequence[Adjudication]:
    """Those seen before they are accepted: by both extractors, the adjudicator, whoever has the draft of it, and curators."""
    if reader is None or not rows:
        return []
    if reader.may(Role.CURATOR):
        return rows
    drafts = _load_drafts(session, rows)
    hands = {row.id: {owner_of(drafts[row.study_id, row.revision]), *_people(row, pairs)} for row in rows}
    people = people_behind(session, {reader.id, *(actor for made in hands.values() for actor in made)})
    return [row for row in rows if people[reader.id] in {people[actor] for actor in hands[row.id]}]


def _load_drafts(session: Session, rows: Sequence[Adjudication]) -> dict[RevisionKey, Any]:
    """The revisions that came of them, without their documents. One query."""
    named = tuple_(col(StudyRevision.study_id), col(StudyRevision.number)).in_([(row.study_id, row.revision) for row in rows])
    return {(row.study_id, row.number): row for row in session.execute(select(*DRAFT).where(named))}


def _items(session: Session, rows: Sequence[Adjudication], pairs: Pairs, public: Collection[str]) -> list[Json]:
    names = load_actor_names(session, {actor for row in rows for actor in _people(row, pairs)})
    drafts = _load_drafts(session, rows)
    return [_item(row, pairs[row.id], names, drafts[row.study_id, row.revision].status, row.id in public) for row in rows]


def _item(
    row: Adjudication, pair: tuple[StudyExtraction, StudyExtraction], names: Mapping[str, ActorName], status: str, public: bool
) -> Json:
    first, second = pair
    return {
        "id": row.id,
        "study": row.study_id,
        "double_extraction": row.double_extraction_id,
        "base_revision": row.base_revision,
        "revision": row.revision,
        "revision_status": status,
        "reason": row.reason,
        "adjudicator": person(names[row.adjudicator]),
        "first_extractor": person(names[first.extractor]),
        "second_extractor": person(names[second.extractor]),
        "made_at": row.made_at,
        "public": public,
        "href": adjudication_href(row.study_id, row.id),
    }


def _unknown(study_id: str, adjudication: str) -> NotFound:
    return NotFound(f"Study {study_id[:40]} has no adjudication {adjudication[:40]!r} that can be shown.")
