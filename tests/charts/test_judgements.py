from typing import Any

import pytest

from app.charts.judgements import level_of, traffic_light_of
from app.charts.shapes import BiasRow
from tests.charts.examples import body_of, retracted_row


def judgement(**members: Any) -> dict[str, Any]:
    return {"tool": "rob-2", "overall": "low", "score": None, "domains": {}, "outcome": None} | members


def rows_of(*stored: dict[str, Any], tool: str | None = "rob-2") -> tuple[BiasRow, ...]:
    body = body_of(1)
    body["studies"][0]["risk_of_bias"]["tool"] = tool
    return traffic_light_of(body, {"s00": list(stored)}).rows


class TestLevelOf:
    @pytest.mark.parametrize(
        ("written", "level"),
        [
            ("low", "low"),
            ("Low risk of bias", "low"),
            ("Some Concerns", "some-concerns"),
            ("some-concerns", "some-concerns"),
            ("unclear (random number program)", "some-concerns"),
            ("Moderate", "some-concerns"),
            ("HIGH, size not stated", "high"),
            ("serious risk", "high"),
            ("critical", "high"),
            ("No information", "no-information"),
            ("yes", None),
            ("lowish", None),
            ("", None),
        ],
    )
    def test_known_words_have_a_level_whatever_their_case(self, written: str, level: str | None) -> None:
        assert level_of(written) == level


class TestTrafficLightOf:
    def test_every_judgement_has_a_row_and_the_rating_stands_beside_the_one_that_decided(self) -> None:
        rows = rows_of(judgement(tool="pedro", score=8.0, overall=None), judgement(), judgement(overall="high"))
        told = [(row.tool, row.overall.written, row.rating is None) for row in rows]
        assert told == [("pedro", "8/10", True), ("rob-2", "low", True), ("rob-2", "high", False)]

    def test_of_several_scores_the_lowest_decides(self) -> None:
        rows = rows_of(*(judgement(tool="pedro", overall=None, score=score) for score in (8.0, 3.0, 6.0)), tool="pedro")
        assert [row.overall.written for row in rows if row.rating is not None] == ["3/10"]

    def test_of_equal_ones_the_most_detailed_has_the_rating(self) -> None:
        rows = rows_of(judgement(), judgement(domains={"a": "low"}), judgement())
        assert [row.rating is None for row in rows] == [True, False, True]

    def test_a_judgement_of_another_outcome_is_not_shown(self) -> None:
        rows = rows_of(judgement(overall="high", outcome="sleep-quality"), judgement())
        assert [row.overall.level for row in rows] == ["low"]

    def test_a_tool_that_the_rating_does_not_read_is_shown_all_the_same(self) -> None:
        row = rows_of(judgement(tool="other", overall="high", domains={"a": "low"}), tool=None)[0]
        assert (row.tool, row.overall.level, row.domains[0].level, row.rating is None) == ("other", "high", "low", False)

    def test_a_study_without_a_judgement_has_a_row_too(self) -> None:
        assert [(row.tool, row.overall.written) for row in rows_of(tool=None)] == [(None, None)]

    def test_studies_stand_by_year_retracted_ones_among_them(self) -> None:
        rows = traffic_light_of(body_of(40), {}, [retracted_row()]).rows
        assert [row.label for row in rows if row.retracted] == ["Fraudster 2012"]
        assert rows[27].label == "Fraudster 2012"
