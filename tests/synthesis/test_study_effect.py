import pytest

from app.synthesis.arms import CombinedRow
from app.synthesis.body import ResultInput
from app.synthesis.study_effect import Family, StudyResult, evaluate, evaluate_uncontrolled
from app.vocabulary import AnalysedScore, Better, Measure, ResultDirection
from tests.synthesis.factories import arm, direction_only, estimate, result, study, with_estimate, with_events, with_means, within_group


def evaluated(row: ResultInput, better: Better = Better.LOWER) -> StudyResult:
    return evaluate(study(row), CombinedRow(row, (row.position,)), better)


def uncontrolled(row: ResultInput, better: Better = Better.LOWER) -> StudyResult:
    return evaluate_uncontrolled(study(row), CombinedRow(row, (row.position,)), better)


class TestDirection:
    @pytest.mark.parametrize(
        ("reported", "direction"),
        [
            (ResultDirection.FAVOURS_INTERVENTION, 1),
            (ResultDirection.FAVOURS_COMPARATOR, -1),
            (ResultDirection.NO_DIFFERENCE, 0),
            (ResultDirection.UNCLEAR, None),
        ],
    )
    def test_without_numbers_it_is_the_reported_one(self, reported: ResultDirection, direction: int | None) -> None:
        found = evaluated(direction_only(reported))
        assert (found.direction, found.sign, found.is_usable) == (direction, None, direction is not None)

    def test_numbers_go_before_the_report(self) -> None:
        found = evaluated(with_estimate(2.2, -20, 25, direction=ResultDirection.NO_DIFFERENCE))
        assert found.direction == -1

    def test_where_higher_is_better_the_sign_turns(self) -> None:
        assert evaluated(with_estimate(4.9, -4.4, 14.1), Better.HIGHER).direction == 1

    def test_exactly_zero_is_null(self) -> None:
        assert evaluated(with_estimate(0.0, -5, 5, direction=ResultDirection.FAVOURS_INTERVENTION)).direction == 0

    @pytest.mark.parametrize(
        "row",
        [
            result(direction=ResultDirection.UNCLEAR, estimate=estimate(-3.0, p=0.01, p_is_upper_bound=True)),
            result(direction=ResultDirection.UNCLEAR, estimate=estimate(-0.1, -0.2, -0.01, measure=Measure.RD)),
            result(direction=ResultDirection.UNCLEAR, estimate=estimate(0.7, 0.5, 0.9, measure=Measure.HR)),
            result(direction=ResultDirection.UNCLEAR, treatment=arm(None, 37.0), control=arm(None, 39.0)),
            result(direction=ResultDirection.UNCLEAR, treatment=arm(20, median=27.0), control=arm(20, median=35.0)),
        ],
    )
    def test_numbers_without_a_standard_error_give_their_sign(self, row: ResultInput) -> None:
        found = evaluated(row)
        assert (found.direction, found.has_numbers(Family.CONTINUOUS), found.has_numbers(Family.BINARY)) == (1, False, False)

    def test_a_ratio_that_cannot_be_leaves_the_sign_to_the_arms(self) -> None:
        printed = estimate(0.0, measure=Measure.RR)
        row = result(direction=ResultDirection.UNCLEAR, treatment=arm(None, 37.0), control=arm(None, 39.0), estimate=printed)
        assert evaluated(row).direction == 1

    @pytest.mark.parametrize(
        "row",
        [
            with_estimate(-1e200, -2e200, 0.0, control=arm(None)),
            result(estimate=estimate(-1.0, se=1e-200)),
            with_means(mean_treatment=-1e200),
            with_means(sd_treatment=1e200),
        ],
    )
    def test_numbers_that_no_study_has_give_a_direction_only(self, row: ResultInput) -> None:
        found = evaluated(row)
        assert (found.direction, found.has_numbers(Family.CONTINUOUS)) == (1, False)

    def test_double_zero_counts_is_null(self) -> None:
        assert evaluated(with_events(0, 20, 0, 30)).direction == 0

    def test_events_of_one_arm_give_no_sign(self) -> None:
        row = direction_only(ResultDirection.UNCLEAR, treatment=arm(10, events=7), control=arm(10))
        assert not evaluated(row).is_usable

    def test_a_p_value_alone_gives_no_sign(self) -> None:
        assert not evaluated(direction_only(ResultDirection.UNCLEAR, estimate=estimate(None, p=0.009))).is_usable


class TestEvaluateUncontrolled:
    def test_numbers_give_a_sign_and_never_an_effect(self) -> None:
        found = uncontrolled(within_group(direction=ResultDirection.UNCLEAR, estimate=estimate(-4.4, -4.7, -4.1)))
        assert (found.direction, found.effect(Measure.MD)) == (1, None)
        assert found.why_not(None).code == "uncontrolled"

    def test_a_mean_change_gives_its_sign_and_a_mean_score_none(self) -> None:
        row = within_group(direction=ResultDirection.UNCLEAR, treatment=arm(9, 3.0, 1.0), analysis=AnalysedScore.CHANGE_SCORE)
        assert uncontrolled(row).direction == -1
        assert not uncontrolled(within_group(direction=ResultDirection.UNCLEAR, treatment=arm(9, 48.0, 9.0))).is_usable


class TestWhyNot:
    def test_risk_differences_and_hazard_ratios_have_no_rule(self) -> None:
        assert evaluated(result(estimate=estimate(0.7, 0.5, 0.9, measure=Measure.HR))).why_not(Measure.RR).code == "measure-without-rule"

    def test_it_names_the_reason_of_the_measure(self) -> None:
        found = evaluated(result(estimate=estimate(-3.0, p=0.01, p_is_upper_bound=True)))
        assert found.why_not(Measure.MD).code == "p-upper-bound"
        assert evaluated(direction_only()).why_not(Measure.MD).code == "no-numbers"


class TestHasNumbers:
    def test_means_are_continuous_and_counts_binary(self) -> None:
        assert evaluated(with_means()).has_numbers(Family.CONTINUOUS)
        assert not evaluated(with_means()).has_numbers(Family.BINARY)
        assert evaluated(with_events()).has_numbers(Family.BINARY)
