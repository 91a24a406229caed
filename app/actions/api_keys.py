"""API keys: 256 random bits, shown once, stored as SHA-256, named by a public prefix."""

import hashlib
import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actor import MAINTENANCE, Actor
from app.errors import Conflict, FieldProblem, InvalidBody, InvalidKey, NotFound
from app.models import ApiKey
from app.models.base import utc_now
from app.vocabulary import Role

KEY_PREFIX = "el"
SECRET_BYTES = 32
NAME_LENGTH = 100


def create_key(session: Session, *, name: str, role: Role, orcid: str | None = None, by: Actor = MAINTENANCE) -> str:
    """Make a key and return its text, which is stored nowhere."""
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidBody("a key needs a name", errors=[FieldProblem("/name", f"1 to {NAME_LENGTH} characters")])
    if session.execute(select(ApiKey).where(col(ApiKey.name) == name)).scalar_one_or_none() is not None:
        raise Conflict(f"a key named {name!r} exists", errors=[FieldProblem("/name", "is the name of another key")])
    prefix = f"{KEY_PREFIX}_{secrets.token_hex(4)}"
    text = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey(prefix=prefix, name=name, role=role, hash=_hash(text), orcid=orcid, created_at=utc_now())
    session.add(key)
    session.flush()
    ledger.append(
        session,
        by=by,
        action="key.created",
        subject=f"key:{prefix}",
        summary=f"Key {prefix} ({role})",
        details={"name": name, "role": role, "orcid": orcid, "hash_sha256": ledger.hash_of(key.hash)},
        moment=key.created_at,
    )
    return text


def revoke_key(session: Session, prefix: str, *, by: Actor = MAINTENANCE) -> ApiKey:
    """Revoke a key for good; revoking it again changes nothing."""
    key = session.get(ApiKey, prefix)
    if key is None:
        raise NotFound(f"no key has the prefix {prefix!r}")
    if key.revoked_at is None:
        key.revoked_at = utc_now()
        ledger.append(
            session,
            by=by,
            action="key.revoked",
            subject=f"key:{prefix}",
            summary=f"Key {prefix} revoked",
            details={"name": key.name},
            moment=key.revoked_at,
        )
    return key


def authenticate(session: Session, text: str) -> Actor:
    """The holder of a key; refused when it is unknown or revoked, without saying which."""
    prefix = "_".join(text.split("_")[:2])
    key = session.get(ApiKey, prefix)
    stored = key.hash if key is not None else _hash("")
    if not hmac.compare_digest(stored, _hash(text)) or key is None or key.revoked_at is not None:
        raise InvalidKey()
    return Actor(key.prefix, key.name, Role(key.role), key.orcid)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
