"""Effect sizes against metafor's `escalc`.

Known deviations, each on purpose:
- Ratios of double-zero studies (no events in both arms, or nothing but events in both). metafor by default adds one half and
  keeps them; here they have no ratio, as in RevMan and the method (section 2). Compared with metafor's `drop00=TRUE` instead.
- Peto's odds ratio: metafor by default adds one half to tables with a zero (`PETO`); Peto's method needs none, so compared with
  `to="none"` (`PETO_none`).
- Ratio of means and SMD with unequal SDs as metafor 3.8 defines them; later versions add a bias correction (ROM) and another
  variance (SMDH).

Measures in the reference that are not computed here, because no outcome of the method uses them: MD_HO, SMD_LS2, SMD_AV, SMD1,
VR, lnOR_from_SMD (a conversion, see `conversions`), RD_UB, AS, D_from_OR (see `conversions`), the variants `_add_all`, `_if0all`
and `_none` of OR, RR and RD, and correlations and proportions.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.effect_sizes import (
    Effects,
    benefit_oriented,
    generic,
    mean_difference,
    odds_ratio,
    peto_odds_ratio,
    poolable,
    ratio_of_means,
    risk_difference,
    risk_ratio,
    standardised_mean_difference,
    standardised_mean_difference_unequal_sd,
)
from app.vocabulary import Better
from tests.synthesis.reference_values import Compared, column, dataset_names, disagreements, load

BINARY = {
    "RR": risk_ratio,
    "OR": odds_ratio,
    "RD": risk_difference,
    "RR_drop00": risk_ratio,
    "OR_drop00": odds_ratio,
    "PETO_none": peto_odds_ratio,
}
CONTINUOUS: dict[str, Callable[..., Effects]] = {
    "MD": mean_difference,
    "SMD": standardised_mean_difference,
    "SMD_UB": partial(standardised_mean_difference, variance="UB"),
    "SMDH": standardised_mean_difference_unequal_sd,
    "ROM": ratio_of_means,
}
DOUBLE_ZERO_KEPT_BY_METAFOR = {
    (name, measure) for name in ("linde2005", "nielweise2007", "syn_double_zero") for measure in ("RR", "OR")
}  # for these the rows with an effect are compared, and `drop00` confirms the rows without

CASES = [(name, measure) for name in dataset_names() for measure in load(name).get("escalc", {}) if measure in {*BINARY, *CONTINUOUS}]


def computed(name: str, measure: str) -> Effects:
    inputs = load(name)["inputs"]
    if measure in BINARY:
        a, b, c, d = (column(inputs[key]) for key in ("ai", "bi", "ci", "di"))
        return BINARY[measure](a, a + b, c, c + d)
    arms = [column(inputs[key]) for key in ("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")]
    return CONTINUOUS[measure](*arms)


def compared(name: str, measure: str) -> list[Compared]:
    ours, block = computed(name, measure), load(name)["escalc"][measure]
    yi, vi = column(block["yi"]), column(block["vi"])
    kept = poolable(ours) if (name, measure) in DOUBLE_ZERO_KEPT_BY_METAFOR else np.isfinite(yi)
    numbers = []
    for row in np.flatnonzero(kept):
        numbers.append(Compared(f"effect {row}", float(ours.effect[row]), float(yi[row]), float(np.sqrt(vi[row]))))
        numbers.append(Compared(f"variance {row}", float(ours.variance[row]), float(vi[row])))
    return numbers


class TestAgainstMetafor:
    @pytest.mark.parametrize(("name", "measure"), CASES)
    def test_effects_and_variances_agree(self, name: str, measure: str) -> None:
        assert disagreements(compared(name, measure)) == []

    @pytest.mark.parametrize(("name", "measure"), [case for case in CASES if case not in DOUBLE_ZERO_KEPT_BY_METAFOR])
    def test_the_same_studies_have_an_effect(self, name: str, measure: str) -> None:
        assert poolable(computed(name, measure)).tolist() == np.isfinite(column(load(name)["escalc"][measure]["yi"])).tolist()

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 82
        assert sum(len(compared(name, measure)) for name, measure in CASES) == 1_802


class TestMeanDifference:
    def test_is_treatment_minus_comparator(self) -> None:
        effects = mean_difference(20, 5.0, 2.0, 20, 7.0, 2.0)
        assert (float(effects.effect), float(effects.variance)) == pytest.approx((-2.0, 0.4))

    @pytest.mark.parametrize("arms", [(0, 5, 2, 20, 7, 2), (20, 5, -2, 20, 7, 2), (20, 5, 0, 20, 7, 0), (20, np.nan, 2, 20, 7, 2)])
    def test_impossible_arms_have_no_effect(self, arms: tuple[float, ...]) -> None:
        assert not poolable(mean_difference(*arms))


class TestStandardisedMeanDifference:
    def test_borenstein_example(self) -> None:
        example = load("worked-examples")["examples"]["hedges_g"]
        given_, computed_ = example["given"], example["computed"]
        effects = standardised_mean_difference(*(given_[key] for key in ("n1", "m1", "sd1", "n2", "m2", "sd2")))
        assert float(effects.effect) == pytest.approx(computed_["g_exact"], rel=1e-12)
        assert float(effects.variance) == pytest.approx(computed_["v_g_LS"], rel=1e-12)
        assert float(effects.effect) == pytest.approx(example["published"]["g_approx"], abs=5e-5)

    def test_its_correction_tends_to_one_for_large_trials(self) -> None:
        effects = standardised_mean_difference(5e5, 1.0, 1.0, 5e5, 0.0, 1.0)
        assert float(effects.effect) == pytest.approx(1 - 3 / (4 * 999_998 - 1), rel=1e-9)

    @pytest.mark.parametrize("arms", [(1, 5, 2, 2, 7, 2), (20, 5, 0, 20, 7, 0), (20, 5, -1, 20, 7, 1)])
    def test_impossible_arms_have_no_effect(self, arms: tuple[float, ...]) -> None:
        assert not poolable(standardised_mean_difference(*arms))

    @given(st.floats(1e-3, 1e3), st.floats(-50, 50), st.floats(0.1, 20))
    def test_units_do_not_matter(self, factor: float, difference: float, sd: float) -> None:
        plain = standardised_mean_difference(30, difference, sd, 25, 0.0, sd)
        rescaled = standardised_mean_difference(30, factor * difference, factor * sd, 25, 0.0, factor * sd)
        assert float(rescaled.effect) == pytest.approx(float(plain.effect), rel=1e-9, abs=1e-12)
        assert float(rescaled.variance) == pytest.approx(float(plain.variance), rel=1e-9)


class TestRatioOfMeans:
    def test_is_the_log_of_the_ratio(self) -> None:
        effects = ratio_of_means(20, 8.0, 2.0, 25, 4.0, 1.0)
        assert float(effects.effect) == pytest.approx(np.log(2.0))
        assert float(effects.variance) == pytest.approx(4 / (20 * 64) + 1 / (25 * 16))

    def test_two_negative_means_have_a_ratio(self) -> None:
        assert float(ratio_of_means(20, -8.0, 2.0, 25, -4.0, 1.0).effect) == pytest.approx(np.log(2.0))

    @pytest.mark.parametrize(
        "arms", [(20, 5, 2, 20, -7, 2), (20, 0, 2, 20, 7, 2), (0, 5, 2, 20, 7, 2), (20, 5, -2, 20, 7, 2), (20, 5, 0, 20, 7, 0)]
    )
    def test_impossible_arms_have_no_effect(self, arms: tuple[float, ...]) -> None:
        assert not poolable(ratio_of_means(*arms))

    @given(st.sampled_from([1e-200, 1e-3, 7.0, 1e200]))
    def test_units_do_not_matter(self, factor: float) -> None:
        plain = ratio_of_means(30, 5.0, 2.0, 25, 4.0, 1.5)
        rescaled = ratio_of_means(30, factor * 5.0, factor * 2.0, 25, factor * 4.0, factor * 1.5)
        assert float(rescaled.effect) == pytest.approx(float(plain.effect), rel=1e-9)
        assert float(rescaled.variance) == pytest.approx(float(plain.variance), rel=1e-9)


class TestStandardisedMeanDifferenceUnequalSd:
    def test_with_equal_sds_it_is_the_usual_one(self) -> None:
        arms = (30, 5.0, 2.0, 30, 4.0, 2.0)
        usual, unequal = standardised_mean_difference(*arms), standardised_mean_difference_unequal_sd(*arms)
        assert float(unequal.effect) == pytest.approx(float(usual.effect))

    @pytest.mark.parametrize("arms", [(1, 5, 2, 20, 7, 2), (20, 5, 0, 20, 7, 0), (20, 5, -1, 20, 7, 1), (20, np.nan, 1, 20, 7, 1)])
    def test_impossible_arms_have_no_effect(self, arms: tuple[float, ...]) -> None:
        assert not poolable(standardised_mean_difference_unequal_sd(*arms))

    @given(st.sampled_from([1e-200, 1e-3, 7.0, 1e200]))
    def test_units_do_not_matter(self, factor: float) -> None:
        plain = standardised_mean_difference_unequal_sd(30, 5.0, 2.0, 25, 4.0, 1.5)
        rescaled = standardised_mean_difference_unequal_sd(30, factor * 5.0, factor * 2.0, 25, factor * 4.0, factor * 1.5)
        assert float(rescaled.effect) == pytest.approx(float(plain.effect), rel=1e-9)
        assert float(rescaled.variance) == pytest.approx(float(plain.variance), rel=1e-9)


class TestPetoOddsRatio:
    def test_is_observed_minus_expected_over_the_variance(self) -> None:
        effects = peto_odds_ratio(8, 20, 3, 20)
        variance = 20 * 20 * 11 * 29 / (40**2 * 39)
        assert float(effects.effect) == pytest.approx((8 - 5.5) / variance)
        assert float(effects.variance) == pytest.approx(1 / variance)

    @pytest.mark.parametrize(
        "table", [(0, 20, 0, 30), (20, 20, 30, 30), (11, 10, 3, 10), (0, 0, 3, 10), (np.nan, 10, 3, 10), (1, 1e308, 3, 1e308)]
    )
    def test_a_table_that_says_nothing_has_no_effect(self, table: tuple[float, ...]) -> None:
        assert not poolable(peto_odds_ratio(*table))

    @given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 50), st.integers(0, 50))
    def test_swapping_the_arms_turns_the_sign(self, a: int, b: int, c: int, d: int) -> None:
        there, back = peto_odds_ratio(a, a + b, c, c + d), peto_odds_ratio(c, c + d, a, a + b)
        assert float(back.effect) == pytest.approx(-float(there.effect), abs=1e-12)
        assert float(back.variance) == pytest.approx(float(there.variance))


class TestRatios:
    @pytest.mark.parametrize("measure", [risk_ratio, odds_ratio])
    @pytest.mark.parametrize("table", [(0, 20, 0, 30), (20, 20, 30, 30)])
    def test_a_double_zero_study_has_no_ratio(self, measure: object, table: tuple[int, ...]) -> None:
        effects = measure(*table)  # type: ignore[operator]
        assert not poolable(effects)
        assert np.isnan(effects.variance)

    def test_one_half_goes_only_into_tables_with_a_zero(self) -> None:
        effects = odds_ratio([0, 4], [10, 10], [3, 5], [10, 10])
        assert effects.effect[0] == pytest.approx(np.log((0.5 / 10.5) / (3.5 / 7.5)))
        assert effects.effect[1] == pytest.approx(np.log((4 / 6) / (5 / 5)))

    @pytest.mark.parametrize("table", [(11, 10, 3, 10), (-1, 10, 3, 10), (0, 0, 3, 10), (np.nan, 10, 3, 10)])
    def test_impossible_counts_have_no_effect(self, table: tuple[float, ...]) -> None:
        assert not poolable(risk_ratio(*table))
        assert not poolable(odds_ratio(*table))
        assert not poolable(risk_difference(*table))

    @given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
    def test_swapping_the_arms_turns_the_sign(self, a: int, b: int, c: int, d: int) -> None:
        for measure in (risk_ratio, odds_ratio, risk_difference):
            there, back = measure(a, a + b, c, c + d), measure(c, c + d, a, a + b)
            assert float(back.effect) == pytest.approx(-float(there.effect), abs=1e-14)
            assert float(back.variance) == pytest.approx(float(there.variance))


class TestRiskDifference:
    def test_a_double_zero_study_stays(self) -> None:
        assert poolable(risk_difference(0, 20, 0, 30))


class TestGeneric:
    def test_keeps_good_numbers_and_drops_the_rest(self) -> None:
        effects = generic([0.3, np.inf, 0.1, 0.2], [0.1, 0.1, 0.0, np.nan])
        assert poolable(effects).tolist() == [True, False, False, False]
        assert (effects.effect[0], effects.variance[0]) == (0.3, 0.1)


class TestPoolable:
    def test_a_variance_of_zero_is_not_poolable(self) -> None:
        assert poolable(Effects(np.array([1.0, 1.0]), np.array([0.0, 1.0]))).tolist() == [False, True]


class TestBenefitOriented:
    def test_agrees_with_the_reference(self) -> None:
        item = load("conversions")["items"]["orient_by_better"]
        ours = [benefit_oriented(y, Better(better)) for y, better in zip(item["inputs"]["yi"], item["inputs"]["better"], strict=True)]
        assert ours == item["outputs"]["yi"]

    def test_zero_stays_a_plain_zero(self) -> None:
        assert str(benefit_oriented(0.0, Better.LOWER)) == "0.0"

    def test_turns_whole_arrays(self) -> None:
        assert benefit_oriented(np.array([1.0, -2.0]), Better.LOWER).tolist() == [-1.0, 2.0]
