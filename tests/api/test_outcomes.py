import pytest
from fastapi.testclient import TestClient

from app.schemas.outcome import InstrumentAnswer, OutcomeAnswer, OutcomeList


class TestListOutcomes:
    def test_outcomes_stand_in_their_order_with_their_instruments(self, seeded_client: TestClient) -> None:
        found = OutcomeList.model_validate_json(seeded_client.get("/v1/outcomes?limit=200").content).items
        assert len(found) == 37
        assert found[0].slug == "pain-intensity"
        assert sum(len(item.instruments) for item in found) == 112
        assert all(instrument.outcome == item.slug for item in found for instrument in item.instruments)

    def test_a_difference_has_its_source_and_standing(self, seeded_client: TestClient) -> None:
        found = OutcomeList.model_validate_json(seeded_client.get("/v1/outcomes?limit=200").content).items
        with_mid = [one for item in found for one in item.instruments if one.mid is not None]
        assert with_mid
        assert all(one.mid_source and one.mid_standing in {"established", "provisional"} for one in with_mid)

    @pytest.mark.parametrize(
        ("query", "name", "value"),
        [("better=higher", "better", "higher"), ("importance_default=critical", "importance_default", "critical")],
    )
    def test_a_filter_gives_all_that_fit_and_no_other(self, seeded_client: TestClient, query: str, name: str, value: str) -> None:
        everything = seeded_client.get("/v1/outcomes?limit=200").json()["items"]
        found = seeded_client.get(f"/v1/outcomes?limit=200&{query}").json()["items"]
        assert found == [item for item in everything if item[name] == value]

    def test_words_find_outcomes(self, seeded_client: TestClient) -> None:
        assert "pain-intensity" in {item["slug"] for item in seeded_client.get("/v1/outcomes?q=pain").json()["items"]}

    def test_pages_give_the_whole_list(self, seeded_client: TestClient) -> None:
        found: list[str] = []
        following: str | None = "/v1/outcomes?limit=10"
        while following:
            response = seeded_client.get(following)
            found += [item["slug"] for item in response.json()["items"]]
            following = response.links.get("next", {}).get("url")
        assert found == [item["slug"] for item in seeded_client.get("/v1/outcomes?limit=200").json()["items"]]

    @pytest.mark.parametrize("query", ["better=more", "sort=mid", "slug=x"])
    def test_a_wrong_question_is_a_400(self, seeded_client: TestClient, query: str) -> None:
        assert seeded_client.get(f"/v1/outcomes?{query}").status_code == 400


class TestGetOutcome:
    def test_it_says_where_it_matters(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/outcomes/pain-intensity")
        outcome = OutcomeAnswer.model_validate_json(response.content)
        assert ("neck-pain", "critical") in {(one.condition, one.importance) for one in outcome.conditions}
        assert outcome.instruments[0].slug == "pain-vas-100"
        assert response.headers["etag"].startswith(f'"r{outcome.version}-')

    def test_every_link_leads_somewhere(self, seeded_client: TestClient) -> None:
        outcome = seeded_client.get("/v1/outcomes/pain-intensity").json()
        for href in (*outcome["links"].values(), outcome["instruments"][0]["href"], outcome["conditions"][0]["href"]):
            assert seeded_client.get(href).status_code == 200, href

    def test_an_unknown_slug_names_the_nearest(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/outcomes/pain-intensty")
        assert response.status_code == 404
        assert response.json()["nearest"][0] == "pain-intensity"

    def test_not_modified_and_parameters(self, seeded_client: TestClient) -> None:
        tag = seeded_client.get("/v1/outcomes/pain-intensity").headers["etag"]
        assert seeded_client.get("/v1/outcomes/pain-intensity", headers={"If-None-Match": tag}).status_code == 304
        assert seeded_client.get("/v1/outcomes/pain-intensity?x=1").status_code == 400


class TestGetInstrument:
    def test_it_names_its_outcome(self, seeded_client: TestClient) -> None:
        instrument = InstrumentAnswer.model_validate_json(seeded_client.get("/v1/instruments/pain-vas-100").content)
        assert (instrument.outcome, instrument.outcome_name) == ("pain-intensity", "Pain intensity")
        assert (instrument.min, instrument.max, instrument.mid, instrument.mid_standing) == (0, 100, 10, "provisional")

    def test_an_unknown_slug_is_not_found(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/instruments/a-guess").status_code == 404
