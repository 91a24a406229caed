from dataclasses import replace

import pytest

from app.synthesis.arms import COMBINED_ARMS, combine_arms_of_one_group, counts_of, mean_and_sd, most_indirect
from app.synthesis.body import ArmInput, DirectnessInput, ResultInput
from app.vocabulary import Comparator, Directness
from tests.synthesis.factories import arm, direction_only, estimate, with_events, with_means, within_group


class TestMeanAndSd:
    def test_printed_numbers_are_taken_as_they_are(self) -> None:
        found = mean_and_sd(arm(20, 40.0, 12.0))
        assert found is not None
        assert (found.mean, found.sd, found.converted) == (40.0, 12.0, ())

    def test_the_sd_comes_from_the_se(self) -> None:
        found = mean_and_sd(arm(25, 40.0, se=2.0))
        assert found is not None
        assert found.sd == pytest.approx(10.0)
        assert len(found.converted) == 1

    def test_mean_and_sd_come_from_median_and_quartiles(self) -> None:
        found = mean_and_sd(arm(100, median=50.0, q1=40.0, q3=60.0))
        assert found is not None
        assert found.mean == pytest.approx(50.0)
        assert 14 < found.sd < 16
        assert len(found.converted) == 1

    @pytest.mark.parametrize(
        "incomplete",
        [
            arm(None, 40.0, 12.0),
            arm(0, 40.0, 12.0),
            arm(20, 40.0),
            arm(20),
            arm(20, median=50.0),
            arm(20, 40.0, se=-1.0),
        ],
    )
    def test_an_incomplete_arm_gives_nothing(self, incomplete: ArmInput) -> None:
        assert mean_and_sd(incomplete) is None


class TestCountsOf:
    def test_all_four_cells_are_needed_and_possible(self) -> None:
        assert counts_of(with_events(5, 20, 10, 20)) is not None
        assert counts_of(with_events(21, 20, 10, 20)) is None
        assert counts_of(direction_only(treatment=arm(20, events=5))) is None

    def test_double_zero_and_nothing_but_events_say_nothing(self) -> None:
        for row in (with_events(0, 20, 0, 20), with_events(20, 20, 20, 20)):
            counts = counts_of(row)
            assert counts is not None
            assert counts.says_nothing


class TestCombineArmsOfOneGroup:
    def test_two_control_arms_become_one_and_the_treatment_counts_once(self) -> None:
        rows = [
            with_means(40, 10, 20, 50, 10, 10, position=1, control_arm="a", treatment_arm="t"),
            with_means(40, 10, 20, 60, 10, 10, position=2, control_arm="b", treatment_arm="t"),
        ]
        (combined,) = combine_arms_of_one_group(rows)
        assert combined.positions == (1, 2)
        assert (combined.row.treatment.n, combined.row.treatment.mean) == (20, 40)
        assert (combined.row.control.n, combined.row.control.mean) == (20, 55)
        # Handbook 6.5.2.10: variance = (9 x 100 + 9 x 100 + 10 x 10 / 20 x (60 - 50)^2) / 19
        assert combined.row.control.sd == pytest.approx((2300 / 19) ** 0.5)
        assert COMBINED_ARMS in combined.converted

    def test_two_treatment_arms_become_one(self) -> None:
        rows = [with_events(5, 20, 10, 30, position=1, treatment_arm="a"), with_events(3, 10, 10, 30, position=2, treatment_arm="b")]
        (combined,) = combine_arms_of_one_group(rows)
        assert (combined.row.treatment.events, combined.row.treatment.n) == (8, 30)
        assert (combined.row.control.events, combined.row.control.n) == (10, 30)

    def test_different_comparators_of_a_group_are_distinct_arms(self) -> None:
        rows = [with_means(position=1, comparator=Comparator.USUAL_CARE), with_means(position=2, comparator=Comparator.WAIT_LIST)]
        assert [part.positions for part in combine_arms_of_one_group(rows)] == [(1, 2)]

    @pytest.mark.parametrize(
        "second",
        [
            with_means(position=2),
            with_means(position=2, control_arm="a"),
            with_means(position=2, control_arm="b", timepoint_weeks=12.0),
            with_means(position=2, control_arm="b", instrument="pain-nrs-10"),
            with_means(position=2, control_arm="b", intention_to_treat=True),
            direction_only(position=2, control_arm="b"),
            with_events(position=2, control_arm="b", instrument="pain-vas-100"),
        ],
    )
    def test_rows_stay_apart_unless_distinct_complete_and_of_one_question(self, second: ResultInput) -> None:
        first = with_means(position=1, control_arm="a")
        parts = combine_arms_of_one_group([first, second])
        assert [part.positions for part in parts] == [(1,), (2,)]

    def test_two_measures_of_the_same_arms_are_never_two_arms(self) -> None:
        evening, morning = with_means(38, 20, 63, 40, 20, 60, position=0), with_means(27, 20, 63, 35, 20, 60, position=1)
        assert [part.positions for part in combine_arms_of_one_group([evening, morning])] == [(0,), (1,)]
        named = [replace(row, treatment_arm="treatment", control_arm="usual care") for row in (evening, morning)]
        assert [part.positions for part in combine_arms_of_one_group(named)] == [(0,), (1,)]

    def test_an_arm_without_a_name_may_be_the_named_one(self) -> None:
        rows = [with_means(position=1, treatment_arm="a"), with_means(position=2)]
        assert len(combine_arms_of_one_group(rows)) == 2

    def test_the_estimate_of_one_comparison_does_not_stand_for_both(self) -> None:
        rows = [with_means(position=1, control_arm="a", estimate=estimate(-10, -12, -8)), with_means(position=2, control_arm="b")]
        assert combine_arms_of_one_group(rows)[0].row.estimate is None

    def test_changes_within_groups_are_never_combined(self) -> None:
        rows = [
            within_group(position=1, treatment_arm="a", treatment=arm(9, 1.0, 1.0)),
            within_group(position=2, treatment_arm="b", treatment=arm(9, 1.0, 1.0)),
        ]
        assert len(combine_arms_of_one_group(rows)) == 2

    def test_the_order_of_rows_does_not_matter(self) -> None:
        rows = [with_means(mean_control=50 + 5 * i, position=i, control_arm=str(i), treatment_arm="t") for i in (1, 2, 3)]
        assert combine_arms_of_one_group(rows) == combine_arms_of_one_group(rows[::-1])


class TestMostIndirect:
    def test_flag_by_flag_the_least_direct(self) -> None:
        found = most_indirect([DirectnessInput(population=Directness.INDIRECT), DirectnessInput(comparator=Directness.PROBABLY_DIRECT)])
        assert found == DirectnessInput(population=Directness.INDIRECT, comparator=Directness.PROBABLY_DIRECT)
