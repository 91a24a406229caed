"""Subgroups against metafor: one tau2 (`mods=~factor(group)`, with and without intercept), and each level alone with Q between.

Known deviation: the level means of the knha test are not in the reference; the differences are, and share their variances.
"""

import math
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.body import PooledEffect
from app.synthesis.model_summary import Coefficient
from app.synthesis.not_computed import NotComputed
from app.synthesis.pooling import Fitting, common_effect, pool
from app.synthesis.subgroups import (
    GROUPS_DO_NOT_MATCH,
    ONE_LEVEL,
    CommonTau2Subgroups,
    SeparateTau2Subgroups,
    subgroups_with_common_tau2,
    subgroups_with_separate_tau2,
)
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements, load

FITTING: dict[str, Fitting] = {
    "EE": common_effect,
    "DL": partial(pool, tau2_method="DL", ci="z"),
    "REML": partial(pool, tau2_method="REML", ci="z"),
}
WITH_SUBGROUPS = [analysis for analysis in analyses() if "subgroup" in analysis.block.get("diagnostics", {})]
COMMON = [
    (analysis, model, test)
    for analysis in WITH_SUBGROUPS
    for model in FITTING
    for test in ("z", "knha")
    if test in analysis.block["diagnostics"]["subgroup"][f"common_tau2_{model}"]
]
SEPARATE = [(analysis, model) for analysis in WITH_SUBGROUPS for model in FITTING]


def groups_of(analysis: Analysis) -> list[str]:
    dataset = load(analysis.dataset)
    values = dataset["inputs"][dataset["columns"]["group"]]
    return [str(values[row - 1]) for row in analysis.block["rows"]]


def common(result: CommonTau2Subgroups | NotComputed) -> CommonTau2Subgroups:
    assert isinstance(result, CommonTau2Subgroups), result
    return result


def separate(result: SeparateTau2Subgroups | NotComputed) -> SeparateTau2Subgroups:
    assert isinstance(result, SeparateTau2Subgroups), result
    return result


@cache
def common_computed(case: int) -> CommonTau2Subgroups:
    analysis, model, test = COMMON[case]
    return common(subgroups_with_common_tau2(analysis.effects, analysis.variances, groups_of(analysis), tau2_method=model, test=test))  # type: ignore[arg-type]


def coefficient_compared(ours: Coefficient, reference: dict[str, Any], i: int) -> list[Compared]:
    se = reference["se"][i]
    numbers = [
        Compared(f"estimate {i}", ours.estimate, reference["beta"][i], se),
        Compared(f"se {i}", ours.se, se),
        Compared(f"p {i}", ours.p, reference["pval"][i]),
        Compared(f"ci_low {i}", ours.ci_low, reference["ci_lb"][i], se),
        Compared(f"ci_high {i}", ours.ci_high, reference["ci_ub"][i], se),
    ]
    return [*numbers, Compared(f"statistic {i}", ours.statistic, reference["stat"][i], 1.0)] if "stat" in reference else numbers


def common_compared(case: int) -> list[Compared]:
    analysis, model, test = COMMON[case]
    ours, block = common_computed(case), analysis.block["diagnostics"]["subgroup"][f"common_tau2_{model}"]
    left, reference, spread = ours.heterogeneity, block[test], analysis.mean_variance
    numbers = [
        Compared("tau2", left.tau2, block["tau2"], spread),
        Compared("typical variance", left.typical_variance, block["vt"]),
        Compared("i2", left.i2, block["I2"], 100.0),
        Compared("h2", left.h2, block["H2"], 1.0),
        Compared("q", left.q, block["QE"], 1.0),
        Compared("q_df", float(left.q_df), block["QE_df"]),
        Compared("q_p", left.q_p, block["QEp"]),
        Compared("r2", left.r2, block["R2"], 100.0),
        Compared("qm", ours.qm, reference["QM"], 1.0),
        Compared("qm_df", float(ours.qm_df), reference["QM_df"][0]),
        Compared("qm_p", ours.qm_p, reference["QMp"]),
    ]
    if block["se_tau2"] is not None:
        numbers.append(Compared("se of tau2", left.tau2_se, block["se_tau2"], spread))
    for i, level in enumerate(ours.levels):
        numbers += coefficient_compared(level.difference or level.mean, reference, i)
        if test == "z":
            numbers += coefficient_compared(level.mean, block["level_means"], i)
    return numbers


