"""The list of registered trials says of each what the rule of the rating says: the one is SQL, the other the engine."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.recompute import all_pairs
from app.database import reading, transaction
from app.models import Rating
from app.queries.pair_inputs import load_pair_inputs
from app.queries.registrations import load_registrations, months_since
from app.schemas.study import named_registrations
from app.synthesis.grade.publication_bias import find_overdue, reports_result
from tests.factories import a_result, a_study, an_accepted_study
from tests.query_count import counted_queries

NECK_PAIN = ("neck-pain", "craniosacral-therapy")
NOTHING: dict[str, Any] = {"direction": "unclear", "treatment": {}, "control": {}}
QUARTILES = {"n": 20, "median": 40, "q1": 30, "q3": 50}
REGISTRATION: dict[str, Any] = {
    "title": "A registered trial", "kind": "registration", "design": "registered-trial", "publication_status": "registered",
    "registration": "NCT99000001", "completed_on": "2020-01", "results": [], "risk_of_bias": [], "comparators": [],
}  # fmt: skip


class TestMonthsSince:
    @pytest.mark.parametrize(
        ("completed_on", "as_of", "months"),
        [
            ("2020-01", date(2020, 1, 31), 0),
            ("2020-01-31", date(2020, 2, 29), 0),
            ("2020-01-31", date(2020, 3, 31), 2),
            ("2024-02-29", date(2026, 2, 28), 23),
            ("2027-01", date(2026, 12, 31), None),
            (None, date(2026, 1, 1), None),
        ],
    )
    def test_counts_whole_months(self, completed_on: str | None, as_of: date, months: int | None) -> None:
        assert months_since(completed_on, as_of) == months


class TestFoundingData:
    @pytest.fixture
    def session(self, seeded_engine: Engine) -> Iterator[Session]:
        with reading(seeded_engine) as opened:
            yield opened

    def test_overdue_is_what_every_stored_rating_counts(self, session: Session) -> None:
        seen = 0
        for rating in session.execute(select(Rating).order_by(col(Rating.condition))).scalars():
            found = load_registrations(session, rating.condition, rating.intervention, rating.as_of)
            overdue = [item["key"] for item in found["items"] if item["status"] == "overdue"]
            assert sorted(overdue) == sorted(row["key"] for row in rating.content["overdue_registrations"])
            seen += found["overdue"]
        assert seen > 0

    @pytest.mark.parametrize("as_of", [date(2012, 1, 1), date(2016, 1, 1), date(2027, 9, 1), date(2027, 9, 2), date(2040, 1, 1)])
    def test_on_any_other_day_it_is_what_the_engine_would_count(self, session: Session, as_of: date) -> None:
        for pair in load_pair_inputs(session, all_pairs(session), as_of=as_of):
            found = load_registrations(session, pair.condition, pair.intervention, as_of)
            expected = {row.key for row in find_overdue(pair.registrations, pair.condition, as_of)}
            assert {item["key"] for item in found["items"] if item["status"] == "overdue"} == expected

    def test_takes_two_queries(self, session: Session) -> None:
        with counted_queries(session) as sent:
            load_registrations(session, *NECK_PAIN, date(2026, 11, 22))
        assert len(sent) == 2


class TestReported:
    @pytest.mark.parametrize(
        "report",
        [
            {"results": [a_result()]},
            {"results": [a_result(**NOTHING)]},
            {"results": [a_result(**NOTHING | {"direction": "no-difference"})]},
            {"results": [a_result(**NOTHING, estimate={"measure": "MD", "value": -3.0, "ci_low": -6.0, "ci_high": 0.5})]},
            {"results": [a_result(**NOTHING, estimate={"measure": "MD", "value": -3.0, "p": 0.04})]},
            {"results": [a_result(direction="unclear", treatment={"n": 10, "mean": 3, "sd": 1}, control={"n": 10, "mean": 3})]},
            {"results": [a_result(direction="unclear", treatment={"n": 10, "events": 3}, control={"n": 10, "events": 0})]},
            {"results": [a_result(direction="unclear", treatment={"n": 10, "events": 0}, control={"n": 10, "events": 0})]},
            {"results": [a_result(**NOTHING, estimate={"measure": "MD", "value": -3.0})]},
            {"results": [a_result(**NOTHING, estimate={"measure": "MD", "value": -3.0, "se": 1.0})]},
            {
                "results": [
                    a_result(direction="unclear", treatment={"n": 10}, control={"n": 10}, estimate={"measure": "MD", "value": -3, "p": 0.2})
                ]
            },
            {"results": [a_result(**NOTHING, estimate={"measure": "HR", "value": 0.8, "ci_low": 0.6, "ci_high": 1.1})]},
            {"results": [a_result(direction="unclear", treatment={"n": 9, "mean": 3, "se": 1}, control={"n": 9, "mean": 3, "se": 1})]},
            {"results": [a_result(direction="unclear", treatment=QUARTILES, control=QUARTILES)]},
            {"results": [a_result(direction="unclear", treatment={"n": 9, "median": 3}, control={"n": 9, "median": 3})]},
            {"results": [a_result(comparator="none", within_group=True, control={})], "comparators": []},
            {"results": [a_result()], "linked_registration": None, "registration": "NCT99000001"},
            {"results": [a_result(**NOTHING)], "linked_registration": None, "registration": "NCT99000001"},
            {"results": [a_result(comparator="mixed")], "comparators": [{"kind": "mixed", "label": "several"}]},
            {"results": [a_result(outcome="adverse-events", instrument="event-count")]},
            {"results": [a_result(condition="migraine")], "conditions": ["migraine", "neck-pain"]},
            {"results": [a_result()], "publication_status": "retracted"},
            {"results": [a_result()], "publication_status": "expression-of-concern"},
            {"results": [a_result()], "linked_registration": "NCT99000002"},
        ],
    )
    def test_is_what_the_rule_of_the_rating_takes_for_a_report(self, vocabulary: Engine, report: dict[str, Any]) -> None:
        linked = {"linked_registration": "NCT99000001", "title": "The report"} | report
        with transaction(vocabulary) as session:
            an_accepted_study(session, **REGISTRATION)
            an_accepted_study(session, **linked)
        with reading(vocabulary) as session:
            (pair,) = load_pair_inputs(session, [NECK_PAIN], as_of=date(2026, 1, 1))
            (registration,) = pair.registrations
            expected = any(reports_result(study, "neck-pain") for study in registration.linked)
            found = load_registrations(session, *NECK_PAIN, date(2026, 1, 1))
        assert [item["status"] for item in found["items"]] == ["reported" if expected else "overdue"]
        named = found["items"][0]["linked"]
        assert len(named) == ("NCT99000001" in named_registrations(a_study(**linked)))
