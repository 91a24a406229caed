"""The short way of a plain read gives what the whole way gives, to the last byte."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.short_ways import SHORT_WAYS
from app.main import create_app
from app.web.door import Door
from tests.conftest import settings_for
from tests.web.small_app import PlayedClock

STUDY = "019abc00-0000-7000-8000-000000000000"
ADDRESSES = (
    "/v1/studies", "/v1/studies?limit=3", "/v1/studies?condition=migraine&sort=title", "/v1/studies?fields=id,title&limit=2",
    "/v1/studies?q=pain&count=true", "/v1/studies?condition=no-such-thing", "/v1/studies?limit=0", "/v1/studies?desing=cohort",
    "/v1/conditions/migraine", "/v1/conditions/migrane", "/v1/conditions/migraine?x=1", "/v1/conditions/tinnitus/studies",
    "/v1/conditions/migraine/studies?limit=2&intervention=craniosacral-therapy", "/v1/conditions/migraine/studies?intervention=nothing",
    "/v1/conditions/no-such-thing/studies", f"/v1/studies/{STUDY}",
)  # fmt: skip
OWN = {"x-request-id", "evidence-revision"}


@pytest.fixture
def both(seeded_url: str) -> Iterator[tuple[TestClient, TestClient]]:
    """One client whose reads go the short way where there is one, and one whose reads never do; neither keeps a reply."""
    settings = settings_for(seeded_url).model_copy(update={"reply_cache_bytes": 0})
    door = create_app(settings)
    with TestClient(door) as short:
        yield short, TestClient(Door(door.app, settings, PlayedClock(lambda: 1)))


def told(answer: Any) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name not in OWN}
    if answer.headers["content-type"].startswith("application/problem"):
        return answer.status_code, {}, answer.content.replace(answer.headers["x-request-id"].encode(), b"")
    return answer.status_code, headers, answer.content


def addresses(client: TestClient) -> list[str]:
    """Those above and the page of every study of the first list."""
    return [*ADDRESSES, *(item["href"] for item in client.get("/v1/studies?limit=40").json()["items"])]


def test_the_answers_are_the_same(both: tuple[TestClient, TestClient]) -> None:
    short, whole = both
    differing = [address for address in addresses(whole) if told(short.get(address)) != told(whole.get(address))]
    assert differing == []


def test_to_head_and_to_a_client_that_has_the_page_too(both: tuple[TestClient, TestClient]) -> None:
    short, whole = both
    for address in ("/v1/conditions/migraine", "/v1/studies?limit=3"):
        tag = whole.get(address).headers["etag"]
        assert short.head(address).headers["content-length"] == whole.head(address).headers["content-length"]
        assert (short.head(address).content, short.get(address, headers={"If-None-Match": tag}).status_code) == (b"", 304)


def test_every_short_way_is_taken_and_counted_by_the_route_whose_function_it_is(both: tuple[TestClient, TestClient]) -> None:
    short, whole = both
    study = whole.get("/v1/studies?limit=1").json()["items"][0]["href"]
    for address in ("/v1/studies", "/v1/conditions/migraine", "/v1/conditions/migraine/studies", study):
        assert (short.get(address).status_code, short.get(f"{address}?x=1").status_code) == (200, 400)
    counted = short.get("/metrics").text
    for way in SHORT_WAYS:
        for status in ("200", "400"):  # what is refused has gone the whole way
            assert f'evidence_http_requests_total{{method="GET",route="{way.route}",status="{status}"}}' in counted, way.route
