"""RoB 2 and ROBINS-I over HTTP: the questions as data, and a study whose judgement comes of the answers."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.schemas.risk_of_bias import ComputedJudgement, SignallingTool, ToolList
from tests.api.acting import an_accepted_study, assert_problem, create, submit
from tests.conftest import Keys
from tests.factories import a_body, differences
from tests.schemas.test_study_risk_of_bias import ALL_LOW, HIGH_IN_SELECTION, MODERATE, SIGNED, UNCONTROLLED


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
        assert SignallingTool.model_validate(tool).model_dump(mode="json") == tool
        assert [len(domain["questions"]) for domain in tool["domains"]] == [3, 7, 4, 5, 3]
        assert client.get("/v1/risk-of-bias/rob-2", headers={"If-None-Match": response.headers["etag"]}).status_code == 304

    def test_what_it_lists_is_what_a_study_may_answer(self, client: TestClient, keys: Keys) -> None:
        questions = [one for domain in client.get("/v1/risk-of-bias/rob-2").json()["domains"] for one in domain["questions"]]
        answers = {one["number"]: one["answers"][0] for one in questions}
        assert (
            create(client, keys.contributor, a_judged_body(answers=answers, overall="high", override_reason="An example.")).status_code
            == 201
        )


class TestGetRobinsI:
    def test_all_questions_by_domain_with_help_answers_and_criteria(self, client: TestClient) -> None:
        tool = client.get("/v1/risk-of-bias/robins-i").json()
        assert SignallingTool.model_validate(tool).model_dump(mode="json") == tool
        assert [len(domain["questions"]) for domain in tool["domains"]] == [8, 5, 3, 6, 5, 4, 3]
        assert tool["judgements"] == ["low", "moderate", "serious", "critical", "no-information"]
        assert all(list(domain["criteria"]) == tool["judgements"] for domain in tool["domains"])
        assert tool["source"] == "https://doi.org/10.1136/bmj.i4919"

    def test_the_tools_are_listed(self, client: TestClient) -> None:
        tools = client.get("/v1/risk-of-bias").json()
        assert ToolList.model_validate(tools).model_dump(mode="json") == tools
        assert {item["tool"]: item["questions"] for item in tools["items"]} == {"rob-2": 22, "robins-i": 34}
        for item in tools["items"]:
            assert client.get(item["href"]).json()["tool"] == item["tool"]


class TestJudgeByAnswers:
    def judged(self, client: TestClient, tool: str, answers: Any) -> Any:
        return client.post(f"/v1/risk-of-bias/{tool}/judgement", json={"answers": answers})

    @pytest.mark.parametrize(("tool", "answers", "overall"), [("rob-2", ALL_LOW, "low"), ("robins-i", MODERATE, "moderate")])
    def test_a_form_hears_what_its_answers_give(self, client: TestClient, tool: str, answers: dict[str, str], overall: str) -> None:
        response = self.judged(client, tool, answers)
        assert response.status_code == 200
        assert ComputedJudgement.model_validate(response.json()).model_dump(mode="json") == response.json()
        assert (response.json()["overall"], response.json()["possible"]) == (overall, [overall])

    def test_an_unfinished_form_hears_what_is_missing(self, client: TestClient) -> None:
        said = self.judged(client, "robins-i", {"1.1": "yes", "1.2": "no"}).json()
        assert said["overall"] is None
        assert said["domains"]["confounding"]["questions"] == ["1.4"]
        assert said["domains"]["confounding"]["open_because"]

    def test_the_example_of_the_document_is_taken(self, client: TestClient) -> None:
        [example] = client.get("/openapi.json").json()["components"]["schemas"]["AnswersGiven"]["examples"]
        assert self.judged(client, "rob-2", example["answers"]).json()["domains"]["selection-of-the-reported-result"]["level"] == "low"

    def test_what_cannot_be_read_is_named(self, client: TestClient) -> None:
        assert_problem(self.judged(client, "pedro", {}), 404, "not-found")
        assert_problem(self.judged(client, "robins-i", {"1.1": "no-information"}), 422, "invalid-body", "/answers/1.1")
        assert_problem(self.judged(client, "rob-2", {"1.1": "maybe"}), 422, "invalid-body", "/answers/1.1")
        assert_problem(self.judged(client, "rob-2", {"9.9": "yes"}), 422, "invalid-body", "/answers/9.9")
        assert_problem(client.post("/v1/risk-of-bias/rob-2/judgement", json={}), 422, "invalid-body", "/answers")


class TestStudyJudgedByRobinsI:
    def body(self, **judgement: Any) -> dict[str, Any]:
        return a_judged_body(tool="robins-i", **judgement) | {"design": "non-randomised-controlled"}

    def test_the_rating_reads_what_the_answers_settle(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study_id = an_accepted_study(client, keys.contributor, keys.curator, self.body(answers=MODERATE))
        study = client.get(f"/v1/studies/{study_id}").json()
        [computed] = study["risk_of_bias_computed"]
        assert (computed["tool"], computed["overall"], computed["possible"]) == ("robins-i", "moderate", ["moderate"])
        assert computed["domains"]["selection-of-the-reported-result"]["possible"] == ["low", "moderate"]
        rating = client.get("/v1/conditions/neck-pain/ratings/craniosacral-therapy").json()
        body = client.get(f"/v1/evidence/{rating['outcomes'][0]['body']}").json()
        assert body["studies"][0]["risk_of_bias"]["level"] == "some-concerns"
        assert differences(engine) == []

    def test_an_override_stands_beside_what_the_answers_leave(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        judged = self.body(answers=UNCONTROLLED, overall="serious", override_reason="Severity at the start was not measured.")
        study = client.get(f"/v1/studies/{an_accepted_study(client, keys.contributor, keys.curator, judged)}").json()
        [recorded], [computed] = study["document"]["risk_of_bias"], study["risk_of_bias_computed"]
        assert (recorded["overall"], recorded["override_reason"]) == ("serious", "Severity at the start was not measured.")
        assert (computed["overall"], computed["possible"]) == (None, ["serious", "critical"])
        assert [one["id"] for one in client.get("/v1/studies", params={"risk_of_bias": "serious"}).json()["items"]] == [study["id"]]
        assert differences(engine) == []

    def test_a_choice_that_is_left_open_is_refused_by_member(self, client: TestClient, keys: Keys) -> None:
        begun = create(client, keys.contributor, self.body(answers=UNCONTROLLED)).json()["id"]
        assert_problem(submit(client, keys.contributor, begun), 422, "incomplete-study", "/risk_of_bias/0/overall")
        chosen = create(client, keys.contributor, self.body(answers=UNCONTROLLED, overall="serious"))
        assert_problem(chosen, 422, "invalid-body", "/risk_of_bias/0/override_reason")


class TestStudyWithAnswers:
    def test_is_read_back_as_it_was_sent_with_what_the_answers_give_beside(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        body = a_judged_body(answers=HIGH_IN_SELECTION)
        study = client.get(f"/v1/studies/{an_accepted_study(client, keys.contributor, keys.curator, body)}").json()
        [recorded], [computed] = study["document"]["risk_of_bias"], study["risk_of_bias_computed"]
        assert (recorded["answers"], recorded["overall"], recorded["override_reason"]) == (HIGH_IN_SELECTION, None, None)
        assert (computed["position"], computed["overall"]) == (0, "high")
        assert computed["domains"]["selection-of-the-reported-result"] == {
            "level": "high",
            "possible": ["high"],
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
