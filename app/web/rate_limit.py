"""How much one client may ask: a moving window per key or address, told in RateLimit headers.

Header form: IETF draft-ietf-httpapi-ratelimit-headers-10. The windows live in the memory of this process: behind several
replicas each counts for itself.
"""

import hashlib
import ipaddress
import math
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers

from app.errors import TooManyRequests
from app.settings import Settings

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FAILED_KEYS = parse("20/minute")  # wrong keys after which an address is no longer believed to have one
IPV6_SITE_BITS = 64  # one subscriber holds a /64 and could otherwise change his address with every request

Scope = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    item: RateLimitItem

    @property
    def header(self) -> str:
        return f'"{self.name}";q={self.item.amount};w={self.item.get_expiry()}'


class RateLimit:
    """Counts requests; `admit` gives the headers that say what is left, or raises TooManyRequests."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._reads = _policy("reads", settings.rate_limit)
        self._writes = _policy("writes", "off" if self._reads is None else settings.rate_limit_writes)

    def admit(self, scope: Scope) -> dict[str, str]:
        policy = self._writes if scope["method"] in WRITING else self._reads
        if policy is None:
            return {}
        client = self._client_of(scope)
        admitted = self._limiter.hit(policy.item, policy.name, client)
        window = self._limiter.get_window_stats(policy.item, policy.name, client)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        headers = {"RateLimit-Policy": policy.header, "RateLimit": f'"{policy.name}";r={max(0, window.remaining)};t={wait}'}
        if not admitted:
            detail = f"At most {policy.item.amount} {policy.name} in {policy.item.get_expiry()} seconds; wait {wait} seconds."
            raise TooManyRequests(detail, headers={**headers, "Retry-After": str(wait)})
        return headers

    def count_failed_key(self, scope: Scope) -> None:
        """Note that the key of this request was refused: made-up keys must not buy a fresh window each."""
        if "authorization" in Headers(scope=scope):
            self._limiter.hit(FAILED_KEYS, "failed-keys", _address_of(scope))

    def _client_of(self, scope: Scope) -> str:
        authorization = Headers(scope=scope).get("authorization")
        address = _address_of(scope)
        if authorization is None or not self._limiter.test(FAILED_KEYS, "failed-keys", address):
            return address
        return "key-" + hashlib.sha256(authorization.encode()).hexdigest()[:32]


def _policy(name: str, rate: str) -> Policy | None:
    return None if rate == "off" else Policy(name, parse(rate))


def _address_of(scope: Scope) -> str:
    return _site_of(scope["client"][0]) if scope.get("client") else "unknown"  # a unix socket has no address


@lru_cache(maxsize=10_000)
def _site_of(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False))
    return str(address)
