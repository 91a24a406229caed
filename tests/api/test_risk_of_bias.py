"""RoB 2 over HTTP: the questions as data, and a study whose judgement comes of the answers."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.schemas.risk_of_bias import Rob2Tool
from tests.api.acting import an_accepted_study, assert_problem, create
from tests.conftest import Keys
from tests.factories import a_body, differences
from tests.schemas.test_study_risk_of_bias import ALL_LOW, HIGH_IN_SELECTION, SIGNED


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def a_judged_body(**judgement: Any) -> dict[str, Any]:
    return a_body(risk_of_bias=[SIGNED | judgement])


class TestGetRob2:
    def test_all_questions_by_domain_with_help_and_answers(self, client: TestClient) -> None:
        response = client.get("/v1/risk-of-bias/rob-2")
        assert response.status_code == 200
        tool = response.json()
        assert Rob2Tool.model_validate(tool).model_dump(mode="json") == tool
        assert [len(domain["questions"]) for domain in tool["domains"]] == [3, 7, 4, 5, 3]
        assert client.get("/v1/risk-of-bias/rob-2", headers={"If-None-Match": response.headers["etag"]}).status_code == 304

    def test_what_it_lists_is_what_a_study_may_answer(self, client: TestClient, keys: Keys) -> None:
        questions = [one for domain in client.get("/v1/risk-of-bias/rob-2").json()["domains"] for one in domain["questions"]]
        answers = {one["number"]: one["answers"][0] for one in questions}
        assert (
            create(client, keys.contributor, a_judged_body(answers=answers, overall="high", override_reason="An example.")).status_code
            == 201
        )


class TestStudyWithAnswers:
    def test_is_read_back_as_it_was_sent_with_what_the_answers_give_beside(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        body = a_judged_body(answers=HIGH_IN_SELECTION)
        study = client.get(f"/v1/studies/{an_accepted_study(client, keys.contributor, keys.curator, body)}").json()
        [recorded], [computed] = study["document"]["risk_of_bias"], study["risk_of_bias_computed"]
        assert (recorded["answers"], recorded["overall"], recorded["override_reason"]) == (HIGH_IN_SELECTION, None, None)
        assert (computed["position"], computed["overall"]) == (0, "high")
        assert computed["domains"]["selection-of-the-reported-result"] == {
            "level": "high",
            "questions": ["5.2", "5.3"],
            "open_because": None,
        }
        assert "Selection of the reported result: high by the answers to 5.2, 5.3." in computed["reasons"]
        assert differences(engine) == []

    def test_the_rating_reads_what_the_answers_give(self, client: TestClient, keys: Keys) -> None:
        an_accepted_study(client, keys.contributor, keys.curator, a_judged_body(answers=HIGH_IN_SELECTION))
        rating = client.get("/v1/conditions/neck-pain/ratings/craniosacral-therapy").json()
        body = client.get(f"/v1/evidence/{rating['outcomes'][0]['body']}").json()
        assert body["studies"][0]["risk_of_bias"]["level"] == "high"
        assert [study["id"] for study in client.get("/v1/studies", params={"risk_of_bias": "high"}).json()["items"]]

    def test_a_judgement_without_answers_has_nothing_beside(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert client.get(f"/v1/studies/{study}").json()["risk_of_bias_computed"] == []

    def test_judging_otherwise_without_a_reason_names_the_member(self, client: TestClient, keys: Keys) -> None:
        response = create(client, keys.contributor, a_judged_body(answers=ALL_LOW, overall="high"))
        assert_problem(response, 422, "invalid-body", "/risk_of_bias/0/override_reason")

    def test_an_answer_that_is_none_names_the_member(self, client: TestClient, keys: Keys) -> None:
        response = create(client, keys.contributor, a_judged_body(answers={"1.1": "maybe"}, overall="low"))
        assert_problem(response, 422, "invalid-body", "/risk_of_bias/0/answers/1.1")
