"""`GET /v1/evidence/{id}` with its explanation and diagnostics, and the what-ifs of bodies and ratings."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.database import reading, transaction
from app.schemas.evidence import EvidenceAnswer
from app.schemas.rating import RatingAnswer
from tests.factories import a_result, an_accepted_study, differences, row_counts

PAIN = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
DISABILITY = "neck-pain.craniosacral-therapy.disability.sham.post-treatment"
RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"
MEANS = (30, 38, 33, 44, 29)
EVENTS = ((5, 12), (8, 14), (4, 9), (11, 15), (6, 13))
LEVELS = ("low", "some-concerns", "low", "high", "high")


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def studied(engine: Engine) -> Engine:
    """Five trials of neck pain, two at high risk of bias: pain as means, disability as events."""
    with transaction(engine) as session:
        for place, (mean, (treated, controls), level) in enumerate(zip(MEANS, EVENTS, LEVELS, strict=True)):
            n = 40 + 15 * place
            pain = a_result(treatment={"n": n, "mean": mean, "sd": 20 + place}, control={"n": n, "mean": 50, "sd": 20})
            disability = a_result(
                outcome="disability", instrument="neck-disability-index",
                treatment={"n": n, "events": treated}, control={"n": n, "events": controls},
            )  # fmt: skip
            an_accepted_study(
                session, title=f"Trial {place} of neck pain", year=2016 + place, authors=[f"Muster{place} A"],
                n_randomised=2 * n, n_analysed=2 * n, results=[pain, disability],
                risk_of_bias=[{"tool": "rob-2", "overall": level, "judged_by": "two reviewers", "source": "full text"}],
            )  # fmt: skip
    return engine


def get(client: TestClient, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def body(client: TestClient, name: str = PAIN, **params: str) -> Any:
    found = get(client, f"/v1/evidence/{name}", **params)
    assert EvidenceAnswer.model_validate(found).model_dump(mode="json") == found
    return found


@pytest.mark.usefixtures("studied")
class TestExplanation:
    def test_has_its_parts_in_their_declared_shape(self, client: TestClient) -> None:
        found = body(client)
        assert (found["k"], found["pooled"]["k"], found["what_if"]) == (5, 5, None)
        explained = found["explanation"]
        assert explained["certainty"] == found["certainty"] == explained["appraisal"]["effective"]
        names = [row["rule_set"] for row in explained["alternatives"]]
        assert len(names) == 4
        assert any("CINeMA" in name for name in names)
        assert any("Pollock" in name for name in names)
        assert sum(explained["stability"]["shares"].values()) == pytest.approx(1.0)
        assert len(explained["stability"]["cells"]) == 9 * (1 + 5)
        assert explained["smallest_change"]["down"]

    def test_continuous_diagnostics_are_numbers_or_reasons(self, client: TestClient) -> None:
        found = body(client)["diagnostics"]
        assert [row["study"] for row in found["influence"]] == [row["study"] for row in body(client)["studies"]]
        assert 0 <= found["egger"]["p"] <= 1
        assert found["egger_mixed"]["k"] == found["begg"]["k"] == found["meta_regression"]["year"]["k"] == 5
        assert len(found["estimators"]) == 8
        assert [level["name"] for level in found["subgroups"]["risk_of_bias"]["levels"]] == ["high", "low", "some-concerns"]
        assert "not_computed" in found["peto"]
        assert "not_computed" in found["subgroups"]["design"]

    def test_binary_diagnostics_have_tables(self, client: TestClient) -> None:
        found = body(client, DISABILITY)
        assert found["measure"] == "RR"
        tables = found["diagnostics"]["mantel_haenszel"]
        assert tables["odds_ratio"]["cmh"]["df"] == 1
        assert tables["risk_ratio"]["k"] == found["diagnostics"]["peto"]["k"] == 5
        assert "p" in found["diagnostics"]["peters"]
        assert found["diagnostics"]["without_counts"] == []


@pytest.mark.usefixtures("studied")
class TestWhatIfOfABody:
    def test_without_high_risk_the_body_rests_on_the_others(self, client: TestClient) -> None:
        before, after = body(client), body(client, without="high-risk")
        gone = {row["study"] for row in before["studies"] if row["risk_of_bias"]["level"] == "high"}
        assert len(gone) == 2
        assert {row["study"] for row in after["studies"]} == {row["study"] for row in before["studies"]} - gone
        assert after["what_if"]["left_out"]["high_risk"] == sorted(gone)
        assert after["pooled"]["estimate"] == pytest.approx(before["sensitivity"]["without_high_risk"]["estimate"])
        assert all(row["href"] for row in after["passed_over"] if row["study"] in gone)

    def test_a_year_leaves_out_what_came_later(self, client: TestClient) -> None:
        after = body(client, published_until="2018")
        assert (after["k"], after["meta"]["as_of"]) == (3, "2018-12-31")
        assert len(after["what_if"]["left_out"]["later"]) == 2

    def test_a_larger_mid_moves_the_finding(self, client: TestClient) -> None:
        before, after = body(client), body(client, mid="60")
        assert (before["finding"], after["finding"]) == ("favours-intervention", "no-important-difference")
        assert (after["mid"]["value"], after["what_if"]["mid"]) == (60.0, 60.0)
        assert {name: after["what_if"]["stored"][name] for name in ("certainty", "finding", "effect", "k", "n", "sentence")} == {
            name: before[name] for name in ("certainty", "finding", "effect", "k", "n", "sentence")
        }

    def test_explanation_and_diagnostics_are_of_what_is_shown(self, client: TestClient) -> None:
        after = body(client, without="high-risk", published_until="2019", mid="5", method="certainty/1.0.0")
        assert after["k"] == len(after["diagnostics"]["influence"]) == 3
        assert after["explanation"]["certainty"] == after["certainty"]
        assert after["explanation"]["method"] == after["meta"]["method"] == "certainty/1.0.0"

    def test_what_is_gone_is_a_problem_that_says_why(self, client: TestClient) -> None:
        answer = client.get(f"/v1/evidence/{PAIN}?published_until=2010")
        assert answer.status_code == 404
        problem = answer.json()
        assert problem["type"] == "/problems/not-found"
        assert "no study with a usable result is left" in problem["detail"]
        assert len(problem["what_if"]["left_out"]["later"]) == 5
        assert problem["what_if"]["stored"]["k"] == 5

    def test_a_ratio_needs_a_mid_above_one(self, client: TestClient) -> None:
        answer = client.get(f"/v1/evidence/{DISABILITY}?mid=0.9")
        assert answer.status_code == 400
        assert [error["parameter"] for error in answer.json()["errors"]] == ["mid"]
        assert body(client, DISABILITY, mid="2")["mid"]["value"] == pytest.approx(0.6931, abs=1e-4)

    def test_nothing_is_written_and_each_answer_has_its_own_tag(self, client: TestClient, studied: Engine) -> None:
        with reading(studied) as session:
            stored = session.connection().exec_driver_sql("SELECT id, explanation FROM body_of_evidence ORDER BY id").all()
        counts, tag = row_counts(studied), client.get(f"/v1/evidence/{PAIN}").headers["ETag"]
        asked = ("without=high-risk", "mid=20", "published_until=2018", "published_until=2017", "method=certainty/1.0.0")
        tags = {client.get(f"/v1/evidence/{PAIN}?{query}").headers["ETag"] for query in asked}
        assert len(tags | {tag}) == len(asked) + 1
        assert client.get(f"/v1/evidence/{PAIN}", headers={"If-None-Match": tag}).status_code == 304
        assert client.get(f"/v1/evidence/{PAIN}?mid=20", headers={"If-None-Match": tag}).status_code == 200
        with reading(studied) as session:
            assert session.connection().exec_driver_sql("SELECT id, explanation FROM body_of_evidence ORDER BY id").all() == stored
        assert row_counts(studied) == counts
        assert differences(studied) == []


@pytest.mark.usefixtures("studied")
class TestWhatIfOfARating:
    def rating(self, client: TestClient, **params: str) -> Any:
        found = get(client, RATING, **params)
        assert RatingAnswer.model_validate(found).model_dump(mode="json") == found
        return found

    def test_as_it_stands_there_is_none(self, client: TestClient) -> None:
        assert self.rating(client)["what_if"] is None

    def test_without_high_risk_every_body_loses_those_studies(self, client: TestClient) -> None:
        before, after = self.rating(client), self.rating(client, without="high-risk")
        assert [row["k"] for row in after["outcomes"]] == [row["k"] - 2 for row in before["outcomes"]]
        assert len(after["what_if"]["left_out"]["high_risk"]) == 2
        assert after["eligible_studies"] == before["eligible_studies"] == 5
        assert after["what_if"]["stored"]["certainty"] == before["certainty"]
        assert (after["history"], after["left_out"], after["published_until"]) == (None, None, None)

    def test_agrees_with_the_body_on_the_same_terms(self, client: TestClient) -> None:
        asked = {"without": "high-risk", "published_until": "2019", "method": "certainty/1.0.0"}
        [row] = [row for row in self.rating(client, **asked)["outcomes"] if row["body"] == PAIN]
        alone = body(client, **asked)
        assert {name: row[name] for name in ("k", "n", "certainty", "finding", "effect", "sentence", "in_headline")} == {
            name: alone[name] for name in ("k", "n", "certainty", "finding", "effect", "sentence", "in_headline")
        }

    def test_the_method_in_force_gives_the_stored_rating(self, client: TestClient) -> None:
        before, after = self.rating(client), self.rating(client, method="certainty/1.0.0")
        assert after["what_if"]["method"] == "certainty/1.0.0"
        of_what_is_stored = {"history", "history_total", "effective_certainty", "appraised_bodies"}
        of_today = {"sign_off", "signed_off_by", "registrations"}
        same = before.keys() - of_what_is_stored - of_today - {"what_if"}
        assert {name: after[name] for name in same} == {name: before[name] for name in same}

    def test_a_mid_is_asked_of_a_body(self, client: TestClient) -> None:
        answer = client.get(f"{RATING}?mid=3")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["allowed"] == ["published_until", "without", "method"]

    def test_nothing_is_written_and_each_answer_has_its_own_tag(self, client: TestClient, studied: Engine) -> None:
        counts, tag = row_counts(studied), client.get(RATING).headers["ETag"]
        tags = {client.get(f"{RATING}?{query}").headers["ETag"] for query in ("without=high-risk", "published_until=2018")}
        assert len(tags | {tag}) == 3
        assert client.get(RATING, headers={"If-None-Match": tag}).status_code == 304
        assert row_counts(studied) == counts
        assert differences(studied) == []


class TestDocumentedExamples:
    def test_of_a_body_are_answered(self, seeded_client: TestClient) -> None:
        operation = seeded_client.get("/openapi.json").json()["paths"]["/v1/evidence/{body_id}"]["get"]
        examples = {
            one["name"]: [each["value"] for each in one["examples"].values()] for one in operation["parameters"] if one["in"] != "header"
        }
        [known] = examples.pop("body_id")
        assert examples.keys() == {"published_until", "without", "method", "mid"}
        body(seeded_client, known)
        for name, values in examples.items():
            for value in values:
                assert body(seeded_client, known, **{name: str(value)})["what_if"][name] == value

    def test_of_a_rating_are_answered(self, seeded_client: TestClient) -> None:
        operation = seeded_client.get("/openapi.json").json()["paths"]["/v1/conditions/{slug}/ratings/{intervention}"]["get"]
        examples = {
            one["name"]: [each["value"] for each in one["examples"].values()] for one in operation["parameters"] if one["in"] != "header"
        }
        [slug], [intervention] = examples.pop("slug"), examples.pop("intervention")
        for name, values in examples.items():
            for value in values:
                found = get(seeded_client, f"/v1/conditions/{slug}/ratings/{intervention}", **{name: str(value)})
                assert found["what_if"][name] == value


class TestRefusals:
    @pytest.mark.parametrize("query", ["mid=-1", "mid=1&mid=2", "without=low", "method=2", "published_until=0", "mids=3"])
    def test_what_cannot_be_asked_is_refused_by_name(self, seeded_client: TestClient, query: str) -> None:
        answer = seeded_client.get(f"/v1/evidence/{PAIN}?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == query.split("=")[0]
