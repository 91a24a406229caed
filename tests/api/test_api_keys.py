"""Keys over HTTP, for admins."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from tests.api.acting import assert_problem, create, header
from tests.conftest import Keys
from tests.factories import differences


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def make(client: TestClient, keys: Keys, **body: Any) -> Any:
    wanted = {"name": "Anna", "role": "contributor", **body}
    return client.post("/v1/api-keys", json=wanted, headers=header(keys.admin))


class TestCreate:
    def test_the_key_is_shown_once_and_works(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        made = make(client, keys, orcid="https://orcid.org/0000-0002-1825-0097")
        assert made.status_code == 201
        assert (made.json()["orcid"], made.headers["cache-control"]) == ("0000-0002-1825-0097", "no-store")
        key = made.json()["key"]
        assert key.startswith(f"{made.json()['prefix']}_")
        assert create(client, key).status_code == 201
        listed = client.get("/v1/api-keys", headers=header(keys.admin))
        assert key not in listed.text
        assert made.json()["prefix"] in {item["prefix"] for item in listed.json()["items"]}
        assert differences(engine) == []

    def test_a_name_that_is_taken(self, client: TestClient, keys: Keys) -> None:
        make(client, keys)
        assert_problem(make(client, keys), 409, "conflict", "/name")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"name": ""}, "/name"),
            ({"name": "x" * 101}, "/name"),
            ({"role": "owner"}, "/role"),
            ({"orcid": "0000-0002-1825-0098"}, "/orcid"),
            ({"scope": "all"}, "/scope"),
        ],
    )
    def test_a_body_that_does_not_fit(self, client: TestClient, keys: Keys, body: dict[str, Any], pointer: str) -> None:
        assert_problem(make(client, keys, **body), 422, "invalid-body", pointer)


class TestRevoke:
    def test_a_revoked_key_opens_nothing_from_the_next_request_on(self, client: TestClient, keys: Keys) -> None:
        made = make(client, keys).json()
        for _ in range(2):
            response = client.post(f"/v1/api-keys/{made['prefix']}/revocation", headers=header(keys.admin))
            assert response.status_code == 200
            assert response.json()["revoked_at"]
        assert_problem(create(client, made["key"]), 401, "invalid-key")

    def test_an_unknown_key(self, client: TestClient, keys: Keys) -> None:
        assert_problem(client.post("/v1/api-keys/el_0000/revocation", headers=header(keys.admin)), 404, "not-found")


class TestList:
    def test_all_keys_without_their_secrets(self, client: TestClient, keys: Keys) -> None:
        answer = client.get("/v1/api-keys", headers=header(keys.admin)).json()
        assert [item["name"] for item in answer["items"]] == ["Contributor", "Second contributor", "Curator", "Second curator", "Admin"]
        assert answer["page"] == {"limit": 5, "next": None, "total": 5}
        assert all("hash" not in item and "key" not in item for item in answer["items"])


class TestHeaders:
    @pytest.mark.parametrize(
        "value", ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "bearer", "x", "Bearer el_", "Bearer __", "Bearer é"]
    )
    def test_a_header_that_holds_no_key_is_refused_not_ignored(self, client: TestClient, keys: Keys, value: str) -> None:
        response = client.post("/v1/studies", json={}, headers=[(b"Authorization", value.encode("latin-1"))])
        assert_problem(response, 401, "invalid-key")
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert keys.admin not in response.text

    def test_the_scheme_is_read_in_any_case(self, client: TestClient, keys: Keys) -> None:
        response = client.get("/v1/api-keys", headers={"Authorization": f"BEARER  {keys.admin} "})
        assert response.status_code == 200
