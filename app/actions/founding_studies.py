"""Accepted studies by the thousand: the rows and ledger entries that adding, submitting and accepting give one by one, in few statements.

For the founding data of a ledger alone, whoever gathered them: nobody reviews them here. The ratings are the caller's, as they are of
`make_live`: whoever writes studies computes the ratings of their pairs in the same transaction.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from app.actions import ledger
from app.actions.projection import projected_rows, study_columns
from app.actions.revision_pins import revision_pin
from app.actions.search_index import SearchNames, load_search_names, study_words, words_text
from app.actions.studies import (
    document_text,
    refuse_contradictions,
    refuse_second_registration,
    refuse_taken_identifiers,
    refuse_unknown,
    revision_entry,
)
from app.actor import Actor
from app.models import SearchEntry, Study, StudyRevision
from app.models.base import utc_now
from app.queries.pair_inputs import Pair, pairs_of
from app.queries.vocabulary_check import KnownSlugs
from app.schemas.study import StudyDocument, conditions_of
from app.vocabulary import PublicationStatus, RevisionStatus, StudyStatus

BATCH = 1000
STEP = timedelta(microseconds=1)
"""Between adding, submitting and accepting, so that a history tells which came first."""


@dataclass(frozen=True, slots=True)
class FoundingStudy:
    """A study to be: its future id and key, and its document."""

    id: str
    key: str
    document: StudyDocument


@dataclass(slots=True)
class _Batch:
    """What is written of some studies, table by table, and told of them."""

    studies: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)


def write_founding_studies(session: Session, studies: Iterable[FoundingStudy], *, by: Actor, known: KnownSlugs) -> set[Pair]:
    """Write them all, a batch at a time, and return the ratings they touch. A study stands behind those it names, or in their batch."""
    names, touched, waiting = load_search_names(session), set[Pair](), iter(studies)
    while batch := list(islice(waiting, BATCH)):
        touched |= _write_batch(session, batch, names, by=by, known=known)
    return touched


def _write_batch(session: Session, batch: list[FoundingStudy], names: SearchNames, *, by: Actor, known: KnownSlugs) -> set[Pair]:
    for study in batch:
        refuse_unknown(study.document, known)
    refuse_taken_identifiers(session, [(study.key, study.document) for study in batch])
    moment = utc_now()
    rows = _rows_of(batch, by, moment)
    session.execute(insert(Study), rows.studies)
    session.execute(insert(StudyRevision), rows.revisions)
    for study in batch:
        refuse_second_registration(session, study.document, but=study.id)
        refuse_contradictions(session, study.document, known, by=by)
    for table, projected in _projected(session, batch).items():
        session.execute(insert(table), projected)
    session.execute(insert(SearchEntry), [_search_row(study, names) for study in batch])
    ledger.append_all(session, _entries(batch, rows, moment), by=by)
    return {pair for study in batch for pair in pairs_of(study.document)}


def _rows_of(batch: Iterable[FoundingStudy], by: Actor, moment: datetime) -> _Batch:
    rows = _Batch()
    for study in batch:
        revision = _revision_row(study, by, moment)
        rows.studies.append(_study_row(study, by, moment))
        rows.revisions.append(revision)
        rows.pins.append(revision_pin(StudyRevision(**revision)))
    return rows


def _study_row(study: FoundingStudy, by: Actor, moment: datetime) -> dict[str, Any]:
    return {
        **study_columns(study.document),
        "id": study.id,
        "key": study.key,
        "status": _status(study.document).value,
        "live_revision": 1,
        "newest_revision": 1,
        "created_at": moment,
        "created_by": by.id,
        "updated_at": moment + 2 * STEP,
    }


def _status(document: StudyDocument) -> StudyStatus:
    return StudyStatus.RETRACTED if document.publication_status is PublicationStatus.RETRACTED else StudyStatus.ACCEPTED


def _revision_row(study: FoundingStudy, by: Actor, moment: datetime) -> dict[str, Any]:
    moments = {"created_at": moment, "submitted_at": moment + STEP, "decided_at": moment + 2 * STEP}
    made = moments | dict.fromkeys(("created_by", "submitted_by", "decided_by"), by.id)
    return {
        "study_id": study.id,
        "number": 1,
        "status": RevisionStatus.ACCEPTED.value,
        "document": document_text(study.document),
        "salt": ledger.new_salt(),
        **made,
    }


def _projected(session: Session, batch: Collection[FoundingStudy]) -> Mapping[type[SQLModel], list[dict[str, Any]]]:
    """Table to the rows of all studies of the batch; tables without any are left out."""
    projected: dict[type[SQLModel], list[dict[str, Any]]] = {}
    for study in batch:
        for table, rows in projected_rows(session, study.id, study.document).items():
            if rows:
                projected.setdefault(table, []).extend(rows)
    return projected


def _search_row(study: FoundingStudy, names: SearchNames) -> dict[str, Any]:
    words = words_text([*study_words(study.document), *names.of_study(study.document)])
    return {"kind": "study", "reference": study.id, "title": study.document.title, "words": words}


def _entries(batch: Collection[FoundingStudy], rows: _Batch, begun: datetime) -> Iterator[ledger.Entry]:
    for action, summary, moment in (("study.created", "Added", begun), ("study.submitted", "Revision 1 submitted", begun + STEP)):
        for study, pin in zip(batch, rows.pins, strict=True):
            yield revision_entry(action, summary, study=study.id, public=None, number=1, pin=pin, moment=moment)
    for study, pin, revision in zip(batch, rows.pins, rows.revisions, strict=True):
        touches = [f"condition:{slug}" for slug in sorted(conditions_of(study.document))]
        details: dict[str, object] = {"document_sha256": ledger.hash_of(revision["document"]), "reason": None}
        if _status(study.document) is StudyStatus.RETRACTED:
            details["study_status"] = StudyStatus.RETRACTED
        public = (study.key, study.document.title)
        summary, moment = "Revision 1 accepted", begun + 2 * STEP
        yield revision_entry(
            "study.accepted", summary, study=study.id, public=public, number=1, pin=pin, moment=moment, touches=touches, **details
        )
