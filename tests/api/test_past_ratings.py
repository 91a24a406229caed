"""The rating of an earlier day over HTTP: whole, reproduced, and from inputs that anybody can check."""

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete

from app.database import transaction
from app.models import RatingInput
from app.schemas.past_rating import PastRating
from tests.api.acting import an_accepted_study, assert_problem, retract
from tests.conftest import Keys

RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"


def history(client: TestClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"{RATING}/history").json()["items"]
    return items


class TestGetPastRating:
    def test_has_its_declared_shape_and_says_what_the_rating_said(self, seeded_client: TestClient) -> None:
        [move] = history(seeded_client)
        answer = seeded_client.get(f"{RATING}/history/{move['sequence']}")
        assert answer.status_code == 200
        past = answer.json()
        assert PastRating.model_validate(past).model_dump(mode="json") == past
        now = seeded_client.get(RATING).json()
        assert past["reproduced"] is True
        assert past["not_reproduced_because"] is None
        assert {name: past["rating"][name] for name in move if name in past["rating"]} == {
            name: move[name] for name in move if name in past["rating"]
        }
        assert past["rating"]["outcomes"] == now["outcomes"]
        assert past["meta"]["as_of"] == move["as_of"]
        assert seeded_client.get(past["links"]["self"]).content == answer.content

    def test_is_not_sent_twice(self, seeded_client: TestClient) -> None:
        address = f"{RATING}/history/{history(seeded_client)[0]['sequence']}"
        tag = seeded_client.get(address).headers["etag"]
        assert seeded_client.get(address, headers={"If-None-Match": tag}).status_code == 304

    @pytest.mark.parametrize("sequence", ["1", "999999"])
    def test_an_entry_at_which_the_rating_did_not_move(self, seeded_client: TestClient, sequence: str) -> None:
        problem = assert_problem(seeded_client.get(f"{RATING}/history/{sequence}"), 404, "not-found")
        assert f"{RATING}/history lists" in problem["detail"]

    @pytest.mark.parametrize("sequence", ["0", "-1", "newest", "99999999999"])
    def test_what_is_no_sequence_is_a_problem(self, seeded_client: TestClient, sequence: str) -> None:
        answer = seeded_client.get(f"{RATING}/history/{sequence}")
        assert answer.status_code in (400, 404)
        assert answer.headers["content-type"] == "application/problem+json"

    def test_no_parameter_is_taken(self, seeded_client: TestClient) -> None:
        assert_problem(seeded_client.get(f"{RATING}/history/1?method=x"), 400, "invalid-query")


class TestGetRatingInput:
    def test_anybody_can_check_the_hash(self, seeded_client: TestClient) -> None:
        [move] = history(seeded_client)
        past = seeded_client.get(f"{RATING}/history/{move['sequence']}").json()
        answer = seeded_client.get(past["links"]["inputs"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert hashlib.sha256(answer.content).hexdigest() == move["inputs_hash"]
        assert "immutable" in answer.headers["cache-control"]
        assert "haller-2016-neck-pain" in [study["key"] for study in answer.json()["studies"]]

    def test_an_unknown_hash(self, seeded_client: TestClient) -> None:
        assert_problem(seeded_client.get("/v1/rating-inputs/nothing"), 404, "not-found")


class TestAcrossChanges:
    @pytest.fixture
    def engine_url(self, small_url: str) -> str:
        return small_url

    def test_the_rating_before_a_retraction_can_still_be_had(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        retract(client, keys.curator, study)
        newest, middle, oldest = (client.get(f"{RATING}/history/{move['sequence']}").json() for move in history(client))
        assert [past["reproduced"] for past in (newest, middle, oldest)] == [True] * 3
        assert [past["rating"]["eligible_studies"] for past in (newest, middle, oldest)] == [0, 1, 0]
        assert middle["rating"]["outcomes"][0]["k"] == 1

    def test_a_rating_from_before_inputs_were_kept_says_so(self, client: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            session.execute(delete(RatingInput))
        [move] = history(client)
        past = client.get(f"{RATING}/history/{move['sequence']}").json()
        assert (past["reproduced"], past["rating"], past["links"]["inputs"]) == (None, None, None)
        assert "not kept" in past["not_reproduced_because"]
        assert past["sentence"] == move["sentence"]
        assert "not kept" in assert_problem(client.get(f"/v1/rating-inputs/{move['inputs_hash']}"), 404, "not-found")["detail"]
