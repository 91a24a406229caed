from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlmodel import col

from app.actions.reviews import retract_study
from app.actor import Actor
from app.database import make_engine, transaction
from app.main import create_app
from app.models import Change, Study
from app.schemas.rating import HistoryList, RatingAnswer
from app.vocabulary import Role
from tests.conftest import settings_for

CURATOR = Actor(id="test", name="Curator", role=Role.CURATOR)

NECK_PAIN = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"


def get(client: TestClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestGetRating:
    def test_every_rating_has_its_declared_shape(self, seeded_client: TestClient) -> None:
        conditions = get(seeded_client, "/v1/conditions?limit=200")["items"]
        for href in [rating["href"] for condition in conditions for rating in condition["ratings"]]:
            rating = get(seeded_client, href)
            assert RatingAnswer.model_validate(rating).model_dump(mode="json") == rating
            assert rating["links"]["self"] == href

    def test_carries_its_explanation(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, NECK_PAIN)
        assert (rating["certainty"], rating["direction"], rating["headline_comparator"]) == ("low", "favours-intervention", "sham")
        assert [reason["rule"] for reason in rating["reasons"]][:2] == ["rating/tier", "rating/comparator"]
        first = rating["outcomes"][0]
        assert (first["k"], first["n"], first["effect"]["ci_low"], first["effect"]["ci_high"]) == (1, 54, -32.6, -9.4)
        assert set(first["domains"]) == {"risk-of-bias", "inconsistency", "indirectness", "imprecision", "publication-bias"}
        assert get(seeded_client, f"/v1/evidence/{first['body']}")["certainty"] == first["certainty"]

    def test_only_reviews_of_its_intervention_stand_beside_it(self, seeded_client: TestClient) -> None:
        reviews = get(seeded_client, NECK_PAIN)["published_reviews"]
        assert {review["intervention"] for review in reviews} == {"craniosacral-therapy"}
        assert {review["key"]: review["agreement"] for review in reviews} == {
            "ceballos-laita-2024-any-condition": "differs",
            "haller-2020-chronic-pain-review": "agrees",
            "guillaud-2016-reliability-efficacy": "not-comparable",
        }

    def test_its_history_begins_with_the_founding_data(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, NECK_PAIN)
        [move] = rating["history"]
        assert rating["history_total"] == 1
        assert move["cause"]["action"] == "ledger.seeded"
        assert move["changed_at"].endswith("Z")
        assert move["certainty"] == rating["certainty"]

    def test_meta_names_the_entry_that_moved_it_last(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, NECK_PAIN)
        assert rating["meta"]["method"] == rating["method"]
        assert rating["meta"]["as_of"] == rating["as_of"]
        assert rating["meta"]["sequence"] >= rating["history"][0]["sequence"]
        assert "not medical advice" in rating["meta"]["disclaimer"]

    @pytest.mark.parametrize(
        ("path", "nearest"),
        [
            ("/v1/conditions/neckpain/ratings/craniosacral-therapy", "neck-pain"),
            ("/v1/conditions/neck-pain/ratings/cranio-sacral-therapy", "craniosacral-therapy"),
        ],
    )
    def test_an_unknown_part_names_the_nearest(self, seeded_client: TestClient, path: str, nearest: str) -> None:
        answer = seeded_client.get(path)
        assert answer.status_code == 404
        assert answer.json()["nearest"][0] == nearest

    def test_an_unknown_parameter_is_refused_by_name(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get(f"{NECK_PAIN}?published_untill=2015")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["detail"].endswith("did you mean 'published_until'?")


class TestPublishedUntil:
    def test_gives_the_rating_as_the_literature_stood(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, f"{NECK_PAIN}?published_until=2015")
        assert RatingAnswer.model_validate(rating).model_dump(mode="json") == rating
        assert (rating["published_until"], rating["certainty"], rating["as_of"]) == (2015, "very-low", "2015-12-31")
        assert rating["meta"]["as_of"] == "2015-12-31"
        assert "haller-2016-neck-pain" in rating["left_out"]["later"]
        assert rating["published_reviews"] == []

    def test_has_no_history_of_its_own(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, f"{NECK_PAIN}?published_until=2015")
        assert (rating["history"], rating["history_total"]) == (None, None)

    def test_says_what_it_leaves_out_for_want_of_a_year(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, "/v1/conditions/migraine/ratings/craniosacral-therapy?published_until=2026")
        assert rating["left_out"] == {"later": [], "unknown_year": ["mann-nd-migraine-feasibility"]}

    def test_before_the_first_study_there_is_no_evidence(self, seeded_client: TestClient) -> None:
        rating = get(seeded_client, f"{NECK_PAIN}?published_until=1990")
        assert (rating["certainty"], rating["direction"], rating["eligible_studies"]) == ("no-evidence", None, 0)

    @pytest.mark.parametrize("query", ["=1799", "=3000", "=last", "=", "=2015.0", "=%2B2015", "=2015&published_until=2016"])
    def test_a_year_that_is_none_is_refused(self, seeded_client: TestClient, query: str) -> None:
        answer = seeded_client.get(f"{NECK_PAIN}?published_until{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == "published_until"


class TestAfterARetraction:
    """What every reader sees of a rating that moved."""

    @pytest.fixture
    def client(self, seeded_copy_url: str) -> Iterator[TestClient]:
        with TestClient(create_app(settings_for(seeded_copy_url))) as client:
            yield client

    def retract(self, client: TestClient, url: str, key: str) -> None:
        """Through another connection; the client then asks for answers that know of it."""
        engine = make_engine(url)
        with transaction(engine) as session:
            study = session.execute(select(Study).where(col(Study.key) == key)).scalar_one()
            retract_study(session, study, reason="withdrawn by its publisher", by=CURATOR)
            newest = session.execute(select(func.max(col(Change.sequence)))).scalar_one()
        engine.dispose()
        client.headers["Min-Evidence-Revision"] = str(newest)

    def test_the_rating_says_how_it_moved_and_why(self, client: TestClient, seeded_copy_url: str) -> None:
        before = get(client, NECK_PAIN)
        self.retract(client, seeded_copy_url, "haller-2016-neck-pain")
        after = get(client, NECK_PAIN)
        assert (before["certainty"], after["certainty"]) == ("low", "very-low")
        assert [move["certainty"] for move in after["history"]] == ["very-low", "low"]
        assert after["history"][0]["cause"]["study"] == "haller-2016-neck-pain"
        assert after["history_total"] == 2
        assert after["meta"]["sequence"] >= after["history"][0]["sequence"] > before["meta"]["sequence"]

    def test_its_history_pages_from_the_newest(self, client: TestClient, seeded_copy_url: str) -> None:
        self.retract(client, seeded_copy_url, "haller-2016-neck-pain")
        first = client.get(f"{NECK_PAIN}/history?limit=1")
        second = client.get(first.links["next"]["url"])
        assert [first.json()["items"][0]["certainty"], second.json()["items"][0]["certainty"]] == ["very-low", "low"]
        assert "next" not in second.links

    def test_the_page_of_the_condition_and_the_map_agree_with_it(self, client: TestClient, seeded_copy_url: str) -> None:
        tag = client.get("/v1/conditions/neck-pain").headers["ETag"]
        self.retract(client, seeded_copy_url, "haller-2016-neck-pain")
        page = client.get("/v1/conditions/neck-pain", headers={"If-None-Match": tag})
        assert page.status_code == 200
        shown = page.json()["ratings"][0]
        row = next(row for row in get(client, "/v1/evidence-map")["rows"] if row["slug"] == "neck-pain")
        assert shown["certainty"] == row["cells"][0]["certainty"] == "very-low"
        assert shown["sentence"] == row["cells"][0]["sentence"]
        retracted = next(study for study in page.json()["studies"] if study["key"] == "haller-2016-neck-pain")
        assert (retracted["status"], retracted["publication_status"]) == ("retracted", "retracted")

    def test_other_conditions_keep_their_tag(self, client: TestClient, seeded_copy_url: str) -> None:
        tag = client.get("/v1/conditions/tinnitus").headers["ETag"]
        self.retract(client, seeded_copy_url, "haller-2016-neck-pain")
        assert client.get("/v1/conditions/tinnitus", headers={"If-None-Match": tag}).status_code == 304

    def test_a_body_that_is_gone_is_not_found(self, client: TestClient, seeded_copy_url: str) -> None:
        body = get(client, NECK_PAIN)["outcomes"][0]["body"]
        self.retract(client, seeded_copy_url, "haller-2016-neck-pain")
        assert client.get(f"/v1/evidence/{body}").status_code == 404


class TestListRatingHistory:
    def test_lists_the_moves(self, seeded_client: TestClient) -> None:
        history = get(seeded_client, f"{NECK_PAIN}/history?count=true")
        assert HistoryList.model_validate(history).model_dump(mode="json") == history
        assert history["items"] == get(seeded_client, NECK_PAIN)["history"]
        assert history["page"] == {"limit": 25, "next": None, "total": 1}

    def test_an_unknown_rating_has_none(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/conditions/neckpain/ratings/craniosacral-therapy/history").status_code == 404
