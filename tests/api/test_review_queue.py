"""The review queue: what waits for whom, and who may decide on it."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import col

from app.actions.adjudications import adjudicate_study
from app.actions.api_keys import authenticate, create_key
from app.actions.extractions import complete_extraction, start_extraction
from app.actions.studies import amend_study, document_of, revision, submit_study
from app.database import reading, transaction
from app.main import create_app
from app.models import StudyRevision
from app.models.base import utc_now
from app.queries.review_queue import list_review_queue, table_for_reader
from app.schemas.adjudication import AdjudicationRequest
from app.schemas.assignment import QueueItem
from app.schemas.extraction import Extraction
from app.settings import Settings
from app.vocabulary import Role
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, review, submit
from tests.conftest import Keys
from tests.factories import ANNA, BEN, CARL, a_body, a_result, intervention_record, put
from tests.factories import an_accepted_study as accepted
from tests.query_count import counted_queries

Json = dict[str, Any]
ORCID = "0000-0002-1825-0097"


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def queue(client: TestClient, key: str, **parameters: Any) -> list[Json]:
    answer = client.get("/v1/review-queue", params=parameters, headers=header(key))
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def titles(client: TestClient, key: str, **parameters: Any) -> list[str]:
    return [item["title"] for item in queue(client, key, **parameters)]


def assign(client: TestClient, key: str, study: str, curator: str) -> None:
    address = f"/v1/studies/{study}/assignment"
    tag = client.get(address, headers=header(key)).headers["etag"]
    assert client.put(address, json={"curator": curator}, headers=header(key, If_Match=tag)).status_code == 200


def a_submission(client: TestClient, key: str, title: str, **members: Any) -> str:
    return a_submitted_study(client, key, a_body(title=title, **members))


class TestQueue:
    def test_a_row_says_what_waits_since_when_and_whether_you_may_decide(self, client: TestClient, keys: Keys) -> None:
        study = a_submission(client, keys.contributor, "One", authors=["Muster A"])
        [item] = queue(client, keys.curator)
        assert QueueItem.model_validate(item).model_dump(mode="json") == item
        assert (item["study"], item["key"], item["revision"], item["label"]) == (study, "muster-2024-neck-pain", 1, "Muster 2024")
        assert (item["kind"], item["design"], item["conditions"]) == ("primary", "randomised-trial", ["neck-pain"])
        assert (item["submitted_by"], item["waiting_days"], item["you_may_decide"], item["why_not"]) == ("Contributor", 0, True, None)
        assert client.get(item["href"], headers=header(keys.curator)).status_code == 200
        assert client.get(item["thread"], headers=header(keys.curator)).status_code == 200

    def test_the_longest_waiting_comes_first(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        for title in ("One", "Two"):
            a_submission(client, keys.contributor, title)
        last = a_submission(client, keys.contributor, "Three")
        with transaction(engine) as session:
            long_ago = utc_now() - timedelta(days=40, hours=1)
            session.execute(update(StudyRevision).where(col(StudyRevision.study_id) == last).values(submitted_at=long_ago))
        assert titles(client, keys.curator) == ["Three", "One", "Two"]
        assert queue(client, keys.curator)[0]["waiting_days"] == 40
        month_ago = (utc_now() - timedelta(days=30)).isoformat()
        assert titles(client, keys.curator, submitted_at__lte=month_ago) == ["Three"]
        assert titles(client, keys.curator, sort="-submitted_at") == ["Two", "One", "Three"]

    def test_only_what_was_submitted_and_not_decided_on_is_in_it(self, client: TestClient, keys: Keys) -> None:
        create(client, keys.contributor, a_body(title="A draft"))
        an_accepted_study(client, keys.contributor, keys.curator, a_body(title="Accepted"))
        for decision in ("reject", "request-changes"):
            review(client, keys.curator, a_submission(client, keys.contributor, decision), decision)
        a_submission(client, keys.contributor, "Waiting")
        assert titles(client, keys.curator) == ["Waiting"]

    def test_a_contributor_sees_his_own_and_no_more(self, client: TestClient, keys: Keys) -> None:
        a_submission(client, keys.contributor, "Mine")
        a_submission(client, keys.second_contributor, "Theirs")
        assert titles(client, keys.contributor) == ["Mine"]
        assert titles(client, keys.contributor, submitted_by="Second contributor") == []
        assert titles(client, keys.curator, submitted_by="Second contributor") == ["Theirs"]

    def test_an_author_finds_what_became_of_all_he_wrote(self, client: TestClient, keys: Keys) -> None:
        create(client, keys.contributor, a_body(title="A draft"))
        review(client, keys.curator, a_submission(client, keys.contributor, "Sent back"), "request-changes")
        a_submission(client, keys.contributor, "Waiting")
        create(client, keys.second_contributor, a_body(title="Theirs"))
        found = queue(client, keys.contributor, status="draft,submitted,changes-requested")
        assert {item["title"]: item["status"] for item in found} == {
            "A draft": "draft", "Sent back": "changes-requested", "Waiting": "submitted",
        }  # fmt: skip
        by_title = {item["title"]: item for item in found}
        assert (by_title["A draft"]["submitted_at"], by_title["A draft"]["waiting_days"]) == (None, None)
        assert titles(client, keys.contributor, status="changes-requested") == ["Sent back"]
        [sent_back] = queue(client, keys.curator, status="changes-requested")
        assert (sent_back["you_may_decide"], sent_back["why_not"]) == (
            False,
            "it is changes-requested; a decision is on what was submitted",
        )

    def test_an_amendment_is_shown_as_it_was_submitted_and_not_as_what_is_accepted(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator, a_body(title="Old title"))
        patch = {"title": "New title", "conditions": ["migraine"], "results": [a_result(condition="migraine")]}
        assert amend(client, keys.contributor, study, patch, If_Match='"r1"').status_code == 200
        assert submit(client, keys.contributor, study).status_code == 200
        [item] = queue(client, keys.curator, condition="migraine")
        assert (item["title"], item["conditions"], item["is_amendment"], item["base_has_moved"]) == ("New title", ["migraine"], True, False)
        assert item["key"] == "muster-2024-neck-pain"
        assert titles(client, keys.curator, condition="neck-pain") == []
        assert titles(client, keys.curator, is_amendment="false") == []

    def test_an_amendment_over_which_another_was_accepted_says_so(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        for key, year in ((keys.contributor, 2023), (keys.second_contributor, 2022)):
            amend(client, key, study, {"year": year}, If_Match='"r1"')
            submit(client, key, study)
        review(client, keys.curator, study, if_match='"r2"')
        [item] = queue(client, keys.curator)
        assert (item["revision"], item["base_revision"], item["base_has_moved"]) == (3, 1, True)


class TestFilters:
    @pytest.fixture
    def filled(self, client: TestClient, keys: Keys, engine: Engine) -> TestClient:
        with transaction(engine) as session:
            put(session, "intervention", intervention_record(slug="osteopathy", name="Osteopathy"))
        a_submission(client, keys.contributor, "Trial")
        a_submission(
            client, keys.second_contributor, "Cohort", design="cohort", conditions=["migraine"], results=[], comparators=[], risk_of_bias=[]
        )
        review_of = {"kind": "synthesis", "design": "meta-analysis", "results": [], "comparators": [], "synthesis": {"included": []}}
        a_submission(client, keys.curator, "Review", **review_of, intervention="osteopathy", fidelity=None)
        a_submission(client, keys.contributor, "Both", conditions=["neck-pain", "migraine"], results=[a_result(condition="migraine")])
        return client

    @pytest.mark.parametrize(
        ("parameters", "found"),
        [
            ({"condition": "migraine"}, {"Cohort", "Both"}),
            ({"condition": "migraine,neck-pain"}, {"Trial", "Cohort", "Review", "Both"}),
            ({"condition__not": "migraine"}, {"Trial", "Review"}),
            ({"intervention": "osteopathy"}, {"Review"}),
            ({"intervention__not": "osteopathy"}, {"Trial", "Cohort", "Both"}),
            ({"kind": "synthesis"}, {"Review"}),
            ({"design": "cohort,meta-analysis"}, {"Cohort", "Review"}),
            ({"design__not": "randomised-trial"}, {"Cohort", "Review"}),
            ({"submitted_by": "me"}, {"Review"}),
            ({"submitted_by__not": "me"}, {"Trial", "Cohort", "Both"}),
            ({"submitted_by": "Contributor,Second contributor"}, {"Trial", "Cohort", "Both"}),
            ({"submitted_by": "contributor,SECOND Contributor"}, {"Trial", "Cohort", "Both"}),
            ({"mine": "false"}, {"Trial", "Cohort", "Both"}),
            ({"mine": "true"}, {"Review"}),
            ({"is_amendment": "false"}, {"Trial", "Cohort", "Review", "Both"}),
            ({"is_amendment": "true"}, set()),
            ({"assigned_to": "nobody"}, {"Trial", "Cohort", "Review", "Both"}),
            ({"submitted_at__lte": "2020-01-01T00:00:00Z"}, set()),
        ],
    )
    def test_the_queue_can_be_asked_for(self, filled: TestClient, keys: Keys, parameters: Json, found: set[str]) -> None:
        assert set(titles(filled, keys.curator, **parameters)) == found

    def test_by_who_looks_after_it(self, filled: TestClient, keys: Keys) -> None:
        by_title = {item["title"]: item["study"] for item in queue(filled, keys.curator)}
        assign(filled, keys.curator, by_title["Trial"], "me")
        assign(filled, keys.curator, by_title["Cohort"], "second Curator")
        assert titles(filled, keys.curator, assigned_to="me") == ["Trial"]
        assert set(titles(filled, keys.curator, assigned_to="me,nobody")) == {"Trial", "Review", "Both"}
        assert titles(filled, keys.curator, assigned_to="Second curator") == ["Cohort"]
        assert titles(filled, keys.curator, assigned_to="second CURATOR") == ["Cohort"]
        assert set(titles(filled, keys.curator, assigned_to__not="me")) == {"Cohort", "Review", "Both"}
        assert [item["assigned_to"] for item in queue(filled, keys.curator)] == ["Curator", "Second curator", None, None]

    @pytest.mark.parametrize(
        "parameter",
        [
            *("condition=nothing", "kind=book", "waiting=1", "mine=perhaps", "submitted_at=2026", "sort=title", "status=waiting"),
            *("assigned_to=%00", "submitted_by=%00", "study=%00", "submitted_at__gte=9999-99-99", "cursor=nothing", "limit=0"),
        ],
    )
    def test_a_question_that_it_does_not_know_is_refused(self, client: TestClient, keys: Keys, parameter: str) -> None:
        answer = client.get(f"/v1/review-queue?{parameter}", headers=header(keys.curator))
        assert_problem(answer, 400, "invalid-cursor" if parameter.startswith("cursor") else "invalid-query")

    @pytest.mark.parametrize("parameter", ["assigned_to", "assigned_to__not", "submitted_by", "submitted_by__not"])
    def test_a_name_that_nobody_has_is_refused(self, client: TestClient, keys: Keys, parameter: str) -> None:
        for key in (keys.curator, keys.contributor):
            answer = client.get("/v1/review-queue", params={parameter: "me,Curater"}, headers=header(key))
            (fault,) = assert_problem(answer, 400, "invalid-query")["errors"]
            assert (fault["parameter"], "'Curater'" in fault["detail"]) == (parameter, True)
            assert ("Curator" in fault["detail"]) == (key == keys.curator)  # who else is there is not for everybody

    def test_pages_follow_one_another_without_loss(self, filled: TestClient, keys: Keys) -> None:
        first = filled.get("/v1/review-queue?limit=3&count=true", headers=header(keys.curator)).json()
        rest = queue(filled, keys.curator, limit=3, cursor=first["page"]["next"], count="true")
        assert first["page"]["total"] == 4
        assert [item["title"] for item in [*first["items"], *rest]] == ["Trial", "Cohort", "Review", "Both"]

    def test_only_the_members_that_are_wanted(self, filled: TestClient, keys: Keys) -> None:
        assert queue(filled, keys.curator, fields="title", limit=1) == [{"title": "Trial"}]


class TestComments:
    def test_those_are_counted_that_the_reader_may_see(self, client: TestClient, keys: Keys) -> None:
        """What a curator and another author say of the draft of theirs is between them; its number is, too."""

        def say(key: str, revision: int) -> None:
            said = {"text": "See table 2.", "revision": revision}
            assert client.post(f"/v1/studies/{study}/comments", json=said, headers=header(key)).status_code == 201

        study = an_accepted_study(client, keys.contributor, keys.curator)
        say(keys.curator, 1)  # of an accepted revision: for everybody with a key
        for key, year in ((keys.contributor, 2023), (keys.second_contributor, 2022)):
            amend(client, key, study, {"year": year}, If_Match='"r1"')
            assert submit(client, key, study).status_code == 200
        say(keys.curator, 2)
        say(keys.second_contributor, 3)
        say(keys.curator, 3)
        counted = {name: queue(client, key)[0]["comments"] for name, key in some_of(keys).items()}
        assert counted == {"contributor": 2, "second_contributor": 3, "curator": 4}
        for name, key in some_of(keys).items():
            listed = client.get(f"/v1/studies/{study}/comments", headers=header(key)).json()["items"]
            assert len(listed) == counted[name]


def some_of(keys: Keys) -> dict[str, str]:
    return {name: getattr(keys, name) for name in ("contributor", "second_contributor", "curator")}


class TestMayDecide:
    def test_nobody_decides_on_his_own_under_another_key_either(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        with transaction(engine) as session:
            home = create_key(session, name="Home", role=Role.CONTRIBUTOR, orcid=ORCID)
            office = create_key(session, name="Office", role=Role.CURATOR, orcid=ORCID)
        study = a_submission(client, home, "Mine")
        [item] = queue(client, office, mine="true")
        assert (item["you_may_decide"], item["submitted_by"], item["orcid"]) == (False, "Home", ORCID)
        assert "another of yours" in item["why_not"]
        for decision in ("accept", "reject", "request-changes"):
            assert_problem(review(client, office, study, decision), 403, "own-submission")
        assert review(client, keys.curator, study).status_code == 201

    def test_whoever_wrote_an_earlier_draft_of_the_record_does_not_decide(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.curator).json()["id"]
        assert amend(client, keys.second_curator, study, {"year": 2023}, If_Match='"r1"').status_code == 200
        assert submit(client, keys.second_curator, study).status_code == 200
        assert [item["you_may_decide"] for item in queue(client, keys.curator)] == [False]
        assert_problem(review(client, keys.curator, study), 403, "own-submission")
        assert review(client, keys.admin, study).status_code == 201

    def test_the_author_of_what_is_accepted_may_decide_on_the_amendment_of_another(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.curator, keys.second_curator)
        amend(client, keys.contributor, study, {"year": 2023}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        assert [item["you_may_decide"] for item in queue(client, keys.curator)] == [True]
        assert review(client, keys.curator, study).status_code == 201

    def test_in_an_installation_of_one_person_he_does(self, small_url: str, keys: Keys) -> None:
        settings = Settings(database_url=small_url, rate_limit="off", rate_limit_writes="off", one_person=True)
        with TestClient(create_app(settings)) as client:
            study = a_submission(client, keys.curator, "Mine")
            assert [item["you_may_decide"] for item in queue(client, keys.curator)] == [True]
            assign(client, keys.curator, study, "me")
            assert review(client, keys.curator, study).status_code == 201


def an_adjudicated_draft(engine: Engine, doi: str) -> None:
    """Accepted, extracted by two, adjudicated, changed by the adjudicator, and submitted."""
    part = {name: a_body()[name] for name in ("comparators", "n_randomised", "results", "risk_of_bias")}
    with transaction(engine) as session:
        study = accepted(session, ANNA, doi=doi, title=doi)
        for by, n in ((ANNA, 120), (BEN, 121)):
            values = Extraction.model_validate(part | {"n_randomised": n})
            complete_extraction(session, start_extraction(session, study.id, values, by=by), by=by)
        decisions = {"decisions": [{"pointer": "/n_randomised", "choice": "second"}]}
        adjudicate_study(session, study, AdjudicationRequest.model_validate(decisions), by=CARL)
        document = document_of(revision(session, study, 2)).model_copy(update={"n_randomised": 122})
        amend_study(session, study, document, by=CARL, base=1, reason="extracted twice")
        submit_study(session, study, by=CARL)


class TestCost:
    def test_it_does_not_grow_with_what_was_adjudicated_either(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        """Each of these drafts departs from what was adjudicated, and who made it are five hands."""
        counts = []
        for number in (1, 19):
            for place in range(number):
                an_adjudicated_draft(engine, f"10.1000/{number}.{place}")
            with reading(engine) as session:
                reader = authenticate(session, keys.curator)
                asked = table_for_reader(session, reader).parse("/v1/review-queue", [])
                with counted_queries(session) as sent:
                    page = list_review_queue(session, asked, reader)
            assert {item["departures"] for item in page.items} == {1}
            counts.append((len(page.items), len(sent)))
        assert counts == [(1, counts[0][1]), (20, counts[0][1])]

    def test_the_number_of_queries_does_not_grow(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        counts = []
        for round_ in range(2):
            for number in range(1 + round_ * 5):
                a_submission(client, keys.contributor if number % 2 else keys.second_curator, f"Number {round_}.{number}")
            with reading(engine) as session:
                reader = authenticate(session, keys.curator)
                asked = table_for_reader(session, reader).parse("/v1/review-queue", [])
                with counted_queries(session) as sent:
                    page = list_review_queue(session, asked, reader)
            counts.append((len(page.items), len(sent)))
        assert counts == [(1, 9), (7, 9)]
