"""The effects of one result by itself, as the adjudicator sees them."""

from math import exp, log, sqrt

import pytest

from app.synthesis.body import ResultInput
from app.synthesis.reported_effect import OUT_OF_REACH, NoEffect
from app.synthesis.result_effects import ShownEffect, effects_of_result
from app.vocabulary import Better, Measure
from tests.synthesis.factories import arm, estimate, result, study, with_estimate, with_events, with_means, within_group

Z = 1.959963984540054


def shown(row: ResultInput) -> dict[Measure, ShownEffect]:
    one = study(row)
    found = effects_of_result(one, one.results[0], Better.LOWER)
    assert not isinstance(found, NoEffect), found
    return {effect.measure: effect for effect in found}


class TestEffectsOfResult:
    def test_means_give_the_difference_with_its_limits(self) -> None:
        found = shown(with_means(30.0, 20.0, 60, 50.0, 20.0, 60))[Measure.MD]
        se = sqrt(20**2 / 60 + 20**2 / 60)
        assert (found.value, found.basis) == (-20.0, "arms")
        assert (found.se, found.ci_low, found.ci_high) == pytest.approx((se, -20 - Z * se, -20 + Z * se))

    def test_ratios_leave_on_their_natural_scale(self) -> None:
        found = shown(with_events(10, 40, 20, 40))[Measure.RR]
        se = sqrt(1 / 10 - 1 / 40 + 1 / 20 - 1 / 40)
        assert found.value == pytest.approx(0.5)
        assert found.se == pytest.approx(se)
        assert (found.ci_low, found.ci_high) == pytest.approx((exp(log(0.5) - Z * se), exp(log(0.5) + Z * se)))

    def test_printed_limits_are_kept_as_printed(self) -> None:
        found = shown(with_estimate(-10.0, -14.0, -5.5))[Measure.MD]
        assert (found.ci_low, found.ci_high, found.basis) == (-14.0, -5.5, "estimate")

    def test_what_gives_no_effect_says_why(self) -> None:
        bound = result(estimate=estimate(-3.0, p=0.04, p_is_upper_bound=True))
        for row in (bound, within_group(treatment=arm(20, -5.0, 3.0)), result()):
            one = study(row)
            found = effects_of_result(one, one.results[0], Better.LOWER)
            assert isinstance(found, NoEffect)
            assert found.reason

    def test_a_ratio_beyond_what_can_be_written_is_no_effect(self) -> None:
        row = with_estimate(1e200, 1e-200, 1e307, measure=Measure.RR)
        found = effects_of_result(study(row), row, Better.LOWER)
        assert found == OUT_OF_REACH
