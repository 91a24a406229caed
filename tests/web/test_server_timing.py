"""Who asks where the time went is told; nobody else is, and nobody's answer differs for it."""

import re

from fastapi.testclient import TestClient

from tests.conftest import Keys
from tests.factories import the_least

ASKED = {"Prefer": "server-timing"}
FORM = re.compile(r'total;dur=(\d+\.\d\d), db;dur=(\d+\.\d\d);desc="(\d+) statements"')


def told(headers: object) -> tuple[float, float, int]:
    found = FORM.fullmatch(str(headers["server-timing"]))  # type: ignore[index]
    assert found is not None
    return float(found[1]), float(found[2]), int(found[3])


def test_a_read_says_how_long_it_took_and_how_much_of_that_the_database(seeded_client: TestClient) -> None:
    for address, most in (("/v1/conditions/migraine", 12), ("/v1/studies", 4), ("/v1/evidence-map", 12)):
        answer = seeded_client.get(address, headers=ASKED)
        total, database, statements = told(answer.headers)
        assert 0 < database < total
        assert 1 <= statements <= most
        assert answer.headers["preference-applied"] == "server-timing"


def test_only_who_asks_is_told_and_the_answer_is_the_same(seeded_client: TestClient) -> None:
    timed = seeded_client.get("/v1/conditions/migraine", headers={"Prefer": "respond-async, Server-Timing"})
    plain = seeded_client.get("/v1/conditions/migraine", headers={"Prefer": "respond-async"})
    kept = seeded_client.get("/v1/conditions/migraine")
    assert "server-timing" in timed.headers
    assert "server-timing" not in plain.headers
    assert "server-timing" not in kept.headers
    assert timed.content == plain.content == kept.content
    assert timed.headers["etag"] == kept.headers["etag"]


def test_a_write_and_a_refusal_are_timed_too(client: TestClient, keys: Keys) -> None:
    written = client.post("/v1/studies", json=the_least(), headers={**keys.header(keys.contributor), **ASKED})
    assert (written.status_code, told(written.headers)[2] > 2) == (201, True)
    assert told(client.get("/v1/no-such-address", headers=ASKED).headers)[2] == 0
