"""Many drafts at once: the same rows and ledger entries that `create_study` makes for one, in few statements.

What can be worked out beforehand is (`prepare_draft`), so that the writer's place is held only while rows are written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.projection import study_columns
from app.actions.studies import document_text, key_stem, revision_pin
from app.actor import Actor
from app.identifiers import uuid7
from app.models import Study, StudyRevision
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus, StudyStatus

BATCH = 1000
MAX_PARAMETERS = 500


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft before it is written: its future id, the beginning of its key, its text, its columns."""

    id: str
    stem: str
    text: str
    columns: dict[str, Any]


def prepare_draft(document: StudyDocument, *, draft_id: str | None = None) -> PreparedDraft:
    return PreparedDraft(draft_id or str(uuid7()), key_stem(document), document_text(document), study_columns(document))


def create_drafts(session: Session, drafts: Sequence[PreparedDraft], *, by: Actor, moment: datetime) -> None:
    """Write them all. The caller has seen to it that they name only records that exist, and are no duplicates."""
    write_drafts(session, [draft.stem for draft in drafts], drafts, by=by, moment=moment)


def write_drafts(session: Session, stems: Sequence[str], drafts: Iterable[PreparedDraft], *, by: Actor, moment: datetime) -> None:
    """The same for drafts that are made one after another, of which only the stems are known beforehand: few are held at a time."""
    keys, waiting = _free_keys(session, stems), iter(drafts)
    written: list[tuple[str, str]] = []
    while batch := list(islice(waiting, BATCH)):
        rows = [_study_row(draft, key, by, moment) for draft, key in zip(batch, islice(keys, len(batch)), strict=True)]
        session.execute(insert(Study), rows)
        session.execute(insert(StudyRevision), [_revision_row(draft, by, moment) for draft in batch])
        written += [(draft.id, ledger.hash_of(draft.text)) for draft in batch]
    ledger.append_all(session, _entries(written, by, moment), by=by)


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
        "created_at": moment,
        "created_by": by.id,
    }


def _entries(written: Iterable[tuple[str, str]], by: Actor, moment: datetime) -> Iterator[ledger.Entry]:
    pin = revision_pin(StudyRevision(study_id="", number=1, status="", document="", created_at=moment, created_by=by.id))
    for study, sha256 in written:
        details = {"revision": 1, "document_sha256": sha256, "revision_sha256": pin}
        yield ledger.Entry("study.created", f"study:{study}", "Added: a record not accepted yet", details=details, moment=moment)


def _free_keys(session: Session, stems: Sequence[str]) -> Iterator[str]:
    """A key for each, in their order: the stem, or the first number behind it that is free."""
    taken = _taken_keys(session, set(stems))
    numbers: Counter[str] = Counter()
    for stem in stems:
        key = stem
        while key in taken:
            numbers[stem] = max(numbers[stem] + 1, 2)
            key = f"{stem}-{numbers[stem]}"
        taken.add(key)
        yield key


def _taken_keys(session: Session, stems: set[str]) -> set[str]:
    """The keys that are one of the stems, and for these what stands behind them."""
    taken: set[str] = set()
    listed = sorted(stems)
    for start in range(0, len(listed), MAX_PARAMETERS):
        some = listed[start : start + MAX_PARAMETERS]
        taken.update(session.execute(select(col(Study.key)).where(col(Study.key).in_(some))).scalars())
    for stem in sorted(taken):
        behind = select(col(Study.key)).where(col(Study.key) > f"{stem}-", col(Study.key) < f"{stem}.")  # `.` follows `-` in ASCII
        taken.update(session.execute(behind).scalars())
    return taken
