"""Begg and Mazumdar's test against metafor's `ranktest`, exact and normal.

Known deviations:
- Identical effects: metafor gives null with a warning; here `NotComputed`.
- Two studies: metafor's normal p is null (its correction for ties divides by k - 2); here it is a number.
"""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.not_computed import NotComputed
from app.synthesis.rank_correlation import MAX_STUDIES_EXACT, RankCorrelation, rank_correlation
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements

CASES = [
    analysis
    for analysis in analyses()
    if analysis.block.get("diagnostics", {}).get("ranktest", {}).get("exact_TRUE", {}).get("tau") is not None
]
TIES = "Cannot compute exact p-value with ties"


def correlation(result: RankCorrelation | NotComputed) -> RankCorrelation:
    assert isinstance(result, RankCorrelation), result
    return result


def compared(analysis: Analysis) -> list[Compared]:
    exact, normal = (analysis.block["diagnostics"]["ranktest"][name] for name in ("exact_TRUE", "exact_FALSE"))
    ours = correlation(rank_correlation(analysis.effects, analysis.variances))
    numbers = [Compared("tau", ours.tau, exact["tau"], 1.0), Compared("p", ours.p, exact["pval"])]
    return numbers if normal["pval"] is None else [*numbers, Compared("normal p", ours.p_normal, normal["pval"])]


class TestAgainstMetafor:
    @pytest.mark.parametrize("analysis", CASES, ids=lambda analysis: analysis.name)
    def test_every_number_agrees(self, analysis: Analysis) -> None:
        assert disagreements(compared(analysis)) == []

    @pytest.mark.parametrize("analysis", CASES, ids=lambda analysis: analysis.name)
    def test_there_is_no_exact_p_with_ties(self, analysis: Analysis) -> None:
        ours = correlation(rank_correlation(analysis.effects, analysis.variances))
        assert (ours.p_exact is None) == (TIES in analysis.block["diagnostics"]["ranktest"]["exact_TRUE"].get("warnings", []))

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 26
        assert sum(len(compared(case)) for case in CASES) == 77


class TestRankCorrelation:
    EFFECTS, VARIANCES = [0.1, 0.5, 0.2, 0.9, -0.3], [0.01, 0.09, 0.04, 0.2, 0.08]

    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([], [], "no study"),
            ([0.1], [0.1], "one study"),
            ([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], "effects are the same"),
            ([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], "variances are the same"),
            ([0.1, 0.2], [0.1, 0.0], "above zero"),
            ([0.1, math.inf], [0.1, 0.2], "finite"),
            ([0.1, 1e300], [1e-300, 0.2], "floating-point"),
        ],
    )
    def test_what_cannot_be_computed_says_why(self, effects: list[float], variances: list[float], reason: str) -> None:
        result = rank_correlation(effects, variances)
        assert isinstance(result, NotComputed)
        assert reason in result.reason

    def test_two_studies_have_both_p_values(self) -> None:
        ours = correlation(rank_correlation([0.1, 0.4], [0.1, 0.2]))
        assert (ours.tau, ours.p_exact) == (1.0, 1.0)
        assert ours.p_normal == pytest.approx(0.31731050786291415, rel=1e-12)  # one standard deviation

    def test_many_studies_have_no_exact_p(self) -> None:
        rising = np.arange(1.0, MAX_STUDIES_EXACT + 2)
        assert correlation(rank_correlation(rising[:-1] ** 2, rising[:-1])).p_exact is not None
        assert correlation(rank_correlation(rising**2, rising)).p_exact is None

    @pytest.mark.parametrize("k", [3, 4, 5, 6])
    def test_the_exact_p_is_a_count_of_orders(self, k: int) -> None:
        scores = [
            sum((order[i] < order[j]) - (order[i] > order[j]) for i in range(k) for j in range(i + 1, k))
            for order in permutations(range(k))
        ]
        variances = np.linspace(1.0, 1.1, k)
        for order in permutations(range(k)):
            ours = correlation(rank_correlation(100.0 * np.array(order), variances))
            score = round(ours.tau * k * (k - 1) / 2)
            tail = sum(other >= abs(score) for other in scores) / len(scores)
            assert ours.p_exact == pytest.approx(min(1.0, 2 * tail), rel=1e-12)

    @given(st.permutations(range(5)))
    def test_order_does_not_matter(self, order: list[int]) -> None:
        moved = rank_correlation(np.array(self.EFFECTS)[order], np.array(self.VARIANCES)[order])
        assert moved == rank_correlation(self.EFFECTS, self.VARIANCES)

    @given(st.permutations(range(6)))
    def test_order_does_not_matter_with_ties(self, order: list[int]) -> None:
        effects, variances = np.array([0.1, 0.1, 0.7, 0.3, 0.3, 0.3]), np.array([0.1, 0.1, 0.3, 0.2, 0.2, 0.1])
        assert rank_correlation(effects[order], variances[order]) == rank_correlation(effects, variances)

    @given(st.sampled_from([1e-140, 1e-3, 7.0, 1e140]))
    def test_units_do_not_matter(self, factor: float) -> None:
        rescaled = rank_correlation(factor * np.array(self.EFFECTS), factor * factor * np.array(self.VARIANCES))
        assert rescaled == rank_correlation(self.EFFECTS, self.VARIANCES)

    def test_turning_every_sign_turns_tau(self) -> None:
        there = correlation(rank_correlation(self.EFFECTS, self.VARIANCES))
        back = correlation(rank_correlation(np.negative(self.EFFECTS), self.VARIANCES))
        assert (back.tau, back.p_exact, back.p_normal) == (-there.tau, there.p_exact, there.p_normal)
