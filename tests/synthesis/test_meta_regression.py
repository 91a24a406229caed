"""Meta-regression on one moderator against metafor's `rma(yi, vi, mods=~mod)`: six estimators of tau2, three tests, predictions.

Where the moderator is a year, metafor inverts X'WX uncentred and loses about eight digits: `TestIllConditioned` holds both
against exact rational arithmetic. Those data sets are compared at 1e-7, all others at 1e-9 (`reference_values`).

Known deviation: metafor prints no prediction interval for EE; here it is the confidence interval (tau2 is 0).
"""

import math
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.meta_regression import SAME_MODERATOR, MetaRegression, Prediction, meta_regression, predict
from app.synthesis.model_summary import Coefficient
from app.synthesis.not_computed import NotComputed
from tests.synthesis.reference_values import Analysis, Array, Compared, analyses, column, disagreements, load

TESTS = ("z", "knha", "adhoc")
ILL_CONDITIONED = 1e-7
CASES = [
    (analysis, model, test)
    for analysis in analyses()
    for model, block in analysis.block.get("diagnostics", {}).get("metareg", {}).items()
    for test in TESTS
    if test in block
]
IDS = [f"{analysis.name}-{model}-{test}" for analysis, model, test in CASES]


def line_of(result: MetaRegression | NotComputed) -> MetaRegression:
    assert isinstance(result, MetaRegression), result
    return result


def predicted(result: Prediction | NotComputed) -> Prediction:
    assert isinstance(result, Prediction), result
    return result


def moderator_of(analysis: Analysis) -> Array:
    dataset = load(analysis.dataset)
    values: Array = column(dataset["inputs"][dataset["columns"]["mod"]])[np.array(analysis.block["rows"]) - 1]
    return values


@cache
def computed(case: int) -> MetaRegression:
    analysis, model, test = CASES[case]
    moderator = moderator_of(analysis)
    known = np.isfinite(moderator)
    return line_of(meta_regression(analysis.effects[known], analysis.variances[known], moderator[known], tau2_method=model, test=test))  # type: ignore[arg-type]


def coefficient_compared(ours: Coefficient, reference: dict[str, Any], i: int) -> list[Compared]:
    se = reference["se"][i]
    return [
        Compared(f"estimate {i}", ours.estimate, reference["beta"][i], se),
        Compared(f"se {i}", ours.se, se),
        Compared(f"statistic {i}", ours.statistic, reference["stat"][i], 1.0),
        Compared(f"p {i}", ours.p, reference["pval"][i]),
        Compared(f"ci_low {i}", ours.ci_low, reference["ci_lb"][i], se),
        Compared(f"ci_high {i}", ours.ci_high, reference["ci_ub"][i], se),
    ]


def heterogeneity_compared(ours: MetaRegression, block: dict[str, Any], spread: float) -> list[Compared]:
    left = ours.heterogeneity
    numbers = [
        Compared("tau2", left.tau2, block["tau2"], spread),
        Compared("typical variance", left.typical_variance, block["vt"]),
        Compared("i2", left.i2, block["I2"], 100.0),
        Compared("h2", left.h2, block["H2"], 1.0),
        Compared("q", left.q, block["QE"], 1.0),
        Compared("q_df", float(left.q_df), block["QE_df"]),
        Compared("q_p", left.q_p, block["QEp"]),
        Compared("r2", left.r2, block["R2"], 100.0),
    ]
    return numbers if block["se_tau2"] is None else [*numbers, Compared("se of tau2", left.tau2_se, block["se_tau2"], spread)]


def predictions_compared(ours: MetaRegression, reference: dict[str, Any]) -> list[Compared]:
    members = {"pred": "estimate", "se": "se", "ci_lb": "ci_low", "ci_ub": "ci_high", "pi_lb": "pi_low", "pi_ub": "pi_high"}
    numbers = []
    for i, value in enumerate(reference["newmods"]):
        mine, scale = predicted(predict(ours, value)), math.hypot(reference["se"][i], math.sqrt(ours.heterogeneity.tau2))
        for theirs, name in members.items():
            if reference[theirs] is not None:
                numbers.append(Compared(f"{name} at {value}", getattr(mine, name), reference[theirs][i], scale))
    return numbers


def compared(case: int) -> list[Compared]:
    analysis, model, test = CASES[case]
    ours, block = computed(case), analysis.block["diagnostics"]["metareg"][model]
    reference = block[test]
    return [
        *heterogeneity_compared(ours, block, analysis.mean_variance),
        *coefficient_compared(ours.intercept, reference, 0),
        *coefficient_compared(ours.slope, reference, 1),
        *(Compared(f"covariance {i}{j}", ours.covariance[i][j], reference["vb"][i][j]) for i in (0, 1) for j in (0, 1)),
        Compared("qm", ours.qm, reference["QM"], 1.0),
        Compared("qm_p", ours.qm_p, reference["QMp"]),
        Compared("s2w", ours.scale_factor, reference["s2w"], 1.0),
        *predictions_compared(ours, reference["predict"]),
    ]


