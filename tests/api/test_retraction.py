"""Retraction over HTTP: at once, by one curator, with its reason; and reversible through review."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import reading
from app.queries.audit import audit
from app.vocabulary import AuditQuestion
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, retract, review, submit
from tests.conftest import Keys
from tests.factories import a_body, differences, rating_content


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def rating(engine: Engine) -> dict[str, Any]:
    with Session(engine) as session:
        return rating_content(session)


class TestRetract:
    def test_the_answer_says_what_moved(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        response = retract(client, keys.curator, study)
        assert response.status_code == 201
        answer = response.json()
        assert (answer["study_status"], answer["revision"], answer["reason"]) == ("retracted", 2, "fabricated")
        assert (answer["ratings"][0]["before"]["eligible_studies"], answer["ratings"][0]["after"]["certainty"]) == (1, "no-evidence")

    def test_and_back_again(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        an_accepted_study(client, keys.contributor, keys.curator)
        study = an_accepted_study(client, keys.contributor, keys.curator)
        before = rating(engine)
        retract(client, keys.curator, study)
        assert rating(engine) != before
        assert amend(client, keys.curator, study, {"publication_status": "published"}, If_Match='"r2"').status_code == 200
        submit(client, keys.curator, study)
        assert_problem(review(client, keys.curator, study), 403, "own-submission")
        assert review(client, keys.second_curator, study).json()["study_status"] == "accepted"
        assert rating(engine) == before
        assert differences(engine) == []

    def test_an_amendment_of_a_retracted_study_is_no_second_retraction(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        retract(client, keys.curator, study)
        before = client.get(f"/v1/studies/{study}").json()["retraction"]
        amend(client, keys.contributor, study, {"title": "Better"}, reason="A misprint.", If_Match='"r2"')
        submit(client, keys.contributor, study)
        assert review(client, keys.second_curator, study).json()["study_status"] == "retracted"
        page = client.get(f"/v1/studies/{study}").json()
        assert (page["revision"], page["retraction"], before["reason"]) == (3, before, "fabricated")
        newest = client.get("/v1/changes", params={"subject": f"study:{study}"}).json()["items"]
        assert [entry["action"] for entry in newest if entry["details"].get("revision") == 3][-1] == "study.accepted"
        with reading(engine) as session:
            excepted = audit(session).exceptions[AuditQuestion.ACCEPTANCES_WITHOUT_INTERESTS]
        assert [one.revision for one in excepted] == [2]
        assert differences(engine) == []

    def test_a_retraction_that_was_reviewed_is_asked_for_its_review(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"publication_status": "retracted"}, reason="Taken back.", If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert review(client, keys.second_curator, study).json()["study_status"] == "retracted"
        assert client.get(f"/v1/studies/{study}").json()["retraction"]["reason"] == "Taken back."
        with reading(engine) as session:
            found = audit(session)
        assert [rows for rows in found.exceptions.values() if rows] == []
        assert found.findings[AuditQuestion.ACCEPTANCES_WITHOUT_INTERESTS] == []  # it has a review, and that states them
        assert differences(engine) == []

    def test_a_record_that_was_accepted_as_retracted_was_accepted(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator, a_body(publication_status="retracted"))
        assert client.get(f"/v1/studies/{study}").json()["status"] == "retracted"
        entries = client.get("/v1/changes", params={"subject": f"study:{study}"}).json()["items"]
        assert "study.retracted" not in [entry["action"] for entry in entries]
        assert differences(engine) == []

    def test_twice_is_a_conflict(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        retract(client, keys.curator, study)
        assert_problem(retract(client, keys.curator, study), 409, "state-conflict")

    def test_what_was_never_accepted_cannot_be_retracted(self, client: TestClient, keys: Keys) -> None:
        assert_problem(retract(client, keys.curator, a_submitted_study(client, keys.contributor)), 409, "state-conflict")

    @pytest.mark.parametrize("reason", [None, "", 3, ["x"]])
    def test_it_needs_a_reason(self, client: TestClient, keys: Keys, reason: Any) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert_problem(retract(client, keys.curator, study, reason), 422, "invalid-body", "/reason")
