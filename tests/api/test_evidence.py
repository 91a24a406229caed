from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.schemas.evidence import EvidenceAnswer, EvidenceList
from app.vocabulary import Certainty

NECK_PAIN = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
STRENGTH = [certainty.value for certainty in Certainty]


def get(client: TestClient, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def items(client: TestClient, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(client, "/v1/evidence", limit="200", **params)["items"]
    return found


class TestListEvidence:
    def test_items_have_their_declared_shape(self, seeded_client: TestClient) -> None:
        answer = get(seeded_client, "/v1/evidence", limit="200", count="true")
        assert EvidenceList.model_validate(answer).model_dump(mode="json") == answer
        assert answer["page"]["total"] == len(answer["items"]) > 100

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("condition", "infant-colic"),
            ("intervention", "craniosacral-therapy"),
            ("outcome", "pain-intensity"),
            ("comparator_group", "sham"),
            ("horizon", "follow-up"),
            ("certainty", "low"),
            ("finding", "favours-intervention"),
        ],
    )
    def test_each_filter_keeps_its_value(self, seeded_client: TestClient, member: str, value: str) -> None:
        everything = items(seeded_client)
        kept = items(seeded_client, **{member: value})
        assert [item["id"] for item in kept] == [item["id"] for item in everything if item[member] == value]
        assert 0 < len(kept) < len(everything)

    def test_the_headline_bodies_alone(self, seeded_client: TestClient) -> None:
        assert {item["in_headline"] for item in items(seeded_client, in_headline="true")} == {True}
        assert {item["in_headline"] for item in items(seeded_client, in_headline="false")} == {False}

    def test_certainty_sorts_by_strength(self, seeded_client: TestClient) -> None:
        ranks = [STRENGTH.index(item["certainty"]) for item in items(seeded_client, sort="certainty")]
        assert ranks == sorted(ranks)
        assert len(set(ranks)) > 1

    @pytest.mark.parametrize("member", ["k", "n"])
    def test_the_largest_first(self, seeded_client: TestClient, member: str) -> None:
        numbers = [item[member] for item in items(seeded_client, sort=f"-{member}")]
        assert numbers == sorted(numbers, reverse=True)

    def test_pages_by_certainty_miss_nothing(self, seeded_client: TestClient) -> None:
        walked: list[str] = []
        path: str | None = "/v1/evidence?sort=-certainty,-n&limit=50&fields=id"
        while path is not None:
            answer = seeded_client.get(path)
            walked += [item["id"] for item in answer.json()["items"]]
            path = answer.links["next"]["url"] if "next" in answer.links else None
        assert sorted(walked) == [item["id"] for item in items(seeded_client, fields="id")]

    def test_a_bad_value_is_refused_with_the_allowed_ones(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get("/v1/evidence?horizon=later")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["allowed"] == ["post-treatment", "follow-up"]


class TestGetEvidence:
    def test_every_body_has_its_declared_shape(self, seeded_client: TestClient) -> None:
        for item in items(seeded_client):
            body = get(seeded_client, item["href"])
            assert EvidenceAnswer.model_validate(body).model_dump(mode="json") == body

    def test_every_number_can_be_traced(self, seeded_client: TestClient) -> None:
        body = get(seeded_client, f"/v1/evidence/{NECK_PAIN}")
        [study] = body["studies"]
        assert study["study"] == "haller-2016-neck-pain"
        assert (study["effect"], study["display"]["ci_high"], study["weight"]) == (-21.0, -9.4, 1.0)
        assert study["href"].startswith("/v1/studies/")
        assert body["start"]["certainty"] == "high"
        assert body["domains"]["imprecision"]["inputs"]["information_size"] == 400
        assert (body["mid"]["value"], body["mid"]["standing"]) == (10.0, "provisional")
        assert body["participants_still_needed"]["f_1_0"] == 346
        assert get(seeded_client, body["links"]["rating"])["outcomes"][0]["body"] == NECK_PAIN

    def test_an_unknown_body_names_the_nearest(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get(f"/v1/evidence/{NECK_PAIN}s")
        assert answer.status_code == 404
        assert answer.json()["nearest"][0] == NECK_PAIN

    def test_an_unchanged_body_is_not_sent_twice(self, seeded_client: TestClient) -> None:
        tag = seeded_client.get(f"/v1/evidence/{NECK_PAIN}").headers["ETag"]
        assert seeded_client.get(f"/v1/evidence/{NECK_PAIN}", headers={"If-None-Match": tag}).status_code == 304