def disagreements_of(case: int) -> list[Compared]:
    analysis = CASES[case][0]
    if load(analysis.dataset)["columns"]["mod"] != "year":
        return disagreements(compared(case))
    loose = [one for one in compared(case) if one.ours is not None]
    return [one for one in loose if not abs((one.ours or 0.0) - one.reference) <= ILL_CONDITIONED * max(abs(one.reference), one.scale)]


class TestAgainstMetafor:
    @pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
    def test_every_number_agrees(self, case: int) -> None:
        assert disagreements_of(case) == []

    @pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
    def test_the_same_studies_are_used_and_the_degrees_of_freedom_agree(self, case: int) -> None:
        analysis, model, test = CASES[case]
        block, ours = analysis.block["diagnostics"]["metareg"][model], computed(case)
        assert (ours.k, ours.df) == (block["k"], block[test]["QM_df"][1])
        assert block.get("rows", list(np.array(analysis.block["rows"]))) == [
            row for row, known in zip(analysis.block["rows"], np.isfinite(moderator_of(analysis)), strict=True) if known
        ]

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 256
        assert sum(len(compared(case)) for case in range(len(CASES))) == 11_664


class TestIllConditioned:
    """li2007, log odds ratios on the year 1988 to 2002, common effect: the residual Q by rational arithmetic, without rounding."""

    def test_ours_is_the_exact_one(self) -> None:
        analysis = next(one for one in analyses() if one.name == "li2007-OR")
        y, v, x = ([Fraction(float(n)) for n in numbers] for numbers in (analysis.effects, analysis.variances, moderator_of(analysis)))
        w = [1 / one for one in v]
        x_mean, y_mean = (sum(a * b for a, b in zip(w, values, strict=True)) / sum(w) for values in (x, y))
        slope = sum(a * (b - x_mean) * (c - y_mean) for a, b, c in zip(w, x, y, strict=True)) / sum(
            a * (b - x_mean) ** 2 for a, b in zip(w, x, strict=True)
        )
        exact = float(sum(a * (c - y_mean - slope * (b - x_mean)) ** 2 for a, b, c in zip(w, x, y, strict=True)))
        ours = line_of(meta_regression(analysis.effects, analysis.variances, moderator_of(analysis), tau2_method="EE", test="z"))
        metafor = analysis.block["diagnostics"]["metareg"]["EE"]
        assert ours.heterogeneity.q == pytest.approx(exact, rel=1e-13)
        assert ours.slope.estimate == pytest.approx(float(slope), rel=1e-12)
        assert metafor["QE"] != pytest.approx(exact, rel=1e-10)


EFFECTS = np.array([0.1, 0.5, 0.2, 0.9, 0.4, 1.3])
VARIANCES = np.array([0.01, 0.09, 0.04, 0.2, 0.02, 0.05])
MODERATOR = np.array([1.0, 3.0, 2.0, 7.0, 4.0, 5.0])
METHODS = ("EE", "DL", "SJ", "PM", "ML", "REML")


class TestWhatCannotBeComputed:
    @pytest.mark.parametrize(
        ("effects", "variances", "moderator", "reason"),
        [
            ([], [], [], "no study"),
            ([0.1], [0.1], [1.0], "same in every study"),
            ([0.1, 0.2], [0.1, 0.2], [1.0, 2.0], "2 studies are too few"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.0], [1.0, 2.0, 3.0], "above zero"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], [2.0, 2.0, 2.0], SAME_MODERATOR),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], [2.0, 2.0, math.nan], "not known"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], [2.0, 1.0], "one value for every study"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 1e13], [1.0, 2.0, 3.0], "floating-point"),
            ([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], [1e-300, 2e-300, 3e-300], "floating-point"),
            ([1e300, 2e300, -1e300], [1e300, 1e300, 1e300], [1.0, 2.0, 3.0], "floating-point"),
            ([1e160, -1e160, 3e159], [1e200, 1e200, 1e200], [1.0, 2.0, 3.0], "floating-point"),
            ([1e100, -1e100, 3e100], [1e200, 1e200, 1e200], [1e-300, 2e-300, 3e-300], "floating-point"),
            ([1e-150, 3e-150, 2e-150], [1e-300, 1e-300, 1e-300], [1e300, 2e300, 3e300], "floating-point"),
        ],
    )
    def test_says_why(self, effects: list[float], variances: list[float], moderator: list[float], reason: str) -> None:
        result = meta_regression(effects, variances, moderator, test="z")
        assert isinstance(result, NotComputed)
        assert reason in result.reason

    def test_an_unknown_estimator_is_named(self) -> None:
        result = meta_regression(EFFECTS, VARIANCES, MODERATOR, tau2_method="XX")  # type: ignore[arg-type]
        assert isinstance(result, NotComputed)
        assert "XX" in result.reason

    def test_an_exact_line_has_no_unguarded_interval_but_a_guarded_one(self) -> None:
        on_a_line = 0.5 + 0.25 * MODERATOR
        unguarded = meta_regression(on_a_line, VARIANCES, MODERATOR, test="knha")
        assert isinstance(unguarded, NotComputed)
        assert "no width" in unguarded.reason
        guarded = line_of(meta_regression(on_a_line, VARIANCES, MODERATOR, test="adhoc"))
        assert (guarded.slope.estimate, guarded.intercept.estimate) == pytest.approx((0.25, 0.5))
        assert guarded.scale_factor == 1.0

    def test_a_prediction_too_far_away_to_write(self) -> None:
        assert isinstance(predict(line_of(meta_regression(EFFECTS, 1e6 * VARIANCES, MODERATOR)), 1.7e308), NotComputed)


