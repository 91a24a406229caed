"""Entity tags and what clients do with them: If-None-Match saves a transfer, If-Match saves somebody's change.

A record's tag is `"r<revision>-<hash of the bytes>"`, a list's `"<hash>"`, each with `-gzip` behind when packed:
strong tags, one per representation (RFC 9110, 8.8). If-Match compares the revision alone, so that a client may read
one format and write another.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from app.errors import InvalidHeader, PreconditionRequired, StaleRevision
from app.web.encodings import choose_encoding, gzip_body

JSON = "application/json"
NO_STORE = "no-store"
"""Of an answer to a write, and of what is another the next moment."""
VARY = "Accept, Accept-Encoding"
_TAG = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')  # RFC 9110, 8.8.3
_REVISION = re.compile(r'^"r(\d+)(?:-[^"]*)?"$')

Payload = BaseModel | Mapping[str, Any] | Sequence[Any] | bytes


def record_etag(revision: int, body: bytes) -> str:
    return f'"r{revision}-{_hash(body)}"'


def list_etag(body: bytes) -> str:
    return f'"{_hash(body)}"'


def serialise(payload: Payload) -> bytes:
    """JSON bytes straight from Pydantic; bytes pass as they are."""
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, BaseModel):
        return payload.__pydantic_serializer__.to_json(payload, by_alias=True)
    return to_json(payload, by_alias=True, inf_nan_mode="null")


def reply(
    request: Request,
    payload: Payload,
    *,
    revision: int | None = None,
    media_type: str = JSON,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cache_control: str | None = None,
) -> Response:
    """The answer to a GET: tag, caching headers and packing, or 304 where the client has these very bytes."""
    body = serialise(payload)
    encoding = choose_encoding(request.headers.get("accept-encoding", ""), media_type, len(body))
    tag = _tag_for_encoding(list_etag(body) if revision is None else record_etag(revision, body), encoding)
    common = {"ETag": tag, "Cache-Control": cache_control or _cache_control(request), "Vary": VARY, **(headers or {})}
    if status == 200 and matches_none_match(request, tag):
        return Response(status_code=304, headers=common)
    if encoding:
        return Response(gzip_body(body), status, {**common, "Content-Encoding": encoding}, media_type)
    return Response(body, status, common, media_type)


def matches_none_match(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this tag: weak comparison (RFC 9110, 13.1.2)."""
    field = _field(request, "if-none-match")
    return field is not None and tag_is_named(field, tag)


def tag_is_named(field: str, tag: str) -> bool:
    """Whether a field If-None-Match holds for the representation with that tag; InvalidHeader where it cannot be read."""
    return field == tag or field.strip() == "*" or any(opaque == tag for _, opaque in _parse_tags("If-None-Match", field))


def require_if_match(request: Request, current_revision: int) -> None:
    """Let a write pass only if its If-Match names the revision, or version, that is current (strong comparison, RFC 9110, 13.1.1)."""
    field = _field(request, "if-match")
    if field is None:
        raise PreconditionRequired("Send the ETag of the record you read in the header If-Match.")
    if field.strip() == "*":
        return
    named = [_REVISION.match(opaque) for weak, opaque in _parse_tags("If-Match", field) if not weak]
    if any(match and int(match[1]) == current_revision for match in named):
        return
    current = f'"r{current_revision}"'
    raise StaleRevision(f"If-Match names {field}; what is current has {current}.", headers={"ETag": current})


def _hash(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _tag_for_encoding(tag: str, encoding: str | None) -> str:
    return f'{tag[:-1]}-{encoding}"' if encoding else tag


def _cache_control(request: Request) -> str:
    """Kept by anybody but asked about each time; what a key may see is for its owner's cache alone."""
    personal = "authorization" in request.headers or "cookie" in request.headers
    return "private, no-cache" if personal else "public, no-cache"


def _field(request: Request, name: str) -> str | None:
    values = request.headers.getlist(name)  # a field may come in several lines (RFC 9110, 5.3)
    return ", ".join(values) if values else None


def _parse_tags(name: str, field: str) -> list[tuple[bool, str]]:
    tags: list[tuple[bool, str]] = []
    position = 0
    while position < len(field):
        match = _TAG.match(field, position)
        if match is None:
            raise InvalidHeader(f'{name} should hold entity tags like "r3-5f0c", separated by commas, or *.')
        tags.append((match[1] is not None, match[2]))
        position = match.end()
    return tags
