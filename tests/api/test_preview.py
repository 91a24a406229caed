"""Preview: what acceptance would do, in the same words, and nothing written."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from tests.api.acting import amend, an_accepted_study, assert_problem, create, preview, review, submit
from tests.conftest import Keys
from tests.factories import a_body, a_result, row_counts


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"
SMALL = a_body(
    title="A small trial",
    n_randomised=30,
    n_analysed=30,
    results=[a_result(treatment={"n": 15, "mean": 48, "sd": 20}, control={"n": 15, "mean": 50, "sd": 20}, direction="unclear")],
)


class TestPreview:
    def test_nothing_is_written(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        before = row_counts(engine)
        assert preview(client, keys.contributor).status_code == 200
        assert row_counts(engine) == before

    def test_a_record_that_only_somebody_elses_draft_has_is_as_unknown_as_one_that_nobody_has(self, client: TestClient, keys: Keys) -> None:
        private = create(client, keys.second_contributor, a_body(title="Private", authors=["Hidden H"])).json()["key"]
        said = {}
        for key in (keys.contributor, keys.second_contributor, keys.curator):
            for name in (private, "nobody-1999-nothing"):
                warnings = preview(client, key, a_body(same_participants_as=[name])).json()["warnings"]
                said[key, name] = [(one["pointer"], one["detail"].replace(name, "…")) for one in warnings]
        unknown = [("/same_participants_as/0", "no study has the key '…'")]
        assert said[keys.contributor, private] == said[keys.contributor, "nobody-1999-nothing"] == unknown
        assert said[keys.second_contributor, private] == said[keys.curator, private] == []
        linked = create(client, keys.contributor, a_body(title="Linked", same_participants_as=[private])).json()
        assert [one["pointer"] for one in linked["warnings"]] == ["/same_participants_as/0"]
        assert_problem(submit(client, keys.contributor, linked["id"]), 422, "inconsistent-study", "/same_participants_as/0")

    def test_acceptance_of_a_new_study_then_says_the_same(self, client: TestClient, keys: Keys) -> None:
        an_accepted_study(client, keys.contributor, keys.curator)
        said = preview(client, keys.contributor, SMALL).json()["ratings"]
        study = create(client, keys.contributor, SMALL).json()["id"]
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).json()["ratings"] == said
        assert said[0]["moves"]
        assert said[0]["before"] != said[0]["after"]

    def test_acceptance_of_an_amendment_then_says_the_same(self, client: TestClient, keys: Keys) -> None:
        an_accepted_study(client, keys.contributor, keys.curator)
        study = an_accepted_study(client, keys.contributor, keys.curator, SMALL)
        patch = {
            "conditions": ["migraine"],
            "results": [a_result(condition="migraine", treatment={"n": 15}, control={"n": 15}, direction="unclear")],
        }
        body: dict[str, Any] = SMALL | patch
        said = preview(client, keys.contributor, body, study=study).json()["ratings"]
        amend(client, keys.contributor, study, patch, If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).json()["ratings"] == [change for change in said if change["moves"]]
        assert {change["condition"] for change in said} == {"neck-pain", "migraine"}

    def test_a_draft_that_says_neither_kind_nor_design_is_told_what_is_missing(self, client: TestClient, keys: Keys) -> None:
        answer = preview(client, keys.contributor, a_body(kind=None, design=None))
        assert answer.status_code == 200, answer.text
        assert [warning["pointer"] for warning in answer.json()["warnings"]] == ["/kind", "/design"]
        assert answer.json()["ratings"] == []

    def test_warnings_come_with_it(self, client: TestClient, keys: Keys) -> None:
        answer = preview(client, keys.contributor, a_body(n_randomised=50, n_analysed=50)).json()
        assert [warning["pointer"] for warning in answer["warnings"]] == ["/results/0/treatment/n", "/results/0/control/n"]

    def test_a_study_that_is_here_already_is_told(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator, a_body(doi="10.1000/xyz"))
        document = assert_problem(preview(client, keys.second_contributor, a_body(doi="10.1000/xyz")), 409, "duplicate-study", "/doi")
        assert document["study"]["id"] == study
        assert preview(client, keys.second_contributor, a_body(doi="10.1000/xyz"), study=study).status_code == 200

    def test_an_unknown_slug_is_told(self, client: TestClient, keys: Keys) -> None:
        assert_problem(preview(client, keys.contributor, a_body(intervention="magic", fidelity=None)), 422, "invalid-body", "/intervention")

    @pytest.mark.parametrize("study", ["x", "00000000-0000-7000-8000-000000000000", ""])
    def test_a_study_that_is_not_there(self, client: TestClient, keys: Keys, study: str) -> None:
        assert_problem(preview(client, keys.contributor, study=study), 404, "not-found")


class TestExpressionOfConcern:
    def test_is_a_reason_of_the_preview_and_stands_on_the_rating_and_its_past(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        marked = a_body(publication_status="expression-of-concern")
        (rating,) = preview(client, keys.contributor, marked, study=study).json()["ratings"]
        assert [reason for reason in rating["reasons"] if "expression of concern" in reason]
        assert client.get(RATING).json()["concerns"] == []
        amend(client, keys.contributor, study, {"publication_status": "expression-of-concern"}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).status_code == 201
        page = client.get(RATING).json()
        assert [row["label"] for row in page["concerns"]] == ["Muster 2024"]
        past = client.get(f"{RATING}/history/{page['history'][0]['sequence']}").json()
        assert [row["label"] for row in past["rating"]["concerns"]] == ["Muster 2024"]
