import math

import pytest

from app.synthesis.body import EstimateInput
from app.synthesis.distributions import Z_975, t_quantile
from app.synthesis.reported_effect import Effect, NoEffect, from_exact_p, from_interval
from app.vocabulary import Measure
from tests.synthesis.factories import arm, estimate, result


def effect(found: Effect | NoEffect) -> Effect:
    assert isinstance(found, Effect)
    return found


def code(found: Effect | NoEffect) -> str:
    assert isinstance(found, NoEffect)
    return found.code


class TestFromInterval:
    def test_se_is_the_width_over_twice_z(self) -> None:
        found = effect(from_interval(estimate(-21.0, -32.6, -9.4)))
        assert found.se == pytest.approx(23.2 / (2 * Z_975))
        assert (found.value, found.printed_low, found.printed_high, found.basis) == (-21.0, -32.6, -9.4, "estimate")
        assert len(found.converted) == 1

    def test_ratios_are_on_the_log_scale(self) -> None:
        found = effect(from_interval(estimate(0.72, 0.48, 1.1, measure=Measure.RR)))
        assert found.value == pytest.approx(math.log(0.72))
        assert found.se == pytest.approx(math.log(1.1 / 0.48) / (2 * Z_975))
        assert found.printed_high == pytest.approx(math.log(1.1))

    def test_limits_come_before_a_printed_se(self) -> None:
        assert effect(from_interval(estimate(-10, -15, -5, se=9.0))).se == pytest.approx(10 / (2 * Z_975))

    def test_without_limits_the_printed_se_serves(self) -> None:
        found = effect(from_interval(estimate(-10, se=2.5)))
        assert (found.se, found.converted, found.printed_low) == (2.5, (), None)

    def test_an_se_beside_a_ratio_is_that_of_its_logarithm_and_marked(self) -> None:
        found = effect(from_interval(estimate(0.5, se=0.2, measure=Measure.OR)))
        assert (found.se, len(found.converted)) == (0.2, 1)

    def test_limits_asymmetric_by_more_than_fifteen_per_cent_are_flagged(self) -> None:
        assert effect(from_interval(estimate(-3.29, -3.7, -2.8))).flags == ("asymmetric-interval",)
        assert effect(from_interval(estimate(-2.9, -4.52, -1.12))).flags == ()

    @pytest.mark.parametrize(
        ("printed", "reason"),
        [
            (estimate(None, -15, -5), "no-value"),
            (estimate(-10, -15), "no-standard-error"),
            (estimate(-10, se=0.0), "no-standard-error"),
            (estimate(-20, -15, -5), "impossible-interval"),
            (estimate(-5, -5, -5), "impossible-interval"),
            (estimate(0.5, 0.0, 0.9, measure=Measure.RR), "impossible-interval"),
            (estimate(0.0, 0.1, 0.9, measure=Measure.RR), "no-value"),
        ],
    )
    def test_what_cannot_be_is_a_reason(self, printed: EstimateInput, reason: str) -> None:
        assert code(from_interval(printed)) == reason


class TestFromExactP:
    def test_se_is_the_value_over_t(self) -> None:
        row = result(treatment=arm(14), control=arm(14), estimate=estimate(7.948, p=0.04))
        found = effect(from_exact_p(row, Measure.MD))
        assert found.se == pytest.approx(7.948 / t_quantile(0.98, 26))
        assert (found.basis, len(found.converted)) == ("p", 1)

    @pytest.mark.parametrize(("p", "holds_null"), [(0.06, True), (0.051, True), (0.049, False), (0.04, False)])
    def test_its_limits_hold_null_just_when_p_is_five_per_cent_or_more(self, p: float, holds_null: bool) -> None:
        found = effect(from_exact_p(result(treatment=arm(10), control=arm(10), estimate=estimate(-10, p=p)), Measure.MD))
        assert found.printed_low is not None
        assert found.printed_high is not None
        assert (found.printed_low < 0 < found.printed_high) is holds_null
        assert found.printed_low + found.printed_high == pytest.approx(-20)

    def test_numbers_are_plain_floats(self) -> None:
        found = effect(from_exact_p(result(estimate=estimate(-10.0, p=0.04)), Measure.MD))
        assert [type(number) for number in (found.value, found.se, found.printed_low, found.printed_high)] == [float] * 4

    @pytest.mark.parametrize(
        ("printed", "reason"),
        [
            (estimate(-10, p=0.05, p_is_upper_bound=True), "p-upper-bound"),
            (estimate(-10, p=0.0), "p-zero"),
            (estimate(-10, p=0.03, p_is_between_group=False), "p-not-between-groups"),
            (estimate(-10), "no-standard-error"),
            (estimate(-10, p=1.0), "p-not-convertible"),
            (estimate(0.0, p=0.5), "p-not-convertible"),
            (estimate(None, p=0.03), "no-numbers"),
            (estimate(-10, p=0.03, measure=Measure.RR), "no-numbers"),
            (None, "no-numbers"),
        ],
    )
    def test_no_other_p_is_ever_converted(self, printed: EstimateInput | None, reason: str) -> None:
        assert code(from_exact_p(result(estimate=printed), Measure.MD)) == reason

    def test_both_arm_sizes_are_needed(self) -> None:
        row = result(treatment=arm(None), estimate=estimate(-10, p=0.03))
        assert code(from_exact_p(row, Measure.MD)) == "no-arm-sizes"
