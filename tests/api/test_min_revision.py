"""`Min-Evidence-Revision`: an answer is never older than the client asks for."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions import ledger
from app.actor import MAINTENANCE
from app.database import transaction
from app.main import create_app
from tests.api.acting import a_submitted_study, assert_problem, header
from tests.conftest import Keys, settings_for

NECK = "/v1/conditions/neck-pain"
READS = [NECK, "/v1/conditions", f"{NECK}/studies", "/v1/studies?condition=neck-pain", "/v1/changes", "/v1/search?q=neck"]


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def ask(client: TestClient, path: str, least: object, **headers: str) -> Any:
    return client.get(path, headers={"Min-Evidence-Revision": str(least), **headers})


class TestWhatWasTold:
    def test_is_enough_for_every_read_made_anew_or_kept(self, client: TestClient) -> None:
        for path in READS:
            told = int(client.get(path).headers["Evidence-Revision"])
            for _ in range(2):
                answer = ask(client, path, told)
                assert answer.status_code == 200, path
                assert int(answer.headers["Evidence-Revision"]) >= told

    def test_the_answer_to_a_write_may_be_sent_to_another_process_at_once(self, client: TestClient, keys: Keys, engine_url: str) -> None:
        with TestClient(create_app(settings_for(engine_url))) as other:
            for _ in range(5):
                other.get("/v1/changes?limit=200")  # now it keeps that answer
                study = a_submitted_study(client, keys.contributor)
                told = client.get(f"/v1/studies/{study}", headers=header(keys.contributor)).headers["Evidence-Revision"]
                answer = ask(other, "/v1/changes?limit=200", told)
                assert answer.json()["items"][-1]["sequence"] == int(told)
                assert int(answer.headers["Evidence-Revision"]) >= int(told)

    def test_a_304_is_no_older_either(self, client: TestClient) -> None:
        first = client.get(NECK)
        again = ask(client, NECK, first.headers["Evidence-Revision"], **{"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304

    def test_a_head_is_answered_like_a_get(self, client: TestClient) -> None:
        assert client.head(NECK, headers={"Min-Evidence-Revision": "999999"}).status_code == 412


class TestFuture:
    def test_is_412_with_the_newest_there_is(self, client: TestClient) -> None:
        for path in READS:
            newest = int(client.get(path).headers["Evidence-Revision"])
            answer = ask(client, path, newest + 1)
            problem = assert_problem(answer, 412, "revision-not-reached")
            assert problem["newest"] == newest == int(answer.headers["Evidence-Revision"])
            assert str(newest + 1) in problem["detail"]

    def test_it_is_refused_to_whoever_sends_a_key_too(self, client: TestClient, keys: Keys) -> None:
        assert_problem(ask(client, NECK, 10**17, **header(keys.curator)), 412, "revision-not-reached")

    def test_what_comes_later_is_no_future_any_more(self, client: TestClient, engine: Engine) -> None:
        newest = int(client.get("/v1/changes").headers["Evidence-Revision"])
        path = f"/v1/changes?after={newest}"
        assert ask(client, path, newest + 1).status_code == 412
        with transaction(engine) as session:
            ledger.append(session, by=MAINTENANCE, action="study.noted", subject="study:x", summary="noted")
        answer = ask(client, path, newest + 1)
        assert answer.json()["items"][0]["sequence"] == newest + 1 == int(answer.headers["Evidence-Revision"])


class TestMalformed:
    def test_is_400_and_named_also_where_an_answer_is_kept(self, client: TestClient) -> None:
        client.get(NECK)
        for least in ("", "x", "-1", "1.0", "1e3", "0x10", "1, 2", "9" * 19, "１"):
            headers = [("Min-Evidence-Revision", least.encode())]
            problem = assert_problem(client.get(NECK, headers=headers), 400, "invalid-header")  # type: ignore[arg-type]
            assert "Min-Evidence-Revision" in problem["detail"], least

    def test_twice_is_400(self, client: TestClient) -> None:
        answer = client.get(NECK, headers=[("Min-Evidence-Revision", "1"), ("Min-Evidence-Revision", "2")])
        assert_problem(answer, 400, "invalid-header")


class TestFromTheBrowser:
    def test_the_header_may_be_sent_across_origins(self, client: TestClient) -> None:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
        allowed = client.options(NECK, headers=asked).headers["Access-Control-Allow-Headers"]
        assert "Min-Evidence-Revision" in allowed.split(", ")
