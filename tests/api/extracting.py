"""The acts on extractions, as clients do them."""

from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.api.acting import header
from tests.conftest import Keys
from tests.factories import a_result

Json = dict[str, Any]
READING: Json = {
    "comparators": [{"kind": "sham", "label": "light touch"}],
    "n_randomised": 120,
    "n_analysed": 120,
    "results": [a_result()],
    "risk_of_bias": [{"tool": "rob-2", "overall": "low", "judged_by": "two reviewers", "source": "full text"}],
}


def ask_for_two(client: TestClient, key: str, study: str, **headers: str) -> Response:
    return client.post(f"/v1/studies/{study}/double-extractions", json={"reason": "It decides."}, headers=header(key, **headers))


def start(client: TestClient, key: str, study: str, values: Json | None = None, **headers: str) -> Response:
    body = {} if values is None else {"extraction": values}
    return client.post(f"/v1/studies/{study}/extractions", json=body, headers=header(key, **headers))


def change(client: TestClient, key: str, extraction: str, patch: Any, if_match: str = "*") -> Response:
    return client.patch(f"/v1/extractions/{extraction}", json=patch, headers=header(key, If_Match=if_match))


def complete(client: TestClient, key: str, extraction: str, **headers: str) -> Response:
    return client.post(f"/v1/extractions/{extraction}/completion", headers=header(key, **headers))


def withdraw(client: TestClient, key: str, extraction: str) -> Response:
    return client.post(f"/v1/extractions/{extraction}/withdrawal", json={"reason": "No time."}, headers=header(key))


def compare(client: TestClient, key: str | None, study: str) -> Response:
    return client.get(f"/v1/studies/{study}/extractions/comparison", headers=header(key))


def adjudicate(client: TestClient, key: str, study: str, *decisions: Json, **members: Any) -> Response:
    body = {"decisions": list(decisions), **members}
    return client.post(f"/v1/studies/{study}/adjudications", json=body, headers=header(key))


def two_extractions(client: TestClient, keys: Keys, study: str, first: Json, second: Json) -> tuple[str, str]:
    """The ids of both, completed by the two contributors."""
    made = []
    for key, values in ((keys.contributor, first), (keys.second_contributor, second)):
        started = start(client, key, study, values)
        assert started.status_code == 201, started.text
        assert complete(client, key, started.json()["id"]).status_code == 201
        made.append(started.json()["id"])
    return made[0], made[1]
