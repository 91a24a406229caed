"""Are the extractions and the adjudications those that the ledger pinned, and did each adjudication give the revision it names?"""

from collections.abc import Iterator
from functools import partial

from sqlalchemy.orm import Session

from app.actions.extractions import row_pin
from app.actions.ledger import hash_of
from app.actions.ledger_state import PINNED, Difference, LedgerState
from app.actions.verify_rows import verify_table
from app.models import Adjudication, DoubleExtraction, StudyExtraction, StudyRevision

PinnedRow = DoubleExtraction | StudyExtraction | Adjudication
TABLES: dict[str, type[PinnedRow]] = dict(zip(PINNED, (StudyExtraction, DoubleExtraction, Adjudication), strict=True))


def verify_extractions(session: Session, state: LedgerState) -> Iterator[Difference]:
    for name, table in TABLES.items():
        yield from verify_table(session, table, name, state.pins[name], partial(_verify_row, session))


def _verify_row(session: Session, place: str, row: PinnedRow, pinned: str) -> Iterator[Difference]:
    if row_pin(row) != pinned:
        yield Difference(place, "is not the one the ledger pinned")
    if isinstance(row, Adjudication):
        revision = session.get(StudyRevision, (row.study_id, row.revision))
        if revision is None or hash_of(revision.document) != row.document_sha256:
            yield Difference(place, f"revision {row.revision} is not the document that came of it")