def separate_compared(case: int) -> list[Compared]:
    analysis, model = SEPARATE[case]
    block = analysis.block["diagnostics"]["subgroup"][f"separate_tau2_{model}"]
    ours = separate(subgroups_with_separate_tau2(analysis.effects, analysis.variances, groups_of(analysis), fit=FITTING[model]))
    assert [name for name, _ in ours.levels] == sorted(block["levels"])
    numbers = [
        Compared("q between", ours.q_between, block["Q_between"], 1.0),
        Compared("df", float(ours.q_df), block["Q_between_df"]),
        Compared("p", ours.q_p, block["Q_between_p"]),
    ]
    for name, level in ours.levels:
        numbers += level_compared(level, block["levels"][name], analysis.mean_variance)
    return numbers


def level_compared(ours: PooledEffect, reference: dict[str, Any], spread: float) -> list[Compared]:
    se = reference["se"]
    numbers = [
        Compared("k", float(ours.k), reference["k"]),
        Compared("estimate", ours.estimate, reference["beta"], se),
        Compared("se", ours.se, se),
        Compared("p", ours.p, reference["pval"]),
        Compared("ci_low", ours.ci_low, reference["ci_lb"], se),
        Compared("ci_high", ours.ci_high, reference["ci_ub"], se),
    ]
    if ours.k == 1:
        return numbers
    numbers += [Compared("q", ours.q, reference["QE"], 1.0), Compared("q_p", ours.q_p, reference["QEp"])]
    return numbers if ours.tau2 is None else [*numbers, Compared("tau2", ours.tau2, reference["tau2"], spread)]


class TestCommonTau2AgainstMetafor:
    @pytest.mark.parametrize("case", range(len(COMMON)), ids=[f"{analysis.name}-{model}-{test}" for analysis, model, test in COMMON])
    def test_every_number_agrees(self, case: int) -> None:
        assert disagreements(common_compared(case)) == []

    @pytest.mark.parametrize("case", range(len(COMMON)), ids=[f"{analysis.name}-{model}-{test}" for analysis, model, test in COMMON])
    def test_the_levels_and_degrees_of_freedom_agree(self, case: int) -> None:
        analysis, model, test = COMMON[case]
        ours, block = common_computed(case), analysis.block["diagnostics"]["subgroup"][f"common_tau2_{model}"]
        assert [level.name for level in ours.levels] == block["levels"]
        assert ours.levels[0].name == block["reference_level"]
        assert sum(level.k for level in ours.levels) == block["k"]
        assert ours.df == block[test]["QM_df"][1]

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(COMMON) == 70
        assert sum(len(common_compared(case)) for case in range(len(COMMON))) == 2_626


