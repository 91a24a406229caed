"""Are the studies, their revisions, their reviews and the rows projected from them what the ledger pinned?"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.ledger import hash_of, members_of, pin_of, utc_text
from app.actions.ledger_state import Difference, LedgerState, RevisionState, StudyState, guarded
from app.actions.projection import CHILD_TABLES, projected_rows, study_columns
from app.actions.search_index import words_of_study
from app.actions.studies import revision_pin
from app.actions.verify_search import verify_entry
from app.actions.withdrawal import withdrawal_pin
from app.models import IncludedStudy, Review, Study, StudyRevision
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus, StudyStatus

PROJECTED_TABLES: tuple[type[SQLModel], ...] = (*CHILD_TABLES, IncludedStudy)
STUDY_FACTS = ("status", "newest_revision", "created_by", "created_at", "updated_at")
REVISION_FACTS = ("status", "created_by", "created_at", "submitted_by", "submitted_at", "decided_by", "decided_at")


def verify_studies(session: Session, state: LedgerState) -> Iterator[Difference]:
    stored = list(session.execute(select(col(Study.id)).order_by(col(Study.id))).scalars())
    for study_id in stored:
        yield from guarded(f"study {study_id}", _verify_study(session, study_id, state))
    for study_id in sorted(state.studies.keys() - set(stored)):
        yield Difference(f"study {study_id}", "is in the ledger and not in its table")
    yield from _verify_reviews(session, state)


def _verify_study(session: Session, study_id: str, state: LedgerState) -> Iterator[Difference]:
    study = session.get_one(Study, study_id)
    revisions = list(session.execute(select(StudyRevision).where(col(StudyRevision.study_id) == study.id)).scalars())
    place, said = f"study {study.key}", state.studies.get(study.id)
    if said is None:
        yield Difference(place, "is in no ledger entry")
    else:
        yield from _facts_differ(place, study, said, STUDY_FACTS)
        if said.key not in (None, study.key):
            yield Difference(place, f"its key was {said.key}")
        if said.live_revision != study.live_revision:
            yield Difference(place, f"live revision is {study.live_revision}, the ledger says {said.live_revision}")
    yield from _verify_revisions(place, study, revisions, said)
    shown = next((r for r in revisions if r.number == (study.live_revision or study.newest_revision)), None)
    if shown is None:
        yield Difference(place, f"revision {study.live_revision or study.newest_revision} is missing")
        return
    try:
        document = StudyDocument.model_validate_json(shown.document)
    except ValidationError:
        yield Difference(f"{place}, revision {shown.number}", "its document is no study document")
        return
    yield from guarded(place, _verify_projection(session, place, study, document))


def _facts_differ(place: str, row: SQLModel, said: StudyState | RevisionState, names: tuple[str, ...]) -> Iterator[Difference]:
    for name in names:
        stored, told = getattr(row, name), getattr(said, name)
        stored = utc_text(stored) if isinstance(stored, datetime) else stored
        if stored != told:
            yield Difference(place, f"{name} is {stored}, the ledger says {told}")


def _verify_revisions(place: str, study: Study, revisions: list[StudyRevision], said: StudyState | None) -> Iterator[Difference]:
    pinned = said.revisions if said is not None else {}
    for row in revisions:
        here = f"{place}, revision {row.number}"
        if row.number in pinned:
            yield from guarded(here, _verify_revision(here, row, pinned[row.number]))
        else:
            yield Difference(here, "is in no ledger entry")
        if (row.status == RevisionStatus.ACCEPTED) != (row.number == study.live_revision):
            yield Difference(here, f"is {row.status}, and the live revision is {study.live_revision}")
    for number in sorted(pinned.keys() - {row.number for row in revisions}):
        yield Difference(f"{place}, revision {number}", "is in the ledger and not in its table")


def _verify_revision(place: str, row: StudyRevision, said: RevisionState) -> Iterator[Difference]:
    if said.document_sha256 != hash_of(row.document):
        yield Difference(place, "its document is not the one the ledger pinned")
    if said.revision_sha256 != revision_pin(row):
        yield Difference(place, "its base, its reason or its making is not the one the ledger pinned")
    if said.withdrawal_sha256 != withdrawal_pin(row):
        yield Difference(place, "why it was withdrawn is not what the ledger pinned")
    yield from _facts_differ(place, row, said, REVISION_FACTS)


def _verify_reviews(session: Session, state: LedgerState) -> Iterator[Difference]:
    """Every review is the one its ledger entry pinned; none is missing and none was added."""
    pinned = {review: sha256 for study in state.studies.values() for review, sha256 in study.reviews.items()}
    stored = set(session.execute(select(col(Review.id))).scalars())
    for review_id in sorted(stored & pinned.keys()):
        yield from guarded(f"review {review_id}", _verify_review(session, review_id, pinned[review_id]))
    for review_id in sorted(stored - pinned.keys()):
        yield Difference(f"review {review_id}", "is in no ledger entry")
    for review_id in sorted(pinned.keys() - stored):
        yield Difference(f"review {review_id}", "is in the ledger and not in its table")


def _verify_review(session: Session, review_id: str, sha256: str) -> Iterator[Difference]:
    if pin_of(members_of(session.get_one(Review, review_id))) != sha256:
        yield Difference(f"review {review_id}", "is not the one the ledger pinned")


def _verify_projection(session: Session, place: str, study: Study, document: StudyDocument) -> Iterator[Difference]:
    expected = study_columns(document)
    if study.status in (StudyStatus.REJECTED, StudyStatus.WITHDRAWN):
        expected |= dict.fromkeys(("doi", "pmid", "pmcid"))
    for name, value in expected.items():
        if getattr(study, name) != value:
            yield Difference(f"{place}, column {name}", f"is {getattr(study, name)!r}, its document says {value!r}")
    # a draft has no rows, and may name studies that do not exist
    try:
        projected = projected_rows(session, study.id, document) if study.live_revision is not None else {}
    except KeyError as error:
        yield Difference(place, f"names {error}, and no study has that key")
        return
    for table in PROJECTED_TABLES:
        stored = _stored_rows(session, table, study.id)
        if _sorted_rows(projected.get(table, [])) != _sorted_rows(stored):
            yield Difference(f"{place}, table {table.__tablename__}", "its rows are not those of the accepted document")
    if study.live_revision is not None:
        yield from verify_entry(session, "study", study.id, document.title, words_of_study(session, document))


def _stored_rows(session: Session, table: type[SQLModel], study_id: str) -> list[dict[str, Any]]:
    owner = table.__table__.c["review_id" if table.__tablename__ == "included_study" else "study_id"]  # type: ignore[attr-defined]
    return [members_of(row) for row in session.execute(select(table).where(owner == study_id)).scalars()]


def _sorted_rows(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
