"""Decisions over HTTP: what is asked, what is answered, and who may."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.main import create_app
from app.settings import Settings
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, review, submit
from tests.conftest import Keys
from tests.factories import a_body, a_result, differences, row_counts


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


class TestReview:
    def test_accepting_says_which_ratings_moved(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        response = review(client, keys.curator, study)
        assert response.status_code == 201
        answer = response.json()
        assert (answer["decision"], answer["study_status"], answer["revision"], answer["reviewer"]) == ("accept", "accepted", 1, "Curator")
        moved = answer["ratings"][0]
        assert (moved["condition"], moved["moves"], moved["before"]["certainty"]) == ("neck-pain", True, "no-evidence")
        assert moved["after"]["eligible_participants"] == 120
        assert moved["reasons"]
        assert answer["sequence"] == int(response.headers["evidence-revision"])
        assert differences(engine) == []

    @pytest.mark.parametrize(("decision", "status"), [("reject", "rejected"), ("request-changes", "changes-requested")])
    def test_the_other_decisions_move_no_rating(self, client: TestClient, keys: Keys, decision: str, status: str) -> None:
        study = a_submitted_study(client, keys.contributor)
        answer = review(client, keys.curator, study, decision).json()
        assert (answer["study_status"], answer["ratings"], answer["comment"]) == (status, [], "see page 3")

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["/decision"]),
            ({"decision": "maybe"}, ["/decision"]),
            ({"decision": "accept"}, ["/conflict_of_interest"]),
            ({"decision": "reject"}, ["/comment"]),
            ({"decision": "request-changes", "comment": 3}, ["/comment"]),
            ({"decision": "accept", "conflict_of_interest": "none", "extra": 1}, ["/extra"]),
        ],
    )
    def test_a_decision_that_says_too_little(
        self, client: TestClient, keys: Keys, engine: Engine, body: dict[str, Any], pointers: list[str]
    ) -> None:
        study = a_submitted_study(client, keys.contributor)
        before = row_counts(engine)
        response = client.post(f"/v1/studies/{study}/reviews", json=body, headers=header(keys.curator))
        assert_problem(response, 422, "invalid-body", *pointers)
        assert row_counts(engine) == before

    def test_own_submission_is_refused_until_the_setting_says_so(self, client: TestClient, keys: Keys, engine_url: str) -> None:
        study = a_submitted_study(client, keys.curator)
        assert_problem(review(client, keys.curator, study), 403, "own-submission")
        settings = Settings(database_url=engine_url, rate_limit="off", rate_limit_writes="off", one_person=True)
        with TestClient(create_app(settings)) as one_person:
            assert review(one_person, keys.curator, study).status_code == 201

    def test_a_draft_is_a_conflict_that_names_its_state(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert "draft" in assert_problem(review(client, keys.curator, study), 409, "state-conflict")["detail"]

    def test_a_second_decision_is_a_conflict(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert review(client, keys.curator, study).status_code == 201
        assert_problem(review(client, keys.second_curator, study, "reject"), 409, "state-conflict")

    def test_an_amendment_whose_base_moved_is_a_conflict(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for key in (keys.contributor, keys.second_contributor):
            amend(client, key, study, {"year": 2020}, If_Match='"r1"')
            submit(client, key, study)
        assert review(client, keys.curator, study, if_match='"r3"').json()["revision"] == 3
        document = assert_problem(review(client, keys.curator, study), 409, "state-conflict")
        assert (document["base_revision"], document["live_revision"]) == (1, 3)

    def test_where_several_wait_a_decision_names_one(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for key in (keys.contributor, keys.second_contributor):
            amend(client, key, study, {"year": 2020}, If_Match='"r1"')
            submit(client, key, study)
        stated = {"conflict_of_interest": "none"}
        assert assert_problem(review(client, keys.curator, study), 409, "state-conflict")["waiting"] == [2, 3]
        for number, wrong in ((1, 409), (9, 422), (2**63, 422)):
            assert review(client, keys.curator, study, revision=number, **stated).status_code == wrong
        clash = review(client, keys.curator, study, if_match='"r3"', revision=2, **stated)
        assert_problem(clash, 422, "invalid-body", "/revision")
        assert review(client, keys.curator, study, revision=2, **stated).json()["revision"] == 2

    def test_what_is_said_of_an_amendment_is_public_once_it_is_accepted(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for decision in ("request-changes", "reject"):
            number = amend(client, keys.contributor, study, {"year": 2020}, reason="My secret reason", If_Match="*").json()["revision"]
            submit(client, keys.contributor, study)
            review(client, keys.curator, study, decision, comment="A secret comment", revision=number)
        amend(client, keys.contributor, study, {"year": 2020}, reason="My secret reason", If_Match='"r1"')
        client.post(f"/v1/studies/{study}/withdraw", json={"reason": "A secret mistake"}, headers=header(keys.contributor))
        assert "secret" not in client.get("/v1/changes?limit=200").text
        amend(client, keys.contributor, study, {"year": 2020}, reason="The printed year", If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).status_code == 201
        assert "The printed year" in client.get("/v1/changes?limit=200").text
        assert differences(engine) == []

    def test_nobody_accepts_a_revision_that_he_has_not_read(self, client: TestClient, keys: Keys) -> None:
        """The author hands in another revision while the curator reads the first."""
        study = a_submitted_study(client, keys.contributor)
        changed = a_result(treatment={"n": 60, "mean": 5, "sd": 1})
        amend(client, keys.contributor, study, {"results": [changed]}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert_problem(review(client, keys.curator, study, if_match='"r1"'), 412, "stale-revision")
        assert review(client, keys.curator, study, if_match='"r2"').json()["revision"] == 2

    def test_one_of_two_submissions_is_chosen_by_its_tag(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for key in (keys.contributor, keys.second_contributor):
            amend(client, key, study, {"year": 2020}, If_Match='"r1"')
            submit(client, key, study)
        assert review(client, keys.curator, study, "reject", if_match='"r2"').json()["revision"] == 2
        assert review(client, keys.curator, study, if_match='"r3"').json()["revision"] == 3

    def test_a_record_that_came_to_contradict_itself_is_refused_at_acceptance_too(self, client: TestClient, keys: Keys) -> None:
        """A DOI that another study took in the meantime."""
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"doi": "10.1000/xyz"}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        an_accepted_study(client, keys.second_contributor, keys.curator, a_body(doi="10.1000/xyz"))
        assert_problem(review(client, keys.curator, study), 409, "duplicate-study", "/doi")
