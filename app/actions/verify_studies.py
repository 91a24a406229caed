"""Are the studies, their revisions, their reviews and the rows projected from them what the ledger pinned?"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from app.actions.ledger import hash_of, members_of
from app.actions.ledger_state import Difference, LedgerState, ReviewState, RevisionState, StudyState, guarded
from app.actions.projection import CHILD_TABLES, projected_rows, study_columns
from app.actions.revision_pins import plain_review_sha256, plain_revision_sha256, review_pin, revision_pin
from app.actions.search_index import words_of_study
from app.actions.verify_rows import Rows, as_told, batches, identifiers, verify_table
from app.actions.verify_search import verify_entry
from app.models import IncludedStudy, Review, Study, StudyRevision
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus, StudyStatus

PROJECTED_TABLES: tuple[type[SQLModel], ...] = (*CHILD_TABLES, IncludedStudy)
STUDY_FACTS = ("status", "newest_revision", "created_by", "created_at", "updated_at")
REVISION_FACTS = ("status", "created_by", "created_at", "submitted_by", "submitted_at", "decided_by", "decided_at")


def verify_studies(session: Session, state: LedgerState) -> Iterator[Difference]:
    stored = identifiers(session, Study)
    for part in batches(stored):
        loaded = _Loaded(session, part)
        for study_id in part:
            yield from guarded(f"study {study_id}", _verify_study(session, study_id, loaded, state))
    for study_id in sorted(state.studies.keys() - set(stored)):
        yield Difference(f"study {study_id}", "is in the ledger and not in its table")
    reviews = {review: said for study in state.studies.values() for review, said in study.reviews.items()}
    yield from verify_table(session, Review, "review", reviews, _verify_review)


class _Loaded:
    """What is stored of some studies."""

    def __init__(self, session: Session, study_ids: Sequence[str]) -> None:
        self.studies = Rows(session, Study, "id", study_ids)
        self.revisions = Rows(session, StudyRevision, "study_id", study_ids)
        self.projected = {table: Rows(session, table, _owner(table), study_ids) for table in PROJECTED_TABLES}


def _owner(table: type[SQLModel]) -> str:
    return "review_id" if table is IncludedStudy else "study_id"


def _verify_study(session: Session, study_id: str, loaded: _Loaded, state: LedgerState) -> Iterator[Difference]:
    study: Study = loaded.studies.of(study_id)[0]
    revisions: list[StudyRevision] = loaded.revisions.of(study_id)
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
    yield from guarded(place, _verify_projection(session, place, study, document, loaded))


def _facts_differ(place: str, row: SQLModel, said: StudyState | RevisionState, names: tuple[str, ...]) -> Iterator[Difference]:
    for name in names:
        stored, told = getattr(row, name), getattr(said, name)
        if as_told(stored) != told:
            yield Difference(place, f"{name} is {as_told(stored)}, the ledger says {told}")


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
    if said.document_sha256 not in (None, hash_of(row.document)):
        yield Difference(place, "its document is not the one the ledger pinned")
    if said.pin is None and row.salt is not None:
        yield Difference(place, "has a salt, and no ledger entry rests on it")
    if said.pin != (None if said.pin is None else revision_pin(row)):
        yield Difference(place, "its document, its base, its reason, its making or why it was withdrawn is not the one the ledger pinned")
    if said.revision_sha256 not in (None, plain_revision_sha256(row)):
        yield Difference(place, "its base, its reason or its making is not the one the ledger pinned")
    yield from _facts_differ(place, row, said, REVISION_FACTS)


def _verify_review(place: str, row: Review, said: ReviewState) -> Iterator[Difference]:
    if (review_pin(row) if said.pin is not None else plain_review_sha256(row)) != (said.pin or said.review_sha256):
        yield Difference(place, "is not the one the ledger pinned")
    if said.pin is None and row.salt is not None:
        yield Difference(place, "has a salt, and no ledger entry rests on it")


def _verify_projection(session: Session, place: str, study: Study, document: StudyDocument, loaded: _Loaded) -> Iterator[Difference]:
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
        stored = [members_of(row) for row in loaded.projected[table].of(study.id)]
        if _sorted_rows(projected.get(table, [])) != _sorted_rows(stored):
            yield Difference(f"{place}, table {table.__tablename__}", "its rows are not those of the accepted document")
    if study.live_revision is not None:
        yield from verify_entry(session, "study", study.id, document.title, words_of_study(session, document))


def _sorted_rows(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
