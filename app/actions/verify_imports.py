"""Are the imports, what people decided about them and what was made of them as the ledger says?"""

from collections.abc import Iterator
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.import_ledger import ImportState, made_pin, reason_sha256
from app.actions.imports import import_pin
from app.actions.ledger import hash_of, utc_text
from app.actions.ledger_state import Difference, LedgerState
from app.actions.verify_rows import verify_table
from app.models import ImportRecord, ReferenceImport
from app.vocabulary import ImportDecision


def verify_imports(session: Session, state: LedgerState) -> Iterator[Difference]:
    yield from verify_table(session, ReferenceImport, "import", state.imports.imports, partial(_verify_import, session))


def _verify_import(session: Session, place: str, row: ReferenceImport, said: ImportState) -> Iterator[Difference]:
    if import_pin(row) != said.pin:
        yield Difference(place, "is not the one the ledger pinned")
    yield from _verify_decisions(session, place, row.id, said)
    for sequence, pin in said.commits.items():
        if made_pin(row.salt, _made(session, row.id, sequence)) != pin:
            yield Difference(f"{place}, commit {sequence}", "the records of which drafts were made are not those the ledger pinned")
    of_import = (col(ImportRecord.import_id) == row.id, col(ImportRecord.study_id).is_not(None))
    commits = session.execute(select(col(ImportRecord.commit_sequence)).where(*of_import).distinct()).scalars().all()
    if not set(commits) <= said.commits.keys():
        yield Difference(place, "names drafts that no commit in the ledger made")


def _verify_decisions(session: Session, place: str, import_id: str, said: ImportState) -> Iterator[Difference]:
    decided = (col(ImportRecord.import_id) == import_id, col(ImportRecord.decided_by).is_not(None))
    holds = {}
    for record in session.execute(select(ImportRecord).where(*decided)).scalars():
        reason = reason_sha256(record.reason, record.reason_salt)
        moment = utc_text(record.decided_at) if record.decided_at is not None else None
        holds[record.number] = (record.decision, record.decided_study, record.decided_record, reason, record.decided_by, moment)
    for number in sorted(holds.keys() | said.decisions.keys()):
        if holds.get(number) != said.decisions.get(number):
            yield Difference(f"{place}, record {number}", "the decision about it is not the one in the ledger")
    unsaid = (col(ImportRecord.decision) != ImportDecision.UNDECIDED, col(ImportRecord.decided_by).is_(None))
    for number in session.execute(select(col(ImportRecord.number)).where(col(ImportRecord.import_id) == import_id, *unsaid)).scalars():
        yield Difference(f"{place}, record {number}", "is decided, and by nobody")


def _made(session: Session, import_id: str, sequence: int) -> Iterator[tuple[int, str, str]]:
    columns = (col(ImportRecord.number), col(ImportRecord.study_id), col(ImportRecord.document))
    of_commit = (col(ImportRecord.import_id) == import_id, col(ImportRecord.commit_sequence) == sequence)
    rows = select(*columns).where(*of_commit).order_by(col(ImportRecord.number)).execution_options(yield_per=1000)
    for number, study, text in session.execute(rows):
        yield number, str(study), hash_of(text or "")
