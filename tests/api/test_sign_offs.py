"""Sign-offs of ratings: whose word counts, what it was given for, and when it has to be given again."""

from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from app.actions import ledger
from app.actions.api_keys import create_key
from app.actions.recompute import Cause, recompute_all
from app.actor import MAINTENANCE
from app.database import transaction
from app.main import create_app
from app.models import Rating
from app.schemas.rating import RatingAnswer
from app.schemas.sign_off import SignOffAnswer, SignOffList
from app.settings import Settings
from app.vocabulary import Role
from tests.api.acting import an_accepted_study, assert_problem, header, retract
from tests.conftest import Keys
from tests.factories import a_body, a_result, differences, instrument_record, put, rating_content, row_counts

Json = dict[str, Any]
RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"
ADDRESS = f"{RATING}/sign-offs"
WORD: Json = {"comment": "Read with all it rests on.", "conflict_of_interest": "none"}
SECOND = a_body(title="A second trial", results=[a_result(treatment={"n": 60, "mean": 48, "sd": 20})])
ORCID = "0000-0002-1825-0097"


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def rated(client: TestClient, keys: Keys) -> TestClient:
    """One accepted trial by the contributor, accepted by the curator."""
    an_accepted_study(client, keys.contributor, keys.curator)
    return client


def sign(client: TestClient, key: str | None, address: str = ADDRESS, **said: Any) -> Response:
    return client.post(address, json=WORD | said, headers=header(key))


def take_back(client: TestClient, key: str | None, sign_off: str, reason: Any = "I overlooked something.") -> Response:
    return client.post(f"/v1/sign-offs/{sign_off}/withdrawal", json={"reason": reason}, headers=header(key))


def rating(client: TestClient) -> Json:
    answer: Json = client.get(RATING).json()
    return answer


def statuses(client: TestClient, address: str = ADDRESS, **parameters: Any) -> list[str]:
    return [item["status"] for item in client.get(address, params=parameters).json()["items"]]


