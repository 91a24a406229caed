"""From a DOI to a reviewed, rated study: prefilled, completed, previewed, sent back, mended, accepted; the rating is what was foretold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.api_keys import create_key
from app.database import make_engine, reading, transaction
from app.main import create_app
from app.vocabulary import Role
from tests.api.acting import amend, create, header, preview, review, submit
from tests.factories import a_result, differences, rating_content
from tests.fakes import fake_services

Json = dict[str, Any]
DOI = "doi:10.5555/light.2021.001"
NUMBERS: Json = {
    "kind": "primary",
    "design": "randomised-trial",
    "intervention": "craniosacral-therapy",
    "fidelity": "craniosacral-therapy",
    "conditions": ["neck-pain"],
    "comparators": [{"kind": "sham", "label": "light touch"}],
    "n_randomised": 400,
    "n_analysed": 392,
    "results": [a_result(treatment={"n": 196, "mean": 38, "sd": 22}, control={"n": 196, "mean": 41, "sd": 22}, direction="unclear")],
    "risk_of_bias": [{"tool": "rob-2", "overall": "low", "judged_by": "two reviewers", "source": "full text"}],
}
MENDED = a_result(treatment={"n": 196, "mean": 38, "sd": 20.5}, control={"n": 196, "mean": 41, "sd": 22}, direction="unclear")
AUTHOR, CURATOR = "0000-0002-1825-0097", "0000-0001-5109-3700"


@dataclass(frozen=True, slots=True)
class People:
    author: str
    curator: str


@pytest.fixture
def engine(seeded_copy_url: str) -> Iterator[Engine]:
    opened = make_engine(seeded_copy_url)
    yield opened
    opened.dispose()


@pytest.fixture
def people(engine: Engine) -> People:
    with transaction(engine) as session:
        return People(
            create_key(session, name="Ada Author", role=Role.CONTRIBUTOR, orcid=AUTHOR),
            create_key(session, name="Cora Curator", role=Role.CURATOR, orcid=CURATOR),
        )


@pytest.fixture
def client(seeded_copy_url: str) -> Iterator[TestClient]:
    with fake_services() as services:
        settings = services.settings(database_url=seeded_copy_url, rate_limit="off", rate_limit_writes="off")
        with TestClient(create_app(settings)) as opened:
            yield opened


def of_revision(client: TestClient, key: str, study: str, way: str) -> Json:
    answer = client.get(f"/v1/studies/{study}/revisions/{way}", headers=header(key))
    assert answer.status_code == 200, answer.text
    said: Json = answer.json()
    return said


def tag(number: int) -> str:
    return f'"r{number}"'


class TestDoiToRating:
    def test_the_rating_is_what_the_preview_said(self, client: TestClient, engine: Engine, people: People) -> None:
        with reading(engine) as session:
            before = rating_content(session)

        found = client.get(f"/v1/lookup/{DOI}", headers=header(people.author)).json()
        assert (found["document"]["doi"], found["existing"]) == (DOI.removeprefix("doi:"), [])
        drafted = create(client, people.author, found["document"])
        study = drafted.json()["id"]
        assert drafted.status_code == 201
        assert {"/kind", "/design"} <= {warning["pointer"] for warning in drafted.json()["warnings"]}

        completed = amend(client, people.author, study, NUMBERS, If_Match=tag(1)).json()
        assert completed["warnings"] == []
        foretold = preview(client, people.author, completed["document"], study=study).json()
        [change] = [one for one in foretold["ratings"] if one["moves"]]
        assert (change["condition"], change["intervention"]) == ("neck-pain", "craniosacral-therapy")
        assert change["after"]["eligible_studies"] == before["eligible_studies"] + 1
        assert any(reason.startswith("Pain intensity, against sham") for reason in change["reasons"])
        assert submit(client, people.author, study).json()["status"] == "submitted"

        assert of_revision(client, people.curator, study, "2/preview")["ratings"] == foretold["ratings"]
        assert review(client, people.curator, study, "request-changes", comment="table 2 gives another spread").status_code == 201
        assert amend(client, people.author, study, {"results": [MENDED]}, If_Match=tag(2)).status_code == 200
        assert submit(client, people.author, study).json()["revision"] == 3

        [mended] = of_revision(client, people.curator, study, "3/differences")["differences"]
        assert (mended["pointer"], mended["before"], mended["after"]) == ("/results/0/treatment/sd", 22.0, 20.5)
        foretold = of_revision(client, people.curator, study, "3/preview")
        assert (foretold["base_moved"], foretold["warnings"]) == (False, [])
        [change] = [one for one in foretold["ratings"] if one["moves"]]
        with reading(engine) as session:
            assert rating_content(session) == before

        accepted = review(client, people.curator, study, if_match=tag(3))
        assert accepted.json()["ratings"] == [change]
        with reading(engine) as session:
            now = rating_content(session)
        assert {name: now[name] for name in change["after"]} == change["after"]
        assert now["outcomes"] == change["outcomes_after"]

        entries = client.get("/v1/changes", params={"subject": f"study:{study}"}).json()["items"]
        assert [(entry["action"], entry["actor"]["orcid"]) for entry in entries] == [
            ("study.created", AUTHOR),
            ("study.amended", AUTHOR),
            ("study.submitted", AUTHOR),
            ("study.changes-requested", CURATOR),
            ("study.amended", AUTHOR),
            ("study.submitted", AUTHOR),
            ("study.accepted", CURATOR),
        ]
        newest = client.get("/v1/changes", params={"action": "rating.changed", "actor": entries[-1]["actor"]["id"]}).json()["items"][-1]
        assert newest["details"]["caused_by"] == entries[-1]["sequence"]
        assert newest["details"]["after"]["sentence"] == change["after"]["sentence"]
        shown = client.get(f"/v1/studies/{study}").json()["attribution"]
        assert {(one["role"], one["orcid"]) for one in shown} == {("author", AUTHOR), ("reviewer", CURATOR)}
        assert differences(engine) == []
