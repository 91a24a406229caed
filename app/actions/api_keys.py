"""API keys: 256 random bits, shown once, stored as SHA-256, named by a public prefix that stays theirs for good."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.key_names import checked_name
from app.actor import MAINTENANCE, Actor
from app.errors import Conflict, ExpiredKey, FieldProblem, InvalidBody, InvalidKey, LastAdminKey, NotAllowed
from app.models import ApiKey, Change
from app.models.base import utc_now
from app.queries.api_keys import get_key, key_state
from app.queries.people import as_actor
from app.schemas.api_key import DEFAULT_GRACE_DAYS, ApiKeyRotation, ApiKeyUpdate
from app.vocabulary import KeyState, Role

KEY_PREFIX = "el"
SECRET_BYTES = 32
CHANGEABLE = ("role", "orcid", "expires_at")


def create_key(
    session: Session, *, name: str, role: Role, orcid: str | None = None, expires_at: datetime | None = None, by: Actor = MAINTENANCE
) -> str:
    """Make a key and return its text, which is stored nowhere."""
    name = checked_name(session, name)
    _refuse_past(expires_at)
    prefix = f"{KEY_PREFIX}_{secrets.token_hex(4)}"
    text = _with_secret(prefix)
    key = ApiKey(prefix=prefix, name=name, role=role, hash=_hash(text), orcid=orcid, expires_at=expires_at, created_at=utc_now())
    session.add(key)
    session.flush()
    details = {"role": role, "orcid": orcid, "hash_sha256": ledger.hash_of(key.hash), "expires_at": _text(expires_at)}
    _log(session, key, by=by, action="key.created", summary=f"Key {prefix} ({role})", details=details, moment=key.created_at)
    return text


def change_key(session: Session, prefix: str, wanted: ApiKeyUpdate, *, by: Actor = MAINTENANCE) -> ApiKey:
    """Change role, ORCID iD or expiry: those that `wanted` names. What is so already changes nothing."""
    key = get_key(session, prefix)
    named = wanted.model_fields_set & set(CHANGEABLE)
    if not named:
        raise InvalidBody("nothing to change is named", errors=[FieldProblem("", f"name one of {', '.join(CHANGEABLE)}")])
    if key.revoked_at is not None and named != {"orcid"}:
        raise Conflict(f"the key {prefix} is revoked for good; of such a key only the ORCID iD can be put right")
    changed = {name: getattr(wanted, name) for name in sorted(named) if getattr(wanted, name) != getattr(key, name)}
    if not changed:
        return key
    if "orcid" in changed:
        _refuse_lost_person(session, key, changed["orcid"], wanted.reason)
    moment = utc_now()
    if changed.get("role", Role.ADMIN) != Role.ADMIN:
        _refuse_without_admin(session, key, moment=moment, until=moment)
    if changed.get("expires_at") is not None:
        _refuse_past(wanted.expires_at)
        _refuse_shorter_admin(session, key, changed["expires_at"], moment=moment)
    before = {name: getattr(key, name) for name in changed}
    for name, value in changed.items():
        setattr(key, name, value)
    details = {"before": _plain(before), "after": _plain(changed), "reason": wanted.reason}
    summary = f"Key {prefix}: {', '.join(name.replace('_', ' ') for name in changed)} changed"
    _log_change(session, key, by=by, action="key.changed", summary=summary, details=details, moment=moment)
    return key


def rotate_key(session: Session, prefix: str, wanted: ApiKeyRotation | None = None, *, by: Actor = MAINTENANCE) -> str:
    """Give the key a new secret and return its text. The old secret works until the grace ends, never longer than it would have."""
    wanted = wanted or ApiKeyRotation(grace_days=DEFAULT_GRACE_DAYS)
    key, moment = get_key(session, prefix), utc_now()
    if key.revoked_at is not None:
        raise Conflict(f"the key {prefix} is revoked for good; make a new one")
    old_end, renewed = key.expires_at, "expires_at" in wanted.model_fields_set
    if renewed:
        _refuse_past(wanted.expires_at)
        if wanted.expires_at is not None:
            _refuse_shorter_admin(session, key, wanted.expires_at, moment=moment)
        key.expires_at = wanted.expires_at
    elif key_state(key, moment) is KeyState.EXPIRED:
        raise Conflict(
            f"the key {prefix} has expired; name a new expiry", errors=[FieldProblem("/expires_at", "a moment to come, or null")]
        )
    text = _with_secret(prefix)
    grace_end = min(moment + timedelta(days=wanted.grace_days), old_end or datetime.max.replace(tzinfo=moment.tzinfo))
    graced = grace_end > moment
    key.previous_hash, key.previous_valid_until = (key.hash, grace_end) if graced else (None, None)
    key.hash = _hash(text)
    details = {
        "hash_sha256": ledger.hash_of(key.hash),
        "previous_valid_until": _text(key.previous_valid_until),
        "expires_at": _text(key.expires_at),
        "reason": wanted.reason,
    }
    _log_change(session, key, by=by, action="key.rotated", summary=f"Key {prefix} has a new secret", details=details, moment=moment)
    return text


def revoke_key(session: Session, prefix: str, *, by: Actor = MAINTENANCE, reason: str | None = None) -> ApiKey:
    """Revoke a key for good; revoking it again changes nothing."""
    key, moment = get_key(session, prefix), utc_now()
    if key.revoked_at is None:
        _refuse_without_admin(session, key, moment=moment, until=moment)
        key.revoked_at = moment
        _log_change(session, key, by=by, action="key.revoked", summary=f"Key {prefix} revoked", details={"reason": reason}, moment=moment)
    return key


def prefix_of(text: str) -> str:
    """The public part of a key."""
    return "_".join(text.split("_")[:2])


def authenticate(session: Session, text: str) -> Actor:
    """The holder of a key; refused when it is unknown or revoked, without saying which, and when it has expired, to who held it."""
    prefix = prefix_of(text)
    key = session.get(ApiKey, prefix)
    given = _hash(text)
    current = hmac.compare_digest(key.hash if key is not None else _hash(""), given)
    earlier = hmac.compare_digest((key.previous_hash if key is not None else None) or _hash(""), given)
    if key is None or not (current or earlier) or key.revoked_at is not None:
        raise InvalidKey()
    moment = utc_now()
    if key.expires_at is not None and key.expires_at <= moment:
        raise ExpiredKey(f"the key {prefix} expired on {_text(key.expires_at)}")
    if not current and (key.previous_valid_until is None or key.previous_valid_until <= moment):
        raise ExpiredKey(f"the key {prefix} has a newer secret; this one worked until {_text(key.previous_valid_until)}")
    return as_actor(key)


def refuse_changed_key(connection: Connection, by: Actor) -> None:
    """Is the key still what it was when `by` was authenticated? Asked where the writer's place is held: there nothing comes in between."""
    columns = (col(ApiKey.role), col(ApiKey.orcid), col(ApiKey.revoked_at), col(ApiKey.expires_at))
    now = connection.execute(select(*columns).where(col(ApiKey.prefix) == by.id)).one_or_none()
    if now is None or now.revoked_at is not None:
        raise InvalidKey()
    if now.expires_at is not None and now.expires_at <= utc_now():
        raise ExpiredKey(f"the key {by.id} expired on {_text(now.expires_at)}")
    if now.role != by.role:
        raise NotAllowed(f"the key {by.id} was given the role {now.role} while the request waited; nothing was written")
    if now.orcid != by.orcid:
        raise Conflict(f"the ORCID iD of the key {by.id} was changed while the request waited; nothing was written, send it again")


