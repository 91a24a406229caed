"""Many drafts at once: the same rows and ledger entries that `create_study` makes for one, in few statements.

What can be worked out beforehand is (`prepare_draft`), so that the writer's place is held only while rows are written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.actions import ledger
from app.actions.projection import study_columns
from app.actions.revision_pins import revision_pin
from app.actions.studies import document_text, revision_entry
from app.actions.study_keys import free_keys, key_stem
from app.actor import Actor
from app.identifiers import uuid7
from app.models import Study, StudyRevision
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus, StudyStatus

BATCH = 1000


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft before it is written: its future id, the beginning of its key, its text, its columns."""

    id: str
    stem: str
    text: str
    columns: dict[str, Any]


def prepare_draft(document: StudyDocument, *, draft_id: str | None = None) -> PreparedDraft:
    return PreparedDraft(draft_id or str(uuid7()), key_stem(document), document_text(document), study_columns(document))


def write_drafts(session: Session, stems: Sequence[str], drafts: Iterable[PreparedDraft], *, by: Actor, moment: datetime) -> None:
    """Write them all, few at a time: they may be made one after another, so that only their stems need be known beforehand.

    The caller has seen to it that they name only records that exist, and are no duplicates.
    """
    keys, waiting = free_keys(session, stems), iter(drafts)
    pins: list[tuple[str, str]] = []
    while batch := list(islice(waiting, BATCH)):
        session.execute(insert(Study), [_study_row(draft, next(keys), by, moment) for draft in batch])
        revisions = [_revision_row(draft, by, moment) for draft in batch]
        session.execute(insert(StudyRevision), revisions)
        pins += [(draft.id, revision_pin(StudyRevision(**row))) for draft, row in zip(batch, revisions, strict=True)]
    ledger.append_all(session, _entries(pins, moment), by=by)


def _study_row(draft: PreparedDraft, key: str, by: Actor, moment: datetime) -> dict[str, Any]:
    return {
        **draft.columns,
        "id": draft.id,
        "key": key,
        "status": StudyStatus.DRAFT.value,
        "newest_revision": 1,
        "created_at": moment,
        "created_by": by.id,
        "updated_at": moment,
    }


def _revision_row(draft: PreparedDraft, by: Actor, moment: datetime) -> dict[str, Any]:
    return {
        "study_id": draft.id,
        "number": 1,
        "status": RevisionStatus.DRAFT.value,
        "document": draft.text,
        "salt": ledger.new_salt(),
        "created_at": moment,
        "created_by": by.id,
    }


def _entries(pins: Iterable[tuple[str, str]], moment: datetime) -> Iterator[ledger.Entry]:
    for study, pin in pins:
        yield revision_entry("study.created", "Added", study=study, public=None, number=1, pin=pin, moment=moment)
