import math

import pytest

from app.synthesis.grade.crossings import (
    benefit_view,
    count_excess_crossings,
    count_imprecision_crossings,
    strictly_inside,
)
from app.vocabulary import Better
from tests.synthesis.grade.bodies import body, entry, pooled_body, ratio_body

WIDE = (0.5, 2.0)
PUBLISHED = [
    # CINeMA's published examples: estimate, CI, PI, upper MID, crossings of the CI, crossings of PI over those of CI
    pytest.param(1.12, (0.90, 1.39), (0.74, 1.70), 1.25, 1, 1, id="CI over null, PI over null and MID"),
    pytest.param(0.96, (0.82, 1.13), (0.65, 1.42), 1.25, 0, 2, id="CI inside the range, PI over both limits"),
    pytest.param(1.01, (0.75, 1.32), WIDE, 1.25, 2, 0, id="CI over both already, estimate above null"),
    pytest.param(0.99, (0.75, 1.32), WIDE, 1.25, 2, 0, id="CI over both already, estimate below null"),
    pytest.param(1.41, (1.09, 1.82), (0.90, 2.20), 1.05, 0, 2, id="PI over null and the opposite MID"),
    pytest.param(1.24, (1.05, 1.46), (0.90, 1.70), 1.20, 0, 1, id="PI over null only"),
]


class TestPublishedExamples:
    @pytest.mark.parametrize(("estimate", "ci", "pi", "mid", "crossings", "excess"), PUBLISHED)
    def test_crossings_on_the_log_scale(
        self, estimate: float, ci: tuple[float, float], pi: tuple[float, float], mid: float, crossings: int, excess: int
    ) -> None:
        view = benefit_view(ratio_body(estimate, *ci, mid_ratio=mid, pi=pi))
        assert view is not None
        assert count_imprecision_crossings(view) == crossings
        counted = count_excess_crossings(view)
        assert counted is not None
        assert max(0, counted[1] - counted[0]) == excess

    @pytest.mark.parametrize(
        ("ci", "mid", "crossings"), [((0.84, 1.42), 1.05, 2), ((1.12, 1.57), 1.20, 0)], ids=["null and opposite MID", "none"]
    )
    def test_examples_without_a_prediction_interval(self, ci: tuple[float, float], mid: float, crossings: int) -> None:
        view = benefit_view(ratio_body(math.sqrt(ci[0] * ci[1]), *ci, mid_ratio=mid))
        assert view is not None
        assert count_imprecision_crossings(view) == crossings
        assert count_excess_crossings(view) is None


class TestBenefitView:
    def test_lower_is_better_turns_the_interval(self) -> None:
        view = benefit_view(pooled_body(-21.0, -32.6, -9.4, pool={"pi_low": -40.0, "pi_high": 2.0}))
        assert view is not None
        assert (view.estimate, view.ci_low, view.ci_high, view.pi_low, view.pi_high) == (21.0, 9.4, 32.6, -2.0, 40.0)

    def test_higher_is_better_leaves_it(self) -> None:
        view = benefit_view(pooled_body(4.9, -4.4, 14.1, better=Better.HIGHER))
        assert view is not None
        assert (view.estimate, view.ci_low, view.ci_high, view.opposite_mid) == (4.9, -4.4, 14.1, -10.0)

    def test_nothing_pooled_has_no_view(self) -> None:
        assert benefit_view(body(entry())) is None

    @pytest.mark.parametrize(
        ("ci", "inside"), [((-9.99, 9.99), True), ((-10.0, 5.0), False), ((-5.0, 10.0), False), ((-5.0, 10.01), False)]
    )
    def test_an_interval_that_touches_the_mid_is_not_inside(self, ci: tuple[float, float], inside: bool) -> None:
        view = benefit_view(pooled_body(0.0, *ci))
        assert view is not None
        assert view.ci_inside_mid is inside

    @pytest.mark.parametrize(("ci", "side"), [((0.01, 9.0), 1), ((0.0, 9.0), 0), ((-0.01, 9.0), 0), ((-9.0, 0.0), 0), ((-9.0, -0.01), -1)])
    def test_an_interval_that_touches_null_is_on_no_side(self, ci: tuple[float, float], side: int) -> None:
        view = benefit_view(pooled_body(sum(ci) / 2, *ci, better=Better.HIGHER))
        assert view is not None
        assert view.ci_side == side


class TestCountImprecisionCrossings:
    @pytest.mark.parametrize(
        ("ci", "crossings"),
        [
            ((1.0, 30.0), 0),
            ((0.0, 30.0), 0),
            ((-0.1, 30.0), 1),
            ((-10.0, 30.0), 1),
            ((-10.1, 30.0), 2),
            ((-9.9, 9.9), 0),
            ((-9.9, 10.0), 1),
            ((11.0, 30.0), 0),
            ((5.0, 30.0), 0),
        ],
    )
    def test_boundaries_with_a_mid_of_ten(self, ci: tuple[float, float], crossings: int) -> None:
        view = benefit_view(pooled_body(max(sum(ci) / 2, 0.1), *ci, better=Better.HIGHER))
        assert view is not None
        assert count_imprecision_crossings(view) == crossings

    @pytest.mark.parametrize(("ci", "crossings"), [((-100.0, 100.0), 1), ((1.0, 100.0), 0)])
    def test_without_a_mid_only_null_counts(self, ci: tuple[float, float], crossings: int) -> None:
        view = benefit_view(pooled_body(50.0, *ci, better=Better.HIGHER, mid=None))
        assert view is not None
        assert count_imprecision_crossings(view) == crossings


class TestStrictlyInside:
    def test_rounding_alone_does_not_cross(self) -> None:
        assert not strictly_inside(0.3, 0.1 + 0.2 - 1e-17, 1.0)
        assert not strictly_inside(0.1 + 0.2, 0.3, 1.0)
        assert strictly_inside(0.31, 0.3, 1.0)
