from typing import Any

import pytest

from app.errors import TooManyRequests
from app.settings import Settings
from app.web.rate_limit import FAILED_KEYS, RateLimit


def scope(address: str | None = "192.0.2.1", method: str = "GET", key: str | None = None) -> dict[str, Any]:
    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    return {"type": "http", "method": method, "headers": headers, "client": (address, 1) if address else None}


def limit(reads: str = "2/minute", writes: str = "1/minute") -> RateLimit:
    return RateLimit(Settings(rate_limit=reads, rate_limit_writes=writes))


def admitted(limiter: RateLimit, *scopes: dict[str, Any]) -> list[bool]:
    outcomes = []
    for one in scopes:
        try:
            limiter.admit(one)
        except TooManyRequests:
            outcomes.append(False)
        else:
            outcomes.append(True)
    return outcomes


class TestAdmit:
    def test_each_address_has_its_own_window(self) -> None:
        assert admitted(limit(), *[scope()] * 3, scope("192.0.2.2")) == [True, True, False, True]

    def test_each_key_has_its_own_window(self) -> None:
        assert admitted(limit(), *[scope(key="a")] * 3, scope(key="b"), scope()) == [True, True, False, True, True]

    def test_addresses_of_one_ipv6_site_share_a_window(self) -> None:
        scopes = [scope(f"2001:db8:0:1::{number}") for number in (1, 2, 3)]
        assert admitted(limit(), *scopes, scope("2001:db8:0:2::1")) == [True, True, False, True]

    @pytest.mark.parametrize("address", [None, "testclient", "fe80::1%eth0"])
    def test_a_client_without_a_common_address_is_counted_too(self, address: str | None) -> None:
        assert admitted(limit(), *[scope(address)] * 3) == [True, True, False]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_writes_have_a_window_of_their_own(self, method: str) -> None:
        assert admitted(limit(), scope(method=method), scope(method=method), scope()) == [True, False, True]

    def test_off_admits_everything_without_headers(self) -> None:
        limiter = limit(reads="off")
        assert limiter.admit(scope()) == {}

    def test_off_for_reads_is_off_for_writes_too(self) -> None:
        limiter = limit(reads="off", writes="1/minute")
        assert admitted(limiter, *[scope(method="POST")] * 5) == [True] * 5

    def test_made_up_keys_buy_no_fresh_window(self) -> None:
        limiter = limit(reads="5/minute")
        for number in range(FAILED_KEYS.amount):
            limiter.count_failed_key(scope(key=f"made-up-{number}"))
        assert admitted(limiter, *[scope(key=f"another-{number}") for number in range(6)]) == [True] * 5 + [False]

    def test_failures_of_one_address_leave_keys_elsewhere_alone(self) -> None:
        limiter = limit()
        for number in range(FAILED_KEYS.amount):
            limiter.count_failed_key(scope(key=f"made-up-{number}"))
        assert admitted(limiter, *[scope("192.0.2.9", key=name) for name in "abc"]) == [True, True, True]

    def test_a_request_without_a_key_is_no_failed_key(self) -> None:
        limiter = limit()
        for _ in range(FAILED_KEYS.amount):
            limiter.count_failed_key(scope())
        assert admitted(limiter, *[scope(key=name) for name in "abc"]) == [True, True, True]
