from typing import Any

import pytest

from app.charts.from_body import forest_of, question_of, treatment_side
from app.vocabulary import Better
from tests.charts.examples import body_of, directions_only


class TestQuestionOf:
    def test_slugs_are_read_as_words_until_the_names_are_known(self) -> None:
        assert question_of(body_of(1)).condition == "neck pain"
        assert question_of(body_of(1) | {"condition_name": "Neck pain"}).condition == "Neck pain"

    def test_one_kind_of_inactive_comparator_is_named(self) -> None:
        body = body_of(1) | {"comparator_group": "inactive"}
        body["studies"][0]["comparator"] = "wait-list"
        assert question_of(body).comparator == "a waiting list"


class TestTreatmentSide:
    @pytest.mark.parametrize(("better", "side"), [(Better.LOWER, -1), (Better.HIGHER, 1)])
    def test_is_told_by_the_studies(self, better: Better, side: int) -> None:
        body = body_of(6, better=better)
        del body["better"]
        assert treatment_side(body) == side

    @pytest.mark.parametrize(("better", "side"), [("lower", -1), ("higher", 1)])
    def test_a_body_that_names_what_is_better_decides(self, better: str, side: int) -> None:
        assert treatment_side({"better": better, "studies": []}) == side

    @pytest.mark.parametrize(("better", "side"), [(Better.LOWER, -1), (Better.HIGHER, 1)])
    def test_the_engine_names_it_where_no_study_has_numbers(self, better: Better, side: int) -> None:
        assert treatment_side(directions_only(better=better)) == side

    def test_of_rows_alone_without_numbers_it_is_the_left(self) -> None:
        assert treatment_side({"studies": directions_only()["studies"]}) == -1


class TestForestOf:
    def test_unknown_participants_are_not_zero(self) -> None:
        assert [study.n for study in forest_of(body_of(4)).studies] == [40, 41, 42, None]

    def test_a_pool_without_a_finite_interval_is_not_drawn(self) -> None:
        body: dict[str, Any] = body_of(2)
        body["pooled"]["ci_high"] = None
        forest = forest_of(body)
        assert (forest.pool, forest.not_pooled) == (None, "the pooled effect has no finite interval")
