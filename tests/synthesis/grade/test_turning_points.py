import math

import pytest

from app.synthesis.grade.level_parts import take_apart
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.grade.turning_points import (
    first_turn,
    mid_factors_to_probe,
    narrowings_to_probe,
    participants_to_probe,
    with_variance,
)
from tests.synthesis.grade.bodies import body, direction_entry, pooled, pooled_body

CONTEXT = PairContext((), 1000)


class TestWithVariance:
    def test_a_quarter_of_the_variance_halves_the_interval(self) -> None:
        found = with_variance(pooled(-10, -16, -6), 0.25)
        assert (found.estimate, found.ci_low, found.ci_high) == (-10, -13, -8)

    def test_the_prediction_interval_keeps_what_studies_differ(self) -> None:
        whole = pooled(-10, -14, -6, k=5, se=2.0, tau2=12.0, pi_low=-22.0, pi_high=2.0)
        found = with_variance(whole, 0.25)
        assert found.pi_high is not None
        assert found.pi_high + 10 == pytest.approx(12 * math.sqrt((12 + 1) / (12 + 4)))

    def test_the_same_variance_changes_nothing(self) -> None:
        whole = pooled(-10, -14, -6, k=5, se=2.0, tau2=12.0, pi_low=-22.0, pi_high=2.0)
        assert with_variance(whole, 1.0) == whole


class TestFirstTurn:
    def test_finds_the_step_between_two_probes(self) -> None:
        found = first_turn(lambda x: 3 if x > 2.5 else 2, lambda level: level > 2, 0.0, [1.0, 2.0, 4.0])
        assert found is not None
        assert found[0] == pytest.approx(2.5)
        assert found[1] == 3

    def test_whole_numbers_stay_whole(self) -> None:
        assert first_turn(lambda x: 3 if x >= 37 else 2, lambda level: level > 2, 0.0, [10, 50], whole_numbers=True) == (37, 3)

    def test_nothing_where_no_probe_moves(self) -> None:
        assert first_turn(lambda x: 2, lambda level: level > 2, 0.0, [1.0, 2.0]) is None

    def test_the_nearest_probe_counts(self) -> None:
        found = first_turn(lambda x: 3 if x < 0.5 else 2, lambda level: level > 2, 1.0, [0.01, 0.4, 0.6])
        assert found is not None
        assert found[0] == pytest.approx(0.5)


class TestProbes:
    def test_narrowings_hold_the_place_where_null_is_met(self) -> None:
        parts = take_apart(pooled_body(-7, -16, 2, mid=50.0), CONTEXT)
        assert any(ratio == pytest.approx((7 / 9) ** 2, rel=1e-5) for ratio in narrowings_to_probe(parts, 1.0))

    def test_participants_hold_the_information_size(self) -> None:
        parts = take_apart(pooled_body(-10, -14, -6, n=100, mid=None), CONTEXT)
        assert 293 in participants_to_probe(parts)  # half of 785 is 392.5

    def test_participants_without_a_pool(self) -> None:
        assert participants_to_probe(take_apart(body(direction_entry(n=150)), CONTEXT)) == [249, 250, 251]

    def test_mid_factors_hold_every_limit(self) -> None:
        parts = take_apart(pooled_body(-10, -14, -6, mid=10.0), CONTEXT)
        assert {0.6, 1.0, 1.4} <= {round(factor, 4) for factor in mid_factors_to_probe(parts)}

    def test_nothing_to_probe_without_a_pool_or_a_mid(self) -> None:
        assert mid_factors_to_probe(take_apart(body(direction_entry()), CONTEXT)) == []
        assert mid_factors_to_probe(take_apart(pooled_body(-10, -14, -6, mid=None), CONTEXT)) == []
        assert narrowings_to_probe(take_apart(body(direction_entry()), CONTEXT), 1.0) == []
