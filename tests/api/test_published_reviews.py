"""The published reviews of a question: inclusion matrix, overlap, agreement; as JSON and as a table."""

import csv
from io import StringIO
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.acting import an_accepted_study, assert_problem, retract
from tests.conftest import Keys
from tests.factories import a_body, a_result

ADDRESS = "/v1/conditions/neck-pain/ratings/craniosacral-therapy/reviews"


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def a_review(title: str, year: int, included: list[str], **synthesis: Any) -> dict[str, Any]:
    return {
        "title": title, "kind": "synthesis", "design": "systematic-review", "authors": [f"{title} R"], "year": year,
        "intervention": "craniosacral-therapy", "conditions": ["neck-pain"], "notes": "Made up.",
        "synthesis": {"included": included, **synthesis},
    }  # fmt: skip


@pytest.fixture
def studies(client: TestClient, keys: Keys) -> dict[str, str]:
    """Three trials of 2010, 2015 and 2021, one about migraine; an old review of two, a new one of two."""

    def add(body: dict[str, Any]) -> str:
        return an_accepted_study(client, keys.contributor, keys.curator, body)

    made = {str(year): add(a_body(title=f"Trial of {year}", authors=[f"Trial{year} A"], year=year)) for year in (2010, 2015, 2021)}
    made["migraine"] = add(
        a_body(title="Migraine", authors=["Aura A"], year=2012, conditions=["migraine"], results=[a_result(condition="migraine")])
    )
    old = ["trial2010-2010-neck-pain", "aura-2012-migraine"]
    made["old"] = add(a_review("Old", 2014, old, n_studies=4, certainty="very low (GRADE)", conclusion_direction="inconclusive"))
    made["new"] = add(a_review("New", 2020, ["trial2010-2010-neck-pain", "trial2015-2015-neck-pain"], n_studies=2))
    made["silent"] = add(a_review("Silent", 2022, []))
    return made


@pytest.mark.usefixtures("studies")
class TestOverlap:
    def test_the_matrix_holds_the_studies_on_the_condition_and_explains_absences_by_year(self, client: TestClient) -> None:
        answer = client.get(ADDRESS).json()
        cells = {row["key"]: [(cell["review"], cell["cell"]) for cell in row["cells"]] for row in answer["studies"]}
        assert cells == {
            "trial2010-2010-neck-pain": [("old-2014-neck-pain", "included"), ("new-2020-neck-pain", "included")],
            "trial2015-2015-neck-pain": [("old-2014-neck-pain", "published-later"), ("new-2020-neck-pain", "included")],
        }
        overlap = answer["overlap"]
        assert (overlap["inclusions"], overlap["studies"], overlap["reviews"], overlap["structural_zeros"]) == (3, 2, 2, 1)
        assert (overlap["cca"], overlap["adjusted"], overlap["adjusted_band"]) == (0.5, 1.0, "very-high")
        assert [pair["shared"] for pair in answer["pairwise"]] == [1]

    def test_what_is_missing_on_either_side_is_told(self, client: TestClient) -> None:
        answer = client.get(ADDRESS).json()
        assert [(row["key"], row["newer_than_all_reviews"]) for row in answer["not_in_any_review"]] == [("trial2021-2021-neck-pain", False)]
        reviews = {row["key"]: row for row in answer["reviews"]}
        old = reviews["old-2014-neck-pain"]
        assert (old["included_here"], old["included_elsewhere"], old["included_not_recorded"], old["included_complete"]) == (
            ["trial2010-2010-neck-pain"], 1, 2, False,
        )  # fmt: skip
        assert reviews["new-2020-neck-pain"]["included_complete"] is True
        silent = reviews["silent-2022-neck-pain"]
        assert (silent["in_matrix"], silent["included_not_recorded"]) == (False, None)

    def test_each_review_is_compared_with_the_rating(self, client: TestClient) -> None:
        answer = client.get(ADDRESS).json()
        old = next(row for row in answer["reviews"] if row["key"] == "old-2014-neck-pain")
        assert answer["direction"] == "favours-intervention"
        assert (old["agreement"], old["certainty_comparison"]) == ("differs", "less-certain")
        assert answer["certainty"] in old["certainty_reason"]

    def test_a_retracted_study_is_marked_in_the_reviews_that_rest_on_it(
        self, client: TestClient, keys: Keys, studies: dict[str, str]
    ) -> None:
        retract(client, keys.curator, studies["2010"])
        answer = client.get(ADDRESS).json()
        assert {row["key"]: row["publication_status"] for row in answer["studies"]}["trial2010-2010-neck-pain"] == "retracted"
        assert [row["key"] for row in answer["reviews"] if row["includes_retracted"]] == ["new-2020-neck-pain", "old-2014-neck-pain"]

    def test_a_retracted_review_stands_in_no_matrix(self, client: TestClient, keys: Keys, studies: dict[str, str]) -> None:
        retract(client, keys.curator, studies["old"])
        answer = client.get(ADDRESS).json()
        assert answer["overlap"]["cca"] is None
        assert "two reviews" in answer["overlap"]["reason"]

    def test_a_retracted_review_covers_no_study_and_is_compared_with_nothing(
        self, client: TestClient, keys: Keys, studies: dict[str, str]
    ) -> None:
        for review in ("new", "silent"):
            retract(client, keys.curator, studies[review])
        answer = client.get(ADDRESS).json()
        missing = {row["key"]: row["newer_than_all_reviews"] for row in answer["not_in_any_review"]}
        assert missing == {"trial2015-2015-neck-pain": True, "trial2021-2021-neck-pain": True}
        retract(client, keys.curator, studies["old"])
        old = next(row for row in client.get(ADDRESS).json()["reviews"] if row["key"] == "old-2014-neck-pain")
        assert (old["certainty_comparison"], "retracted" in old["certainty_reason"]) == ("not-comparable", True)

    def test_the_table_is_the_matrix(self, client: TestClient) -> None:
        answer = client.get(f"{ADDRESS}.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert list(csv.reader(StringIO(answer.text))) == [
            ["study", "year", "publication_status", "old-2014-neck-pain", "new-2020-neck-pain"],
            ["trial2010-2010-neck-pain", "2010", "published", "included", "included"],
            ["trial2015-2015-neck-pain", "2015", "published", "published-later", "included"],
        ]


class TestNothing:
    def test_no_review_is_an_answer_with_its_reason(self, client: TestClient) -> None:
        answer = client.get(ADDRESS).json()
        assert (answer["reviews"], answer["studies"], answer["pairwise"], answer["overlap"]["cca"]) == ([], [], [], None)
        assert client.get(f"{ADDRESS}.csv").text == "study,year,publication_status\r\n"

    def test_an_unknown_condition_is_named(self, client: TestClient) -> None:
        assert_problem(client.get(ADDRESS.replace("neck-pain", "neck-pane")), 404, "not-found")
