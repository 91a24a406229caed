import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.schemas.claim import ClaimList
from app.schemas.intervention import InterventionAnswer, InterventionList, PositionList, ReadingList, SafetyAnswer
from app.seed import SEED_DATA
from app.vocabulary import Certainty

CRANIOSACRAL = "/v1/interventions/craniosacral-therapy"


def seeded_studies() -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) | {"key": path.stem} for path in sorted(Path(SEED_DATA, "studies").glob("*.json"))]


class TestListInterventions:
    def test_each_says_how_it_is_rated(self, seeded_client: TestClient) -> None:
        found = InterventionList.model_validate_json(seeded_client.get("/v1/interventions").content).items
        assert [item.slug for item in found] == ["craniosacral-therapy", "osteopathic-manipulative-treatment"]
        for item in found:
            assert item.ratings.conditions == sum(item.ratings.by_certainty.values()) == 46
            assert item.ratings.by_certainty[Certainty.NO_EVIDENCE] > 0

    def test_words_sort_and_fields(self, seeded_client: TestClient) -> None:
        assert [item["slug"] for item in seeded_client.get("/v1/interventions?q=cst").json()["items"]] == ["craniosacral-therapy"]
        backwards = seeded_client.get("/v1/interventions?sort=-name&fields=name").json()["items"]
        assert [set(item) for item in backwards] == [{"name"}, {"name"}]
        assert backwards[0]["name"] > backwards[1]["name"]

    @pytest.mark.parametrize("query", ["name=x", "sort=year", "fields=x", "q="])
    def test_a_wrong_question_is_a_400(self, seeded_client: TestClient, query: str) -> None:
        assert seeded_client.get(f"/v1/interventions?{query}").status_code == 400


class TestGetIntervention:
    def test_the_record_is_whole(self, seeded_client: TestClient) -> None:
        response = seeded_client.get(CRANIOSACRAL)
        answer = InterventionAnswer.model_validate_json(response.content)
        assert answer.providers
        assert answer.session is not None
        assert {one.fidelity for one in answer.fidelities} >= {"craniosacral-therapy", "osteopathy-in-the-cranial-field"}
        assert "osteopathic-manipulative-treatment" in {one.intervention for one in answer.related}
        assert response.headers["etag"].startswith(f'"r{answer.version}-')

    def test_studies_on_the_mechanism_can_be_followed(self, seeded_client: TestClient) -> None:
        answer = InterventionAnswer.model_validate_json(seeded_client.get(CRANIOSACRAL).content)
        assert answer.mechanism_studies
        assert seeded_client.get(answer.mechanism_studies[0].href).json()["key"] == answer.mechanism_studies[0].key

    def test_every_link_leads_somewhere(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get(CRANIOSACRAL).json()
        for href in (*answer["links"].values(), answer["ratings"]["href"]):
            assert seeded_client.get(href).status_code == 200, href

    def test_an_unknown_slug_names_the_nearest(self, seeded_client: TestClient) -> None:
        for path in ("", "/safety", "/claims", "/readings", "/positions"):
            response = seeded_client.get(f"/v1/interventions/craniosacral-terapy{path}")
            assert response.status_code == 404
            assert response.json()["nearest"] == ["craniosacral-therapy"]

    def test_head_and_not_modified(self, seeded_client: TestClient) -> None:
        tag = seeded_client.get(CRANIOSACRAL).headers["etag"]
        assert seeded_client.head(CRANIOSACRAL).headers["etag"] == tag
        assert seeded_client.get(CRANIOSACRAL, headers={"If-None-Match": tag}).status_code == 304


class TestGetInterventionSafety:
    @pytest.mark.parametrize("slug", ["craniosacral-therapy", "osteopathic-manipulative-treatment"])
    def test_it_counts_who_spoke_and_who_was_silent(self, seeded_client: TestClient, slug: str) -> None:
        answer = SafetyAnswer.model_validate_json(seeded_client.get(f"/v1/interventions/{slug}/safety").content)
        primary = [study for study in seeded_studies() if study["intervention"] == slug and study["kind"] == "primary"]
        told = [study for study in primary if study["adverse_events"]["reported"]]
        counts = [study["adverse_events"]["serious"] for study in told if study["adverse_events"]["serious"] is not None]
        harms = answer.reported_harms
        assert (harms.primary_studies, harms.reporting, harms.silent) == (len(primary), len(told), len(primary) - len(told))
        assert (harms.counting_serious, harms.serious_events) == (len(counts), sum(counts) if counts else None)
        assert {study.key for study in harms.studies} == {study["key"] for study in told}

    def test_studies_of_harm_stand_apart(self, seeded_client: TestClient) -> None:
        answer = SafetyAnswer.model_validate_json(seeded_client.get(f"{CRANIOSACRAL}/safety").content)
        of_harm = {s["key"] for s in seeded_studies() if s["intervention"] == "craniosacral-therapy" and s["kind"] == "safety"}
        assert {study.key for study in answer.safety_studies} == of_harm
        assert any(study.serious == 1 for study in answer.safety_studies)

    def test_silence_is_not_called_safety(self, seeded_client: TestClient) -> None:
        answer = SafetyAnswer.model_validate_json(seeded_client.get(f"{CRANIOSACRAL}/safety").content)
        assert answer.note.startswith("Silence is not safety")
        assert answer.contraindications
        assert answer.adverse_effects
        assert answer.statements
        assert all(statement.safety_statement for statement in answer.statements)


class TestListInterventionClaims:
    def test_only_claims_of_the_intervention(self, seeded_client: TestClient) -> None:
        found = ClaimList.model_validate_json(seeded_client.get(f"{CRANIOSACRAL}/claims?limit=200").content).items
        assert found
        assert {item.intervention for item in found} == {"craniosacral-therapy"}
        assert seeded_client.get("/v1/interventions/osteopathic-manipulative-treatment/claims").json()["items"] == []

    def test_the_filters_of_claims_hold_here_too(self, seeded_client: TestClient) -> None:
        found = seeded_client.get(f"{CRANIOSACRAL}/claims?verdict=not-rated&limit=200").json()["items"]
        assert {item["verdict"] for item in found} == {"not-rated"}


class TestListInterventionReadings:
    def test_both_books_of_the_article(self, seeded_client: TestClient) -> None:
        found = ReadingList.model_validate_json(seeded_client.get(f"{CRANIOSACRAL}/readings").content).items
        assert len(found) == 2
        assert {item.recommended_by for item in found} == {"roya-article"}

    def test_one_by_its_id(self, seeded_client: TestClient) -> None:
        [found] = seeded_client.get(f"{CRANIOSACRAL}/readings?id=gilchrist-energetic-body").json()["items"]
        assert found["authors"] == ["Roger Gilchrist"]


class TestListInterventionPositions:
    def test_stances_can_be_asked_for(self, seeded_client: TestClient) -> None:
        everything = PositionList.model_validate_json(seeded_client.get(f"{CRANIOSACRAL}/positions?limit=200").content).items
        stances = {item.stance for item in everything}
        assert len(stances) > 1
        for stance in stances:
            found = seeded_client.get(f"{CRANIOSACRAL}/positions?limit=200&stance={stance}").json()["items"]
            assert [item["id"] for item in found] == [item.id for item in everything if item.stance == stance]

    def test_sorted_by_year(self, seeded_client: TestClient) -> None:
        found = seeded_client.get(f"{CRANIOSACRAL}/positions?limit=200&sort=-year&fields=year").json()["items"]
        years = [item["year"] for item in found if item["year"] is not None]
        assert years == sorted(years, reverse=True)
