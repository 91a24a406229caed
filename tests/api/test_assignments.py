"""Who looks after the submissions of a study: it divides the work and keeps nobody from deciding."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from app.actions.api_keys import revoke_key
from app.database import transaction
from app.schemas.assignment import AssignmentAnswer
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, review, submit
from tests.conftest import Keys
from tests.factories import differences, row_counts


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def address(study: str) -> str:
    return f"/v1/studies/{study}/assignment"


def shown(client: TestClient, key: str, study: str) -> Response:
    return client.get(address(study), headers=header(key))


def assign(client: TestClient, key: str, study: str, curator: Any = "me", tag: str | None = None) -> Response:
    tag = tag or shown(client, key, study).headers["etag"]
    return client.put(address(study), json={"curator": curator}, headers=header(key, If_Match=tag))


def release(client: TestClient, key: str, study: str) -> Response:
    return client.delete(address(study), headers=header(key, If_Match=shown(client, key, study).headers["etag"]))


def holder(client: TestClient, key: str, study: str) -> str | None:
    assigned = shown(client, key, study).json()["assigned"]
    return assigned["curator"] if assigned else None


class TestAssign:
    def test_a_curator_takes_a_submission_and_its_author_sees_who_has_it(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert holder(client, keys.contributor, study) is None
        answer = assign(client, keys.curator, study)
        assert answer.status_code == 200
        assert AssignmentAnswer.model_validate(answer.json()).model_dump(mode="json") == answer.json()
        assert (answer.json()["assigned"]["curator"], answer.json()["assigned"]["by"]) == ("Curator", "Curator")
        assert holder(client, keys.contributor, study) == "Curator"
        assert differences(engine) == []

    def test_it_is_given_to_another_by_name_or_prefix(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        for name in ("Second curator", "_".join(keys.curator.split("_")[:2])):
            assert assign(client, keys.curator, study, name).status_code == 200
        assert holder(client, keys.curator, study) == "Curator"
        items = client.get(f"/v1/studies/{study}/thread", headers=header(keys.curator)).json()["items"]
        assert [(item["kind"], item["curator"]) for item in items[2:]] == [
            ("assigned", "Second curator"),
            *sorted([("assigned", "Curator"), ("unassigned", "Second curator")]),
        ]
        assert differences(engine) == []

    def test_giving_it_to_whoever_has_it_changes_nothing(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        tag = assign(client, keys.curator, study).headers["etag"]
        before = row_counts(engine)
        again = assign(client, keys.curator, study)
        assert (again.status_code, again.headers["etag"]) == (200, tag)
        assert row_counts(engine) == before

    @pytest.mark.parametrize("name", ["Nobody", "Contributor", "Admin of another house", "", 7, None])
    def test_whoever_may_not_review_is_not_given_it(self, client: TestClient, keys: Keys, engine: Engine, name: Any) -> None:
        study = a_submitted_study(client, keys.contributor)
        before = row_counts(engine)
        assert_problem(assign(client, keys.curator, study, name), 422, "invalid-body", "/curator")
        assert row_counts(engine) == before

    def test_a_revoked_key_is_not_given_it(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        with transaction(engine) as session:
            revoke_key(session, "_".join(keys.second_curator.split("_")[:2]))
        problem = assert_problem(assign(client, keys.curator, study, "Second curator"), 422, "invalid-body", "/curator")
        assert problem["errors"][0]["allowed"] == ["me", "Admin", "Curator"]

    def test_nobody_is_given_his_own_submission(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.curator)
        assert_problem(assign(client, keys.curator, study), 403, "own-submission")
        assert_problem(assign(client, keys.second_curator, study, "Curator"), 403, "own-submission")
        assert assign(client, keys.second_curator, study).status_code == 200

    def test_of_two_submissions_of_one_study_he_is_given_the_one_of_the_other(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for key in (keys.contributor, keys.curator):
            assert amend(client, key, study, {"year": 2023}, If_Match='"r1"').status_code == 200
            assert submit(client, key, study).status_code == 200
        answer = assign(client, keys.curator, study)
        assert (answer.status_code, answer.json()["assigned"]["revision"]) == (200, 2)

    def test_what_was_not_submitted_cannot_be_assigned(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert_problem(assign(client, keys.curator, study), 409, "state-conflict")

    def test_needs_the_tag_of_what_was_read(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        bare = client.put(address(study), json={"curator": "me"}, headers=header(keys.curator))
        assert_problem(bare, 428, "precondition-required")
        stale = shown(client, keys.curator, study).headers["etag"]
        assign(client, keys.second_curator, study)
        assert_problem(assign(client, keys.curator, study, tag=stale), 412, "stale-revision")

    def test_the_assignment_of_a_draft_of_others_is_not_shown(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert_problem(shown(client, keys.second_contributor, study), 404, "not-found")


class TestEnd:
    def test_it_is_given_back(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        assign(client, keys.curator, study)
        assert release(client, keys.second_curator, study).json()["assigned"] is None
        assert_problem(release(client, keys.curator, study), 409, "state-conflict")
        assert differences(engine) == []

    @pytest.mark.parametrize(("decision", "afterwards"), [("accept", None), ("reject", None), ("request-changes", "Curator")])
    def test_a_decision_ends_it_and_a_request_for_changes_does_not(
        self, client: TestClient, keys: Keys, engine: Engine, decision: str, afterwards: str | None
    ) -> None:
        study = a_submitted_study(client, keys.contributor)
        assign(client, keys.curator, study)
        assert review(client, keys.second_curator, study, decision).status_code == 201
        assert holder(client, keys.curator, study) == afterwards
        assert differences(engine) == []

    def test_he_keeps_the_study_while_another_submission_of_it_waits(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for key in (keys.contributor, keys.second_contributor):
            amend(client, key, study, {"year": 2023}, If_Match='"r1"')
            submit(client, key, study)
        assign(client, keys.curator, study)
        assert review(client, keys.curator, study, "reject", if_match='"r2"').status_code == 201
        assert holder(client, keys.curator, study) == "Curator"
        assert review(client, keys.curator, study, "reject").status_code == 201
        assert holder(client, keys.curator, study) is None
        assert differences(engine) == []

    def test_another_curator_may_decide_on_it(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assign(client, keys.curator, study)
        assert review(client, keys.second_curator, study).status_code == 201