def _refuse_lost_person(session: Session, key: ApiKey, orcid: str | None, reason: str | None) -> None:
    """Whoever acted under an iD stays the person who acted: else he could decide on his own work under another key."""
    acted = session.execute(select(col(Change.sequence)).where(col(Change.actor) == key.prefix).limit(1)).first() is not None
    if key.orcid is None or not acted:
        return
    if orcid is None:
        raise Conflict(
            f"the key {key.prefix} has acted under its ORCID iD, which says whose work that is; give the right one instead",
            errors=[FieldProblem("/orcid", "can be put right, and not taken away")],
        )
    if reason is None:
        raise InvalidBody(
            "what was done under the old ORCID iD becomes another person's", errors=[FieldProblem("/reason", "is needed to put it right")]
        )


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= utc_now():
        raise InvalidBody(
            "a key cannot expire in the past", errors=[FieldProblem("/expires_at", "lies in the past; to end a key, revoke it")]
        )


def _refuse_shorter_admin(session: Session, key: ApiKey, end: datetime, *, moment: datetime) -> None:
    """A key that ends earlier than it did is as good as none behind its new end; one that ends later takes nothing away."""
    if key.expires_at is None or end < key.expires_at:
        _refuse_without_admin(session, key, moment=moment, until=end)


def _refuse_without_admin(session: Session, key: ApiKey, *, moment: datetime, until: datetime) -> None:
    """Without this key after `until` there must be another that manages keys, or nobody could make one over the API."""
    if key.role != Role.ADMIN or key_state(key, moment) is not KeyState.ACTIVE:
        return
    lasting = or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > until)
    others = (col(ApiKey.role) == Role.ADMIN, col(ApiKey.prefix) != key.prefix, col(ApiKey.revoked_at).is_(None), lasting)
    if session.execute(select(col(ApiKey.prefix)).where(*others).limit(1)).first() is None:
        raise LastAdminKey(f"{key.prefix} ({key.name}) is the last key with the role admin that lasts; make another first")


def _log_change(
    session: Session, key: ApiKey, *, by: Actor, action: str, summary: str, details: Mapping[str, Any], moment: datetime
) -> None:
    key.version += 1
    session.flush()
    _log(session, key, by=by, action=action, summary=summary, details=details, moment=moment)


def _log(session: Session, key: ApiKey, *, by: Actor, action: str, summary: str, details: Mapping[str, Any], moment: datetime) -> None:
    said = {"name": key.name, **details}
    ledger.append(session, by=by, action=action, subject=f"key:{key.prefix}", summary=summary, details=said, moment=moment)


def _plain(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, datetime) else value for name, value in members.items()}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else ledger.utc_text(moment)


def _with_secret(prefix: str) -> str:
    return f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
