"""GET /v1/registrations: every registered trial by condition, with where it stands."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.acting import amend, an_accepted_study, assert_problem, create, preview, retract, review, submit
from tests.conftest import Keys
from tests.factories import a_body

TRIALS = {"NCT99000001": "2015-03", "NCT99000002": "2015-02-11", "NCT99000003": None, "NCT99000004": "2199-01"}


def a_registration(number: str, completed_on: str | None, **others: Any) -> dict[str, Any]:
    return {
        "title": f"Registered as {number}", "kind": "registration", "design": "registered-trial", "publication_status": "registered",
        "registration": number, "completed_on": completed_on, "n_randomised": 40, "intervention": "craniosacral-therapy",
        "fidelity": "craniosacral-therapy", "conditions": ["neck-pain"], "notes": "Made up.",
    } | others  # fmt: skip


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def trials(client: TestClient, keys: Keys) -> dict[str, str]:
    return {
        number: an_accepted_study(client, keys.contributor, keys.curator, a_registration(number, day)) for number, day in TRIALS.items()
    }


def numbers(client: TestClient, **asked: str) -> list[str]:
    answer = client.get("/v1/registrations", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["registration"] for item in answer.json()["items"]]


class TestSecondRecord:
    def test_a_second_record_of_one_registration_is_a_duplicate_wherever_it_is_tried(
        self, client: TestClient, keys: Keys, trials: dict[str, str]
    ) -> None:
        first = trials["NCT99000001"]
        second = a_registration("NCT99000001", "2015-03", title="Registered again")
        for answer in (preview(client, keys.contributor, second), create(client, keys.contributor, second)):
            problem = assert_problem(answer, 409, "duplicate-study", "/registration")
            assert problem["study"]["id"] == first
        other = create(client, keys.contributor, a_registration("NCT99000009", None)).json()["id"]
        assert_problem(
            amend(client, keys.contributor, other, {"registration": "NCT99000001"}, If_Match='"r1"'),
            409,
            "duplicate-study",
            "/registration",
        )
        assert preview(client, keys.contributor, a_registration("NCT99000001", "2015-04"), study=first).status_code == 200

    def test_of_two_that_were_drafted_beside_each_other_one_is_accepted(self, client: TestClient, keys: Keys) -> None:
        waiting = []
        for title in ("One", "Two"):
            waiting.append(create(client, keys.contributor, a_registration("NCT99000001", "2015-03", title=title)).json()["id"])
            assert submit(client, keys.contributor, waiting[-1]).status_code == 200
        assert review(client, keys.curator, waiting[0]).status_code == 201
        assert_problem(review(client, keys.curator, waiting[1]), 409, "duplicate-study", "/registration")

    def test_a_report_names_its_registration_and_a_retracted_one_makes_room(
        self, client: TestClient, keys: Keys, trials: dict[str, str]
    ) -> None:
        report = a_body(title="The report", registration="NCT99000001")
        assert create(client, keys.contributor, report).status_code == 201
        assert retract(client, keys.curator, trials["NCT99000001"]).status_code == 201
        assert create(client, keys.contributor, a_registration("NCT99000001", "2015-03", title="Anew")).status_code == 201


@pytest.mark.usefixtures("trials")
class TestList:
    def test_the_longest_completed_come_first_and_unknown_days_last(self, client: TestClient) -> None:
        assert numbers(client) == ["NCT99000002", "NCT99000001", "NCT99000004", "NCT99000003"]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"status": "overdue"}, ["NCT99000002", "NCT99000001"]),
            ({"status": "running,unknown"}, ["NCT99000004", "NCT99000003"]),
            ({"status__not": "overdue"}, ["NCT99000004", "NCT99000003"]),
            ({"completed_on__gte": "2015-03"}, ["NCT99000001", "NCT99000004"]),
            ({"completed_on__lte": "2015-02-11"}, ["NCT99000002"]),
            ({"registration": "NCT99000003"}, ["NCT99000003"]),
            ({"condition": "migraine"}, []),
            ({"sort": "-id", "limit": "1", "status": "unknown"}, ["NCT99000003"]),
        ],
    )
    def test_filters(self, client: TestClient, asked: dict[str, str], found: list[str]) -> None:
        assert numbers(client, **asked) == found

    def test_pages_hold_each_once(self, client: TestClient) -> None:
        first = client.get("/v1/registrations", params={"limit": 3, "count": "true"}).json()
        second = client.get("/v1/registrations", params={"limit": 3, "cursor": first["page"]["next"]}).json()
        seen = [item["registration"] for item in (*first["items"], *second["items"])]
        assert (first["page"]["total"], seen) == (4, ["NCT99000002", "NCT99000001", "NCT99000004", "NCT99000003"])

    @pytest.mark.parametrize("asked", ["status=late", "completed_on__gte=2015-02-30", "condition=nowhere", "overdue=true"])
    def test_what_cannot_be_asked_is_named(self, client: TestClient, asked: str) -> None:
        assert_problem(client.get(f"/v1/registrations?{asked}"), 400, "invalid-query")

    def test_a_row_says_how_long_ago_and_what_is_linked(self, client: TestClient, keys: Keys) -> None:
        report = a_body(title="The report", linked_registration="NCT99000002")
        an_accepted_study(client, keys.contributor, keys.curator, report)
        answer = client.get("/v1/registrations", params={"registration": "NCT99000002"}).json()
        (row,) = answer["items"]
        assert (row["status"], row["linked"], row["n"]) == ("reported", ["muster-2024-neck-pain"], 40)
        assert row["months_since_completion"] > 100
        assert answer["meta"]["as_of"] is not None

    def test_one_that_was_retracted_counts_as_never_made(self, client: TestClient, keys: Keys, trials: dict[str, str]) -> None:
        retract(client, keys.curator, trials["NCT99000001"])
        assert "NCT99000001" not in numbers(client)


class TestDays:
    @pytest.mark.parametrize("day", ["2023-02-31", "9999-12-31", "9998-01", "1799-12", "0001-01"])
    def test_a_day_that_is_none_is_refused_when_it_is_written(self, client: TestClient, keys: Keys, day: str) -> None:
        for write in (create, preview):
            answer = write(client, keys.contributor, a_registration("NCT99000009", day))
            assert_problem(answer, 422, "invalid-body", "/completed_on")

    def test_the_last_year_that_is_taken_can_be_rated(self, client: TestClient, keys: Keys) -> None:
        assert preview(client, keys.contributor, a_registration("NCT99000009", "2200-12-31")).status_code == 200

    def test_nothing_registered_is_an_empty_list(self, client: TestClient) -> None:
        assert numbers(client) == []
