"""What two people read of a record that was never accepted is theirs, its authors' and the curators'."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.api_keys import create_key
from app.database import transaction
from app.vocabulary import Role
from tests.api.acting import assert_problem, create, header, review, submit
from tests.api.extracting import READING, ask_for_two, compare, complete, start, two_extractions, withdraw
from tests.conftest import Keys
from tests.factories import a_body


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def stranger(engine: Engine) -> str:
    with transaction(engine) as session:
        return create_key(session, name="Stranger", role=Role.CONTRIBUTOR)


@pytest.fixture
def draft(client: TestClient, keys: Keys) -> str:
    study: str = create(client, keys.admin, a_body(title="Private")).json()["id"]
    assert ask_for_two(client, keys.curator, study).status_code == 201
    return study


def listed(client: TestClient, key: str) -> list[Any]:
    return [*(client.get(f"/v1/{name}", headers=header(key)).json()["items"] for name in ("double-extractions", "extractions"))]


def assert_nothing_is_there(client: TestClient, key: str | None, study: str, *addresses: str) -> None:
    for address in addresses:
        response = client.get(address, headers=header(key))
        if key is not None or "/v1/extractions/" in address:
            assert_problem(response, 404, "not-found")
        else:
            assert_problem(response, 401, "authentication-required")
    if key is not None:
        assert_problem(compare(client, key, study), 404, "not-found")
        assert listed(client, key) == [[], []]
        assert_problem(start(client, key, study), 404, "not-found")


class TestAStranger:
    def test_knows_of_it_while_it_waits_for_an_extraction(self, client: TestClient, keys: Keys, draft: str, stranger: str) -> None:
        complete(client, keys.contributor, start(client, keys.contributor, draft, READING).json()["id"])
        [[double], [extraction]] = listed(client, stranger)
        assert double["record"]["title"] == "Private"
        read = client.get(extraction["href"], headers=header(stranger)).json()
        assert (read["extraction"], read["row_sha256"]) == (None, None)
        assert start(client, stranger, draft).status_code == 201

    def test_no_longer_once_both_are_completed(self, client: TestClient, keys: Keys, draft: str, stranger: str) -> None:
        made = two_extractions(client, keys, draft, READING, READING)
        extractions = [f"/v1/extractions/{one}" for one in made]
        [double] = client.get("/v1/double-extractions", headers=header(keys.curator)).json()["items"]
        for key in (stranger, None):
            assert_nothing_is_there(client, key, draft, double["href"], *extractions)
        for key in (keys.contributor, keys.second_contributor, keys.curator, keys.admin):
            assert compare(client, key, draft).status_code == 200
            assert client.get(extractions[0], headers=header(key)).json()["extraction"]["n_randomised"] == 120

    def test_no_longer_once_it_is_closed(self, client: TestClient, keys: Keys, draft: str, stranger: str) -> None:
        first = start(client, keys.contributor, draft, READING).json()
        double = f"/v1/double-extractions/{first['double_extraction']}"
        client.post(f"{double}/closing", json={"reason": "Stuck."}, headers=header(keys.curator))
        assert_nothing_is_there(client, stranger, draft, double, first["href"])
        assert client.get(double, headers=header(keys.contributor)).status_code == 200

    def test_no_longer_once_the_record_is_withdrawn_or_rejected(self, client: TestClient, keys: Keys, draft: str, stranger: str) -> None:
        first = start(client, keys.contributor, draft, READING).json()
        double = f"/v1/double-extractions/{first['double_extraction']}"
        submit(client, keys.admin, draft)
        assert review(client, keys.curator, draft, "reject").status_code == 201
        assert_nothing_is_there(client, stranger, draft, double, first["href"])
        assert client.get(first["href"], headers=header(keys.contributor)).status_code == 200

    def test_one_who_gave_up_keeps_his_own_and_no_more(self, client: TestClient, keys: Keys, draft: str, stranger: str) -> None:
        own = start(client, stranger, draft, READING).json()
        withdraw(client, stranger, own["id"])
        made = two_extractions(client, keys, draft, READING, READING)
        assert client.get(own["href"], headers=header(stranger)).json()["extraction"]["n_randomised"] == 120
        assert_problem(client.get(f"/v1/extractions/{made[0]}", headers=header(stranger)), 404, "not-found")
        assert_problem(compare(client, stranger, draft), 404, "not-found")


class TestClosed:
    def test_an_extraction_of_a_closed_double_extraction_waits_for_nobody(self, client: TestClient, keys: Keys, draft: str) -> None:
        first = start(client, keys.contributor, draft, READING).json()
        double = f"/v1/double-extractions/{first['double_extraction']}"
        assert client.post(f"{double}/closing", json={"reason": "Stuck."}, headers=header(keys.curator)).status_code == 201

        def listed_as(status: str) -> list[str]:
            answer = client.get("/v1/extractions", params={"status": status}, headers=header(keys.curator))
            return [item["id"] for item in answer.json()["items"]]

        assert (listed_as("in-progress"), listed_as("closed")) == ([], [first["id"]])
        assert client.get(first["href"], headers=header(keys.contributor)).json()["status"] == "closed"
