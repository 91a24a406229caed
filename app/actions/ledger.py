"""The ledger: append-only, numbered without gaps, each entry holding the hash of the one before.

An entry's hash is SHA-256 over its `content`, a canonical JSON text that holds everything the entry says, the hash of
the entry before it included. Whoever changes, drops or reorders an entry breaks the chain from there on.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actor import Actor
from app.models import Change, ChangeSubject
from app.models.base import utc_now

GENESIS_HASH = "0" * 64
"""What the first entry names as the hash before it."""
SALT_BYTES = 32
CHANNEL = "evidence_ledger"
"""On which PostgreSQL tells that the ledger has moved (`app/workers/ledger_follower.py`)."""
WOKEN = "followers_woken"
BATCH = 1000
"""Rows that one statement writes."""


def canonical_json(value: Any) -> str:
    """One text for one value: sorted members, no spaces, UTF-8 kept, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(content: str) -> str:
    """SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def utc_text(moment: datetime) -> str:
    """How an entry writes a moment: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def members_of(row: SQLModel) -> dict[str, Any]:
    """Every column of a stored row, whatever stands in it; `model_dump` would warn of a value of the wrong type."""
    return {name: getattr(row, name) for name in type(row).model_fields}


def pin_of(members: Mapping[str, Any]) -> str:
    """SHA-256 over the members of a row: an entry that names it pins the row without saying what is in it."""
    return hash_of(canonical_json({name: utc_text(value) if isinstance(value, datetime) else value for name, value in members.items()}))


def new_salt() -> str:
    """A random text for the pin of a row that is not public, kept in the row: without it nobody can try out what the row may hold."""
    return secrets.token_hex(SALT_BYTES)


def append(
    session: Session,
    *,
    by: Actor,
    action: str,
    subject: str,
    summary: str,
    touches: Iterable[str] = (),
    details: Mapping[str, Any] | None = None,
    moment: datetime | None = None,
) -> Change:
    """Add one entry within the caller's transaction, which holds the writer's place already."""
    return append_entry(session, Entry(action, subject, summary, touches=tuple(touches), details=details or {}, moment=moment), by=by)


def append_entry(session: Session, entry: "Entry", *, by: Actor) -> Change:
    """The same of an entry that is made already."""
    sequence, previous_hash = tail_of(session)
    row, subjects = _rows_of(entry, by, sequence + 1, previous_hash)
    _wake_followers(session)
    change = Change(**row)
    session.add(change)
    session.flush()
    session.add_all(ChangeSubject(**one) for one in subjects)
    return change


@dataclass(frozen=True, slots=True)
class Entry:
    """What one act says of itself; without a moment it was now."""

    action: str
    subject: str
    summary: str
    touches: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    moment: datetime | None = None


def append_all(session: Session, entries: Iterable[Entry], *, by: Actor) -> None:
    """Add many entries of one actor within the caller's transaction, in few statements."""
    session.flush()
    _wake_followers(session)
    sequence, previous_hash = tail_of(session)
    waiting = iter(entries)
    while batch := list(islice(waiting, BATCH)):
        changes, subjects = [], []
        for entry in batch:
            sequence += 1
            row, touched = _rows_of(entry, by, sequence, previous_hash)
            previous_hash = row["hash"]
            changes.append(row)
            subjects += touched
        session.execute(insert(Change), changes)
        session.execute(insert(ChangeSubject), subjects)


def tail_of(session: Session) -> tuple[int, str]:
    """Sequence and hash of the newest entry."""
    newest = session.execute(select(col(Change.sequence), col(Change.hash)).order_by(col(Change.sequence).desc()).limit(1)).first()
    return (newest[0], newest[1]) if newest is not None else (0, GENESIS_HASH)


def _wake_followers(session: Session) -> None:
    """PostgreSQL tells all who listen when the transaction commits, once for all its entries."""
    if session.get_bind().dialect.name == "postgresql" and not session.info.get(WOKEN):
        session.execute(select(func.pg_notify(CHANNEL, "")))
        session.info[WOKEN] = True


def _rows_of(entry: Entry, by: Actor, sequence: int, previous_hash: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of `change` and those of `change_subject`."""
    moment = entry.moment or utc_now()
    subjects = sorted({entry.subject, *entry.touches})
    content = canonical_json(
        {
            "sequence": sequence,
            "occurred_at": utc_text(moment),
            "actor": {"id": by.id, "name": by.name, "role": by.role, "orcid": by.orcid},
            "action": entry.action,
            "subject": entry.subject,
            "subjects": subjects,
            "summary": entry.summary,
            "details": entry.details,
            "previous_hash": previous_hash,
        }
    )
    row = {
        "sequence": sequence,
        "occurred_at": moment,
        "actor": by.id,
        "action": entry.action,
        "subject": entry.subject,
        "summary": entry.summary,
        "content": content,
        "previous_hash": previous_hash,
        "hash": hash_of(content),
    }
    return row, [{"subject": name, "sequence": sequence} for name in subjects]
