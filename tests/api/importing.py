"""The acts on an import, as clients do them, and files of references to do them with."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.api.acting import header

Json = dict[str, Any]
PATIENCE_SECONDS = 60


@contextmanager
def quick_client(url: str, **settings: Any) -> Iterator[TestClient]:
    """A client of a service whose worker looks for work all the time."""
    from app.main import create_app
    from app.settings import Settings

    chosen = {"rate_limit": "off", "rate_limit_writes": "off", "job_poll_seconds": 0.02, **settings}
    with TestClient(create_app(Settings(database_url=url, **chosen))) as client:
        yield client


def ris(*records: Json) -> bytes:
    """Records as Zotero exports them: title, authors (`Family, Given`), year, doi."""
    return b"".join(_ris_record(**record) for record in records)


def _ris_record(
    title: str | None = None, authors: Sequence[str] = ("Muster, Anna",), year: int | None = 2020, doi: str | None = None
) -> bytes:
    lines = ["TY  - JOUR"]
    lines += [f"TI  - {title}"] if title else []
    lines += [f"AU  - {author}" for author in authors]
    lines += [f"PY  - {year}"] if year else []
    lines += [f"DO  - {doi}"] if doi else []
    return "".join(f"{line}\r\n" for line in [*lines, "ER  - ", ""]).encode()


NECK = {"title": "Craniosacral treatment of chronic neck pain: a randomised trial", "doi": "10.5555/imports.1"}
HEAD = {"title": "Light touch in the care of adults with migraine over twelve weeks", "doi": "10.5555/imports.2"}
SLEEP = {"title": "Sleep of preterm infants after gentle manual treatment on the ward", "doi": "10.5555/imports.3"}
NECK_AGAIN = {"title": "Craniosacral treatment for chronic neck pain in adults: randomised trial", "year": 2021}
"""Another wording, another year, no identifier: a person has to say whether it is `NECK`."""


def send(client: TestClient, key: str | None, content: bytes, name: str = "references.ris", **parameters: str) -> Response:
    headers = header(key, Content_Type="application/octet-stream")
    return client.post("/v1/imports", content=content, params={"filename": name, **parameters}, headers=headers)


def wait_for(client: TestClient, key: str, job: str) -> Json:
    """The job when it has ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found: Json = client.get(f"/v1/jobs/{job}", headers=header(key)).json()
        if found["state"] in ("succeeded", "failed"):
            return found
        time.sleep(0.02)
    raise AssertionError(f"the job has not ended: {found}")


def read(client: TestClient, key: str, content: bytes, name: str = "references.ris", **parameters: str) -> Json:
    """An import after its dry run."""
    sent = send(client, key, content, name, **parameters)
    assert sent.status_code == 202, sent.text
    wait_for(client, key, sent.json()["job"]["id"])
    return get(client, key, sent.json()["import"]["id"])


def get(client: TestClient, key: str, import_id: str) -> Json:
    found: Json = client.get(f"/v1/imports/{import_id}", headers=header(key)).json()
    return found


def records(client: TestClient, key: str, import_id: str, **parameters: Any) -> list[Json]:
    answer = client.get(f"/v1/imports/{import_id}/records", params=parameters, headers=header(key))
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def decide(client: TestClient, key: str, import_id: str, *decisions: Json) -> Response:
    return client.post(f"/v1/imports/{import_id}/decisions", json={"decisions": list(decisions)}, headers=header(key))


def commit(client: TestClient, key: str, import_id: str) -> Json:
    """The import after a commit that succeeded."""
    asked = client.post(f"/v1/imports/{import_id}/commit", headers=header(key))
    assert asked.status_code == 202, asked.text
    job = wait_for(client, key, asked.json()["id"])
    assert job["state"] == "succeeded", job
    return get(client, key, import_id)


def counts(found: Json, *names: str) -> tuple[int, ...]:
    return tuple(found["counts"][name] for name in names)
