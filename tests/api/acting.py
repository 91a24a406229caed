"""The acts on a study, as clients do them; each gives the answer as it came."""

from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.factories import a_body

Json = dict[str, Any]


def header(key: str | None, **more: str) -> dict[str, str]:
    """`If_Match='"r1"'` becomes the header If-Match."""
    own = {} if key is None else {"Authorization": f"Bearer {key}"}
    return own | {name.replace("_", "-"): value for name, value in more.items()}


def create(client: TestClient, key: str | None, body: Json | None = None, **headers: str) -> Response:
    return client.post("/v1/studies", json=a_body() if body is None else body, headers=header(key, **headers))


def amend(
    client: TestClient, key: str | None, study: str, patch: Any, *, reason: str | None = "A second look.", **headers: str
) -> Response:
    parameters = {} if reason is None else {"reason": reason}
    return client.patch(f"/v1/studies/{study}", params=parameters, json=patch, headers=header(key, **headers))


def submit(client: TestClient, key: str | None, study: str, *, reason: str | None = None, **headers: str) -> Response:
    said = None if reason is None else {"reason": reason}
    return client.post(f"/v1/studies/{study}/submit", json=said, headers=header(key, **headers))


def review(
    client: TestClient, key: str | None, study: str, decision: str = "accept", *, if_match: str | None = None, **said: Any
) -> Response:
    said = said or ({"conflict_of_interest": "none"} if decision == "accept" else {"comment": "see page 3"})
    headers = header(key) | ({"If-Match": if_match} if if_match else {})
    return client.post(f"/v1/studies/{study}/reviews", json={"decision": decision, **said}, headers=headers)


def retract(client: TestClient, key: str | None, study: str, reason: Any = "fabricated", **headers: str) -> Response:
    return client.post(f"/v1/studies/{study}/retraction", json={"reason": reason}, headers=header(key, **headers))


def preview(client: TestClient, key: str | None, body: Json | None = None, **parameters: str) -> Response:
    return client.post("/v1/studies/preview", json=a_body() if body is None else body, params=parameters, headers=header(key))


def a_submitted_study(client: TestClient, key: str, body: Json | None = None) -> str:
    """The id of a new study that waits for a decision."""
    study: str = create(client, key, body).json()["id"]
    assert submit(client, key, study).status_code == 200
    return study


def an_accepted_study(client: TestClient, author: str, curator: str, body: Json | None = None) -> str:
    study = a_submitted_study(client, author, body)
    assert review(client, curator, study).status_code == 201
    return study


def assert_problem(response: Response, status: int, slug: str, *pointers: str) -> Json:
    """The answer is a problem document (RFC 9457) of this kind that points at these members; gives the document."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: Json = response.json()
    assert (document["status"], document["type"]) == (status, f"/problems/{slug}")
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == response.headers["x-request-id"]
    if pointers:
        assert sorted(error["pointer"] for error in document["errors"]) == sorted(pointers)
    return document
