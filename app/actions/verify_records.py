"""Are the reference records and the keys what the newest ledger entries about them say?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger import hash_of, members_of, utc_text
from app.actions.ledger_state import Difference, LedgerState, guarded
from app.actions.reference_records import KINDS, RecordKind, intervention_part_rows, read_condition_outcomes, record_entry
from app.actions.verify_search import verify_entry
from app.models import ApiKey
from app.schemas.reference import InterventionRecord

WEIGHTS = "condition-outcomes:all"


def verify_records(session: Session, state: LedgerState) -> Iterator[Difference]:
    seen = {WEIGHTS}
    for kind in KINDS.values():
        key_column = kind.table.__table__.c[kind.key]  # type: ignore[attr-defined]
        for key in session.execute(select(key_column).order_by(key_column)).scalars().all():
            subject = f"{kind.name}:{key}"
            seen.add(subject)
            if subject in state.records:
                yield from guarded(subject, _verify_record(session, kind, key, state))
            else:
                yield Difference(subject, "is in no ledger entry")
    weights = state.records.get(WEIGHTS, [])
    if read_condition_outcomes(session) != sorted((c, o, i) for c, o, i in weights):
        yield Difference(WEIGHTS, "differ from the newest ledger entry about them")
    for subject in sorted(set(state.records) - seen):
        yield Difference(subject, "is in the ledger and not in its table")


def _verify_record(session: Session, kind: RecordKind, key: str, state: LedgerState) -> Iterator[Difference]:
    """Every column of the row, the rows of its parts, and the words by which it is found."""
    subject = f"{kind.name}:{key}"
    said = dict(state.records[subject])
    kept = {"version": state.versions[subject]} | ({"position": said.pop("position")} if "position" in kind.table.model_fields else {})
    record = kind.shape.model_validate(said)
    entry = record_entry(record)
    if entry is not None:
        yield from verify_entry(session, kind.name, key, *entry)
    row = session.get_one(kind.table, key)
    for name, value in (kind.columns(record) | kept).items():
        if getattr(row, name) != value:
            yield Difference(f"{subject}, column {name}", "differs from the newest ledger entry about it")
    if isinstance(record, InterventionRecord):
        yield from _verify_parts(session, subject, record)


def _verify_parts(session: Session, subject: str, record: InterventionRecord) -> Iterator[Difference]:
    for table, rows in intervention_part_rows(record).items():
        mine: Any = select(table).where(table.intervention == record.slug).order_by(table.position)  # type: ignore[attr-defined]
        if [members_of(row) for row in session.execute(mine).scalars()] != rows:
            yield Difference(f"{subject}, table {table.__tablename__}", "differs from the newest ledger entry about it")


def verify_keys(session: Session, state: LedgerState) -> Iterator[Difference]:
    """Who may do what, and who was shut out, is as the ledger says."""
    stored = set(session.execute(select(col(ApiKey.prefix))).scalars())
    for prefix in sorted(stored | state.keys.keys()):
        yield from guarded(f"key {prefix}", _verify_key(session, prefix, state))


def _verify_key(session: Session, prefix: str, state: LedgerState) -> Iterator[Difference]:
    row = session.get(ApiKey, prefix)
    holds = None
    if row is not None:
        holds = {
            "name": row.name,
            "role": row.role,
            "orcid": row.orcid,
            "hash_sha256": hash_of(row.hash),
            "previous_hash_sha256": hash_of(row.previous_hash) if row.previous_hash is not None else None,
            "version": row.version,
            **{name: _text(getattr(row, name)) for name in ("created_at", "expires_at", "previous_valid_until", "revoked_at")},
        }
    if holds != state.keys.get(prefix):
        yield Difference(f"key {prefix}", "is not as the ledger says")


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
