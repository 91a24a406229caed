import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.conversions import (
    Converted,
    ConvertedArm,
    ConvertedEffect,
    ConvertedEvents,
    NotConverted,
    combine_arms,
    combine_event_arms,
    crossover_difference_se,
    design_effect,
    interval_asymmetry,
    mean_sd_from_quartiles,
    odds_ratio_to_risk_ratio,
    pooled_sd,
    sd_from_mean_difference_se,
    sd_from_standard_error,
    smd_from_mean_difference,
    smd_implied_by_p,
    standard_error_from_interval,
    standard_error_from_p,
)
from app.synthesis.distributions import t_two_sided_p
from tests.synthesis.reference_values import load

CLOSE = 1e-12
ITEMS = load("conversions")["items"]
EXAMPLES = load("worked-examples")["examples"]


def rows(item: str) -> list[dict[str, Any]]:
    """The rows of one item: the inputs and outputs of a row in one dict (no item has both under one name but `se`, the same)."""
    columns = {**ITEMS[item]["outputs"], **ITEMS[item]["inputs"]}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def value(converted: Converted | NotConverted) -> float:
    assert isinstance(converted, Converted), converted
    assert converted.formula
    return converted.value


def arm(converted: ConvertedArm | NotConverted) -> ConvertedArm:
    assert isinstance(converted, ConvertedArm), converted
    assert converted.formula
    return converted


class TestStandardErrorFromInterval:
    @pytest.mark.parametrize("row", [row for row in rows("se_from_ci") if row["level"] == 95])
    def test_agrees_with_r(self, row: dict[str, Any]) -> None:
        assert value(standard_error_from_interval(row["ci_lb"], row["ci_ub"], ratio=False)) == pytest.approx(row["se"], rel=CLOSE)

    @pytest.mark.parametrize("row", [row for row in rows("log_se_from_ratio_ci") if row["level"] == 95])
    def test_ratios_agree_with_r_on_the_log_scale(self, row: dict[str, Any]) -> None:
        assert value(standard_error_from_interval(row["ci_lb"], row["ci_ub"], ratio=True)) == pytest.approx(row["se"], rel=CLOSE)

    @pytest.mark.parametrize(("low", "high", "ratio"), [(2, 1, False), (1, 1, False), (0, 2, True), (-1, 2, True), (math.nan, 1, False)])
    def test_impossible_limits_are_not_converted(self, low: float, high: float, ratio: bool) -> None:
        assert isinstance(standard_error_from_interval(low, high, ratio=ratio), NotConverted)

    def test_formula_names_the_scale(self) -> None:
        plain, ratio = standard_error_from_interval(1, 2, ratio=False), standard_error_from_interval(1, 2, ratio=True)
        assert isinstance(plain, Converted)
        assert isinstance(ratio, Converted)
        assert plain.formula == "SE = (upper - lower) / (2 x 1.959964)"
        assert ratio.formula == "SE = (ln upper - ln lower) / (2 x 1.959964)"


class TestIntervalAsymmetry:
    def test_symmetric_interval_has_none(self) -> None:
        assert value(interval_asymmetry(2, 1, 3, ratio=False)) == 0
        assert value(interval_asymmetry(2, 1, 4, ratio=True)) == pytest.approx(0, abs=1e-15)

    def test_is_relative_to_the_mean_half_width(self) -> None:
        assert value(interval_asymmetry(0, -1, 1.5, ratio=False)) == pytest.approx(0.4)

    @pytest.mark.parametrize("row", rows("log_se_from_ratio_ci"))
    def test_agrees_with_the_skew_of_the_reference(self, row: dict[str, Any]) -> None:
        mean_half_width = (math.log(row["ci_ub"]) - math.log(row["ci_lb"])) / 2
        expected = 2 * abs(row["skew"]) / mean_half_width
        assert value(interval_asymmetry(row["est"], row["ci_lb"], row["ci_ub"], ratio=True)) == pytest.approx(expected, rel=1e-9)

    def test_a_value_outside_its_interval_is_above_two(self) -> None:
        assert value(interval_asymmetry(5, 1, 3, ratio=False)) > 2

    def test_impossible_limits_are_not_converted(self) -> None:
        assert isinstance(interval_asymmetry(1, 2, 1, ratio=False), NotConverted)
        assert isinstance(interval_asymmetry(1, 0, 2, ratio=True), NotConverted)


