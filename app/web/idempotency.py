"""`Idempotency-Key` on POST: the same key and body are answered with the first reply, nothing is done twice.

The reply is stored in the transaction of the deed, so that there is never one without the other. A second request with the key, sent
while the first is still at work, waits for the writer's place like everybody and then finds the reply: nobody is told to come again.
A failed request leaves nothing behind.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from app.actor import Actor
from app.errors import IdempotencyKeyReused, InvalidHeader
from app.models import IdempotencyKey
from app.models.base import utc_now

ONCE = (IdempotencyKeyReused,)
"""The problems of a route that calls `once`."""

KEPT_FOR = timedelta(hours=24)
MAX_LENGTH = 255
_FORM = re.compile(r'^(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([A-Za-z0-9._~:/+=-]{1,255}))$')
REPLAYED = "Idempotency-Replayed"
NOT_KEPT = frozenset({"content-length", "content-type", "content-encoding"})


def once(request: Request, session: Session, *, by: Actor, body: bytes, act: Callable[[], Response]) -> Response:
    """Do `act` once for this actor and key; without the header, simply do it."""
    key = _key_of(request)
    if key is None:
        return act()
    session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < utc_now() - KEPT_FOR))
    fingerprint = hashlib.sha256(
        b"\n".join((request.method.encode(), request.url.path.encode(), request.url.query.encode(), body))
    ).hexdigest()
    kept = session.get(IdempotencyKey, (by.id, key))
    if kept is not None:
        return _replay(kept, fingerprint)
    response = act()
    session.add(_kept(response, IdempotencyKey(actor=by.id, key=key, request_hash=fingerprint, created_at=utc_now())))
    return response


def refuse_idempotency_key(request: Request, why: str) -> None:
    """For a POST whose answer must not be kept: the header is refused, lest its sender rely on it."""
    if "idempotency-key" in request.headers:
        raise InvalidHeader(f"Idempotency-Key cannot be honoured here: {why}.")


def _kept(response: Response, row: IdempotencyKey) -> IdempotencyKey:
    """The reply as it is kept: unpacked, whatever the first client took, and with the tag of the unpacked bytes."""
    headers = {name: value for name, value in response.headers.items() if name not in NOT_KEPT}
    body = bytes(response.body)
    if response.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
        headers["etag"] = headers["etag"].replace('-gzip"', '"')
    row.status = response.status_code
    row.headers = json.dumps({"headers": headers, "media_type": response.headers.get("content-type")})
    row.body = body.decode()
    return row


def _key_of(request: Request) -> str | None:
    header = request.headers.get("idempotency-key")
    if header is None:
        return None
    match = _FORM.match(header.strip())
    if match is None:
        raise InvalidHeader(
            f'Idempotency-Key is a quoted string of 1 to {MAX_LENGTH} characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324".'
        )
    return match[1] or match[2]


def _replay(kept: IdempotencyKey, fingerprint: str) -> Response:
    if kept.request_hash != fingerprint:
        raise IdempotencyKeyReused("this Idempotency-Key came with another request within the last 24 hours")
    stored = json.loads(kept.headers or "{}")
    return Response((kept.body or "").encode(), kept.status or 200, {**stored["headers"], REPLAYED: "true"}, stored["media_type"])
