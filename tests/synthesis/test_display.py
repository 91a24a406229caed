import math

import pytest

from app.synthesis.display import display_value, finite, pooled_to_json, rounded, shown
from app.vocabulary import Measure
from tests.synthesis.grade.bodies import pooled


class TestRounded:
    @pytest.mark.parametrize(
        ("value", "expected"), [(16.8432, 16.8), (0.012345, 0.0123), (999.6, 1000.0), (1234.5, 1234.0), (-21.04, -21.0), (0.0, 0.0)]
    )
    def test_three_digits_and_whole_numbers_from_a_thousand(self, value: float, expected: float) -> None:
        assert rounded(value) == expected


class TestShown:
    def test_ratios_are_exponentiated(self) -> None:
        assert display_value(math.log(0.72), Measure.RR) == 0.72
        assert shown(math.log(2.98), Measure.OR) == 2.98
        assert shown(-6.62, Measure.MD) == -6.62

    @pytest.mark.parametrize("value", [None, 800.0, math.inf])
    def test_nothing_finite_to_show_is_none(self, value: float | None) -> None:
        assert shown(value, Measure.RR) is None

    @pytest.mark.parametrize(("value", "expected"), [(None, None), (math.nan, None), (-math.inf, None), (1.5, 1.5)])
    def test_json_has_no_word_for_infinity(self, value: float | None, expected: float | None) -> None:
        assert finite(value) == expected


class TestPooledToJson:
    def test_infinite_members_are_null_and_the_rest_is_exact(self) -> None:
        document = pooled_to_json(pooled(-1 / 3, -1.0, 1 / 3, k=3, tau2_ci_high=math.inf, q=2.5, warnings=("a",)))
        assert (document["estimate"], document["tau2_ci_high"], document["q"]) == (-1 / 3, None, 2.5)
        assert (document["k"], document["tau2_method"], document["weights"], document["warnings"]) == (3, "REML", [1 / 3] * 3, ["a"])
