"""CORS: other sites' pages may read and, with a key, write; cookies never cross (Fetch Standard, 3.2)."""

from collections.abc import Sequence

from app.web.answer import RawHeaders, encode_headers

EXPOSED = (
    "ETag, Link, Evidence-Revision, Location, Content-Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, "
    "Idempotency-Replayed, Deprecation, Sunset, Server-Timing"
)
ALLOWED_HEADERS = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Min-Evidence-Revision, Prefer, X-Request-ID"
)
MAX_AGE_SECONDS = "7200"  # browsers keep a preflight no longer (Chromium's ceiling)


class CrossOrigin:
    def __init__(self, origins: Sequence[str]) -> None:
        self._anybody = "*" in origins
        allowed = {origin: {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED} for origin in origins}
        self._headers = {origin.encode("latin-1"): encode_headers(headers) for origin, headers in allowed.items()}

    def headers(self, origin: bytes | None) -> RawHeaders:
        """For every answer. An open installation says `*` to all, so that caches need not tell origins apart."""
        return self._headers.get(b"*" if self._anybody else origin or b"", [])

    def varies(self) -> bool:
        return not self._anybody

    def preflight_headers(self, methods: Sequence[str]) -> dict[str, str]:
        return {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": MAX_AGE_SECONDS,
        }
