import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.scales import Scale, choose_range, linear_ticks, ratio_ticks, ticks
from tests.charts.drawing import growing


class TestScale:
    def test_maps_linearly(self) -> None:
        scale = Scale(-10.0, 10.0, 100.0, 300.0)
        assert [scale.at(value) for value in (-10.0, 0.0, 5.0, 20.0)] == [100.0, 200.0, 250.0, 400.0]

    def test_within_stays_on_the_axis(self) -> None:
        assert Scale(-10.0, 10.0, 100.0, 300.0).within(20.0) == 300.0


class TestChooseRange:
    def test_holds_every_estimate(self) -> None:
        low, high = choose_range([0.0, -3.0, 50.0], [], ratio=False)
        assert low < -3.0
        assert high > 50.0

    def test_a_giant_interval_does_not_dwarf_the_rest(self) -> None:
        low, high = choose_range([0.0, -1.0], [(-1000.0, 1000.0)], ratio=False)
        assert (low, high) == pytest.approx((-2.12, 1.12))

    @given(st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=5), st.booleans())
    def test_is_finite_and_not_empty_for_any_numbers(self, core: list[float], ratio: bool) -> None:
        low, high = choose_range(core, [(min(core), max(core))], ratio=ratio)
        assert math.isfinite(high - low)
        assert high > low
        places = [tick.value for tick in ticks(low, high, 7, ratio=ratio)]
        assert growing(places)
        assert len(places) <= 9


class TestLinearTicks:
    @pytest.mark.parametrize(
        ("low", "high", "labels"),
        [
            (-9.0, 11.0, ["−5", "0", "5", "10"]),
            (0.0, 10.0, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
            (-0.11, 0.21, ["−0.1", "0.0", "0.1", "0.2"]),
            (0.0, 0.06, ["0.00", "0.02", "0.04", "0.06"]),
        ],
    )
    def test_stand_at_round_numbers(self, low: float, high: float, labels: list[str]) -> None:
        assert [tick.label for tick in linear_ticks(low, high, 4)] == labels


class TestRatioTicks:
    @pytest.mark.parametrize(
        ("low", "high", "most", "labels"),
        [
            (0.4, 2.6, 5, ["0.5", "0.7", "1", "1.5", "2"]),
            (0.19, 5.2, 7, ["0.2", "0.5", "1", "2", "5"]),
            (0.009, 120.0, 5, ["0.01", "0.1", "1", "10", "100"]),
            (0.79, 1.26, 9, ["0.8", "0.9", "1.0", "1.1", "1.2"]),
            (0.7, 1.6, 5, ["0.8", "1", "1.25", "1.5"]),
        ],
    )
    def test_stand_at_round_ratios(self, low: float, high: float, most: int, labels: list[str]) -> None:
        assert [tick.label for tick in ratio_ticks(math.log(low), math.log(high), most)] == labels

    def test_of_many_decades_keep_one(self) -> None:
        found = ratio_ticks(-600.0, 600.0, 5)
        assert [tick.label for tick in found] == ["10⁻²¹⁰", "10⁻¹⁰⁵", "1", "10¹⁰⁵", "10²¹⁰"]
