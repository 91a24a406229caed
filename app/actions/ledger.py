"""The ledger: append-only, numbered without gaps, each entry holding the hash of the one before.

An entry's hash is SHA-256 over its `content`, a canonical JSON text that holds everything the entry says, the hash of
the entry before it included. Whoever changes, drops or reorders an entry breaks the chain from there on.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actor import Actor
from app.models import Change, ChangeSubject
from app.models.base import utc_now

GENESIS_HASH = "0" * 64
"""What the first entry names as the hash before it."""


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
    previous = session.execute(select(col(Change.sequence), col(Change.hash)).order_by(col(Change.sequence).desc()).limit(1)).first()
    sequence, previous_hash = (previous[0] + 1, previous[1]) if previous is not None else (1, GENESIS_HASH)
    occurred_at = moment or utc_now()
    subjects = sorted({subject, *touches})
    content = canonical_json(
        {
            "sequence": sequence,
            "occurred_at": utc_text(occurred_at),
            "actor": {"id": by.id, "name": by.name, "role": by.role, "orcid": by.orcid},
            "action": action,
            "subject": subject,
            "subjects": subjects,
            "summary": summary,
            "details": details or {},
            "previous_hash": previous_hash,
        }
    )
    change = Change(
        sequence=sequence,
        occurred_at=occurred_at,
        actor=by.id,
        action=action,
        subject=subject,
        summary=summary,
        content=content,
        previous_hash=previous_hash,
        hash=hash_of(content),
    )
    session.add(change)
    session.flush()
    session.add_all(ChangeSubject(subject=name, sequence=sequence) for name in subjects)
    return change
