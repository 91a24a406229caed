"""Keys over HTTP, for admins."""

import time
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import col

from app.actor import Actor
from app.database import transaction
from app.models import ApiKey
from app.models.base import utc_now
from app.web.dependencies import RequireRole
from tests.api.acting import a_submitted_study, assert_problem, create, header, review
from tests.conftest import Keys
from tests.factories import differences, row_counts


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

    @pytest.mark.parametrize("name", ["Me", "nobody", "system:seed", "el_0123abcd", "EL_x", "An\u200bna", "An\tna", "A\u202ena", "\u2028"])
    def test_a_name_that_could_be_taken_for_something_else(self, client: TestClient, keys: Keys, name: str) -> None:
        assert_problem(make(client, keys, name=name), 422, "invalid-body", "/name")

    @pytest.mark.parametrize("name", ["anna SMITH", " Anna   Smith ", "AnnaSmith", "\uff21nna Smith"])
    def test_a_name_that_reads_like_another(self, client: TestClient, keys: Keys, name: str) -> None:
        assert make(client, keys, name="Anna Smith").status_code == 201
        assert_problem(make(client, keys, name=name), 409, "conflict", "/name")

    def test_a_secret_is_not_kept_to_be_repeated(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        before, twice = row_counts(engine), header(keys.admin, Idempotency_Key="one")
        assert_problem(client.post("/v1/api-keys", json={"name": "Anna", "role": "curator"}, headers=twice), 400, "invalid-header")
        prefix = make(client, keys).json()["prefix"]
        assert_problem(client.post(f"/v1/api-keys/{prefix}/rotation", headers=twice), 400, "invalid-header")
        assert row_counts(engine)["idempotency_key"] == before["idempotency_key"]


class TestExamples:
    def test_those_of_the_document_are_taken(self, client: TestClient, keys: Keys) -> None:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        bodies = {name: schemas[f"ApiKey{name}"]["examples"][0] for name in ("Create", "Update", "Rotation", "Revocation")}
        made = client.post("/v1/api-keys", json=bodies["Create"], headers=header(keys.admin))
        assert made.status_code == 201
        address, tag = made.json()["href"], made.headers["etag"]
        assert client.patch(address, json=bodies["Update"], headers=header(keys.admin, If_Match=tag)).status_code == 200
        assert client.post(f"{address}/rotation", json=bodies["Rotation"], headers=header(keys.admin)).status_code == 201
        assert client.post(f"{address}/revocation", json=bodies["Revocation"], headers=header(keys.admin)).status_code == 200


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
        assert answer["page"] == {"limit": 25, "next": None, "total": None}
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


class TestGetOne:
    def test_the_holder_sees_what_his_key_is_and_no_other(self, client: TestClient, keys: Keys) -> None:
        made = make(client, keys, orcid="0000-0002-1825-0097", expires_at="2099-01-01T00:00:00Z").json()
        own = client.get("/v1/api-keys/me", headers=header(made["key"]))
        assert own.status_code == 200
        assert own.headers["cache-control"] == "no-store"
        assert {name: own.json()[name] for name in ("name", "role", "orcid", "state", "expires_at")} == {
            "name": "Anna",
            "role": "contributor",
            "orcid": "0000-0002-1825-0097",
            "state": "active",
            "expires_at": "2099-01-01T00:00:00Z",
        }
        assert_problem(client.get(f"/v1/api-keys/{made['prefix']}", headers=header(made["key"])), 403, "not-allowed")
        assert client.get(made["href"], headers=header(keys.admin)).json()["prefix"] == made["prefix"]

    def test_nobody_is_nobody(self, client: TestClient, keys: Keys) -> None:
        assert_problem(client.get("/v1/api-keys/me"), 401, "authentication-required")

    def test_says_when_the_key_was_last_used(self, client: TestClient, keys: Keys) -> None:
        made = make(client, keys).json()
        assert made["last_used_at"] is None
        assert client.get("/v1/conditions", headers=header(made["key"])).status_code == 200
        client.app.app.state.key_use.settle()  # type: ignore[attr-defined]
        used = client.get("/v1/api-keys/me", headers=header(made["key"])).json()["last_used_at"]
        assert used is not None
        assert client.get("/v1/api-keys/me", headers=header(made["key"])).json()["last_used_at"] == used


class TestChange:
    def test_role_orcid_and_expiry_against_the_version_that_was_read(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        made = make(client, keys)
        address, tag = made.json()["href"], made.headers["etag"]
        wanted = {"role": "curator", "orcid": "0000-0002-1825-0097", "expires_at": "2099-01-01T00:00:00Z", "reason": "trained"}
        changed = client.patch(address, json=wanted, headers=header(keys.admin, If_Match=tag))
        assert changed.status_code == 200
        assert (changed.json()["role"], changed.json()["orcid"], changed.json()["version"]) == ("curator", "0000-0002-1825-0097", 2)
        assert_problem(client.patch(address, json=wanted, headers=header(keys.admin, If_Match=tag)), 412, "stale-revision")
        assert_problem(client.patch(address, json=wanted, headers=header(keys.admin)), 428, "precondition-required")
        [entry] = client.get("/v1/changes", params={"subject": f"key:{made.json()['prefix']}", "action": "key.changed"}).json()["items"]
        assert (entry["details"]["reason"], entry["details"]["after"]["role"]) == ("trained", "curator")
        assert differences(engine) == []

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"role": None}, "/role"),
            ({"role": "owner"}, "/role"),
            ({"orcid": "0000-0002-1825-0098"}, "/orcid"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
            ({"expires_at": "2099-01-01"}, "/expires_at"),
            ({"expires_at": "2099-01-01T00:00:00"}, "/expires_at"),
            ({"expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
            ({"expires_at": "0001-01-01T00:00:00+23:59"}, "/expires_at"),
            ({"expires_at": 4102444800}, "/expires_at"),
            ({"expires_at": 1e308}, "/expires_at"),
            ({"expires_at": True}, "/expires_at"),
            ({"name": "Other"}, "/name"),
            ({}, ""),
        ],
    )
    def test_a_body_that_does_not_fit(self, client: TestClient, keys: Keys, body: dict[str, Any], pointer: str) -> None:
        made = make(client, keys)
        response = client.patch(made.json()["href"], json=body, headers=header(keys.admin, If_Match=made.headers["etag"]))
        assert_problem(response, 422, "invalid-body", pointer)

    def test_whoever_acted_under_an_orcid_keeps_one(self, client: TestClient, keys: Keys) -> None:
        made = make(client, keys, orcid="0000-0002-1825-0097").json()
        assert create(client, made["key"]).status_code == 201

        def change(body: dict[str, Any]) -> Any:
            return client.patch(made["href"], json=body, headers=header(keys.admin, If_Match="*"))

        assert_problem(change({"orcid": None, "reason": "No more."}), 409, "conflict", "/orcid")
        assert_problem(change({"orcid": "0000-0001-5109-3700"}), 422, "invalid-body", "/reason")
        assert change({"orcid": "0000-0001-5109-3700", "reason": "Mistyped."}).status_code == 200

    def test_the_last_admin_stays(self, client: TestClient, keys: Keys) -> None:
        own = client.get("/v1/api-keys/me", headers=header(keys.admin))
        tag = own.headers["etag"]
        response = client.patch(own.json()["href"], json={"role": "curator"}, headers=header(keys.admin, If_Match=tag))
        assert_problem(response, 409, "last-admin-key")
        assert_problem(client.post(f"{own.json()['href']}/revocation", headers=header(keys.admin)), 409, "last-admin-key")


class TestRotate:
    def test_the_new_secret_is_shown_once_and_the_old_one_works_for_a_while(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        made = make(client, keys).json()
        rotated = client.post(f"{made['href']}/rotation", json={"grace_days": 3, "reason": "yearly"}, headers=header(keys.admin))
        assert (rotated.status_code, rotated.headers["cache-control"]) == (201, "no-store")
        new = rotated.json()
        assert (new["prefix"], new["version"]) == (made["prefix"], 2)
        assert new["previous_secret_valid_until"] is not None
        assert new["key"] != made["key"]
        first, second = (client.get("/v1/api-keys/me", headers=header(key)) for key in (made["key"], new["key"]))
        assert first.status_code == second.status_code == 200
        assert new["key"] not in client.get("/v1/api-keys", headers=header(keys.admin)).text
        assert differences(engine) == []

    def test_without_a_body_the_grace_is_a_week(self, client: TestClient, keys: Keys) -> None:
        made = make(client, keys).json()
        rotated = client.post(f"{made['href']}/rotation", headers=header(keys.admin))
        assert rotated.status_code == 201
        assert rotated.json()["previous_secret_valid_until"] is not None

    def test_against_the_version_that_was_read_where_it_is_named(self, client: TestClient, keys: Keys) -> None:
        address = make(client, keys).json()["href"]
        stale = client.post(f"{address}/rotation", headers=header(keys.admin, If_Match='"r7"'))
        assert_problem(stale, 412, "stale-revision")
        assert client.post(f"{address}/rotation", headers=header(keys.admin, If_Match='"r1"')).status_code == 201

    def test_without_grace_the_old_secret_is_refused(self, client: TestClient, keys: Keys) -> None:
        made = make(client, keys).json()
        assert client.post(f"{made['href']}/rotation", json={"grace_days": 0}, headers=header(keys.admin)).status_code == 201
        assert_problem(client.get("/v1/api-keys/me", headers=header(made["key"])), 401, "invalid-key")

    @pytest.mark.parametrize("grace", [-1, 91, 1.5, "7", True, None])
    def test_a_grace_that_is_none(self, client: TestClient, keys: Keys, grace: Any) -> None:
        made = make(client, keys).json()
        response = client.post(f"{made['href']}/rotation", json={"grace_days": grace}, headers=header(keys.admin))
        assert_problem(response, 422, "invalid-body", "/grace_days")


class TestExpiredKey:
    def test_is_told_so_and_opens_nothing(self, client: TestClient, keys: Keys) -> None:
        end = datetime.now(UTC) + timedelta(seconds=2)
        made = make(client, keys, expires_at=end.isoformat()).json()
        assert client.get("/v1/api-keys/me", headers=header(made["key"])).status_code == 200
        time.sleep(2.1)
        problem = assert_problem(client.get("/v1/conditions", headers=header(made["key"])), 401, "expired-key")
        assert f"the key {made['prefix']} expired on" in problem["detail"]
        listed = client.get("/v1/api-keys", params={"expired": "true"}, headers=header(keys.admin)).json()["items"]
        assert [(item["prefix"], item["state"]) for item in listed] == [(made["prefix"], "expired")]


class TestFilters:
    def test_by_role_state_and_use(self, client: TestClient, keys: Keys) -> None:
        begun = datetime.now(UTC).isoformat()
        made = make(client, keys).json()
        client.post(f"{made['href']}/revocation", json={"reason": "left the group"}, headers=header(keys.admin))

        def names(**parameters: str) -> list[str]:
            answer = client.get("/v1/api-keys", params=parameters, headers=header(keys.admin))
            assert answer.status_code == 200, answer.text
            return [item["name"] for item in answer.json()["items"]]

        assert names(role="curator") == ["Curator", "Second curator"]
        assert names(revoked="true") == ["Anna"]
        assert "Anna" not in names(revoked="false")
        assert names(expired="true") == []
        client.app.app.state.key_use.settle()  # type: ignore[attr-defined]
        assert names(unused_since=begun) == ["Contributor", "Second contributor", "Curator", "Second curator"]
        assert names(sort="-name", limit="2") == ["Second curator", "Second contributor"]

    def test_the_grammar_is_that_of_every_list(self, client: TestClient, keys: Keys) -> None:
        page = client.get("/v1/api-keys", params={"limit": "2", "count": "true", "fields": "name"}, headers=header(keys.admin)).json()
        assert (page["items"], page["page"]["total"]) == ([{"name": "Contributor"}, {"name": "Second contributor"}], 5)
        following = {"limit": "2", "fields": "name", "cursor": page["page"]["next"]}
        assert client.get("/v1/api-keys", params=following, headers=header(keys.admin)).json()["items"][0] == {"name": "Curator"}
        assert_problem(client.get("/v1/api-keys", params={"rolle": "x"}, headers=header(keys.admin)), 400, "invalid-query")


class TestChangedWhileARequestWaits:
    """Between the check of the key and the writer's place other writes may come; what the key may is asked again there."""

    @pytest.mark.parametrize(
        ("change", "status", "slug"),
        [
            ({"revoked_at": utc_now()}, 401, "invalid-key"),
            ({"expires_at": utc_now()}, 401, "expired-key"),
            ({"role": "contributor"}, 403, "not-allowed"),
            ({"orcid": "0000-0002-1825-0097"}, 409, "conflict"),
        ],
    )
    def test_nothing_is_written(
        self, client: TestClient, keys: Keys, engine: Engine, monkeypatch: pytest.MonkeyPatch, change: Any, status: int, slug: str
    ) -> None:
        study = a_submitted_study(client, keys.contributor)

        authorized = RequireRole.__call__

        @wraps(authorized)
        def changed_meanwhile(required: RequireRole, **arguments: Any) -> Actor:
            actor = authorized(required, **arguments)
            with transaction(engine) as session:
                session.execute(update(ApiKey).where(col(ApiKey.prefix) == actor.id).values(**change))
            return actor

        before = row_counts(engine)
        monkeypatch.setattr(RequireRole, "__call__", changed_meanwhile)
        assert_problem(review(client, keys.curator, study), status, slug)
        assert row_counts(engine) == before