class TestProperties:
    @pytest.mark.parametrize("method", METHODS)
    @given(st.permutations(range(6)))
    def test_order_does_not_matter(self, method: Any, order: list[int]) -> None:
        plain = line_of(meta_regression(EFFECTS, VARIANCES, MODERATOR, tau2_method=method))
        moved = line_of(meta_regression(EFFECTS[order], VARIANCES[order], MODERATOR[order], tau2_method=method))
        assert (moved.slope.estimate, moved.slope.se) == pytest.approx((plain.slope.estimate, plain.slope.se), rel=1e-9)
        assert moved.heterogeneity.tau2 == pytest.approx(plain.heterogeneity.tau2, rel=1e-9, abs=1e-13)

    @pytest.mark.parametrize("method", METHODS)
    @given(st.sampled_from([1e-100, 1e-3, -7.0, 1e100]), st.sampled_from([1e-50, -3.0, 1e50]))
    def test_units_and_signs_do_not_matter(self, method: Any, of_effect: float, of_moderator: float) -> None:
        plain = line_of(meta_regression(EFFECTS, VARIANCES, MODERATOR, tau2_method=method))
        y, v = of_effect * EFFECTS, of_effect * of_effect * VARIANCES
        rescaled = line_of(meta_regression(y, v, of_moderator * MODERATOR, tau2_method=method))
        assert rescaled.slope.estimate == pytest.approx(plain.slope.estimate * of_effect / of_moderator, rel=1e-9)
        assert rescaled.intercept.estimate == pytest.approx(plain.intercept.estimate * of_effect, rel=1e-8)
        assert rescaled.qm == pytest.approx(plain.qm, rel=1e-9)
        assert rescaled.heterogeneity.r2 == pytest.approx(plain.heterogeneity.r2, rel=1e-7, abs=1e-9)

    @pytest.mark.parametrize("method", METHODS)
    def test_moving_the_moderator_moves_only_the_intercept(self, method: Any) -> None:
        plain = line_of(meta_regression(EFFECTS, VARIANCES, MODERATOR, tau2_method=method))
        moved = line_of(meta_regression(EFFECTS, VARIANCES, MODERATOR + 2000, tau2_method=method))
        assert (moved.slope.estimate, moved.slope.se) == pytest.approx((plain.slope.estimate, plain.slope.se), rel=1e-10)
        assert moved.intercept.estimate == pytest.approx(plain.intercept.estimate - 2000 * plain.slope.estimate, rel=1e-10)

    @given(st.floats(-20, 20))
    def test_a_prediction_is_the_line_with_the_covariance(self, value: float) -> None:
        line = line_of(meta_regression(EFFECTS, VARIANCES, MODERATOR))
        ours, v = predicted(predict(line, value)), line.covariance
        assert ours.estimate == pytest.approx(line.intercept.estimate + value * line.slope.estimate, rel=1e-9, abs=1e-12)
        assert ours.se**2 == pytest.approx(v[0][0] + 2 * value * v[0][1] + value**2 * v[1][1], rel=1e-9)
        assert ours.pi_low <= ours.ci_low < ours.estimate < ours.ci_high <= ours.pi_high

    def test_a_common_effect_predicts_no_wider_than_its_confidence_interval(self) -> None:
        ours = predicted(predict(line_of(meta_regression(EFFECTS, VARIANCES, MODERATOR, tau2_method="EE", test="z")), 4.0))
        assert (ours.pi_low, ours.pi_high) == (ours.ci_low, ours.ci_high)

    def test_a_likelihood_with_two_maxima_says_so(self) -> None:
        y, v = [0.1, 1.4, 1.2, 11.4, -0.5, 0.0], [4, 4, 0.01, 4, 1, 0.1]
        line = line_of(meta_regression(y, v, MODERATOR, tau2_method="ML", test="z"))
        assert line.maxima == 2
        assert line.heterogeneity.tau2 == pytest.approx(6.92, abs=0.01)