def recompute(engine: Engine, days: int = 0) -> None:
    """Everything rated again, as of a later day."""
    with transaction(engine) as session:
        change = ledger.append(session, by=MAINTENANCE, action="ledger.recomputed", subject="ledger:ratings", summary="Again")
        day = change.occurred_at.date()
        recompute_all(session, by=MAINTENANCE, cause=Cause(change, "again", day.replace(year=day.year + days // 365)))


class TestSign:
    def test_says_who_read_which_rating(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        before = rating_content_of(engine)
        response = sign(rated, keys.second_curator)
        assert response.status_code == 201
        answer = response.json()
        assert SignOffAnswer.model_validate(answer).model_dump(mode="json") == answer
        assert rated.get(response.headers["location"]).json() == answer
        shown = rating(rated)
        assert RatingAnswer.model_validate(shown).model_dump(mode="json") == shown
        assert (answer["inputs_hash"], answer["certainty"], answer["sequence"]) == (
            shown["inputs_hash"], shown["certainty"], shown["history"][0]["sequence"],
        )  # fmt: skip
        assert (answer["status"], answer["signer"], answer["independent"]) == ("stands", "Second curator", True)
        assert (shown["sign_off"], [one["by"] for one in shown["signed_off_by"]]) == ("signed-off", ["Second curator"])
        assert rating_content_of(engine) == before
        assert differences(engine) == []

    def test_is_shown_on_the_page_in_lists_and_can_be_asked_for(self, rated: TestClient, keys: Keys) -> None:
        def found(status: str) -> list[str]:
            return [item["slug"] for item in rated.get("/v1/conditions", params={"sign_off": status}).json()["items"]]

        assert (found("signed-off"), found("none")) == ([], ["migraine", "neck-pain"])
        sign(rated, keys.second_curator)
        assert (found("signed-off"), found("none")) == (["neck-pain"], ["migraine"])
        assert [row["sign_off"] for row in rated.get("/v1/conditions/neck-pain").json()["ratings"]] == ["signed-off"]
        listed = rated.get("/v1/conditions").json()["items"]
        assert {item["slug"]: item["ratings"][0]["sign_off"] for item in listed} == {"migraine": "none", "neck-pain": "signed-off"}

    def test_a_rating_without_evidence_can_be_signed_off_too(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        address = "/v1/conditions/migraine/ratings/craniosacral-therapy/sign-offs"
        assert sign(client, keys.curator, address).status_code == 201
        assert differences(engine) == []

    def test_the_example_of_the_document_is_taken(self, rated: TestClient, keys: Keys) -> None:
        schemas = rated.get("/openapi.json").json()["components"]["schemas"]
        [said] = schemas["SignOffRequest"]["examples"]
        made = rated.post(ADDRESS, json=said, headers=header(keys.second_curator))
        assert made.status_code == 201
        [reason] = schemas["SignOffWithdrawal"]["examples"]
        answer = rated.post(f"{made.json()['href']}/withdrawal", json=reason, headers=header(keys.second_curator))
        assert answer.status_code == 201

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["/comment", "/conflict_of_interest"]),
            ({"comment": "x", "conflict_of_interest": "-"}, ["/conflict_of_interest"]),
            ({"comment": "x", "conflict_of_interest": None}, ["/conflict_of_interest"]),
            ({"comment": " ", "conflict_of_interest": "none"}, ["/comment"]),
            (WORD | {"inputs_hash": "abc"}, ["/inputs_hash"]),
            (WORD | {"more": 1}, ["/more"]),
        ],
    )
    def test_a_word_that_says_too_little_is_refused(
        self, rated: TestClient, keys: Keys, engine: Engine, body: Json, pointers: list[str]
    ) -> None:
        before = row_counts(engine)
        assert_problem(rated.post(ADDRESS, json=body, headers=header(keys.second_curator)), 422, "invalid-body", *pointers)
        assert row_counts(engine) == before

    def test_a_rating_that_changed_since_it_was_read_is_not_signed(self, rated: TestClient, keys: Keys) -> None:
        read = rating(rated)["inputs_hash"]
        an_accepted_study(rated, keys.contributor, keys.curator, SECOND)
        assert_problem(sign(rated, keys.second_curator, inputs_hash=read), 409, "conflict", "/inputs_hash")
        assert sign(rated, keys.second_curator, inputs_hash=rating(rated)["inputs_hash"]).status_code == 201

    def test_twice_is_a_conflict_under_another_key_too(self, rated: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            home, office = (create_key(session, name=name, role=Role.CURATOR, orcid=ORCID) for name in ("home", "office"))
        assert sign(rated, home).status_code == 201
        assert_problem(sign(rated, office), 409, "conflict")

    @pytest.mark.parametrize("pair", ["nothing/ratings/craniosacral-therapy", "neck-pain/ratings/nothing"])
    def test_a_rating_that_is_not_there_is_not_found(self, client: TestClient, keys: Keys, pair: str) -> None:
        address = f"/v1/conditions/{pair}/sign-offs"
        assert_problem(sign(client, keys.curator, address), 404, "not-found")
        assert_problem(client.get(address), 404, "not-found")


class TestIndependence:
    def test_whoever_made_a_study_behind_the_headline_does_not_sign_alone(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        an_accepted_study(client, keys.curator, keys.second_curator)
        problem = assert_problem(sign(client, keys.curator), 403, "own-submission")
        assert "muster-2024-neck-pain" in problem["detail"]
        assert sign(client, keys.second_curator).status_code == 201
        beside = sign(client, keys.curator)
        assert (beside.status_code, beside.json()["independent"]) == (201, False)
        signers = {one["by"]: one["independent"] for one in rating(client)["signed_off_by"]}
        assert signers == {"Curator": False, "Second curator": True}
        assert differences(engine) == []

    def test_nor_under_another_key_of_his(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        with transaction(engine) as session:
            home, office = (create_key(session, name=name, role=Role.CURATOR, orcid=ORCID) for name in ("home", "office"))
        an_accepted_study(client, home, keys.curator)
        assert_problem(sign(client, office), 403, "own-submission")

    def test_a_declared_interest_is_shown_and_does_not_count_alone(self, rated: TestClient, keys: Keys) -> None:
        stated = {"conflict_of_interest": "I teach the method."}
        assert_problem(sign(rated, keys.second_curator, **stated), 403, "not-allowed")
        assert sign(rated, keys.admin).status_code == 201
        answer = sign(rated, keys.second_curator, **stated).json()
        assert (answer["declares_interests"], answer["independent"], answer["conflict_of_interest"]) == (True, False, "I teach the method.")

    def test_without_the_independent_word_the_other_does_not_hold_up_the_rating(self, rated: TestClient, keys: Keys) -> None:
        alone = sign(rated, keys.admin).json()["id"]
        sign(rated, keys.second_curator, conflict_of_interest="I teach the method.")
        take_back(rated, keys.admin, alone)
        assert rating(rated)["sign_off"] == "none"

    def test_in_an_installation_of_one_person_he_signs_his_own(self, small_url: str, keys: Keys) -> None:
        settings = Settings(database_url=small_url, rate_limit="off", rate_limit_writes="off", one_person=True)
        with TestClient(create_app(settings)) as client:
            an_accepted_study(client, keys.curator, keys.curator)
            made = sign(client, keys.curator)
            assert (made.status_code, made.json()["independent"], made.json()["alone"]) == (201, False, True)
            assert rating(client)["sign_off"] == "signed-off"


class TestRequiresReview:
    def test_a_second_study_sends_it_back_and_a_retraction_of_it_brings_it_back(
        self, rated: TestClient, keys: Keys, engine: Engine
    ) -> None:
        sign(rated, keys.second_curator)
        second = an_accepted_study(rated, keys.contributor, keys.curator, SECOND)
        assert (rating(rated)["sign_off"], rating(rated)["signed_off_by"], statuses(rated)) == ("requires-review", [], ["requires-review"])
        assert statuses(rated, "/v1/sign-offs", status="requires-review") == ["requires-review"]
        assert differences(engine) == []
        retract(rated, keys.curator, second)
        assert rating(rated)["sign_off"] == "requires-review"  # the retracted study is named among those passed over
        assert differences(engine) == []

    def test_the_ledger_tells_it_in_the_moment_of_the_change(self, rated: TestClient, keys: Keys) -> None:
        made = sign(rated, keys.second_curator).json()["id"]
        an_accepted_study(rated, keys.contributor, keys.curator, SECOND)
        entries = rated.get("/v1/changes", params={"subject": f"sign-off:{made}"}).json()["items"]
        assert [entry["action"] for entry in entries] == ["sign-off.made", "sign-off.requires-review"]
        caused_by = entries[1]["details"]["caused_by"]
        [cause] = [entry for entry in rated.get("/v1/changes?limit=200").json()["items"] if entry["sequence"] == caused_by]
        assert (cause["action"], cause["occurred_at"]) == ("study.accepted", entries[1]["occurred_at"])
        assert "condition:neck-pain" in entries[1]["subjects"]

    def test_another_day_alone_is_no_reason_to_read_it_again(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        read = sign(rated, keys.second_curator).json()["inputs_hash"]
        recompute(engine, days=365)
        shown = rating(rated)
        assert shown["inputs_hash"] != read
        assert (shown["sign_off"], statuses(rated)) == ("signed-off", ["stands"])
        assert differences(engine) == []

    def test_a_changed_instrument_is_one(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        sign(rated, keys.second_curator)
        with transaction(engine) as session:
            put(session, "instrument", instrument_record("pain-vas-100", "pain-intensity", 25.0))
        recompute(engine)
        assert (rating(rated)["sign_off"], statuses(rated)) == ("requires-review", ["requires-review"])
        with transaction(engine) as session:
            put(session, "instrument", instrument_record("pain-vas-100", "pain-intensity", 10.0))
        recompute(engine)
        assert (rating(rated)["sign_off"], statuses(rated)) == ("signed-off", ["stands"])
        entries = rated.get("/v1/changes?limit=200").json()["items"]
        told = [entry["action"] for entry in entries if entry["action"].startswith("sign-off.")]
        assert told == ["sign-off.made", "sign-off.requires-review", "sign-off.stands-again"]
        assert differences(engine) == []

    def test_a_rating_that_was_written_on_any_other_way_is_not_signed_off(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        sign(rated, keys.second_curator)
        with transaction(engine) as session:
            session.get_one(Rating, ("neck-pain", "craniosacral-therapy")).inputs_hash = "0" * 64
        assert rating(rated)["sign_off"] == "requires-review"

    def test_signed_anew_the_old_word_is_history(self, rated: TestClient, keys: Keys) -> None:
        sign(rated, keys.second_curator)
        an_accepted_study(rated, keys.contributor, keys.curator, SECOND)
        assert sign(rated, keys.second_curator).status_code == 201
        assert statuses(rated) == ["stands", "renewed"]
        assert statuses(rated, "/v1/sign-offs", status="requires-review") == []

    def test_a_study_of_another_condition_leaves_it_alone(self, rated: TestClient, keys: Keys) -> None:
        sign(rated, keys.second_curator)
        elsewhere = a_body(title="Elsewhere", conditions=["migraine"], results=[a_result(condition="migraine")])
        an_accepted_study(rated, keys.contributor, keys.curator, elsewhere)
        assert statuses(rated) == ["stands"]


class TestWithdrawal:
    def test_is_kept_with_its_reason(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        made = sign(rated, keys.second_curator).json()["id"]
        answer = take_back(rated, keys.second_curator, made)
        assert answer.status_code == 201
        assert (answer.json()["status"], answer.json()["withdrawal_reason"]) == ("withdrawn", "I overlooked something.")
        assert rating(rated)["sign_off"] == "none"
        an_accepted_study(rated, keys.contributor, keys.curator, SECOND)
        assert statuses(rated) == ["withdrawn"]
        assert differences(engine) == []

    def test_only_who_signed_takes_it_back(self, rated: TestClient, keys: Keys) -> None:
        made = sign(rated, keys.second_curator).json()["id"]
        for key in (keys.curator, keys.admin, keys.contributor):
            assert_problem(take_back(rated, key, made), 403, "not-allowed")
        assert statuses(rated) == ["stands"]

    def test_twice_is_a_conflict(self, rated: TestClient, keys: Keys) -> None:
        made = sign(rated, keys.second_curator).json()["id"]
        take_back(rated, keys.second_curator, made)
        assert_problem(take_back(rated, keys.second_curator, made), 409, "conflict")

    @pytest.mark.parametrize("reason", ["", None, 1])
    def test_needs_a_reason(self, rated: TestClient, keys: Keys, reason: Any) -> None:
        made = sign(rated, keys.second_curator).json()["id"]
        assert_problem(take_back(rated, keys.second_curator, made, reason), 422, "invalid-body", "/reason")

    @pytest.mark.parametrize("sign_off", ["nothing", "%00", "%F0%9F%8D%8B", "x" * 2000])
    def test_a_sign_off_that_never_was_is_not_found(self, client: TestClient, keys: Keys, sign_off: str) -> None:
        assert take_back(client, keys.curator, sign_off).status_code in (400, 404)
        assert client.get(f"/v1/sign-offs/{sign_off}").status_code in (400, 404)

    @pytest.mark.parametrize(
        "query", ["signer=%00", "condition=%00", "status=", "signed_at__gte=0000-00-00", "independent=1", "signer=" + "x" * 501]
    )
    def test_an_odd_question_is_refused(self, client: TestClient, query: str) -> None:
        assert_problem(client.get(f"/v1/sign-offs?{query}"), 400, "invalid-query")


class TestLists:
    @pytest.mark.parametrize(
        ("parameters", "found"),
        [
            ({}, 2),
            ({"condition": "neck-pain"}, 1),
            ({"status": "stands"}, 2),
            ({"status": "withdrawn,renewed"}, 0),
            ({"signer": "Second curator"}, 2),
            ({"signer": "Curator"}, 0),
            ({"signer": "Curator,Second curator"}, 2),
            ({"signer__not": "Curator"}, 2),
            ({"certainty": "no-evidence"}, 1),
            ({"independent": "false"}, 0),
            ({"signed_at__lte": "2020-01-01T00:00:00Z"}, 0),
            ({"sort": "signed_at"}, 2),
        ],
    )
    def test_sign_offs_can_be_asked_for(self, rated: TestClient, keys: Keys, parameters: Json, found: int) -> None:
        for condition in ("neck-pain", "migraine"):
            sign(rated, keys.second_curator, f"/v1/conditions/{condition}/ratings/craniosacral-therapy/sign-offs")
        answer = rated.get("/v1/sign-offs", params=parameters).json()
        assert SignOffList.model_validate(answer).model_dump(mode="json") == answer
        assert len(answer["items"]) == found

    def test_me_is_whoever_asks_under_whichever_key(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        with transaction(engine) as session:
            home, office = (create_key(session, name=name, role=Role.CURATOR, orcid=ORCID) for name in ("home", "office"))
        sign(rated, home)
        sign(rated, keys.second_curator)

        def of(key: str | None, **parameters: str) -> list[str]:
            answer = rated.get("/v1/sign-offs", params=parameters, headers=header(key))
            assert answer.status_code == 200, answer.text
            return [item["signer"] for item in answer.json()["items"]]

        assert (of(office, signer="me"), of(keys.curator, signer="me")) == (["home"], [])
        assert of(office, signer__not="me") == ["Second curator"]
        assert set(of(office, signer="me,Second curator")) == {"home", "Second curator"}
        own = rated.get("/v1/conditions/neck-pain/ratings/craniosacral-therapy/sign-offs", params={"signer": "me"}, headers=header(office))
        assert [item["signer"] for item in own.json()["items"]] == ["home"]
        assert_problem(rated.get("/v1/sign-offs", params={"signer": "me"}), 401, "authentication-required")

    @pytest.mark.parametrize("parameter", ["signer", "signer__not"])
    @pytest.mark.parametrize("name", ["Curater", "Contributor", "0000-0001-5109-3700"])
    def test_a_name_that_no_curator_has_is_refused(self, client: TestClient, keys: Keys, parameter: str, name: str) -> None:
        """Whether a contributor of that name is here, the public is not told."""
        (fault,) = assert_problem(client.get("/v1/sign-offs", params={parameter: name}), 400, "invalid-query")["errors"]
        assert (fault["parameter"], name in fault["detail"]) == (parameter, True)

    def test_a_what_if_is_signed_off_by_nobody(self, rated: TestClient, keys: Keys) -> None:
        sign(rated, keys.second_curator)
        answer = rated.get(RATING, params={"published_until": 2024}).json()
        assert (answer["sign_off"], answer["signed_off_by"]) == (None, None)


def rating_content_of(engine: Engine) -> Json:
    with transaction(engine) as session:
        return rating_content(session)


class TestAppraisals:
    """A certainty that counts is not signed off by whoever read another one."""

    VIEW: ClassVar[Json] = {"domain": "indirectness", "levels": 1, "rationale": "Other people.", "conflict_of_interest": "none"}
    BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"

    def appraise(self, client: TestClient, keys: Keys, **members: Any) -> str:
        made = client.post(f"/v1/evidence/{self.BODY}/appraisals", json=self.VIEW | members, headers=header(keys.curator))
        assert made.status_code == 201
        appraisal: str = made.json()["id"]
        return appraisal

    def end(self, client: TestClient, keys: Keys, appraisal: str) -> None:
        body = {"reason": "A mistake."}
        assert client.post(f"/v1/appraisals/{appraisal}/withdrawal", json=body, headers=header(keys.curator)).status_code == 201

    def test_an_appraisal_sends_it_back_and_its_withdrawal_brings_it_back(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        sign(rated, keys.second_curator)
        appraisal = self.appraise(rated, keys)
        assert statuses(rated) == ["requires-review"]
        assert rating(rated)["sign_off"] == "requires-review"
        assert differences(engine) == []
        recompute(engine, days=1)
        assert statuses(rated) == ["requires-review"]
        assert differences(engine) == []
        self.end(rated, keys, appraisal)
        assert statuses(rated) == ["stands"]
        assert differences(engine) == []

    def test_signed_with_it_the_word_stands_until_it_is_withdrawn(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        appraisal = self.appraise(rated, keys)
        sign(rated, keys.second_curator)
        assert statuses(rated) == ["stands"]
        self.end(rated, keys, appraisal)
        assert statuses(rated) == ["requires-review"]
        assert differences(engine) == []
        assert sign(rated, keys.second_curator).status_code == 201
        assert statuses(rated) == ["stands", "renewed"]
        assert differences(engine) == []

    def test_a_study_that_comes_and_goes_does_not_hide_it(self, rated: TestClient, keys: Keys, engine: Engine) -> None:
        sign(rated, keys.second_curator)
        second = an_accepted_study(rated, keys.contributor, keys.curator, SECOND)
        self.appraise(rated, keys)
        retract(rated, keys.curator, second)
        assert statuses(rated) == ["requires-review"]
        assert differences(engine) == []
