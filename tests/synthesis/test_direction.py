import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.direction import count_directions, wilson_interval
from tests.synthesis.reference_values import load

EXAMPLE = load("worked-examples")["examples"]["vote_counting_sign_test"]
CASES = list(zip(EXAMPLE["given"]["favours"], EXAMPLE["given"]["total"], range(len(EXAMPLE["given"]["total"])), strict=True))


class TestCountDirections:
    @pytest.mark.parametrize(("favouring", "total", "row"), CASES)
    def test_sign_test_and_interval_agree_with_r(self, favouring: int, total: int, row: int) -> None:
        counted = count_directions([1] * favouring + [-1] * (total - favouring))
        assert counted.sign_test_p == pytest.approx(EXAMPLE["computed"]["p_two_sided"][row], rel=1e-12)
        assert counted.proportion_low == pytest.approx(EXAMPLE["computed"]["wilson_lb"][row], rel=1e-12, abs=1e-15)
        assert counted.proportion_high == pytest.approx(EXAMPLE["computed"]["wilson_ub"][row], rel=1e-12)

    def test_null_counts_for_neither_side(self) -> None:
        with_null, without = count_directions([1, 1, 0, -1, 0]), count_directions([1, 1, -1])
        assert (with_null.favouring, with_null.against, with_null.null, with_null.with_direction) == (2, 1, 2, 3)
        assert with_null.sign_test_p == without.sign_test_p
        assert with_null.proportion_high == without.proportion_high

    @pytest.mark.parametrize("directions", [[], [0, 0]])
    def test_without_a_direction_there_is_nothing_to_test(self, directions: list[int]) -> None:
        counted = count_directions(directions)
        assert (counted.sign_test_p, counted.proportion_low, counted.proportion_high) == (None, None, None)
        assert counted.null == len(directions)
        assert not counted.can_reach_significance

    def test_five_agreeing_studies_cannot_reach_significance_and_six_do(self) -> None:
        five, six = count_directions([1] * 5), count_directions([1] * 6)
        assert (five.can_reach_significance, five.sign_test_p) == (False, 0.0625)
        assert (six.can_reach_significance, six.sign_test_p) == (True, 0.03125)

    def test_studies_without_a_direction_do_not_help_to_reach_significance(self) -> None:
        assert not count_directions([1] * 5 + [0] * 10).can_reach_significance

    @given(st.lists(st.sampled_from([-1, 0, 1]), max_size=40))
    def test_neither_order_nor_side_matters(self, directions: list[int]) -> None:
        counted = count_directions(directions)
        mirrored = count_directions([-direction for direction in reversed(directions)])
        assert (mirrored.favouring, mirrored.against) == (counted.against, counted.favouring)
        assert mirrored.sign_test_p == counted.sign_test_p
        if counted.proportion_low is not None:
            assert mirrored.proportion_high == pytest.approx(1 - counted.proportion_low, abs=1e-12)


class TestWilsonInterval:
    @given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_holds_the_proportion_and_stays_between_0_and_1(self, case: tuple[int, int]) -> None:
        low, high = wilson_interval(*case)
        assert 0 <= low <= case[0] / case[1] <= high <= 1
