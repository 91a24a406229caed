"""Appraisals over HTTP: open to read, a curator's to make and to withdraw."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, delete

from app.database import transaction
from app.models import RatingInput
from app.schemas.appraisal import AppraisalAnswer, AppraisalList
from app.schemas.rating import RatingAnswer
from tests.api.acting import an_accepted_study, assert_problem, header
from tests.conftest import Keys
from tests.factories import a_body, differences, instrument_record, put, row_counts

BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
ADDRESS = f"/v1/evidence/{BODY}/appraisals"
VIEW = {"domain": "indirectness", "levels": 1, "rationale": "Other people were treated.", "conflict_of_interest": "none"}


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def rated(client: TestClient, keys: Keys) -> TestClient:
    an_accepted_study(client, keys.contributor, keys.curator)
    return client


def make(client: TestClient, key: str, body: Any = None, **headers: str) -> Response:
    return client.post(ADDRESS, json=VIEW if body is None else body, headers=header(key, **headers))


def withdraw(client: TestClient, key: str, appraisal: str, reason: str = "Wrong.") -> Response:
    return client.post(f"/v1/appraisals/{appraisal}/withdrawal", json={"reason": reason}, headers=header(key))


def listed(client: TestClient, **params: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(ADDRESS, params=params).json()["items"]
    return items


class TestMake:
    def test_answers_with_the_appraisal_and_its_address(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        response = make(rated, keys.curator)
        assert response.status_code == 201
        answer = response.json()
        assert AppraisalAnswer.model_validate(answer).model_dump(mode="json") == answer
        assert (answer["domain"], answer["levels"], answer["concern"], answer["computed_levels"]) == (
            "indirectness",
            1,
            "serious-concern",
            0,
        )
        assert (answer["author"], answer["status"], answer["stands_on_current_inputs"]) == ("Curator", "in-force", True)
        assert answer["meta"]["sequence"] == int(response.headers["evidence-revision"])
        read = rated.get(response.headers["location"])
        assert (read.status_code, read.json()) == (200, answer)
        assert rated.get(answer["links"]["inputs"]).status_code == 200
        assert differences(engine) == []

    def test_the_example_of_the_document_is_taken(self, rated: TestClient, keys: Keys) -> None:
        schemas = rated.get("/openapi.json").json()["components"]["schemas"]
        made = make(rated, keys.curator, schemas["AppraisalRequest"]["examples"][0])
        assert made.status_code == 201
        [reason] = schemas["WithdrawalRequest"]["examples"]
        assert withdraw(rated, keys.curator, made.json()["id"], **reason).status_code == 201

    def test_the_change_feed_of_the_rating_tells_of_it(self, rated: TestClient, keys: Keys) -> None:
        made = make(rated, keys.curator).json()
        items = rated.get("/v1/changes", params={"subject": "rating:neck-pain/craniosacral-therapy", "action": "appraisal.made"}).json()[
            "items"
        ]
        assert [item["subject"] for item in items] == [f"appraisal:{made['id']}"]
        assert items[0]["details"]["rationale"] == VIEW["rationale"]

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["/conflict_of_interest", "/domain", "/levels", "/rationale"]),
            (VIEW | {"domain": "beauty"}, ["/domain"]),
            (VIEW | {"levels": 4}, ["/levels"]),
            (VIEW | {"levels": -1}, ["/levels"]),
            (VIEW | {"levels": 1.5}, ["/levels"]),
            (VIEW | {"levels": True}, ["/levels"]),
            (VIEW | {"levels": 3}, ["/levels"]),
            (VIEW | {"domain": "publication-bias", "levels": 2}, ["/levels"]),
            (VIEW | {"rationale": "  "}, ["/rationale"]),
            (VIEW | {"rationale": None}, ["/rationale"]),
            (VIEW | {"author": "somebody"}, ["/author"]),
        ],
    )
    def test_what_is_no_appraisal_is_refused_by_member(
        self, rated: TestClient, keys: Keys, engine: Engine, body: dict[str, Any], pointers: list[str]
    ) -> None:
        before = row_counts(engine)
        assert_problem(make(rated, keys.curator, body), 422, "invalid-body", *pointers)
        assert row_counts(engine) == before

    def test_a_body_that_is_not_there(self, rated: TestClient, keys: Keys) -> None:
        response = rated.post("/v1/evidence/nothing/appraisals", json=VIEW, headers=header(keys.curator))
        assert_problem(response, 404, "not-found")

    def test_the_same_key_twice_makes_one(self, rated: TestClient, keys: Keys) -> None:
        first, again = (make(rated, keys.curator, Idempotency_Key='"one"') for _ in range(2))
        assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
        assert len(listed(rated)) == 1


class TestList:
    def test_the_newest_first_with_what_became_of_each(self, rated: TestClient, keys: Keys) -> None:
        first = make(rated, keys.curator).json()["id"]
        second = make(rated, keys.second_curator, VIEW | {"levels": 2}).json()["id"]
        third = make(rated, keys.curator, VIEW | {"domain": "imprecision", "levels": 0}).json()["id"]
        withdraw(rated, keys.second_curator, third, "Too few people after all.")
        answer = rated.get(ADDRESS).json()
        assert AppraisalList.model_validate(answer).model_dump(mode="json") == answer
        items = answer["items"]
        assert [(item["id"], item["status"]) for item in items] == [(third, "withdrawn"), (second, "in-force"), (first, "replaced")]
        assert (items[0]["withdrawn_by"], items[0]["withdrawal_reason"]) == ("Second curator", "Too few people after all.")
        assert (items[2]["replaced_by"], items[2]["withdrawn_by"]) == (second, "Second curator")

    def test_filters_and_pages(self, rated: TestClient, keys: Keys) -> None:
        for levels in (0, 1, 2):
            make(rated, keys.curator, VIEW | {"levels": levels})
        make(rated, keys.curator, VIEW | {"domain": "imprecision"})
        assert [item["levels"] for item in listed(rated, domain="indirectness")] == [2, 1, 0]
        assert [item["domain"] for item in listed(rated, in_force="true")] == ["imprecision", "indirectness"]
        assert [item["levels"] for item in listed(rated, in_force="false")] == [1, 0]
        first = rated.get(ADDRESS, params={"limit": "3"})
        rest = rated.get(first.links["next"]["url"]).json()["items"]
        assert [item["levels"] for item in first.json()["items"] + rest] == [1, 2, 1, 0]

    def test_a_body_that_nobody_appraised_has_none(self, rated: TestClient) -> None:
        assert listed(rated) == []

    def test_a_body_that_never_was(self, rated: TestClient) -> None:
        assert_problem(rated.get("/v1/evidence/nothing/appraisals"), 404, "not-found")

    def test_a_parameter_that_is_none(self, rated: TestClient) -> None:
        assert_problem(rated.get(ADDRESS, params={"domains": "imprecision"}), 400, "invalid-query")

    def test_it_says_when_the_evidence_has_moved_on(self, rated: TestClient, keys: Keys) -> None:
        tag = rated.get(ADDRESS).headers["etag"]
        make(rated, keys.curator)
        assert rated.get(ADDRESS, headers={"If-None-Match": tag}).status_code == 200
        an_accepted_study(rated, keys.second_contributor, keys.curator, a_body(title="Second paper"))
        [item] = listed(rated)
        assert (item["status"], item["stands_on_current_inputs"]) == ("in-force", False)


class TestWithdraw:
    def test_answers_with_the_reason(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        made = make(rated, keys.curator).json()
        response = withdraw(rated, keys.second_curator, made["id"], "The trial was retracted.")
        assert response.status_code == 201
        answer = response.json()
        assert (answer["status"], answer["withdrawal_reason"], answer["withdrawn_by"]) == (
            "withdrawn",
            "The trial was retracted.",
            "Second curator",
        )
        assert answer["meta"]["sequence"] == made["meta"]["sequence"] + 1
        assert differences(engine) == []

    def test_a_second_time_is_a_conflict(self, rated: TestClient, keys: Keys) -> None:
        made = make(rated, keys.curator).json()["id"]
        withdraw(rated, keys.curator, made)
        assert_problem(withdraw(rated, keys.curator, made), 409, "conflict")

    def test_one_that_was_replaced_names_the_next(self, rated: TestClient, keys: Keys) -> None:
        first, second = (make(rated, key).json()["id"] for key in (keys.curator, keys.second_curator))
        assert assert_problem(withdraw(rated, keys.curator, first), 409, "conflict")["replaced_by"] == second

    def test_without_a_reason(self, rated: TestClient, keys: Keys) -> None:
        made = make(rated, keys.curator).json()["id"]
        assert_problem(withdraw(rated, keys.curator, made, " "), 422, "invalid-body", "/reason")

    def test_one_that_is_not_there(self, rated: TestClient, keys: Keys) -> None:
        assert_problem(withdraw(rated, keys.curator, "nothing"), 404, "not-found")
        assert_problem(rated.get("/v1/appraisals/nothing"), 404, "not-found")


class TestEffectiveCertainty:
    RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"

    def test_stands_beside_the_computed_one(self, rated: TestClient, keys: Keys) -> None:
        before = rated.get(self.RATING)
        assert before.json()["effective_certainty"] == before.json()["certainty"] != "very-low"
        assert before.json()["appraised_bodies"] == []
        made = make(rated, keys.curator, VIEW | {"levels": 2}).json()
        after = rated.get(self.RATING, headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        rating = after.json()
        assert RatingAnswer.model_validate(rating).model_dump(mode="json") == rating
        assert (rating["certainty"], rating["sentence"]) == (before.json()["certainty"], before.json()["sentence"])
        assert rating["effective_certainty"] == "very-low"
        assert rating["appraised_bodies"] == [
            {"body": BODY, "computed": rating["certainty"], "effective": "very-low", "domains": ["indirectness"], "href": ADDRESS}
        ]
        assert rating["meta"]["sequence"] == made["meta"]["sequence"]

    def test_a_reference_record_edited_since_does_not_reach_it_before_the_rating_is_made_anew(
        self, rated: TestClient, keys: Keys, engine: Engine
    ) -> None:
        make(rated, keys.curator, VIEW | {"levels": 1})
        before = rated.get(self.RATING).json()
        with transaction(engine) as session:
            put(session, "instrument", instrument_record("pain-vas-100", "pain-intensity", 60.0))
        after = rated.get(self.RATING).json()
        assert after["appraised_bodies"] == before["appraised_bodies"] != []
        assert after["effective_certainty"] == before["effective_certainty"]

    def test_a_rating_whose_inputs_were_not_kept_has_it_too(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        make(rated, keys.curator, VIEW | {"levels": 2})
        with transaction(engine) as session:
            session.execute(delete(RatingInput))
        assert rated.get(self.RATING).json()["effective_certainty"] == "very-low"

    def test_is_the_computed_one_again_after_the_withdrawal(self, rated: TestClient, keys: Keys) -> None:
        withdraw(rated, keys.curator, make(rated, keys.curator, VIEW | {"levels": 2}).json()["id"])
        rating = rated.get(self.RATING).json()
        assert (rating["effective_certainty"], rating["appraised_bodies"]) == (rating["certainty"], [])

    def test_a_rating_on_other_terms_has_none(self, rated: TestClient, keys: Keys) -> None:
        make(rated, keys.curator)
        rating = rated.get(self.RATING, params={"published_until": "2024"}).json()
        assert (rating["effective_certainty"], rating["appraised_bodies"]) == (None, None)

    def test_the_body_shows_the_appraisal_beside_its_computed_domain(self, rated: TestClient, keys: Keys) -> None:
        make(rated, keys.curator, VIEW | {"levels": 2})
        body = rated.get(f"/v1/evidence/{BODY}").json()
        said = body["explanation"]["appraisal"]
        assert (said["computed"], said["effective"], said["is_appraised"]) == (body["certainty"], "very-low", True)


class TestInterests:
    """One curator alone moves the certainty that counts: who he is to the studies is said."""

    @pytest.mark.parametrize("said", [{}, {"conflict_of_interest": "  "}, {"conflict_of_interest": None}])
    def test_an_appraisal_states_them(self, rated: TestClient, keys: Keys, engine: Engine, said: dict[str, Any]) -> None:
        before = row_counts(engine)
        without = {name: value for name, value in VIEW.items() if name != "conflict_of_interest"}
        assert_problem(make(rated, keys.curator, without | said), 422, "invalid-body", "/conflict_of_interest")
        assert row_counts(engine) == before

    def test_they_are_shown(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        made = make(rated, keys.curator, VIEW | {"conflict_of_interest": "I teach the treatment."}).json()
        assert (made["conflict_of_interest"], made["declares_interests"]) == ("I teach the treatment.", True)
        assert make(rated, keys.second_curator).json()["declares_interests"] is False
        assert differences(engine) == []

    def test_a_hand_in_the_studies_is_shown(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        an_accepted_study(client, keys.curator, keys.second_curator)
        assert make(client, keys.curator).json()["appraiser_made_some"] is True
        assert make(client, keys.second_curator).json()["appraiser_made_some"] is False
        assert differences(engine) == []

    def test_the_same_again_is_a_conflict_and_no_entry(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        make(rated, keys.curator)
        before = row_counts(engine)
        assert_problem(make(rated, keys.curator), 409, "conflict")
        assert row_counts(engine) == before
        assert make(rated, keys.curator, VIEW | {"rationale": "Another thought."}).status_code == 201
        assert make(rated, keys.second_curator, VIEW | {"rationale": "Another thought."}).status_code == 201