class TestStandardErrorFromP:
    @pytest.mark.parametrize("row", rows("se_from_p_t"))
    def test_agrees_with_r(self, row: dict[str, Any]) -> None:
        se = value(standard_error_from_p(row["est"], row["p"], row["n1"], row["n2"]))
        assert se == pytest.approx(row["se"], rel=CLOSE)
        assert value(sd_from_mean_difference_se(se, row["n1"], row["n2"])) == pytest.approx(row["sd"], rel=CLOSE)

    def test_handbook_example(self) -> None:
        example = EXAMPLES["sd_from_p"]
        given_ = example["given"]
        se = value(standard_error_from_p(given_["md"], given_["p"], given_["n1"], given_["n2"]))
        assert se == pytest.approx(example["computed"]["se"], rel=CLOSE)
        assert se == pytest.approx(example["published"]["se"], abs=0.005)

    @pytest.mark.parametrize("case", [(1.0, 0.0, 20, 20), (1.0, 1.0, 20, 20), (0.0, 0.2, 20, 20), (1.0, 1.2, 20, 20), (1.0, 0.04, 1, 2)])
    def test_what_says_nothing_of_the_standard_error_is_not_converted(self, case: tuple[float, float, int, int]) -> None:
        assert isinstance(standard_error_from_p(*case), NotConverted)


class TestSmdImpliedByP:
    def test_is_the_smd_of_arms_with_that_p(self) -> None:
        # Arms whose t test gives t = 2.5 with 38 df: the SMD computed from them is the one implied by that p.
        direct = smd_from_mean_difference(2.5 * math.sqrt(1 / 18 + 1 / 22), 1.0, 18, 22)
        assert isinstance(direct, ConvertedEffect)
        assert value(smd_implied_by_p(t_two_sided_p(2.5, 38.0), 18, 22, -1)) == pytest.approx(-direct.effect, rel=1e-11)

    def test_p_of_one_is_an_effect_of_zero(self) -> None:
        assert value(smd_implied_by_p(1.0, 20, 20, 1)) == pytest.approx(0, abs=1e-15)

    @pytest.mark.parametrize("p", [0.0, -0.1, 1.1, math.nan])
    def test_impossible_p_is_not_converted(self, p: float) -> None:
        assert isinstance(smd_implied_by_p(p, 20, 20, 1), NotConverted)


class TestStandardDeviations:
    @pytest.mark.parametrize("row", rows("sd_from_se"))
    def test_from_standard_error_agrees_with_r(self, row: dict[str, Any]) -> None:
        assert value(sd_from_standard_error(row["se"], row["n"])) == pytest.approx(row["sd"], rel=CLOSE)

    @pytest.mark.parametrize("row", rows("pooled_sd"))
    def test_pooled_agrees_with_r(self, row: dict[str, Any]) -> None:
        assert value(pooled_sd(row["n1"], row["sd1"], row["n2"], row["sd2"])) == pytest.approx(row["sd"], rel=CLOSE)

    def test_impossible_numbers_are_not_converted(self) -> None:
        assert isinstance(sd_from_standard_error(0.0, 20), NotConverted)
        assert isinstance(sd_from_standard_error(1.0, 0), NotConverted)
        assert isinstance(sd_from_mean_difference_se(-1.0, 20, 20), NotConverted)
        assert isinstance(pooled_sd(20, -1.0, 20, 1.0), NotConverted)
        assert isinstance(pooled_sd(1, 1.0, 1, 1.0), NotConverted)


class TestSmdFromMeanDifference:
    def test_borenstein_example(self) -> None:
        example = EXAMPLES["hedges_g"]
        effect = smd_from_mean_difference(3, example["computed"]["sd_pooled"], 50, 50)
        assert isinstance(effect, ConvertedEffect)
        assert effect.effect == pytest.approx(example["computed"]["g_exact"], rel=CLOSE)
        assert effect.se**2 == pytest.approx(example["computed"]["v_g_LS"], rel=CLOSE)

    @pytest.mark.parametrize("case", [(1.0, 0.0, 20, 20), (1.0, 1.0, 1, 2), (math.inf, 1.0, 20, 20)])
    def test_impossible_numbers_are_not_converted(self, case: tuple[float, float, int, int]) -> None:
        assert isinstance(smd_from_mean_difference(*case), NotConverted)


