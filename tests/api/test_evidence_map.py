from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.schemas.evidence_map import EvidenceMap

CRANIOSACRAL, OSTEOPATHIC = "craniosacral-therapy", "osteopathic-manipulative-treatment"


def get_map(client: TestClient, **params: str) -> Any:
    answer = client.get("/v1/evidence-map", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestGetEvidenceMap:
    def test_has_its_declared_shape(self, seeded_client: TestClient) -> None:
        for params in ({}, {"intervention": CRANIOSACRAL}):
            answer = get_map(seeded_client, **params)
            assert EvidenceMap.model_validate(answer).model_dump(mode="json") == answer

    def test_every_condition_meets_every_intervention(self, seeded_client: TestClient) -> None:
        answer = get_map(seeded_client)
        assert [column["slug"] for column in answer["columns"]] == [CRANIOSACRAL, OSTEOPATHIC]
        assert len(answer["rows"]) == 46
        assert all([cell["intervention"] for cell in row["cells"]] == [CRANIOSACRAL, OSTEOPATHIC] for row in answer["rows"])
        assert answer["bodies"] is None

    def test_a_cell_says_what_the_rating_says(self, seeded_client: TestClient) -> None:
        row = next(row for row in get_map(seeded_client)["rows"] if row["slug"] == "neck-pain")
        rating = seeded_client.get(row["cells"][0]["href"]).json()
        assert rating["certainty"] == "low"
        assert all(rating[name] == value for name, value in row["cells"][0].items())

    def test_an_intervention_narrows_the_columns_and_brings_the_outcomes(self, seeded_client: TestClient) -> None:
        answer = get_map(seeded_client, intervention=CRANIOSACRAL)
        assert [column["slug"] for column in answer["columns"]] == [CRANIOSACRAL]
        assert {cell["intervention"] for row in answer["rows"] for cell in row["cells"]} == {CRANIOSACRAL}
        listed = seeded_client.get("/v1/evidence", params={"intervention": CRANIOSACRAL, "limit": "200", "fields": "id"}).json()["items"]
        assert sorted(body["id"] for body in answer["bodies"]) == [item["id"] for item in listed]

    def test_certainty_keeps_the_cells_and_the_rows_that_have_one(self, seeded_client: TestClient) -> None:
        answer = get_map(seeded_client, certainty="low")
        assert {cell["certainty"] for row in answer["rows"] for cell in row["cells"]} == {"low"}
        assert {"neck-pain", "plagiocephaly"} <= {row["slug"] for row in answer["rows"]}

    def test_a_body_system_keeps_its_rows(self, seeded_client: TestClient) -> None:
        answer = get_map(seeded_client, body_system="ear", intervention=OSTEOPATHIC)
        assert {row["body_system"] for row in answer["rows"]} == {"ear"}
        assert {body["condition"] for body in answer["bodies"]} <= {row["slug"] for row in answer["rows"]}

    @pytest.mark.parametrize("name", ["limit", "cursor", "sort", "count", "fields", "body_sistem"])
    def test_is_no_list_and_takes_its_filters_only(self, seeded_client: TestClient, name: str) -> None:
        answer = seeded_client.get("/v1/evidence-map", params={name: "1"})
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, name)
