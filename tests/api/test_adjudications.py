"""Adjudication over HTTP: who may, what must be decided, what comes of it, who may read it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.api_keys import authenticate, create_key
from app.database import reading, transaction
from app.queries.adjudications import ADJUDICATIONS, list_adjudications
from app.schemas.adjudication import AdjudicationAnswer, AdjudicationList
from app.schemas.thread import ThreadList
from app.vocabulary import Role
from tests.api.acting import amend, an_accepted_study, assert_problem, create, header, review, submit
from tests.api.extracting import READING, adjudicate, ask_for_two, compare, complete, start, two_extractions, withdraw
from tests.conftest import Keys
from tests.factories import a_body, a_result, differences, row_counts
from tests.query_count import counted_queries

SD = "/results/0/treatment/sd"
OTHER = READING | {"results": [a_result(treatment={"n": 60, "mean": 30, "sd": 2}, note="Table 2.")]}
TAKE_SECOND = {"pointer": SD, "choice": "second"}


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def study(client: TestClient, keys: Keys) -> str:
    """An accepted trial, extracted by both contributors, who differ in an SD and a note."""
    accepted = an_accepted_study(client, keys.admin, keys.curator)
    two_extractions(client, keys, accepted, READING, OTHER)
    return accepted


class TestAdjudicate:
    def test_drafts_the_record_with_what_was_decided(self, client: TestClient, keys: Keys, study: str, engine: Engine) -> None:
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="second", reason="Read again.")
        assert made.status_code == 201, made.text
        answer = made.json()
        assert AdjudicationAnswer.model_validate(answer).model_dump(mode="json") == answer
        assert (answer["revision"], answer["revision_status"], answer["public"]) == (2, "draft", False)
        assert [(one["pointer"], one["first"], one["second"], one["taken"]) for one in answer["decisions"]] == [
            (SD, 20.0, 2.0, 2.0),
            ("/results/0/note", None, "Table 2.", "Table 2."),
        ]
        assert answer["adjudicated"]["results"][0]["treatment"]["sd"] == 2.0
        assert client.get(made.headers["location"], headers=header(keys.curator)).json() == answer
        live = client.get(f"/v1/studies/{study}").json()["document"]
        assert live["results"][0]["treatment"]["sd"] == 20.0
        assert differences(engine) == []

    def test_both_extractors_are_refused(self, client: TestClient, keys: Keys, study: str) -> None:
        for extractor in (keys.contributor, keys.second_contributor):
            assert_problem(adjudicate(client, extractor, study, TAKE_SECOND, wording="first"), 403, "own-submission")

    def test_what_was_left_undecided_is_named(self, client: TestClient, keys: Keys, study: str, engine: Engine) -> None:
        before = row_counts(engine)
        both = assert_problem(adjudicate(client, keys.curator, study), 422, "invalid-body", "/decisions", "/decisions")
        assert [one["detail"].partition(" ")[0] for one in both["errors"]] == [SD, "/results/0/note"]
        one = assert_problem(adjudicate(client, keys.curator, study, wording="first"), 422, "invalid-body", "/decisions")
        assert one["detail"] == "1 difference is undecided"
        assert row_counts(engine) == before

    @pytest.mark.parametrize(
        ("decision", "pointer"),
        [
            ({"pointer": "/results/7/note", "choice": "first"}, "/decisions/1/pointer"),
            ({"pointer": SD, "choice": "first"}, "/decisions/1/pointer"),
            ({"pointer": "/results/0/note", "choice": "other", "value": "x"}, "/decisions/1/reason"),
            ({"pointer": "/results/0/note", "choice": "first", "value": "x"}, "/decisions/1/value"),
            ({"pointer": "/results/0/note", "choice": "third"}, "/decisions/1/choice"),
            ({"pointer": "/results/0/note"}, "/decisions/1/choice"),
        ],
    )
    def test_a_decision_that_is_none_is_refused_by_member(
        self, client: TestClient, keys: Keys, study: str, decision: dict[str, Any], pointer: str
    ) -> None:
        assert_problem(adjudicate(client, keys.curator, study, TAKE_SECOND, decision), 422, "invalid-body", pointer)

    def test_wording_is_taken_from_one_of_the_two(self, client: TestClient, keys: Keys, study: str) -> None:
        assert_problem(adjudicate(client, keys.curator, study, TAKE_SECOND, wording="other"), 422, "invalid-body", "/wording")

    def test_a_value_of_ones_own_must_fit(self, client: TestClient, keys: Keys, study: str, engine: Engine) -> None:
        before = row_counts(engine)
        own: dict[str, Any] = {}
        values: list[Any] = [-3, "twenty", {"n": 1}, [], True, 10**400]
        for value in values:
            own = {"pointer": SD, "choice": "other", "value": value, "reason": "Recalculated."}
            response = adjudicate(client, keys.curator, study, own, wording="first")
            assert response.status_code in (400, 422), response.text
        assert_problem(
            adjudicate(client, keys.curator, study, own | {"value": 0}, wording="first"), 422, "invalid-body", "/decisions/0/value"
        )
        wrong = assert_problem(adjudicate(client, keys.curator, study, own | {"value": -3}, wording="first"), 422, "invalid-body")
        assert [one["pointer"] for one in wrong["errors"]] == ["/decisions/0/value"]
        assert wrong["errors"][0]["detail"].startswith(SD)
        assert row_counts(engine) == before

    def test_what_both_read_alike_can_be_decided_otherwise_with_a_reason(self, client: TestClient, keys: Keys, study: str) -> None:
        own = {"pointer": "/n_analysed", "choice": "other", "value": 118, "reason": "Two left before week 8."}
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, own, wording="first")
        assert made.json()["adjudicated"]["n_analysed"] == 118

    def test_an_entry_that_both_have_can_be_left_out_or_taken_as_a_whole(self, client: TestClient, keys: Keys, study: str) -> None:
        whole: dict[str, Any] = {"pointer": "/risk_of_bias/0", "choice": "other", "value": None}
        needed = adjudicate(client, keys.curator, study, TAKE_SECOND, whole, wording="first")
        assert_problem(needed, 422, "invalid-body", "/decisions/1/reason")
        result = {"pointer": "/results/0", "choice": "second"}
        within = adjudicate(client, keys.curator, study, result, TAKE_SECOND)
        assert_problem(within, 422, "invalid-body", "/decisions/1/pointer")
        made = adjudicate(client, keys.curator, study, result, whole | {"reason": "Nobody judged it."})
        assert made.status_code == 201, made.text
        answer = made.json()
        assert answer["adjudicated"]["risk_of_bias"] == []
        assert [(one["treatment"]["sd"], one["note"]) for one in answer["adjudicated"]["results"]] == [(2.0, "Table 2.")]
        assert [(one["pointer"], one["about"]) for one in answer["decisions"] if one["choice"] == "other"] == [
            ("/risk_of_bias/0", {"tool": "rob-2"})
        ]

    def test_an_entry_of_ones_own_takes_the_place_of_both(self, client: TestClient, keys: Keys, study: str) -> None:
        own = {
            "pointer": "/results/0",
            "choice": "other",
            "value": a_result(treatment={"n": 60, "mean": 31, "sd": 9}),
            "reason": "Table 3.",
        }
        made = adjudicate(client, keys.curator, study, own)
        assert made.json()["adjudicated"]["results"][0]["treatment"]["mean"] == 31
        for value in ({"outcome": "pain-intensity"}, "gone", 3):
            response = adjudicate(client, keys.second_curator, study, own | {"value": value})
            assert response.status_code in (409, 422)

    def test_a_contributor_who_made_neither_may(self, client: TestClient, keys: Keys) -> None:
        accepted = an_accepted_study(client, keys.admin, keys.curator, a_body(title="Another"))
        for key in (keys.curator, keys.second_curator):
            one = start(client, key, accepted, READING).json()["id"]
            assert client.post(f"/v1/extractions/{one}/completion", headers=header(key)).status_code == 201
        made = adjudicate(client, keys.contributor, accepted)
        assert (made.status_code, made.json()["decisions"]) == (201, [])

    def test_it_is_done_once(self, client: TestClient, keys: Keys, study: str) -> None:
        assert adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first").status_code == 201
        assert_problem(adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first"), 409, "state-conflict")
        assert compare(client, keys.contributor, study).status_code == 200
        assert start(client, keys.contributor, study).status_code == 201

    def test_before_both_are_completed_there_is_nothing_to_decide(self, client: TestClient, keys: Keys) -> None:
        accepted = an_accepted_study(client, keys.admin, keys.curator, a_body(title="Another"))
        assert_problem(adjudicate(client, keys.curator, accepted), 409, "state-conflict")
        start(client, keys.contributor, accepted, READING)
        assert_problem(adjudicate(client, keys.curator, accepted), 409, "state-conflict")

    def test_figures_that_were_accepted_meanwhile_are_not_overwritten_unseen(self, client: TestClient, keys: Keys, study: str) -> None:
        assert amend(client, keys.admin, study, {"n_analysed": 110}, If_Match='"r1"').status_code == 200
        submit(client, keys.admin, study)
        assert review(client, keys.second_curator, study).status_code == 201
        refused = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first")
        problem = assert_problem(refused, 409, "state-conflict", "/n_analysed")
        assert problem["current_revision"] == 2
        wrong = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first", base_revision=1)
        assert_problem(wrong, 422, "invalid-body", "/base_revision")
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first", base_revision=2)
        assert made.json()["adjudicated"]["n_analysed"] == 120

    def test_a_title_that_was_mended_meanwhile_is_kept(self, client: TestClient, keys: Keys, study: str) -> None:
        amend(client, keys.admin, study, {"title": "The mended title"}, If_Match='"r1"')
        submit(client, keys.admin, study)
        assert review(client, keys.second_curator, study).status_code == 201
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first").json()
        revision = client.get(f"/v1/studies/{study}/revisions/{made['revision']}", headers=header(keys.curator)).json()
        assert revision["document"]["title"] == "The mended title"

    def test_the_example_of_the_document_has_the_shape_of_a_request(self, client: TestClient, keys: Keys, study: str) -> None:
        [example] = client.get("/openapi.json").json()["components"]["schemas"]["AdjudicationRequest"]["examples"]
        response = client.post(f"/v1/studies/{study}/adjudications", json=example, headers=header(keys.curator))
        assert response.status_code == 201, response.text


class TestDeciding:
    """Whoever had a hand in the figures does not decide on them."""

    def test_a_draft_that_was_mended_still_holds_their_figures(self, client: TestClient, keys: Keys) -> None:
        accepted = an_accepted_study(client, keys.admin, keys.second_curator)
        for key in (keys.curator, keys.contributor):
            one = start(client, key, accepted, READING if key == keys.curator else OTHER).json()["id"]
            assert client.post(f"/v1/extractions/{one}/completion", headers=header(key)).status_code == 201
        made = adjudicate(client, keys.second_contributor, accepted, TAKE_SECOND, wording="first").json()
        submit(client, keys.second_contributor, accepted)
        assert_problem(review(client, keys.curator, accepted), 403, "own-submission")
        assert review(client, keys.second_curator, accepted, "request-changes").status_code == 201
        tag = f'"r{made["revision"]}"'
        assert amend(client, keys.second_contributor, accepted, {"notes": "Asked for."}, If_Match=tag).status_code == 200
        submit(client, keys.second_contributor, accepted)
        assert_problem(review(client, keys.curator, accepted), 403, "own-submission")
        assert review(client, keys.second_curator, accepted).status_code == 201
        public = client.get(made["href"]).json()
        assert (public["public"], public["revision_status"]) == (True, "superseded")

    def test_once_they_are_accepted_the_extractors_are_curators_like_others(self, client: TestClient, keys: Keys) -> None:
        accepted = an_accepted_study(client, keys.admin, keys.second_curator)
        for key in (keys.curator, keys.contributor):
            one = start(client, key, accepted, READING).json()["id"]
            assert client.post(f"/v1/extractions/{one}/completion", headers=header(key)).status_code == 201
        adjudicate(client, keys.second_contributor, accepted)
        submit(client, keys.second_contributor, accepted)
        assert review(client, keys.second_curator, accepted).status_code == 201
        assert amend(client, keys.admin, accepted, {"notes": "A later one."}, If_Match='"r2"').status_code == 200
        submit(client, keys.admin, accepted)
        assert review(client, keys.curator, accepted).status_code == 201

    def test_one_that_was_refused_stays_with_those_who_took_part(self, client: TestClient, keys: Keys, study: str) -> None:
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first").json()
        submit(client, keys.curator, study)
        assert review(client, keys.second_curator, study, "reject").status_code == 201
        assert amend(client, keys.curator, study, {"notes": "Something else."}, If_Match='"r1"').status_code == 200
        submit(client, keys.curator, study)
        assert review(client, keys.second_curator, study).status_code == 201
        assert_problem(client.get(made["href"]), 404, "not-found")
        assert client.get(made["href"], headers=header(keys.contributor)).json()["revision_status"] == "rejected"


class TestDepartures:
    """Other figures may be put in after the decision; whoever reviews or reads the record is told."""

    def test_are_named_to_the_reviewer_and_for_ever(self, client: TestClient, keys: Keys, study: str, engine: Engine) -> None:
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first").json()
        assert made["followed"] == {"adjudication": made["href"], "revision": 2, "departures": []}
        assert amend(client, keys.curator, study, {"n_analysed": 90}, If_Match='"r2"').status_code == 200
        submit(client, keys.curator, study)
        expected = {
            "adjudication": made["href"],
            "revision": 3,
            "departures": [{"pointer": "/n_analysed", "change": "changed", "decided": 120, "holds": 90}],
        }
        address = f"/v1/studies/{study}/revisions/3"
        reviewer = header(keys.second_curator)
        [waiting] = client.get("/v1/review-queue", headers=reviewer).json()["items"]
        assert waiting["departures"] == 1
        assert client.get(f"{address}/preview", headers=reviewer).json()["followed"] == expected
        assert review(client, keys.second_curator, study).status_code == 201
        assert client.get(address).json()["followed"] == expected
        assert client.get(made["href"]).json()["followed"] == expected
        assert differences(engine) == []

    def test_a_revision_that_came_of_none_has_none(self, client: TestClient, keys: Keys, study: str) -> None:
        assert client.get(f"/v1/studies/{study}/revisions/1").json()["followed"] is None

    def test_what_a_submission_would_refuse_can_still_be_decided_otherwise(self, client: TestClient, keys: Keys, study: str) -> None:
        against = {"pointer": "/results/0/treatment/mean", "choice": "other", "value": 90, "reason": "Misread."}
        refused = adjudicate(client, keys.curator, study, TAKE_SECOND, against, wording="first")
        problem = assert_problem(refused, 422, "invalid-body", "/decisions")
        assert problem["errors"][0]["detail"].startswith("/results/0/direction of the record")
        assert adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first").status_code == 201

    def test_who_extracted_and_adjudicated_is_named_with_the_study(self, client: TestClient, keys: Keys, study: str) -> None:
        adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first")
        submit(client, keys.curator, study)
        assert len(client.get(f"/v1/studies/{study}").json()["attribution"]) == 2
        assert review(client, keys.second_curator, study).status_code == 201
        shown = client.get(f"/v1/studies/{study}").json()
        hands = [(one["role"], one["by"], one["revision"], one["status"]) for one in shown["attribution"][4:]]
        assert hands == [
            ("extractor", "Contributor", 2, "accepted"),
            ("extractor", "Second contributor", 2, "accepted"),
            ("adjudicator", "Curator", 2, "accepted"),
        ]
        assert len(client.get(shown["links"]["adjudications"]).json()["items"]) == 1

    def test_of_a_private_record_a_contributor_hears_who_adjudicates(self, client: TestClient, keys: Keys) -> None:
        draft = create(client, keys.admin, a_body(title="Private")).json()["id"]
        assert_problem(adjudicate(client, keys.contributor, draft), 404, "not-found")
        ask_for_two(client, keys.curator, draft)
        assert_problem(adjudicate(client, keys.contributor, draft), 403, "not-allowed")

    def test_whose_draft_it_becomes_may_read_it(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        with transaction(engine) as session:
            author = create_key(session, name="Author", role=Role.CONTRIBUTOR)
        draft = create(client, author, a_body(title="Private")).json()["id"]
        ask_for_two(client, keys.curator, draft)
        two_extractions(client, keys, draft, READING, OTHER)
        made = adjudicate(client, keys.second_curator, draft, TAKE_SECOND, wording="first").json()
        assert client.get(made["href"], headers=header(author)).status_code == 200


class TestRead:
    def test_before_it_is_accepted_only_those_who_took_part_see_it(self, client: TestClient, keys: Keys) -> None:
        draft = create(client, keys.admin, a_body(title="Private")).json()["id"]
        ask_for_two(client, keys.curator, draft)
        two_extractions(client, keys, draft, READING, OTHER)
        made = adjudicate(client, keys.second_curator, draft, TAKE_SECOND, wording="first").json()
        address = f"/v1/studies/{draft}/adjudications"
        assert_problem(client.get(made["href"]), 404, "not-found")
        assert_problem(client.get(address), 404, "not-found")
        for key in (keys.contributor, keys.second_contributor, keys.curator, keys.admin):
            assert client.get(made["href"], headers=header(key)).status_code == 200
            assert len(client.get(address, headers=header(key)).json()["items"]) == 1
        entries = client.get("/v1/changes", params={"subject": f"study:{draft}", "include": "content"}).text
        assert "Private" not in entries

    def test_a_list_has_the_newest_first(self, client: TestClient, keys: Keys, study: str) -> None:
        adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first")
        two_extractions(client, keys, study, READING, READING)
        adjudicate(client, keys.second_curator, study)
        answer = client.get(f"/v1/studies/{study}/adjudications", headers=header(keys.curator)).json()
        assert AdjudicationList.model_validate(answer).model_dump(mode="json") == answer
        assert [item["revision"] for item in answer["items"]] == [3, 2]

    @pytest.mark.parametrize("reader", ["contributor", "curator"])
    def test_a_list_costs_the_same_whatever_it_holds(self, client: TestClient, keys: Keys, study: str, engine: Engine, reader: str) -> None:
        costs = []
        for adjudicator in (keys.curator, keys.second_curator, keys.admin):
            assert adjudicate(client, adjudicator, study, TAKE_SECOND, wording="first").status_code == 201
            with reading(engine) as session:
                by = authenticate(session, getattr(keys, reader))
                with counted_queries(session) as sent:
                    page = list_adjudications(session, study, ADJUDICATIONS.parse("/", []), by)
            costs.append((len(page.items), len(sent)))
            two_extractions(client, keys, study, READING, OTHER)
        assert costs == [(number, costs[0][1]) for number in (1, 2, 3)]

    def test_one_of_another_study_is_not_there(self, client: TestClient, keys: Keys, study: str) -> None:
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first").json()
        other = an_accepted_study(client, keys.admin, keys.curator, a_body(title="Another"))
        response = client.get(f"/v1/studies/{other}/adjudications/{made['id']}", headers=header(keys.curator))
        assert_problem(response, 404, "not-found")
        nowhere = "/v1/studies/01890000-0000-7000-8000-000000000000/adjudications"
        assert_problem(client.get(nowhere, headers=header(keys.curator)), 404, "not-found")


class TestThread:
    """Who extracts and adjudicates stands between what was submitted and decided."""

    @staticmethod
    def of(client: TestClient, study: str, key: str | None) -> list[tuple[str, str, int]]:
        answer = client.get(f"/v1/studies/{study}/thread", params={"limit": 200}, headers=header(key))
        assert answer.status_code == 200, answer.text
        assert ThreadList.model_validate(answer.json()).model_dump(mode="json") == answer.json()
        kinds = ("extraction-started", "extraction-completed", "extraction-withdrawn", "adjudicated")
        return [(one["kind"], one["by"], one["revision"]) for one in answer.json()["items"] if one["kind"] in kinds]

    def test_those_who_may_know_of_an_extraction_see_when_it_began_and_ended(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.admin, keys.curator)
        first = start(client, keys.contributor, study, READING).json()["id"]
        complete(client, keys.contributor, first)
        withdraw(client, keys.second_contributor, start(client, keys.second_contributor, study, OTHER).json()["id"])
        told = [
            ("extraction-started", "Contributor", 1),
            ("extraction-completed", "Contributor", 1),
            ("extraction-started", "Second contributor", 1),
            ("extraction-withdrawn", "Second contributor", 1),
        ]
        for key in (keys.contributor, keys.second_contributor, keys.curator):
            assert self.of(client, study, key) == told
        assert self.of(client, study, None) == []

    def test_it_says_nothing_of_what_was_extracted(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.admin, keys.curator)
        secret = READING | {"results": [a_result(note="Nobody else has read this.", treatment={"n": 60, "mean": 30, "sd": 19.87})]}
        own = start(client, keys.contributor, study, secret).json()
        complete(client, keys.contributor, own["id"])
        for key in (keys.second_contributor, keys.curator, keys.admin):
            items = client.get(f"/v1/studies/{study}/thread", headers=header(key)).json()["items"]
            assert [one["href"] for one in items if one["kind"].startswith("extraction")] == [own["href"]] * 2
            for text in ("Nobody else", "19.87", "sha256"):
                assert text not in str(items)

    def test_an_adjudication_is_for_those_in_it_until_it_is_accepted(self, client: TestClient, keys: Keys, study: str) -> None:
        made = adjudicate(client, keys.curator, study, TAKE_SECOND, wording="first", reason="Table 2.").json()
        both = [(kind, by, 1) for by in ("Contributor", "Second contributor") for kind in ("extraction-started", "extraction-completed")]
        for key in (keys.contributor, keys.second_contributor, keys.curator):
            assert self.of(client, study, key) == [*both, ("adjudicated", "Curator", 2)]
        assert self.of(client, study, None) == []
        submit(client, keys.curator, study, reason="extracted twice")
        assert review(client, keys.second_curator, study).status_code == 201
        assert self.of(client, study, None) == [*both, ("adjudicated", "Curator", 2)]
        asked = client.get(f"/v1/studies/{study}/thread", params={"kind": "adjudicated"}).json()["items"]
        assert [(one["id"], one["href"], one["reason"]) for one in asked] == [(made["id"], made["href"], "Table 2.")]
        assert client.get(asked[0]["href"]).status_code == 200

    def test_of_a_private_record_a_stranger_hears_nothing(self, client: TestClient, keys: Keys) -> None:
        draft = create(client, keys.admin, a_body(title="Private")).json()["id"]
        ask_for_two(client, keys.curator, draft)
        start(client, keys.contributor, draft, READING)
        assert self.of(client, draft, keys.curator) == [("extraction-started", "Contributor", 1)]
        for key in (keys.second_contributor, None):
            assert_problem(client.get(f"/v1/studies/{draft}/thread", headers=header(key)), 404, "not-found")