class TestMeanSdFromQuartiles:
    @pytest.mark.parametrize("row", rows("iqr_to_mean_sd"))
    def test_quartiles_agree_with_r(self, row: dict[str, Any]) -> None:
        ours = arm(mean_sd_from_quartiles(row["n"], q1=row["q1"], median=row["median"], q3=row["q3"]))
        assert (ours.mean, ours.sd) == pytest.approx((row["mean_luo"], row["sd_wan"]), rel=CLOSE)

    @pytest.mark.parametrize("row", rows("range_to_mean_sd"))
    def test_range_agrees_with_r(self, row: dict[str, Any]) -> None:
        ours = arm(mean_sd_from_quartiles(row["n"], minimum=row["min"], median=row["median"], maximum=row["max"]))
        assert (ours.mean, ours.sd) == pytest.approx((row["mean_luo"], row["sd_wan"]), rel=CLOSE)

    @pytest.mark.parametrize("row", rows("fivenum_to_mean_sd"))
    def test_five_numbers_agree_with_r(self, row: dict[str, Any]) -> None:
        five = {"minimum": row["min"], "q1": row["q1"], "median": row["median"], "q3": row["q3"], "maximum": row["max"]}
        ours = arm(mean_sd_from_quartiles(row["n"], **five))
        assert (ours.mean, ours.sd) == pytest.approx((row["mean_luo"], row["sd_wan"]), rel=CLOSE)

    def test_quartiles_win_over_half_a_range(self) -> None:
        with_minimum = mean_sd_from_quartiles(30, minimum=1.0, q1=2.0, median=3.0, q3=5.0)
        assert with_minimum == mean_sd_from_quartiles(30, q1=2.0, median=3.0, q3=5.0)

    @pytest.mark.parametrize(
        "numbers",
        [{"median": 3.0}, {"median": 3.0, "q1": 2.0}, {"median": 3.0, "q1": 4.0, "q3": 5.0}, {"median": 3.0, "q1": 3.0, "q3": 3.0}],
    )
    def test_too_few_or_unordered_numbers_are_not_converted(self, numbers: dict[str, float]) -> None:
        assert isinstance(mean_sd_from_quartiles(30, **numbers), NotConverted)

    def test_one_person_is_not_converted(self) -> None:
        assert isinstance(mean_sd_from_quartiles(1, q1=2.0, median=3.0, q3=5.0), NotConverted)


class TestCombineArms:
    @pytest.mark.parametrize("row", rows("combine_two_arms"))
    def test_two_arms_agree_with_r(self, row: dict[str, Any]) -> None:
        ours = arm(combine_arms(row["n1"], row["m1"], row["sd1"], row["n2"], row["m2"], row["sd2"]))
        assert (ours.n, ours.mean, ours.sd) == pytest.approx((row["n"], row["mean"], row["sd"]), rel=CLOSE)

    @pytest.mark.parametrize("row", rows("combine_three_arms"))
    def test_three_arms_are_combined_one_after_another(self, row: dict[str, Any]) -> None:
        two = arm(combine_arms(row["n1"], row["m1"], row["sd1"], row["n2"], row["m2"], row["sd2"]))
        ours = arm(combine_arms(two.n, two.mean, two.sd, row["n3"], row["m3"], row["sd3"]))
        assert (ours.n, ours.mean, ours.sd) == pytest.approx((row["n"], row["mean"], row["sd"]), rel=CLOSE)

    @given(st.lists(st.tuples(st.integers(1, 200), st.floats(-50, 50), st.floats(0.1, 20)), min_size=2, max_size=2))
    def test_order_does_not_matter(self, arms: list[tuple[int, float, float]]) -> None:
        there, back = arm(combine_arms(*arms[0], *arms[1])), arm(combine_arms(*arms[1], *arms[0]))
        assert there.mean == pytest.approx(back.mean, abs=1e-12)
        assert there.sd == pytest.approx(back.sd)

    def test_impossible_arms_are_not_combined(self) -> None:
        assert isinstance(combine_arms(0, 1.0, 1.0, 20, 1.0, 1.0), NotConverted)
        assert isinstance(combine_arms(20, 1.0, -1.0, 20, 1.0, 1.0), NotConverted)
        assert isinstance(combine_arms(20, math.inf, 1.0, 20, 1.0, 1.0), NotConverted)


