"""The audit over HTTP, for curators and admins."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from app.database import transaction
from app.models import StudyRevision
from app.queries.audit import CURATORS_ACTS
from app.schemas.audit import AuditAnswer, AuditReport
from tests.api.acting import a_submitted_study, an_accepted_study, assert_problem, header, retract, review
from tests.api.test_access import ROUTES
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
        assert (report["clean"], set(report["exceptions"])) == (False, {"seeding", "retraction", "appraisal", "one-person"})

    def test_one_question_names_who_what_and_when(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.curator)
        assert review(client, keys.second_curator, study).status_code == 201
        with transaction(engine) as session:
            made_by = session.get_one(StudyRevision, (study, 1)).created_by
            session.execute(update(StudyRevision).values(decided_by=made_by))
        answer = client.get("/v1/audit/one-person-approvals", headers=header(keys.admin)).json()
        assert AuditAnswer.model_validate(answer).model_dump(mode="json") == answer
        [found] = answer["items"]
        assert (answer["findings"], answer["exceptions"]) == (1, 0)
        assert (found["subject"], found["revision"], found["who"]["name"]) == (f"study:{study}", 1, "Curator")
        [entry] = client.get("/v1/changes", params={"action": "study.accepted"}).json()["items"]
        assert (found["sequence"], found["at"]) == (entry["sequence"], entry["occurred_at"])

    def test_answers_come_in_pages_without_loss(self, client: TestClient, keys: Keys) -> None:
        review(client, keys.curator, a_submitted_study(client, keys.contributor))
        address, asked = "/v1/audit/acts-without-orcid", {"limit": "2", "count": "true", "fields": "sequence,detail"}
        first = client.get(address, params=asked, headers=header(keys.admin))
        second = client.get(address, params=asked | {"cursor": first.json()["page"]["next"]}, headers=header(keys.admin)).json()
        assert (first.json()["page"]["total"], "link" in first.headers, second["page"]["next"]) == (3, True, None)
        items = [*first.json()["items"], *second["items"]]
        assert [one["detail"].split(":")[0] for one in items] == ["study.created", "study.submitted", "study.accepted"]
        turned = client.get(address, params={"sort": "-sequence"}, headers=header(keys.admin)).json()["items"]
        assert [one["sequence"] for one in turned] == [one["sequence"] for one in reversed(items)]

    def test_what_an_exception_allows_is_listed_when_it_is_asked_for(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        retract(client, keys.curator, study)
        address = "/v1/audit/one-person-approvals"

        def listed(**asked: str) -> list[str]:
            return [one["exception"] for one in client.get(address, params=asked, headers=header(keys.admin)).json()["items"]]

        assert (listed(), listed(excepted="true")) == ([], ["retraction"])
        assert (listed(excepted="true", exception="seeding"), listed(excepted="true", exception__not="seeding")) == ([], ["retraction"])

    @pytest.mark.parametrize(
        "asked", ["exceptions=true", "excepted=1", "exception=kindness", "limit=0", "cursor=x", "sort=who", "fields=name"]
    )
    def test_an_odd_question_is_refused(self, client: TestClient, keys: Keys, asked: str) -> None:
        answer = client.get(f"/v1/audit/acts-without-orcid?{asked}", headers=header(keys.admin))
        assert_problem(answer, 400, "invalid-cursor" if asked.startswith("cursor") else "invalid-query")

    def test_a_question_that_is_none(self, client: TestClient, keys: Keys) -> None:
        problem = assert_problem(client.get("/v1/audit/who-cares", headers=header(keys.admin)), 404, "not-found")
        assert "one-person-approvals" in problem["detail"]


CURATORS_ROUTES = {
    ("POST", "/v1/evidence/{body_id}/appraisals"): {"appraisal.made"},
    ("POST", "/v1/appraisals/{appraisal_id}/withdrawal"): {"appraisal.withdrawn"},
    ("POST", "/v1/notices/{notice_id}/closing"): {"notice.handled", "notice.dismissed"},
    ("POST", "/v1/studies/{study_id}/reviews"): {"study.accepted", "study.rejected", "study.changes-requested"},
    ("POST", "/v1/studies/{study_id}/retraction"): {"study.retracted"},
    ("PUT", "/v1/studies/{study_id}/assignment"): {"assignment.made"},
    ("DELETE", "/v1/studies/{study_id}/assignment"): set(),  # `assignment.ended`, which is a curator's act unless it says `withdrawn`
    ("POST", "/v1/sign-offs/{sign_off_id}/withdrawal"): {"sign-off.withdrawn"},
    ("POST", "/v1/conditions/{slug}/ratings/{intervention}/sign-offs"): {"sign-off.made"},
    ("POST", "/v1/double-extractions/{double_extraction_id}/closing"): {"double-extraction.closed"},
    ("POST", "/v1/studies/{study_id}/double-extractions"): {"double-extraction.asked-for"},
}
"""What the ledger says of an act of each route that writes and that only curators may use."""


class TestCuratorsActs:
    def test_the_audit_knows_the_act_of_every_route_that_only_curators_may_use(self) -> None:
        routes = {route for route, needs in ROUTES.items() if needs == "curator" and route[0] != "GET"}
        assert routes == CURATORS_ROUTES.keys()
        assert frozenset().union(*CURATORS_ROUTES.values()) == CURATORS_ACTS
