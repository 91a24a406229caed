import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.agreement import Kappa, NoKappa, cohen_kappa, compare_numbers

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000).map(float) | st.decimals(-99, 99, places=2).map(float)


class TestCompareNumbers:
    @pytest.mark.parametrize(
        ("first", "second", "absolute", "relative"),
        [(20.0, 2.0, 18.0, 0.9), (5.3, 5.1, 0.2, 0.2 / 5.3), (-1.0, 1.0, 2.0, 2.0), (0.0, 0.0, 0.0, None), (0.0, 3.0, 3.0, 1.0)],
    )
    def test_says_how_far_two_numbers_are_apart(self, first: float, second: float, absolute: float, relative: float | None) -> None:
        found = compare_numbers(first, second)
        assert found.absolute == absolute
        assert found.relative == (None if relative is None else pytest.approx(relative))

    @pytest.mark.parametrize(
        ("first", "second", "within"),
        [
            (12.3, 12.34, True),
            (12.3, 12.35, True),
            (12.4, 12.35, True),
            (12.3, 12.351, False),
            (12.3, 12.4, False),
            (30.0, 30.4, True),
            (30.0, 30.6, False),
            (1e-07, 1.4e-07, True),
        ],
    )
    def test_a_number_may_be_the_other_one_rounded(self, first: float, second: float, within: bool) -> None:
        assert compare_numbers(first, second).within_rounding is within

    def test_counts_are_never_rounded(self) -> None:
        assert not compare_numbers(30, 30.4, exact=True).within_rounding
        assert compare_numbers(30, 30, exact=True).within_rounding

    @given(NUMBERS, NUMBERS)
    def test_it_does_not_matter_which_comes_first(self, first: float, second: float) -> None:
        assert compare_numbers(first, second) == compare_numbers(second, first)

    def test_a_distance_that_no_float_holds_is_none(self) -> None:
        found = compare_numbers(1.7e308, -1.7e308)
        assert (found.absolute, found.relative) == (None, 2.0)


class TestCohenKappa:
    def test_the_two_by_two_table_worked_by_hand(self) -> None:
        # 20 both yes, 15 both no, 5 and 10 apart: po = 35/50, pe = 25/50 x 30/50 + 25/50 x 20/50 = 1/2, kappa = 2/5
        pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
        assert cohen_kappa(pairs) == Kappa(0.4, 0.7, 0.5, 50)

    def test_agreement_below_chance_is_negative(self) -> None:
        assert cohen_kappa([("low", "high"), ("high", "low")]) == Kappa(-1.0, 0.0, 0.5, 2)

    @pytest.mark.parametrize("pairs", [[], [("low", "low")], [("low", "high")]])
    def test_one_judgement_gives_none(self, pairs: list[tuple[str, str]]) -> None:
        found = cohen_kappa(pairs)
        assert isinstance(found, NoKappa)
        assert found.n == len(pairs)

    def test_one_category_throughout_gives_none(self) -> None:
        assert isinstance(cohen_kappa([("low", "low")] * 5), NoKappa)

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=12))
    def test_lies_between_its_bounds_and_does_not_depend_on_who_comes_first(self, pairs: list[tuple[str, str]]) -> None:
        found, mirrored = cohen_kappa(pairs), cohen_kappa([(other, one) for one, other in pairs])
        assert found == mirrored
        if isinstance(found, Kappa):
            assert -1 <= found.kappa <= 1
            assert (found.kappa == 1) == all(one == other for one, other in pairs)