class TestSeparateTau2AgainstMetafor:
    @pytest.mark.parametrize("case", range(len(SEPARATE)), ids=[f"{analysis.name}-{model}" for analysis, model in SEPARATE])
    def test_every_number_agrees(self, case: int) -> None:
        assert disagreements(separate_compared(case)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(SEPARATE) == 42
        assert sum(len(separate_compared(case)) for case in range(len(SEPARATE))) == 1_134


EFFECTS = np.array([0.1, 0.5, 0.2, 0.9, 0.4, 1.3])
VARIANCES = np.array([0.01, 0.09, 0.04, 0.2, 0.02, 0.05])
GROUPS = ["b", "a", "a", "b", "a", "b"]
BOTH = (subgroups_with_common_tau2, subgroups_with_separate_tau2)


class TestWhatCannotBeComputed:
    @pytest.mark.parametrize("compare", BOTH)
    @pytest.mark.parametrize(
        ("effects", "variances", "groups", "reason"),
        [
            ([0.1], [0.1], ["a"], ONE_LEVEL),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], ["a", "a", "a"], ONE_LEVEL),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], ["a", "b"], GROUPS_DO_NOT_MATCH),
            ([0.1, 0.2, 0.3], [0.1, 0.2], ["a", "b", "b"], "same length"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.0], ["a", "b", "b"], "above zero"),
            ([0.1, 0.2, math.nan], [0.1, 0.2, 0.1], ["a", "b", "b"], "finite"),
            ([0.1, 1e300, 0.3], [1e-300, 0.2, 1e-300], ["a", "b", "b"], "floating-point"),
        ],
    )
    def test_says_why(self, compare: Any, effects: list[float], variances: list[float], groups: list[str], reason: str) -> None:
        result = compare(effects, variances, groups)
        assert isinstance(result, NotComputed)
        assert reason in result.reason

    def test_a_variance_too_large_to_write(self) -> None:
        result = subgroups_with_common_tau2([1e160, -1e160, 3e159], [1e200] * 3, ["a", "a", "b"])
        assert isinstance(result, NotComputed)
        assert "floating-point" in result.reason

    def test_without_any_study(self) -> None:
        assert isinstance(subgroups_with_common_tau2([], [], []), NotComputed)
        assert isinstance(subgroups_with_separate_tau2([], [], []), NotComputed)

    def test_every_study_a_level_of_its_own_leaves_nothing_for_tau2(self) -> None:
        result = subgroups_with_common_tau2([0.1, 0.2], [0.1, 0.2], ["a", "b"])
        assert isinstance(result, NotComputed)
        assert "too few" in result.reason

    def test_identical_effects_within_levels_have_no_unguarded_interval(self) -> None:
        result = subgroups_with_common_tau2([0.1, 0.1, 0.4, 0.4], [0.1, 0.2, 0.3, 0.1], ["a", "a", "b", "b"], test="knha")
        assert isinstance(result, NotComputed)
        assert "no width" in result.reason


class TestProperties:
    @given(st.permutations(range(6)), st.sampled_from([1e-140, 1e-3, -7.0, 1e140]))
    def test_order_units_and_sign_do_not_matter(self, order: list[int], factor: float) -> None:
        y, v, groups = factor * EFFECTS[order], factor * factor * VARIANCES[order], [GROUPS[i] for i in order]
        plain, other = common(subgroups_with_common_tau2(EFFECTS, VARIANCES, GROUPS)), common(subgroups_with_common_tau2(y, v, groups))
        assert (other.qm, other.qm_p) == pytest.approx((plain.qm, plain.qm_p), rel=1e-9)
        for one, moved in zip(plain.levels, other.levels, strict=True):
            assert (moved.name, moved.k) == (one.name, one.k)
            assert moved.mean.estimate == pytest.approx(factor * one.mean.estimate, rel=1e-9)
        apart, moved_apart = (separate(subgroups_with_separate_tau2(*a)) for a in ((EFFECTS, VARIANCES, GROUPS), (y, v, groups)))
        assert moved_apart.q_between == pytest.approx(apart.q_between, rel=1e-8)

    def test_with_a_common_effect_both_tests_are_the_same(self) -> None:
        ours = common(subgroups_with_common_tau2(EFFECTS, VARIANCES, GROUPS, tau2_method="EE"))
        apart = separate(subgroups_with_separate_tau2(EFFECTS, VARIANCES, GROUPS, fit=common_effect))
        assert (ours.qm, ours.qm_p) == pytest.approx((apart.q_between, apart.q_p), rel=1e-12)

    def test_with_two_levels_the_test_is_that_of_their_difference(self) -> None:
        for test in ("z", "knha", "adhoc"):
            ours = common(subgroups_with_common_tau2(EFFECTS, VARIANCES, GROUPS, test=test))
            difference = ours.levels[1].difference
            assert difference is not None
            assert (ours.qm, ours.qm_p) == pytest.approx((difference.statistic**2, difference.p), rel=1e-10)

    def test_a_single_study_may_be_a_level(self) -> None:
        ours = common(subgroups_with_common_tau2(EFFECTS, VARIANCES, ["a", *"bbbbb"]))
        assert ours.levels[0].mean.estimate == pytest.approx(0.1)
        apart = separate(subgroups_with_separate_tau2(EFFECTS, VARIANCES, ["a", *"bbbbb"]))
        assert apart.levels[0][1].k == 1
