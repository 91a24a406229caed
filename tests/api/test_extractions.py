"""Extractions over HTTP: whose they are, what each state allows, who learns what."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.schemas.extraction import DoubleExtractionItem, DoubleExtractionList, ExtractionAnswer, ExtractionList
from app.schemas.extraction_comparison import ComparisonAnswer
from tests.api.acting import a_submitted_study, an_accepted_study, assert_problem, create, header, retract
from tests.api.extracting import READING, ask_for_two, change, compare, complete, start, two_extractions, withdraw
from tests.conftest import Keys
from tests.factories import a_body, a_result, differences, row_counts, the_least


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def study(client: TestClient, keys: Keys) -> str:
    """An accepted trial."""
    return an_accepted_study(client, keys.admin, keys.curator)


class TestStart:
    def test_begins_an_extraction_at_the_revision_that_stands(self, client: TestClient, keys: Keys, study: str, engine: Engine) -> None:
        started = start(client, keys.contributor, study)
        assert started.status_code == 201
        answer = started.json()
        assert ExtractionAnswer.model_validate(answer).model_dump(mode="json") == answer
        assert (answer["status"], answer["base_revision"], answer["mine"]) == ("in-progress", 1, True)
        assert (answer["extraction"]["results"], answer["hidden"]) == ([], None)
        read = client.get(started.headers["location"], headers=header(keys.contributor))
        assert (read.json(), read.headers["etag"]) == (answer, started.headers["etag"])
        assert differences(engine) == []

    def test_a_record_that_was_never_accepted_is_not_there_until_a_curator_asks(self, client: TestClient, keys: Keys) -> None:
        draft = create(client, keys.admin).json()["id"]
        assert_problem(start(client, keys.contributor, draft), 404, "not-found")
        asked = ask_for_two(client, keys.curator, draft)
        assert asked.status_code == 201
        item = asked.json()
        assert DoubleExtractionItem.model_validate(item).model_dump(mode="json") == item
        assert start(client, keys.contributor, draft).status_code == 201
        seen = client.get(item["href"], headers=header(keys.second_contributor)).json()
        assert (seen["record"]["title"], seen["record"]["conditions"]) == (a_body()["title"], ["neck-pain"])
        assert (seen["missing"], seen["open_places"]) == (2, 1)

    def test_its_author_needs_nobodys_leave(self, client: TestClient, keys: Keys) -> None:
        draft = create(client, keys.contributor, the_least()).json()["id"]
        assert start(client, keys.contributor, draft).status_code == 201
        assert_problem(start(client, keys.second_contributor, draft), 404, "not-found")

    @pytest.mark.parametrize(
        ("values", "pointer"),
        [
            ({"results": [a_result(outcome="beauty")]}, "/extraction/results/0/outcome"),
            ({"results": [a_result(treatment={"sd": -1})]}, "/extraction/results/0/treatment/sd"),
            ({"n_randomised": 10, "n_analysed": 12}, "/extraction/n_analysed"),
            ({"title": "No member of it"}, "/extraction/title"),
            ({"n_randomised": 1e308}, "/extraction/n_randomised"),
        ],
    )
    def test_what_is_no_extraction_is_refused_by_member(
        self, client: TestClient, keys: Keys, study: str, engine: Engine, values: dict[str, Any], pointer: str
    ) -> None:
        before = row_counts(engine)
        problem = assert_problem(start(client, keys.contributor, study, values), 422, "invalid-body")
        assert pointer in [error["pointer"] for error in problem["errors"]]
        assert row_counts(engine) == before

    def test_nothing_is_extracted_from_what_was_retracted(self, client: TestClient, keys: Keys, study: str) -> None:
        retract(client, keys.curator, study)
        assert_problem(start(client, keys.contributor, study), 409, "state-conflict")

    def test_the_same_key_twice_makes_one(self, client: TestClient, keys: Keys, study: str) -> None:
        first, again = (start(client, keys.contributor, study, Idempotency_Key='"one"') for _ in range(2))
        assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")

    def test_the_examples_of_the_document_are_taken(self, client: TestClient, keys: Keys, study: str) -> None:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        [asked], [begun] = (schemas[name]["examples"] for name in ("DoubleExtractionRequest", "ExtractionRequest"))
        double = client.post(f"/v1/studies/{study}/double-extractions", json=asked, headers=header(keys.curator))
        assert double.status_code == 201
        assert client.post(f"/v1/studies/{study}/extractions", json=begun, headers=header(keys.contributor)).status_code == 201
        [reason] = schemas["ClosingRequest"]["examples"]
        closed = client.post(f"{double.json()['href']}/closing", json=reason, headers=header(keys.curator))
        assert (closed.status_code, closed.json()["status"], closed.json()["closing_reason"]) == (201, "closed", reason["reason"])


class TestChange:
    @pytest.fixture
    def begun(self, client: TestClient, keys: Keys, study: str) -> str:
        extraction: str = start(client, keys.contributor, study, READING).json()["id"]
        return extraction

    def test_a_merge_patch_changes_what_it_names(self, client: TestClient, keys: Keys, begun: str) -> None:
        changed = change(client, keys.contributor, begun, {"n_analysed": None, "adverse_events": {"reported": True}}, '"r1"')
        assert changed.status_code == 200
        extraction = changed.json()["extraction"]
        assert (extraction["n_analysed"], extraction["n_randomised"], extraction["adverse_events"]["reported"]) == (None, 120, True)
        assert changed.headers["etag"].startswith('"r2')

    def test_a_version_that_has_moved_is_refused(self, client: TestClient, keys: Keys, begun: str) -> None:
        assert change(client, keys.contributor, begun, {}, '"r1"').status_code == 200
        assert_problem(change(client, keys.contributor, begun, {}, '"r1"'), 412, "stale-revision")
        patch = client.patch(f"/v1/extractions/{begun}", json={}, headers=header(keys.contributor))
        assert_problem(patch, 428, "precondition-required")

    def test_what_does_not_fit_is_refused_by_member(self, client: TestClient, keys: Keys, begun: str, engine: Engine) -> None:
        before = row_counts(engine)
        assert_problem(change(client, keys.contributor, begun, {"n_analysed": 121}), 422, "invalid-body", "/n_analysed")
        wrong = {"results": [a_result(instrument="pain")]}
        assert_problem(change(client, keys.contributor, begun, wrong), 422, "invalid-body", "/results/0/instrument")
        assert_problem(change(client, keys.contributor, begun, {"abstract": "x"}), 422, "invalid-body", "/abstract")
        assert_problem(change(client, keys.contributor, begun, []), 422, "invalid-body", "")
        assert row_counts(engine) == before

    def test_only_its_author_may(self, client: TestClient, keys: Keys, begun: str) -> None:
        for other in (keys.second_contributor, keys.curator, keys.admin):
            for response in (change(client, other, begun, {}), complete(client, other, begun), withdraw(client, other, begun)):
                assert_problem(response, 403, "not-allowed")

    def test_a_completed_one_is_frozen(self, client: TestClient, keys: Keys, begun: str) -> None:
        done = complete(client, keys.contributor, begun)
        assert (done.status_code, done.json()["status"]) == (201, "completed")
        for response in (
            change(client, keys.contributor, begun, {"n_randomised": 1}),
            complete(client, keys.contributor, begun),
        ):
            assert_problem(response, 409, "state-conflict")

    def test_a_completed_one_can_be_begun_anew_until_the_other_is_completed(
        self, client: TestClient, keys: Keys, study: str, begun: str, engine: Engine
    ) -> None:
        other = start(client, keys.second_contributor, study, READING).json()["id"]
        assert complete(client, keys.contributor, begun).status_code == 201
        assert withdraw(client, keys.contributor, begun).json()["status"] == "withdrawn"
        again = start(client, keys.contributor, study, READING).json()["id"]
        for key, extraction in ((keys.second_contributor, other), (keys.contributor, again)):
            assert complete(client, key, extraction).status_code == 201
        assert_problem(withdraw(client, keys.contributor, again), 409, "state-conflict")
        assert differences(engine) == []

    def test_an_empty_one_is_not_completed(self, client: TestClient, keys: Keys, study: str) -> None:
        empty = start(client, keys.second_contributor, study).json()["id"]
        assert_problem(complete(client, keys.second_contributor, empty), 422, "invalid-body", "/extraction")

    def test_one_with_a_form_that_is_half_filled_in_is_not_completed(self, client: TestClient, keys: Keys, study: str) -> None:
        form = {"tool": "rob-2", "judged_by": "two reviewers", "source": "full text", "answers": {"1.1": "yes"}}
        begun = start(client, keys.second_contributor, study, READING | {"risk_of_bias": [form]}).json()["id"]
        refused = complete(client, keys.second_contributor, begun)
        assert_problem(refused, 422, "invalid-body", "/extraction/risk_of_bias/0/overall")

    @pytest.mark.parametrize(
        ("values", "pointers"),
        [
            ({"n_randomised": 54}, ["/extraction/results"]),
            (READING | {"results": []}, ["/extraction/results", "/extraction/comparators/0/without_results"]),
        ],
    )
    def test_one_without_results_is_not_completed_unless_it_says_that_there_are_none(
        self, client: TestClient, keys: Keys, study: str, values: dict[str, Any], pointers: list[str]
    ) -> None:
        begun = start(client, keys.second_contributor, study, values).json()["id"]
        problem = complete(client, keys.second_contributor, begun)
        assert_problem(problem, 422, "invalid-body", *pointers)
        none = [{"kind": "sham", "label": "light touch", "without_results": "the report gives baseline values alone"}]
        assert change(client, keys.second_contributor, begun, {"comparators": none}).status_code == 200
        assert complete(client, keys.second_contributor, begun).status_code == 201

    def test_completing_can_name_the_version_that_was_read(self, client: TestClient, keys: Keys, begun: str) -> None:
        assert_problem(complete(client, keys.contributor, begun, If_Match='"r7"'), 412, "stale-revision")
        assert complete(client, keys.contributor, begun, If_Match='"r1"').status_code == 201

    def test_a_withdrawn_one_makes_room_and_stays_its_authors_alone(self, client: TestClient, keys: Keys, study: str, begun: str) -> None:
        assert withdraw(client, keys.contributor, begun).json()["status"] == "withdrawn"
        two_extractions(client, keys, study, READING, READING)
        other = client.get(f"/v1/extractions/{begun}", headers=header(keys.curator)).json()
        assert (other["extraction"], other["withdrawal_reason"], other["row_sha256"]) == (None, None, None)
        own = client.get(f"/v1/extractions/{begun}", headers=header(keys.contributor)).json()
        assert (own["extraction"]["n_randomised"], own["withdrawal_reason"]) == (120, "No time.")

    def test_it_says_what_a_submission_would_be_refused_for(self, client: TestClient, keys: Keys, study: str) -> None:
        against = a_result(direction="favours-comparator")
        answer = start(client, keys.second_contributor, study, READING | {"results": [against]}).json()
        assert [warning["pointer"] for warning in answer["warnings"]] == ["/results/0/direction"]


class TestLists:
    def test_extractions_by_status_and_owner(self, client: TestClient, keys: Keys, study: str) -> None:
        mine = start(client, keys.contributor, study, READING).json()["id"]
        theirs = start(client, keys.second_contributor, study, READING).json()["id"]
        complete(client, keys.contributor, mine)

        def listed(key: str, **params: str) -> list[str]:
            answer = client.get("/v1/extractions", params=params, headers=header(key)).json()
            assert ExtractionList.model_validate(answer).model_dump(mode="json") == answer
            return [item["id"] for item in answer["items"]]

        assert listed(keys.contributor) == [theirs, mine]
        assert listed(keys.contributor, mine="true") == [mine]
        assert listed(keys.contributor, mine="false") == [theirs]
        assert listed(keys.curator, status="completed") == [mine]
        assert listed(keys.curator, status__not="completed", study=study) == [theirs]
        assert listed(keys.curator, limit="1") == [theirs]

    def test_studies_that_wait_for_one_more(self, client: TestClient, keys: Keys, study: str) -> None:
        complete(client, keys.contributor, start(client, keys.contributor, study, READING).json()["id"])
        other = an_accepted_study(client, keys.admin, keys.curator, a_body(title="Another", doi="10.1000/another"))
        ask_for_two(client, keys.curator, other)

        def listed(**params: str) -> list[tuple[str, int]]:
            answer = client.get("/v1/double-extractions", params=params, headers=header(keys.second_contributor)).json()
            assert DoubleExtractionList.model_validate(answer).model_dump(mode="json") == answer
            return [(item["study"], item["missing"]) for item in answer["items"]]

        assert listed() == [(other, 2), (study, 1)]
        assert (listed(mine="true"), listed(mine="false")) == ([], listed())
        assert listed(missing="1") == [(study, 1)]
        assert listed(missing__gte="1", asked_for="true") == [(other, 2)]
        assert listed(status="in-progress", study=study) == [(study, 1)]
        assert listed(status="completed") == []
        complete(client, keys.second_contributor, start(client, keys.second_contributor, study, READING).json()["id"])
        assert listed(status="completed") == [(study, 0)]

    def test_a_parameter_that_is_none(self, client: TestClient, keys: Keys) -> None:
        for address in ("/v1/extractions", "/v1/double-extractions"):
            response = client.get(address, params={"state": "completed"}, headers=header(keys.contributor))
            assert_problem(response, 400, "invalid-query")

    def test_drafts_that_nobody_asked_for_stay_private(self, client: TestClient, keys: Keys) -> None:
        draft = a_submitted_study(client, keys.contributor)
        extraction = start(client, keys.contributor, draft).json()
        for address in ("/v1/extractions", "/v1/double-extractions"):
            assert client.get(address, headers=header(keys.second_contributor)).json()["items"] == []
            assert len(client.get(address, headers=header(keys.curator)).json()["items"]) == 1
        for address in (extraction["href"], f"/v1/double-extractions/{extraction['double_extraction']}"):
            assert_problem(client.get(address, headers=header(keys.second_contributor)), 404, "not-found")
        assert_problem(compare(client, keys.second_contributor, draft), 404, "not-found")
        entries = client.get("/v1/changes", params={"subject": f"study:{draft}", "include": "content"}).text
        assert a_body()["title"] not in entries


class TestClose:
    def test_a_new_one_can_be_opened_and_what_was_hidden_stays_hidden(self, client: TestClient, keys: Keys, study: str) -> None:
        first = start(client, keys.contributor, study, READING).json()
        address = f"/v1/double-extractions/{first['double_extraction']}/closing"
        assert_problem(client.post(address, json={"reason": "x"}, headers=header(keys.contributor)), 403, "not-allowed")
        closed = client.post(address, json={"reason": "Stuck."}, headers=header(keys.curator))
        assert (closed.status_code, closed.json()["missing"]) == (201, 0)
        assert_problem(client.post(address, json={"reason": "Again."}, headers=header(keys.curator)), 409, "state-conflict")
        assert_problem(change(client, keys.contributor, first["id"], {}), 409, "state-conflict")
        two_extractions(client, keys, study, READING, READING)
        assert client.get(first["href"], headers=header(keys.curator)).json()["extraction"] is None

    def test_asking_twice_is_refused(self, client: TestClient, keys: Keys, study: str) -> None:
        start(client, keys.contributor, study)
        assert ask_for_two(client, keys.curator, study).json()["asked_for"] is True
        assert_problem(ask_for_two(client, keys.curator, study), 409, "conflict")


class TestComparison:
    def test_answers_with_both_side_by_side(self, client: TestClient, keys: Keys, study: str) -> None:
        other = a_result(treatment={"n": 60, "mean": 30, "sd": 2})
        first, second = two_extractions(client, keys, study, READING, READING | {"results": [other], "n_analysed": 119})
        for key in (keys.contributor, keys.curator, keys.admin):
            response = compare(client, key, study)
            assert response.status_code == 200
        answer = response.json()
        assert ComparisonAnswer.model_validate(answer).model_dump(mode="json") == answer
        assert (answer["first"]["id"], answer["second"]["id"]) == (first, second)
        assert [one["pointer"] for one in answer["differences"]] == ["/n_analysed", "/results/0/treatment/sd"]
        assert answer["agreement"]["percent"] == pytest.approx(100 * answer["agreement"]["agree"] / answer["agreement"]["members"])
        assert answer["agreement"]["risk_of_bias"]["kappa"] is None
        assert answer["agreement"]["risk_of_bias"]["reason"]
        [smd] = [one for one in answer["results"][0]["effect_under_first"]["effects"] if one["measure"] == "SMD"]
        # Hedges' g of 30 and 50 with SD 20 in both arms of 60: -1 times 1 - 3/(4 x 118 - 1)
        assert smd["value"] == pytest.approx(-(1 - 3 / (4 * 118 - 1)), rel=1e-3)

    def test_two_that_agree_wholly_say_so(self, client: TestClient, keys: Keys, study: str) -> None:
        two_extractions(client, keys, study, READING, READING)
        answer = compare(client, keys.curator, study).json()
        assert (answer["differences"], answer["agreement"]["percent"]) == ([], 100.0)
        assert answer["under_first"] == answer["under_second"]

    def test_a_draft_that_cannot_be_rated_is_compared_all_the_same(self, client: TestClient, keys: Keys) -> None:
        draft = create(client, keys.admin, the_least()).json()["id"]
        ask_for_two(client, keys.curator, draft)
        two_extractions(client, keys, draft, READING, READING | {"n_randomised": 121})
        answer = compare(client, keys.curator, draft).json()
        assert answer["not_rated"]
        assert (answer["under_first"]["ratings"], answer["results"][0]["effect_under_first"]) == ([], None)
        assert [(one["pointer"], one["not_weighed"]) for one in answer["differences"]] == [("/n_randomised", answer["not_rated"])]

    def test_a_difference_that_does_not_fit_alone_is_not_weighed(self, client: TestClient, keys: Keys, study: str) -> None:
        def printed(value: float) -> dict[str, Any]:
            estimate = {"measure": "MD", "value": value, "ci_low": value - 2, "ci_high": value + 2}
            return READING | {"results": [a_result(treatment={"n": 60}, control={"n": 60}, estimate=estimate)]}

        two_extractions(client, keys, study, printed(-20.0), printed(-10.0))
        weighed = {one["pointer"].rpartition("/")[2]: one for one in compare(client, keys.curator, study).json()["differences"]}
        assert weighed["value"]["changes_ratings"] is None
        assert weighed["value"]["not_weighed"]

    def test_before_both_are_completed_nobody_compares(self, client: TestClient, keys: Keys, study: str) -> None:
        assert_problem(compare(client, keys.curator, study), 404, "not-found")
        complete(client, keys.contributor, start(client, keys.contributor, study, READING).json()["id"])
        start(client, keys.second_contributor, study, READING)
        for key in (keys.contributor, keys.second_contributor, keys.curator, keys.admin):
            assert_problem(compare(client, key, study), 409, "state-conflict")

    def test_numbers_beyond_all_measure_are_no_error(self, client: TestClient, keys: Keys, study: str) -> None:
        huge = READING | {"results": [a_result(treatment={"n": 60, "mean": 1.7e308, "sd": 1e300})]}
        tiny = READING | {"results": [a_result(treatment={"n": 60, "mean": -1.7e308, "sd": 1e-300})]}
        two_extractions(client, keys, study, huge, tiny)
        response = compare(client, keys.curator, study)
        assert response.status_code == 200
        assert "NaN" not in response.text