class TestCombineEventArms:
    def test_events_and_sizes_add_up(self) -> None:
        combined = combine_event_arms(3, 20, 5, 30)
        assert isinstance(combined, ConvertedEvents)
        assert (combined.events, combined.n) == (8, 50)

    @pytest.mark.parametrize("case", [(21, 20, 5, 30), (-1, 20, 5, 30), (0, 0, 5, 30)])
    def test_impossible_counts_are_not_combined(self, case: tuple[int, int, int, int]) -> None:
        assert isinstance(combine_event_arms(*case), NotConverted)


class TestDesignEffect:
    @pytest.mark.parametrize("row", rows("cluster_design_effect"))
    def test_agrees_with_r(self, row: dict[str, Any]) -> None:
        deff = value(design_effect(row["m"], row["icc"]))
        assert deff == pytest.approx(row["deff"], rel=CLOSE)
        assert row["n"] / deff == pytest.approx(row["n_eff"], rel=CLOSE)
        assert row["se"] * math.sqrt(deff) == pytest.approx(row["se_adj"], rel=CLOSE)

    def test_the_method_takes_0_05(self) -> None:
        assert value(design_effect(21)) == pytest.approx(2.0)

    @pytest.mark.parametrize(("size", "icc"), [(0.5, 0.05), (10, -0.1), (10, 1.1)])
    def test_impossible_clusters_are_not_converted(self, size: float, icc: float) -> None:
        assert isinstance(design_effect(size, icc), NotConverted)


class TestCrossoverDifferenceSe:
    def test_handbook_example(self) -> None:
        example = EXAMPLES["crossover_sd"]
        given_ = example["given"]
        se = value(crossover_difference_se(given_["sdE"], given_["sdC"], given_["n"], correlation=given_["corr"]))
        assert se == pytest.approx(example["computed"]["se_md_from_corr"], rel=CLOSE)
        assert se == pytest.approx(example["published"]["se_md_from_corr"], abs=5e-4)

    @pytest.mark.parametrize("row", rows("change_sd"))
    def test_agrees_with_the_sd_of_a_change(self, row: dict[str, Any]) -> None:
        se = value(crossover_difference_se(row["sd_b"], row["sd_f"], 1, correlation=row["r"]))
        assert se == pytest.approx(row["sd_change"], rel=CLOSE)

    def test_the_method_takes_one_half(self) -> None:
        assert value(crossover_difference_se(2.0, 2.0, 16)) == pytest.approx(0.5)

    @pytest.mark.parametrize("case", [(2.0, 2.0, 0, 0.5), (2.0, 2.0, 10, 1.0), (-2.0, 2.0, 10, 0.5), (2.0, 2.0, 10, 1.5)])
    def test_impossible_numbers_are_not_converted(self, case: tuple[float, float, int, float]) -> None:
        assert isinstance(crossover_difference_se(*case[:3], correlation=case[3]), NotConverted)


class TestOddsRatioToRiskRatio:
    @pytest.mark.parametrize("row", rows("or_to_absolute"))
    def test_agrees_with_r(self, row: dict[str, Any]) -> None:
        assert value(odds_ratio_to_risk_ratio(row["or"], row["cer"])) == pytest.approx(row["rr"], rel=CLOSE)

    def test_handbook_example(self) -> None:
        example = EXAMPLES["absolute_effects"]
        rr = value(odds_ratio_to_risk_ratio(example["given"]["or"], example["given"]["cer"]))
        assert rr * example["given"]["cer"] == pytest.approx(example["computed"]["or_risk1"], rel=CLOSE)

    @pytest.mark.parametrize(("odds_ratio", "risk"), [(0.0, 0.3), (-1.0, 0.3), (2.0, 1.2), (2.0, -0.1), (math.inf, 0.3)])
    def test_impossible_numbers_are_not_converted(self, odds_ratio: float, risk: float) -> None:
        assert isinstance(odds_ratio_to_risk_ratio(odds_ratio, risk), NotConverted)
