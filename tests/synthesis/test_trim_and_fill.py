"""Trim and fill against metafor's `trimfill`.

Known deviations, each on purpose:
- Identical effects: metafor takes the side from the sign of a slope of rounding noise ("right") and does not converge for the
  left; here the side is left and nothing is missing. The pooled numbers agree.
- Two studies: `NotComputed`, because the regression that finds the side needs three. metafor gives errors for most of these,
  and k0 = 0 for R0 with equal effects and for the left side.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.not_computed import NotComputed
from app.synthesis.small_study_effects import egger_mixed
from app.synthesis.trim_and_fill import Estimator, TrimAndFill, side_of, trim_and_fill
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements

ESTIMATORS: tuple[Estimator, ...] = ("L0", "R0")
SIDE_OF_ROUNDING_NOISE = {"syn_identical_effects"}
TOO_FEW = {"syn_k2_continuous"}
CASES = [
    (analysis, name)
    for analysis in analyses()
    for name, block in analysis.block.get("diagnostics", {}).get("trimfill", {}).items()
    if "error" not in block and analysis.dataset not in TOO_FEW
]
IDS = [f"{analysis.name}-{name}" for analysis, name in CASES]


def trimmed(result: TrimAndFill | NotComputed) -> TrimAndFill:
    assert isinstance(result, TrimAndFill), result
    return result


def computed(analysis: Analysis, name: str) -> TrimAndFill:
    estimator, method, *side = name.split("_")
    options: dict[str, Any] = {"estimator": estimator, "tau2_method": method, "side": side[0] if side else None}
    return trimmed(trim_and_fill(analysis.effects, analysis.variances, **options))


def compared(analysis: Analysis, name: str) -> list[Compared]:
    ours, reference = computed(analysis, name), analysis.block["diagnostics"]["trimfill"][name]
    pooled, se = ours.pooled, reference["se"]
    assert (ours.k0_se is None) == (reference["se_k0"] is None)
    numbers = [
        Compared("k0", float(ours.k0), reference["k0"]),
        Compared("k", float(pooled.k), reference["k"]),
        Compared("estimate", pooled.estimate, reference["beta"], se),
        Compared("se", pooled.se, se),
        Compared("p", pooled.p, reference["pval"]),
        Compared("ci_low", pooled.ci_low, reference["ci_lb"], se),
        Compared("ci_high", pooled.ci_high, reference["ci_ub"], se),
        Compared("q", pooled.q, reference["QE"], 1.0),
        Compared("q_p", pooled.q_p, reference["QEp"]),
        Compared("i2", pooled.i2, reference["I2"], 100.0),
        Compared("h2", pooled.h2, reference["H2"], 1.0),
    ]
    if ours.k0_se is not None:
        numbers.append(Compared("se of k0", ours.k0_se, reference["se_k0"], 1.0))
    if reference.get("p_k0") is not None:
        numbers.append(Compared("p of k0", ours.p, reference["p_k0"]))
    if reference["se_tau2"] is not None:
        numbers.append(Compared("tau2", pooled.tau2, reference["tau2"], analysis.mean_variance))
        numbers.append(Compared("se of tau2", pooled.tau2_se, reference["se_tau2"], analysis.mean_variance))
    for i, (y, v) in enumerate(zip(reference.get("filled_yi", []), reference.get("filled_vi", []), strict=True)):
        numbers.append(Compared(f"filled effect {i}", ours.filled_effects[i], y, se))
        numbers.append(Compared(f"filled variance {i}", ours.filled_variances[i], v))
    return numbers


class TestAgainstMetafor:
    @pytest.mark.parametrize(("analysis", "name"), CASES, ids=IDS)
    def test_every_number_agrees(self, analysis: Analysis, name: str) -> None:
        assert disagreements(compared(analysis, name)) == []

    @pytest.mark.parametrize(("analysis", "name"), CASES, ids=IDS)
    def test_the_same_studies_are_filled_on_the_same_side(self, analysis: Analysis, name: str) -> None:
        ours, reference = computed(analysis, name), analysis.block["diagnostics"]["trimfill"][name]
        asked_for = len(name.split("_")) == 3
        assert ours.side == ("left" if analysis.dataset in SIDE_OF_ROUNDING_NOISE and not asked_for else reference["side"])
        assert len(ours.filled_effects) == len(ours.filled_variances) == reference["k0"]

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 207
        assert sum(len(compared(*case)) for case in CASES) == 3_651


def funnel() -> tuple[list[float], list[float]]:
    """Precise studies at 0.1 and smaller ones ever higher: what is missing is on the left."""
    return [0.1, 0.12, 0.2, 0.35, 0.5, 0.8, 1.0], [0.002, 0.003, 0.01, 0.03, 0.05, 0.1, 0.15]


class TestTrimAndFill:
    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([], [], "no study"),
            ([0.1], [0.1], "too few"),
            ([0.1, 0.2], [0.1, 0.2], "too few"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.0], "above zero"),
            ([0.1, 0.2, math.nan], [0.1, 0.2, 0.3], "finite"),
            ([0.1, 0.2, 1e300], [1e-300, 0.2, 0.3], "floating-point"),
            ([0.0, 5.0, 5.0], [0.01, 4.0, 4.0], "untrimmed"),
        ],
    )
    def test_what_cannot_be_computed_says_why(self, effects: list[float], variances: list[float], reason: str) -> None:
        result = trim_and_fill(effects, variances, tau2_method="EE", side="left")
        assert isinstance(result, NotComputed)
        assert reason in result.reason

    def test_missing_studies_are_found_and_draw_the_mean_to_their_side(self) -> None:
        effects, variances = funnel()
        ours = trimmed(trim_and_fill(effects, variances, tau2_method="EE"))
        assert ours.side == "left"
        assert ours.k0 > 0
        assert ours.pooled.k == 7 + ours.k0
        assert ours.pooled.estimate < 0.2

    def test_filled_studies_mirror_the_most_extreme_ones(self) -> None:
        effects, variances = funnel()
        ours = trimmed(trim_and_fill(effects, variances, tau2_method="EE"))
        middles = {round((y + e) / 2, 9) for y, e in zip(ours.filled_effects, effects[7 - ours.k0 :], strict=True)}
        assert len(middles) == 1
        assert ours.filled_variances == pytest.approx(variances[7 - ours.k0 :])

    def test_a_side_without_missing_studies_leaves_the_pool_as_it_is(self) -> None:
        effects, variances = funnel()
        ours = trimmed(trim_and_fill(effects, variances, side="right"))
        assert (ours.k0, ours.filled_effects, ours.pooled.k) == (0, (), 7)

    def test_identical_effects_miss_nothing(self) -> None:
        for estimator in ESTIMATORS:
            ours = trimmed(trim_and_fill([0.25] * 4, [0.1, 0.2, 0.3, 0.4], estimator=estimator))
            assert (ours.k0, ours.side) == (0, "left")
            assert ours.pooled.estimate == pytest.approx(0.25)

    def test_equal_standard_errors_look_left(self) -> None:
        assert trimmed(trim_and_fill([0.1, 0.3, 0.2, 0.4], [0.1] * 4)).side == "left"

    @pytest.mark.parametrize("estimator", ["L0", "R0"])
    @pytest.mark.parametrize("method", ["EE", "DL", "REML"])
    def test_turning_every_sign_mirrors_everything(self, method: Any, estimator: Any) -> None:
        effects, variances = funnel()
        there = trimmed(trim_and_fill(effects, variances, tau2_method=method, estimator=estimator))
        back = trimmed(trim_and_fill(np.negative(effects), variances, tau2_method=method, estimator=estimator))
        assert (there.side, back.side, back.k0) == ("left", "right", there.k0)
        assert back.filled_effects == pytest.approx(np.negative(there.filled_effects), rel=1e-9)
        assert back.pooled.estimate == pytest.approx(-there.pooled.estimate, rel=1e-9)

    @given(st.permutations(range(7)))
    def test_order_does_not_matter(self, order: list[int]) -> None:
        effects, variances = (np.array(column_) for column_ in funnel())
        plain, moved = trimmed(trim_and_fill(effects, variances)), trimmed(trim_and_fill(effects[order], variances[order]))
        assert moved.filled_effects == pytest.approx(plain.filled_effects, rel=1e-9)
        assert moved.pooled.estimate == pytest.approx(plain.pooled.estimate, rel=1e-9)

    @given(st.sampled_from([1e-140, 1e-3, 7.0, 1e140]))
    def test_units_do_not_matter(self, factor: float) -> None:
        effects, variances = (np.array(column_) for column_ in funnel())
        plain, rescaled = trimmed(trim_and_fill(effects, variances)), trimmed(trim_and_fill(factor * effects, factor * factor * variances))
        assert (rescaled.k0, rescaled.side) == (plain.k0, plain.side)
        assert rescaled.pooled.estimate == pytest.approx(factor * plain.pooled.estimate, rel=1e-9)


class TestSideOf:
    @pytest.mark.parametrize(("effects", "side"), [([0.1, 0.2, 0.6, 0.9], "left"), ([0.9, 0.6, 0.2, 0.1], "right")])
    def test_is_the_side_that_is_found_without_it(self, effects: list[float], side: str) -> None:
        variances = [0.01, 0.02, 0.05, 0.09]
        assert side_of(egger_mixed(effects, variances)) == trimmed(trim_and_fill(effects, variances)).side == side

    def test_is_left_where_standard_errors_do_not_vary(self) -> None:
        assert side_of(egger_mixed([0.1, 0.2, 0.6], [0.01] * 3)) == "left"
