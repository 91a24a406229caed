"""The salts of what the public ledger pins are shown to nobody: with one, what it hides could be tried out."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import col

from app.database import reading
from app.models import Adjudication, DoubleExtraction, ReferenceImport, Review, StudyExtraction, StudyRevision
from tests.api.acting import a_submitted_study, an_accepted_study, header, review
from tests.api.extracting import READING, adjudicate, ask_for_two, two_extractions
from tests.api.importing import NECK, ris, send
from tests.conftest import Keys


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def addresses(client: TestClient, keys: Keys) -> list[str]:
    """Every address at which something that has a salt is read."""
    study = an_accepted_study(client, keys.contributor, keys.curator)
    ask_for_two(client, keys.curator, study)
    first, _ = two_extractions(client, keys, study, READING, READING | {"n_randomised": 121})
    made = adjudicate(client, keys.second_curator, study, {"pointer": "/n_randomised", "choice": "second"})
    assert made.status_code == 201, made.text
    private = a_submitted_study(client, keys.contributor, None)
    review(client, keys.curator, private, "reject", comment="Not a trial.")
    sent = send(client, keys.contributor, ris(NECK))
    assert sent.status_code == 202, sent.text
    imported = "/v1/imports/" + client.get("/v1/imports", headers=header(keys.contributor)).json()["items"][0]["id"]
    return [
        *(f"/v1/studies/{one}{more}" for one in (study, private) for more in ("", "/revisions", "/revisions/1", "/thread")),
        f"/v1/studies/{study}/adjudications",
        f"/v1/studies/{study}/adjudications/{made.json()['id']}",
        f"/v1/studies/{study}/extractions/comparison",
        f"/v1/extractions/{first}",
        "/v1/extractions",
        "/v1/double-extractions",
        "/v1/review-queue",
        "/v1/audit",
        "/v1/imports",
        imported,
        sent.headers["location"],
        f"{imported}/records",
        "/v1/changes?include=content&limit=200",
    ]


def test_no_answer_to_anybody_holds_a_salt(client: TestClient, keys: Keys, engine: Engine, addresses: list[str]) -> None:
    tables = (StudyRevision, Review, StudyExtraction, DoubleExtraction, Adjudication, ReferenceImport)
    with reading(engine) as session:
        salts = {table: session.execute(select(col(table.salt))).scalars().all() for table in tables}
    assert all(salts.values())
    every = [salt for found in salts.values() for salt in found if salt is not None]
    assert len(every) == sum(map(len, salts.values()))
    read = set()
    for key in (keys.contributor, keys.second_contributor, keys.curator, keys.admin, None):
        for address in addresses:
            answer = client.get(address, headers=header(key))
            assert not [salt for salt in every if salt in answer.text], address
            if answer.status_code == 200:
                read.add(address)
    assert read == set(addresses)
