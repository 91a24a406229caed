"""Are the extractions and the adjudications those that the ledger pinned, and did each adjudication give the revision it names?"""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.ledger import hash_of, members_of, pin_of
from app.actions.ledger_state import Difference, LedgerState, guarded
from app.models import Adjudication, DoubleExtraction, StudyExtraction, StudyRevision

PINNED_TABLES: dict[str, type[DoubleExtraction] | type[StudyExtraction] | type[Adjudication]] = {
    "double-extraction": DoubleExtraction,
    "extraction": StudyExtraction,
    "adjudication": Adjudication,
}
"""What stands before the identifier in the subject of an entry, and the table that the identifier is of."""


def verify_extractions(session: Session, state: LedgerState) -> Iterator[Difference]:
    seen = set()
    for name, table in PINNED_TABLES.items():
        for row_id in session.execute(select(col(table.id)).order_by(col(table.id))).scalars().all():
            subject = f"{name}:{row_id}"
            seen.add(subject)
            yield from guarded(subject, _verify_row(session, table, row_id, subject, state.pins.get(subject)))
    for subject in sorted(state.pins.keys() - seen):
        yield Difference(subject, "is in the ledger and not in its table")


def _verify_row(session: Session, table: type[SQLModel], row_id: str, subject: str, pinned: str | None) -> Iterator[Difference]:
    row = session.get_one(table, row_id)
    if pinned is None:
        yield Difference(subject, "is in no ledger entry")
    elif pin_of(members_of(row)) != pinned:
        yield Difference(subject, "is not the one the ledger pinned")
    if isinstance(row, Adjudication):
        revision = session.get(StudyRevision, (row.study_id, row.revision))
        if revision is None or hash_of(revision.document) != row.document_sha256:
            yield Difference(subject, f"revision {row.revision} is not the document that came of it")
