from collections import Counter

import pytest
from fastapi.testclient import TestClient

from app.schemas.claim import ClaimAnswer, ClaimItem, ClaimList
from app.vocabulary import Verdict


def items(client: TestClient, query: str = "") -> list[ClaimItem]:
    response = client.get(f"/v1/claims?limit=200&{query}")
    assert response.status_code == 200, response.text
    return ClaimList.model_validate_json(response.content).items


class TestListClaims:
    def test_every_claim_has_its_verdict_and_the_reason(self, seeded_client: TestClient) -> None:
        found = items(seeded_client)
        assert len(found) == 38
        assert all(item.verdict_reason for item in found)
        assert {item.verdict for item in found if item.condition is None} == {"not-rated"}

    @pytest.mark.parametrize("verdict", list(Verdict))
    def test_a_verdict_can_be_asked_for(self, seeded_client: TestClient, verdict: Verdict) -> None:
        everything = items(seeded_client)
        expected = [item.id for item in everything if item.verdict == verdict]
        assert [item.id for item in items(seeded_client, f"verdict={verdict}")] == expected
        assert len(items(seeded_client, f"verdict__not={verdict}")) == len(everything) - len(expected)

    def test_the_founding_article_is_judged_in_more_than_one_way(self, seeded_client: TestClient) -> None:
        assert len(Counter(item.verdict for item in items(seeded_client))) >= 2

    def test_several_verdicts_are_an_or(self, seeded_client: TestClient) -> None:
        both = items(seeded_client, "verdict=uncertain,not-rated")
        assert len(both) == len(items(seeded_client, "verdict=uncertain")) + len(items(seeded_client, "verdict=not-rated"))

    @pytest.mark.parametrize(
        ("query", "name", "value"),
        [
            ("kind=mechanism", "kind", "mechanism"),
            ("condition=migraine", "condition", "migraine"),
            ("intervention=craniosacral-therapy", "intervention", "craniosacral-therapy"),
            ("source=roya-article", "source", "roya-article"),
        ],
    )
    def test_a_filter_gives_all_that_fit_and_no_other(self, seeded_client: TestClient, query: str, name: str, value: str) -> None:
        found = items(seeded_client, query)
        assert found
        assert [item.id for item in found] == [item.id for item in items(seeded_client) if getattr(item, name) == value]

    def test_words_find_claims(self, seeded_client: TestClient) -> None:
        assert "roya-treats-migraine" in {item.id for item in items(seeded_client, "q=migraine treatment")}

    def test_pages_give_the_whole_list(self, seeded_client: TestClient) -> None:
        found: list[str] = []
        following: str | None = "/v1/claims?limit=7&sort=condition"
        while following:
            response = seeded_client.get(following)
            found += [item["id"] for item in response.json()["items"]]
            following = response.links.get("next", {}).get("url")
        assert sorted(found) == sorted(item.id for item in items(seeded_client))

    @pytest.mark.parametrize("query", ["verdict=true", "kind=hope", "verdit=uncertain", "fields=words", "sort=text"])
    def test_a_wrong_question_is_a_400(self, seeded_client: TestClient, query: str) -> None:
        assert seeded_client.get(f"/v1/claims?{query}").status_code == 400

    def test_fields_head_and_not_modified(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/claims?fields=id,verdict&limit=1")
        assert set(response.json()["items"][0]) == {"id", "verdict"}
        tag = response.headers["etag"]
        assert seeded_client.head("/v1/claims?fields=id,verdict&limit=1").headers["etag"] == tag
        assert seeded_client.get("/v1/claims?fields=id,verdict&limit=1", headers={"If-None-Match": tag}).status_code == 304


class TestGetClaim:
    def test_it_shows_the_rating_it_was_judged_by(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/claims/roya-treats-migraine")
        claim = ClaimAnswer.model_validate_json(response.content)
        assert claim.rating is not None
        rating = seeded_client.get(claim.rating.href).json()
        assert (claim.rating.certainty, claim.rating.direction, claim.rating.sentence) == (
            rating["certainty"],
            rating["direction"],
            rating["sentence"],
        )
        assert claim.source.slug == "roya-article"
        assert claim.meta.as_of == claim.rating.as_of
        assert response.headers["etag"].startswith('"r1-')

    def test_a_claim_without_a_condition_has_no_rating(self, seeded_client: TestClient) -> None:
        claim = ClaimAnswer.model_validate_json(seeded_client.get("/v1/claims/roya-a-lot-of-evidence").content)
        assert (claim.rating, claim.verdict, claim.links.condition) == (None, "not-rated", None)

    def test_an_unknown_claim_is_not_found(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/claims/nobody-said-so").status_code == 404

    def test_parameters_are_refused(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/claims/roya-treats-migraine?x=1").status_code == 400
