"""`Idempotency-Key`: one deed for one key, however often and however much at once it is asked for."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select, update

from app.database import reading, transaction
from app.main import create_app
from app.models import IdempotencyKey, Study
from app.models.base import utc_now
from tests.api.acting import a_submitted_study, an_accepted_study, assert_problem, create, header, retract, submit
from tests.browser import serve
from tests.conftest import Keys, settings_for
from tests.factories import a_body, differences

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
AT_ONCE = 30
"""More than twice the threads of the service, so that those who wait could starve the one that works."""
WITHIN_SECONDS = 60


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def studies(engine: Engine) -> int:
    with reading(engine) as session:
        return session.execute(select(func.count()).select_from(Study)).scalar_one()


class TestReplay:
    @pytest.mark.parametrize("encoding", ["gzip", "identity"])
    def test_the_same_request_is_answered_with_the_first_reply(self, client: TestClient, keys: Keys, engine: Engine, encoding: str) -> None:
        first = create(client, keys.contributor, Idempotency_Key=KEY, Accept_Encoding=encoding)
        again = create(client, keys.contributor, Idempotency_Key=KEY, Accept_Encoding=encoding)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert (again.headers["location"], again.headers["etag"][:4]) == (first.headers["location"], first.headers["etag"][:4])
        assert studies(engine) == 1

    def test_a_reply_packed_for_one_client_is_readable_for_another(self, client: TestClient, keys: Keys) -> None:
        first = create(client, keys.contributor, Idempotency_Key=KEY, Accept_Encoding="gzip")
        assert first.headers["content-encoding"] == "gzip"
        again = create(client, keys.contributor, Idempotency_Key=KEY, Accept_Encoding="identity")
        assert "content-encoding" not in again.headers
        assert again.json() == first.json()

    def test_every_act_can_be_repeated(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        for _ in range(2):
            assert submit(client, keys.contributor, study, Idempotency_Key='"submit"').status_code == 200
        said = {"decision": "accept", "conflict_of_interest": "none"}
        headers = header(keys.curator, Idempotency_Key='"review"')
        answers = [client.post(f"/v1/studies/{study}/reviews", json=said, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        for _ in range(2):
            assert retract(client, keys.curator, study, Idempotency_Key='"retract"').status_code == 201

    def test_a_token_without_quotes_is_the_same_key(self, client: TestClient, keys: Keys) -> None:
        first = create(client, keys.contributor, Idempotency_Key='"abc"').json()
        assert create(client, keys.contributor, Idempotency_Key="abc").json() == first

    def test_a_refused_request_may_be_mended_and_sent_under_the_same_key(self, client: TestClient, keys: Keys) -> None:
        assert create(client, keys.contributor, a_body(conditions=["nowhere"]), Idempotency_Key=KEY).status_code == 422
        assert create(client, keys.contributor, Idempotency_Key=KEY).status_code == 201

    def test_a_day_later_the_key_is_free(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        create(client, keys.contributor, Idempotency_Key=KEY)
        with transaction(engine) as session:
            session.execute(update(IdempotencyKey).values(created_at=utc_now() - timedelta(hours=24, seconds=1)))
        assert create(client, keys.contributor, a_body(title="Another"), Idempotency_Key=KEY).status_code == 201


class TestReuse:
    def test_another_body_is_refused(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        create(client, keys.contributor, Idempotency_Key=KEY)
        assert_problem(create(client, keys.contributor, a_body(year=2020), Idempotency_Key=KEY), 422, "idempotency-key-reused")
        assert studies(engine) == 1

    def test_another_address_is_refused(self, client: TestClient, keys: Keys) -> None:
        one, other = (create(client, keys.contributor).json()["id"] for _ in range(2))
        submit(client, keys.contributor, one, Idempotency_Key=KEY)
        assert_problem(submit(client, keys.contributor, other, Idempotency_Key=KEY), 422, "idempotency-key-reused")

    def test_the_key_of_another_person_is_another_key(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        create(client, keys.contributor, Idempotency_Key=KEY)
        create(client, keys.second_contributor, Idempotency_Key=KEY)
        assert studies(engine) == 2

    @pytest.mark.parametrize("key", ['""', '"a', 'a"', "a b", '"é"', f'"{"x" * 256}"', '"a", "b"', ""])
    def test_a_malformed_key_is_refused(self, client: TestClient, keys: Keys, engine: Engine, key: str) -> None:
        headers = [
            (name.encode(), value.encode("latin-1")) for name, value in (header(keys.contributor) | {"Idempotency-Key": key}).items()
        ]
        assert_problem(client.post("/v1/studies", json=a_body(), headers=headers), 400, "invalid-header")
        assert studies(engine) == 0


class TestAtOnce:
    def test_the_same_key_at_once_does_the_thing_once(self, engine_url: str, keys: Keys, engine: Engine) -> None:
        with serve(create_app(settings_for(engine_url))) as address:
            start = threading.Barrier(4)

            def post(_: int) -> httpx.Response:
                start.wait()
                headers = header(keys.contributor, Idempotency_Key=KEY)
                return httpx.post(f"{address}/v1/studies", json=a_body(), headers=headers, timeout=WITHIN_SECONDS)

            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(post, range(4)))
        assert [answer.status_code for answer in answers] == [201] * 4
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sum("idempotency-replayed" in answer.headers for answer in answers) == 3
        assert studies(engine) == 1

    def test_many_writers_at_once_do_not_block_each_other_for_ever(self, engine_url: str, keys: Keys, engine: Engine) -> None:
        with serve(create_app(settings_for(engine_url))) as address:
            start = threading.Barrier(AT_ONCE)

            def post(number: int) -> int:
                start.wait()
                body = a_body(title=f"Trial {number}", doi=f"10.1000/{number}")
                return httpx.post(f"{address}/v1/studies", json=body, headers=header(keys.contributor), timeout=WITHIN_SECONDS).status_code

            with ThreadPoolExecutor(AT_ONCE) as pool:
                statuses = list(pool.map(post, range(AT_ONCE)))
        assert statuses == [201] * AT_ONCE
        assert studies(engine) == AT_ONCE
        assert differences(engine) == []

    def test_two_curators_at_once_decide_once(self, engine_url: str, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        with serve(create_app(settings_for(engine_url))) as address:
            start = threading.Barrier(2)

            def decide(key: str) -> int:
                start.wait()
                said = {"decision": "accept", "conflict_of_interest": "none"}
                return httpx.post(
                    f"{address}/v1/studies/{study}/reviews", json=said, headers=header(key), timeout=WITHIN_SECONDS
                ).status_code

            with ThreadPoolExecutor(2) as pool:
                statuses = list(pool.map(decide, (keys.curator, keys.second_curator)))
        assert sorted(statuses) == [201, 409]
        assert differences(engine) == []


def test_retraction_without_a_key_is_done_each_time_it_can_be(client: TestClient, keys: Keys) -> None:
    study = an_accepted_study(client, keys.contributor, keys.curator)
    assert [retract(client, keys.curator, study).status_code for _ in range(2)] == [201, 409]
