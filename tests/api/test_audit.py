"""The audit over HTTP, for curators and admins."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from app.database import transaction
from app.models import StudyRevision
from app.schemas.audit import AuditAnswer, AuditReport
from tests.api.acting import a_submitted_study, assert_problem, header, review
from tests.conftest import Keys


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


class TestGetAudit:
    def test_counts_the_answers_to_every_question(self, client: TestClient, keys: Keys) -> None:
        review(client, keys.curator, a_submitted_study(client, keys.contributor))
        response = client.get("/v1/audit", headers=header(keys.second_curator))
        assert response.status_code == 200
        report = response.json()
        assert AuditReport.model_validate(report).model_dump(mode="json") == report
        counts = {item["question"]: item["findings"] for item in report["items"]}
        assert counts.pop("acts-without-orcid") == 3  # created, submitted, accepted: the keys of this test have no ORCID iD
        assert set(counts.values()) == {0}
        assert (report["clean"], set(report["exceptions"])) == (False, {"seeding", "retraction", "one-person"})

    def test_one_question_names_who_what_and_when(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.curator)
        assert review(client, keys.second_curator, study).status_code == 201
        with transaction(engine) as session:
            made_by = session.get_one(StudyRevision, (study, 1)).created_by
            session.execute(update(StudyRevision).values(decided_by=made_by))
        answer = client.get("/v1/audit/one-person-approvals", headers=header(keys.admin)).json()
        assert AuditAnswer.model_validate(answer).model_dump(mode="json") == answer
        [found] = answer["findings"]
        assert (found["subject"], found["revision"], found["who"]["name"]) == (f"study:{study}", 1, "Curator")
        [entry] = client.get("/v1/changes", params={"action": "study.accepted"}).json()["items"]
        assert (found["sequence"], found["at"]) == (entry["sequence"], entry["occurred_at"])

    def test_a_question_that_is_none(self, client: TestClient, keys: Keys) -> None:
        problem = assert_problem(client.get("/v1/audit/who-cares", headers=header(keys.admin)), 404, "not-found")
        assert "one-person-approvals" in problem["detail"]
