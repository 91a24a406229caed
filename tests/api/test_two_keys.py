"""One person, two keys with one ORCID iD: what is hers under one is hers under the other; a key without it is another person."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.api_keys import create_key, revoke_key
from app.database import transaction
from app.vocabulary import Role
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, review, submit
from tests.api.extracting import READING, change, complete, start
from tests.api.importing import NECK, commit, quick_client, ris
from tests.api.importing import read as read_import
from tests.conftest import Keys

Json = dict[str, Any]
ORCID = "0000-0002-1825-0097"


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@dataclass(frozen=True, slots=True)
class Hers:
    """Her key at home and the one at work."""

    home: str
    work: str


@pytest.fixture
def hers(engine: Engine) -> Hers:
    with transaction(engine) as session:
        home, work = (create_key(session, name=name, role=Role.CONTRIBUTOR, orcid=ORCID) for name in ("Home", "Work"))
    return Hers(home, work)


def get(client: TestClient, key: str, path: str) -> Any:
    return client.get(path, headers=header(key))


def withdraw(client: TestClient, key: str, study: str) -> Any:
    return client.post(f"/v1/studies/{study}/withdraw", json={"reason": "given up"}, headers=header(key))


class TestDraftOfANewRecord:
    @pytest.mark.parametrize("below", ["", "/revisions/1", "/revisions/1/differences", "/revisions/1/preview", "/thread"])
    def test_is_read_with_the_other_key_and_by_nobody_else(self, client: TestClient, keys: Keys, hers: Hers, below: str) -> None:
        study = create(client, hers.home).json()["id"]
        assert get(client, hers.work, f"/v1/studies/{study}{below}").status_code == 200
        assert_problem(get(client, keys.contributor, f"/v1/studies/{study}{below}"), 404, "not-found")

    def test_stands_in_the_queue_where_its_address_opens(self, client: TestClient, hers: Hers) -> None:
        a_submitted_study(client, hers.home)
        [row] = get(client, hers.work, "/v1/review-queue").json()["items"]
        assert get(client, hers.work, row["href"]).status_code == 200
        assert get(client, hers.work, row["thread"]).status_code == 200

    def test_is_gone_on_with_and_submitted(self, client: TestClient, hers: Hers) -> None:
        study = create(client, hers.home).json()["id"]
        assert amend(client, hers.work, study, {"title": "Better"}, If_Match="*").json()["revision"] == 2
        assert submit(client, hers.work, study).json()["status"] == "submitted"
        [item] = get(client, hers.home, "/v1/review-queue").json()["items"]
        assert (item["title"], item["revision"]) == ("Better", 2)

    def test_is_taken_back(self, client: TestClient, hers: Hers) -> None:
        study = a_submitted_study(client, hers.home)
        assert withdraw(client, hers.work, study).json()["status"] == "withdrawn"

    def test_a_lost_key_loses_no_draft(self, client: TestClient, hers: Hers, engine: Engine) -> None:
        study = create(client, hers.home).json()["id"]
        with transaction(engine) as session:
            revoke_key(session, "_".join(hers.home.split("_")[:2]))
        assert submit(client, hers.work, study).status_code == 200

    def test_submitted_twice_is_told_as_to_its_author(self, client: TestClient, hers: Hers) -> None:
        study = a_submitted_study(client, hers.home)
        assert "revision 1 is submitted" in assert_problem(submit(client, hers.work, study), 409, "state-conflict")["detail"]

    def test_is_named_as_a_duplicate(self, client: TestClient, keys: Keys, hers: Hers) -> None:
        body = {"title": "A trial", "doi": "10.1000/one"}
        study = create(client, hers.home, body).json()["id"]
        assert create(client, hers.work, body).json()["study"]["id"] == study
        assert create(client, keys.contributor, body).json()["study"] is None


class TestAmendment:
    def test_is_shown_as_her_open_revision(self, client: TestClient, keys: Keys, hers: Hers) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, hers.home, study, {"title": "Better"}, If_Match='"r1"')
        assert get(client, hers.work, f"/v1/studies/{study}").json()["open_revision"]["number"] == 2
        assert get(client, keys.contributor, f"/v1/studies/{study}").json()["open_revision"] is None

    def test_there_is_one_of_each_person(self, client: TestClient, keys: Keys, hers: Hers) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, hers.home, study, {"title": "Better"}, If_Match='"r1"')
        refused = amend(client, hers.work, study, {"title": "Best"}, If_Match='"r1"')
        assert assert_problem(refused, 412, "stale-revision")["open_revision"]["number"] == 2
        assert amend(client, hers.work, study, {"title": "Best"}, If_Match="*").json()["revision"] == 3
        statuses = {one["number"]: one["status"] for one in get(client, hers.home, f"/v1/studies/{study}/revisions").json()["items"]}
        assert statuses == {1: "accepted", 2: "superseded", 3: "draft"}

    def test_is_put_on_top_of_a_newer_revision_and_submitted(self, client: TestClient, keys: Keys, hers: Hers) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, hers.home, study, {"title": "Better"}, If_Match='"r1"')
        amend(client, keys.contributor, study, {"year": 2023}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).status_code == 201
        rebased = client.post(f"/v1/studies/{study}/revisions/2/rebase", json={}, headers=header(hers.work))
        assert (rebased.status_code, rebased.json()["revision"]) == (201, 4)
        assert submit(client, hers.home, study).status_code == 200


class TestDeciding:
    @pytest.mark.parametrize("decision", ["accept", "reject", "request-changes"])
    def test_her_curators_key_does_not_decide_on_it(self, client: TestClient, hers: Hers, engine: Engine, decision: str) -> None:
        with transaction(engine) as session:
            office = create_key(session, name="Office", role=Role.CURATOR, orcid=ORCID)
        study = a_submitted_study(client, hers.home)
        assert_problem(review(client, office, study, decision), 403, "own-submission")


class TestExtraction:
    def test_is_hers_under_both_keys_and_blind_to_all_others(self, client: TestClient, keys: Keys, hers: Hers) -> None:
        study = an_accepted_study(client, keys.curator, keys.second_curator)
        own = start(client, hers.home, study, READING).json()["id"]
        other = start(client, keys.second_contributor, study, READING).json()["id"]
        assert get(client, hers.work, f"/v1/extractions/{own}").json()["extraction"]["n_randomised"] == 120
        for key in (hers.home, hers.work, keys.curator, keys.admin):
            assert get(client, key, f"/v1/extractions/{other}").json()["extraction"] is None
        for key in (keys.second_contributor, keys.curator, keys.admin):
            assert get(client, key, f"/v1/extractions/{own}").json()["extraction"] is None
        assert change(client, hers.work, own, {"n_randomised": 121}).status_code == 200
        assert complete(client, hers.work, own).status_code == 201

    def test_two_keys_are_not_two_extractors(self, client: TestClient, keys: Keys, hers: Hers) -> None:
        study = an_accepted_study(client, keys.curator, keys.second_curator)
        start(client, hers.home, study, READING)
        assert start(client, hers.work, study, READING).status_code in (403, 409)


class TestImport:
    def test_is_seen_and_committed_with_the_other_key(self, engine_url: str, keys: Keys, hers: Hers) -> None:
        with quick_client(engine_url) as client:
            received = read_import(client, hers.home, ris(NECK))
            assert [one["id"] for one in get(client, hers.work, "/v1/imports").json()["items"]] == [received["id"]]
            assert get(client, keys.contributor, "/v1/imports").json()["items"] == []
            assert get(client, hers.work, received["job"]["href"]).status_code == 200
            for path in (received["href"], received["job"]["href"]):
                assert_problem(get(client, keys.contributor, path), 404, "not-found")
            assert commit(client, hers.work, received["id"])["state"] == "committed"
