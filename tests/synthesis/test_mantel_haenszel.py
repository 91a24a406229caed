"""Mantel-Haenszel and Peto against metafor's `rma.mh` and `rma.peto`.

Known deviation: none in a number. metafor warns that study-level effects are missing for tables without events; here `k_effects`
says how many have one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.mantel_haenszel import (
    IMPOSSIBLE_COUNTS,
    NO_EVENTS,
    NO_RATIO,
    NO_TABLES,
    NO_VARIANCE,
    PooledTables,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
    peto,
)
from app.synthesis.not_computed import NotComputed
from tests.synthesis.reference_values import Array, Compared, column, dataset_names, disagreements, load

Pooling = Callable[..., PooledTables | NotComputed]
POOLING: dict[str, Pooling] = {
    "MH_OR": mantel_haenszel_odds_ratio,
    "MH_RR": mantel_haenszel_risk_ratio,
    "MH_RD": mantel_haenszel_risk_difference,
    "PETO": peto,
}
ALL = tuple(POOLING.values())
RATIOS = (mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, peto)
CASES = [(name, method) for name in dataset_names() if "mantel_haenszel_peto" in load(name) for method in POOLING]


def counts(name: str) -> tuple[Array, Array, Array, Array]:
    inputs = load(name)["inputs"]
    a, b, c, d = (column(inputs[key]) for key in ("ai", "bi", "ci", "di"))
    return a, a + b, c, c + d


def pooled(result: PooledTables | NotComputed) -> PooledTables:
    assert isinstance(result, PooledTables), result
    return result


def four_tests_compared(ours: PooledTables, reference: dict[str, Any]) -> list[Compared]:
    """The four tests that metafor prints for the odds ratio; where it prints none, we have none."""
    members = {"CMH": ours.cmh, "CO": ours.cochran, "BD": ours.breslow_day, "TA": ours.tarone}
    assert {name for name, test in members.items() if test is not None} == {name for name in members if name in reference}
    numbers = []
    for name, test in members.items():
        if test is not None:
            numbers += [Compared(name, test.statistic, reference[name], 1.0), Compared(f"{name} p", test.p, reference[f"{name}p"])]
    return numbers


def compared(name: str, method: str) -> list[Compared]:
    ours, reference = pooled(POOLING[method](*counts(name))), load(name)["mantel_haenszel_peto"][method]
    assert ours.q is not None
    se = reference["se"]
    return [
        Compared("k", float(ours.k), reference["k"]),
        Compared("k with an effect", float(ours.k_effects), reference["k_yi"]),
        Compared("estimate", ours.estimate, reference["beta"], se),
        Compared("se", ours.se, se),
        Compared("statistic", ours.statistic, reference["stat"], 1.0),
        Compared("p", ours.p, reference["pval"]),
        Compared("ci_low", ours.ci_low, reference["ci_lb"], se),
        Compared("ci_high", ours.ci_high, reference["ci_ub"], se),
        Compared("q", ours.q.statistic, reference["QE"], 1.0),
        Compared("q p", ours.q.p, reference["QEp"]),
        Compared("i2", ours.i2, reference["I2"], 100.0),
        Compared("h2", ours.h2, reference["H2"], 1.0),
        *four_tests_compared(ours, reference),
    ]


class TestAgainstMetafor:
    @pytest.mark.parametrize(("name", "method"), CASES)
    def test_every_number_agrees(self, name: str, method: str) -> None:
        assert disagreements(compared(name, method)) == []

    @pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
    def test_breslow_day_counts_the_tables_with_events(self, name: str) -> None:
        ours = pooled(mantel_haenszel_odds_ratio(*counts(name)))
        assert ours.breslow_day is not None
        assert ours.breslow_day.df == load(name)["mantel_haenszel_peto"]["MH_OR"]["k_pos"] - 1

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 44
        assert sum(len(compared(*case)) for case in CASES) == 44 * 12 + 11 * 8


TABLES = st.lists(st.tuples(*[st.integers(1, 40)] * 4), min_size=2, max_size=8)


def columns(tables: list[tuple[int, ...]]) -> tuple[Array, Array, Array, Array]:
    a, b, c, d = np.array(tables, dtype=float).T
    return a, a + b, c, c + d


class TestProperties:
    @given(TABLES)
    def test_swapping_the_arms_turns_the_sign(self, tables: list[tuple[int, ...]]) -> None:
        a, n1, c, n2 = columns(tables)
        for method in ALL:
            there, back = pooled(method(a, n1, c, n2)), pooled(method(c, n2, a, n1))
            assert back.estimate == pytest.approx(-there.estimate, abs=1e-12)
            assert back.se == pytest.approx(there.se, rel=1e-9)

    @given(TABLES)
    def test_counting_the_opposite_turns_the_odds_ratio_and_the_difference(self, tables: list[tuple[int, ...]]) -> None:
        a, n1, c, n2 = columns(tables)
        for method in (mantel_haenszel_odds_ratio, mantel_haenszel_risk_difference, peto):
            there, back = pooled(method(a, n1, c, n2)), pooled(method(n1 - a, n1, n2 - c, n2))
            assert back.estimate == pytest.approx(-there.estimate, abs=1e-12)
            assert back.se == pytest.approx(there.se, rel=1e-9)

    @given(TABLES)
    def test_order_does_not_matter(self, tables: list[tuple[int, ...]]) -> None:
        for method in ALL:
            there, back = pooled(method(*columns(tables))), pooled(method(*columns(tables[::-1])))
            assert (back.estimate, back.se) == pytest.approx((there.estimate, there.se), rel=1e-9, abs=1e-13)

    @given(TABLES)
    def test_a_table_without_events_changes_no_ratio(self, tables: list[tuple[int, ...]]) -> None:
        with_empty = [*tables, (0, 12, 0, 15)]
        for method in RATIOS:
            there, more = pooled(method(*columns(tables))), pooled(method(*columns(with_empty)))
            assert (more.estimate, more.se) == pytest.approx((there.estimate, there.se), rel=1e-9, abs=1e-13)
            assert more.k == there.k + 1

    def test_a_table_without_events_makes_the_difference_smaller(self) -> None:
        there = pooled(mantel_haenszel_risk_difference([8], [20], [3], [20]))
        more = pooled(mantel_haenszel_risk_difference([8, 0], [20, 20], [3, 0], [20, 20]))
        assert more.estimate == pytest.approx(there.estimate / 2)

    def test_one_table_gives_its_own_effect(self) -> None:
        assert pooled(mantel_haenszel_odds_ratio(8, 20, 3, 20)).estimate == pytest.approx(np.log(8 * 17 / (12 * 3)))
        assert pooled(mantel_haenszel_risk_ratio(8, 20, 3, 20)).estimate == pytest.approx(np.log(8 / 3))
        assert pooled(mantel_haenszel_risk_difference(8, 20, 3, 20)).estimate == pytest.approx(5 / 20)

    def test_one_table_has_no_heterogeneity(self) -> None:
        ours = pooled(mantel_haenszel_odds_ratio(8, 20, 3, 20))
        assert (ours.q, ours.i2, ours.h2, ours.breslow_day, ours.tarone) == (None, None, None, None, None)

    def test_equal_odds_ratios_leave_no_breslow_day_statistic(self) -> None:
        ours = pooled(mantel_haenszel_odds_ratio([10, 20], [30, 60], [5, 10], [30, 60]))
        assert ours.breslow_day is not None
        assert ours.breslow_day.statistic == pytest.approx(0.0, abs=1e-12)


class TestWhatCannotBePooled:
    @pytest.mark.parametrize("method", ALL)
    def test_no_tables(self, method: Pooling) -> None:
        assert method([], [], [], []) == NotComputed(NO_TABLES)
        assert method([0], [0], [3], [20]) == NotComputed(NO_TABLES)

    @pytest.mark.parametrize("method", ALL)
    @pytest.mark.parametrize("table", [(11, 10, 3, 10), (-1, 10, 3, 10), (np.nan, 10, 3, 10), (1, np.inf, 3, 10), (1, 1e300, 3, 10)])
    def test_impossible_counts(self, method: Pooling, table: tuple[float, ...]) -> None:
        assert method(*table) == NotComputed(IMPOSSIBLE_COUNTS)

    @pytest.mark.parametrize("method", ALL)
    def test_columns_of_different_length(self, method: Pooling) -> None:
        result = method([1, 2], [10, 10], [3], [10, 10])
        assert isinstance(result, NotComputed)
        assert "length" in result.reason

    @pytest.mark.parametrize("method", [mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio])
    def test_no_events_in_one_arm(self, method: Pooling) -> None:
        assert method([0, 0], [20, 30], [3, 5], [20, 30]) == NotComputed(NO_RATIO)

    @pytest.mark.parametrize("table", [([0, 0], [0, 0]), ([20, 30], [20, 30])])
    def test_no_events_at_all(self, table: tuple[list[int], list[int]]) -> None:
        assert peto(table[0], [20, 30], table[1], [20, 30]) == NotComputed(NO_EVENTS)

    @pytest.mark.parametrize("table", [([0, 0], [0, 0]), ([10, 20], [0, 0]), ([10, 20], [12, 17])])
    def test_no_arm_varies(self, table: tuple[list[int], list[int]]) -> None:
        assert mantel_haenszel_risk_difference(table[0], [10, 20], table[1], [12, 17]) == NotComputed(NO_VARIANCE)
