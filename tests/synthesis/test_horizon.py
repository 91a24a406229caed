from typing import Any

from app.synthesis.body import ResultInput
from app.synthesis.horizon import horizon_of_unusable, nearness, sort_by_horizon
from app.vocabulary import Horizon
from tests.synthesis.factories import result


def at(since: float | None, timepoint: float | None = 8.0, position: int = 0, **members: Any) -> ResultInput:
    return result(since_end_of_treatment_weeks=since, timepoint_weeks=timepoint, position=position, **members)


class TestSortByHorizon:
    def test_four_weeks_after_the_end_is_still_post_treatment(self) -> None:
        found = sort_by_horizon([at(4.0, position=1), at(4.1, position=2)])
        assert [row.position for row in found.post_treatment] == [1]
        assert [row.position for row in found.follow_up] == [2]

    def test_during_treatment_counts_only_without_anything_after(self) -> None:
        assert [row.position for row in sort_by_horizon([at(-1.0, position=1)]).post_treatment] == [1]
        found = sort_by_horizon([at(-1.0, position=1), at(2.0, position=2)])
        assert [row.position for row in found.post_treatment] == [2]
        assert [(row.position, rule) for row, rule, _ in found.passed_over] == [(1, "during-treatment")]

    def test_follow_up_does_not_displace_a_result_during_treatment(self) -> None:
        found = sort_by_horizon([at(-1.0, position=1), at(12.0, position=2)])
        assert [row.position for row in found.post_treatment] == [1]
        assert found.passed_over == ()

    def test_of_unknown_times_the_first_timepoint_is_post_treatment(self) -> None:
        found = sort_by_horizon([at(None, 12.0, position=1), at(None, 6.0, position=2)])
        assert [row.position for row in found.post_treatment] == [2]
        assert found.follow_up == ()
        assert [(row.position, rule) for row, rule, _ in found.passed_over] == [(1, "unknown-time")]

    def test_an_unknown_timepoint_counts_as_first(self) -> None:
        found = sort_by_horizon([at(None, 6.0, position=1), at(None, None, position=2)])
        assert [row.position for row in found.post_treatment] == [2]

    def test_an_unknown_time_later_than_a_known_end_is_not_post_treatment(self) -> None:
        found = sort_by_horizon([at(0.0, 8.0, position=1), at(None, 20.0, position=2)])
        assert [row.position for row in found.post_treatment] == [1]

    def test_a_result_during_treatment_does_not_make_an_unknown_time_late(self) -> None:
        found = sort_by_horizon([at(-1.0, 4.0, position=1), at(None, 8.0, position=2)])
        assert [row.position for row in found.post_treatment] == [2]

    def test_nothing_gives_nothing(self) -> None:
        assert sort_by_horizon([]).at(Horizon.FOLLOW_UP) == ()


class TestNearness:
    def test_post_treatment_prefers_the_end_then_the_later_timepoint(self) -> None:
        rows = [at(2.0, 10.0, 1), at(0.0, 8.0, 2), at(0.0, 9.0, 3), at(None, 1.0, 4)]
        ranked = sorted(rows, key=lambda row: nearness(row, Horizon.POST_TREATMENT))
        assert [row.position for row in ranked] == [3, 2, 1, 4]

    def test_follow_up_prefers_the_longest(self) -> None:
        rows = [at(12.0, 20.0, 1), at(52.0, 60.0, 2)]
        assert min(rows, key=lambda row: nearness(row, Horizon.FOLLOW_UP)).position == 2


class TestHorizonOfUnusable:
    def test_late_ones_are_listed_with_the_follow_up(self) -> None:
        assert horizon_of_unusable(at(12.0)) is Horizon.FOLLOW_UP
        assert horizon_of_unusable(at(None)) is Horizon.POST_TREATMENT
        assert horizon_of_unusable(at(0.0)) is Horizon.POST_TREATMENT
