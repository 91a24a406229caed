"""Regression tests for funnel-plot asymmetry against metafor's `regtest`; Peters' test against a plain least-squares fit.

Known deviations:
- Identical effects, least squares: metafor gives a statistic of pure rounding noise (the reference holds an `error` there);
  here they are `NotTested`.
- Two studies: `NotTested`; metafor fits a line through both points under EE, which tests nothing.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.distributions import t_two_sided_p
from app.synthesis.meta_regression import MetaRegression
from app.synthesis.small_study_effects import NotTested, Predictor, RegressionTest, egger, egger_mixed, peters
from tests.synthesis.reference_values import Analysis, Compared, analyses, column, disagreements, load

MODELS: dict[str, Predictor] = {"lm_sei": "se", "lm_vi": "variance", "lm_ninv": "1/n"}
CASES = [
    (analysis, model)
    for analysis in analyses()
    for model in MODELS
    if analysis.block.get("diagnostics", {}).get("regtest", {}).get(model, {}).get("stat") is not None
]
IDS = [f"{analysis.name}-{model}" for analysis, model in CASES]
TOO_FEW = {"syn_k2_continuous"}
MIXED = [
    (analysis, model)
    for analysis in analyses()
    for model in ("EE", "DL", "REML")
    if "regtest" in analysis.block.get("diagnostics", {}) and analysis.dataset not in TOO_FEW
]


def participants(analysis: Analysis) -> Any:
    """N of every pooled study, whatever the columns of its data set are called; None where there is none."""
    inputs = load(analysis.dataset)["inputs"]
    for names in (("ai", "bi", "ci", "di"), ("n1i", "n2i"), ("ni",), ("ntot",)):
        if set(names) <= set(inputs):
            return np.sum([column(inputs[name]) for name in names], axis=0)[np.array(analysis.block["rows"]) - 1]
    return None


def line_of(result: RegressionTest | NotTested) -> RegressionTest:
    assert isinstance(result, RegressionTest), result
    return result


def compared(analysis: Analysis, model: str) -> list[Compared]:
    reference = analysis.block["diagnostics"]["regtest"][model]
    predictor = MODELS[model]
    ours = line_of(egger(analysis.effects, analysis.variances, predictor=predictor, n=participants(analysis)))
    se = math.sqrt(analysis.mean_variance)
    numbers = [
        Compared("statistic", ours.statistic, reference["stat"], 1.0),
        Compared("df", float(ours.df), reference["df"]),
        Compared("p", ours.p, reference["pval"]),
        Compared("slope", ours.slope, reference["slope"], reference["slope_se"]),
    ]
    numbers.append(Compared("se of the slope", ours.slope_se, reference["slope_se"]))
    if "limit_est" not in reference:
        return numbers
    return [
        *numbers,
        Compared("intercept", ours.intercept, reference["limit_est"], se),
        Compared("intercept, low", ours.intercept_ci_low, reference["limit_ci_lb"], se),
        Compared("intercept, high", ours.intercept_ci_high, reference["limit_ci_ub"], se),
    ]


def regression_of(result: MetaRegression | NotTested) -> MetaRegression:
    assert isinstance(result, MetaRegression), result
    return result


def mixed_compared(analysis: Analysis, model: str) -> list[Compared]:
    reference = analysis.block["diagnostics"]["regtest"][f"rma_sei_{model}"]
    ours = regression_of(egger_mixed(analysis.effects, analysis.variances, tau2_method=model))  # type: ignore[arg-type]
    intercept, slope = ours.intercept, ours.slope
    return [
        Compared("statistic", slope.statistic, reference["stat"], 1.0),
        Compared("p", slope.p, reference["pval"]),
        Compared("slope", slope.estimate, reference["slope"], slope.se),
        Compared("se of the slope", slope.se, reference["slope_se"]),
        Compared("intercept", intercept.estimate, reference["limit_est"], intercept.se),
        Compared("intercept, low", intercept.ci_low, reference["limit_ci_lb"], intercept.se),
        Compared("intercept, high", intercept.ci_high, reference["limit_ci_ub"], intercept.se),
        Compared("tau2", ours.heterogeneity.tau2, reference["tau2"], analysis.mean_variance),
    ]


class TestEggerAgainstMetafor:
    @pytest.mark.parametrize(("analysis", "model"), CASES, ids=IDS)
    def test_every_number_agrees(self, analysis: Analysis, model: str) -> None:
        assert disagreements(compared(analysis, model)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 69
        assert sum(len(compared(*case)) for case in CASES) == 495


class TestEggerMixedAgainstMetafor:
    @pytest.mark.parametrize(("analysis", "model"), MIXED, ids=[f"{analysis.name}-{model}" for analysis, model in MIXED])
    def test_every_number_agrees(self, analysis: Analysis, model: str) -> None:
        assert disagreements(mixed_compared(analysis, model)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(MIXED) == 78
        assert sum(len(mixed_compared(*case)) for case in MIXED) == 78 * 8


class TestEggerMixed:
    EFFECTS, VARIANCES = [0.1, 0.5, 0.2, 0.9], [0.01, 0.09, 0.04, 0.2]

    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([0.1, 0.2], [0.1, 0.2], "too few"),
            ([], [], "no study"),
            ([0.1, 0.2, 0.5], [0.1, 0.1, 0.1], "same in every study"),
            ([0.1, 0.2, 0.5], [0.1, -0.1, 0.1], "above zero"),
            ([0.1, 0.2, math.nan], [0.1, 0.2, 0.3], "finite"),
        ],
    )
    def test_what_cannot_be_tested_says_why(self, effects: list[float], variances: list[float], reason: str) -> None:
        result = egger_mixed(effects, variances)
        assert isinstance(result, NotTested)
        assert reason in result.reason

    def test_without_heterogeneity_it_is_eggers_line(self) -> None:
        line, mixed = (
            line_of(egger(self.EFFECTS, self.VARIANCES)),
            regression_of(egger_mixed(self.EFFECTS, self.VARIANCES, tau2_method="EE")),
        )
        assert (mixed.intercept.estimate, mixed.slope.estimate) == pytest.approx((line.intercept, line.slope), rel=1e-10)

    def test_turning_every_sign_turns_the_statistic(self) -> None:
        there = regression_of(egger_mixed(self.EFFECTS, self.VARIANCES))
        back = regression_of(egger_mixed(np.negative(self.EFFECTS), self.VARIANCES))
        assert back.slope.statistic == pytest.approx(-there.slope.statistic, rel=1e-9)


class TestEgger:
    EFFECTS, VARIANCES, SIZES = [0.1, 0.5, 0.2, 0.9], [0.01, 0.09, 0.04, 0.2], [400, 60, 120, 30]

    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([0.1, 0.2], [0.1, 0.2], "too few"),
            ([], [], "no study"),
            ([0.1, 0.2, 0.5], [0.1, 0.1, 0.1], "same standard error"),
            ([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], "on a line"),
            ([0.1, 0.2, math.nan], [0.1, 0.2, 0.3], "finite"),
        ],
    )
    def test_what_cannot_be_tested_says_why(self, effects: list[float], variances: list[float], reason: str) -> None:
        result = egger(effects, variances)
        assert isinstance(result, NotTested)
        assert reason in result.reason

    @pytest.mark.parametrize("sizes", [None, [400, 60], [400, 60, 0, 30], [400, 60, math.nan, 30]])
    def test_by_size_needs_every_size(self, sizes: list[float] | None) -> None:
        result = egger(self.EFFECTS, self.VARIANCES, predictor="1/n", n=sizes)
        assert result == NotTested("the number of participants is not known for every study")

    @given(st.floats(1e-6, 1e6))
    def test_units_do_not_matter(self, factor: float) -> None:
        powers: dict[Predictor, int] = {"se": 0, "variance": -1, "1/n": 1}
        for predictor, power in powers.items():
            plain = line_of(egger(self.EFFECTS, self.VARIANCES, predictor=predictor, n=self.SIZES))
            y, v = factor * np.array(self.EFFECTS), factor**2 * np.array(self.VARIANCES)
            rescaled = line_of(egger(y, v, predictor=predictor, n=self.SIZES))
            assert rescaled.statistic == pytest.approx(plain.statistic, rel=1e-9)
            assert rescaled.intercept == pytest.approx(factor * plain.intercept, rel=1e-9)
            assert rescaled.slope == pytest.approx(factor**power * plain.slope, rel=1e-9)

    def test_turning_every_sign_turns_the_statistic(self) -> None:
        there, back = line_of(egger(self.EFFECTS, self.VARIANCES)), line_of(egger(np.negative(self.EFFECTS), self.VARIANCES))
        assert back.statistic == pytest.approx(-there.statistic, rel=1e-12)
        assert back.p == pytest.approx(there.p, rel=1e-12)


class TestPeters:
    EVENTS1, N1 = [4, 10, 30, 3, 12], [20, 50, 200, 15, 90]
    EVENTS2, N2 = [8, 15, 35, 9, 14], [20, 50, 210, 15, 85]

    def test_agrees_with_a_plain_weighted_least_squares_fit(self) -> None:
        a, n1, c, n2 = (np.array(x, dtype=float) for x in (self.EVENTS1, self.N1, self.EVENTS2, self.N2))
        y, total, events = np.log(a / (n1 - a)) - np.log(c / (n2 - c)), n1 + n2, a + c
        root = np.sqrt(1 / (1 / events + 1 / (total - events)))
        design = np.column_stack([np.ones(5), 1 / total])
        (intercept, slope), residual, *_ = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)
        covariance = np.linalg.inv((design * root[:, None]).T @ (design * root[:, None])) * residual[0] / 3
        statistic = slope / math.sqrt(covariance[1, 1])
        ours = line_of(peters(self.EVENTS1, self.N1, self.EVENTS2, self.N2))
        assert (ours.intercept, ours.slope, ours.statistic, ours.df) == pytest.approx((intercept, slope, statistic, 3), rel=1e-9)
        assert ours.p == pytest.approx(t_two_sided_p(float(statistic), 3.0), rel=1e-9)

    def test_double_zero_studies_are_left_out(self) -> None:
        with_zero = peters([*self.EVENTS1, 0, 12], [*self.N1, 30, 12], [*self.EVENTS2, 0, 12], [*self.N2, 30, 12])
        assert with_zero == peters(self.EVENTS1, self.N1, self.EVENTS2, self.N2)

    def test_swapping_the_arms_turns_the_statistic(self) -> None:
        there = line_of(peters(self.EVENTS1, self.N1, self.EVENTS2, self.N2))
        back = line_of(peters(self.EVENTS2, self.N2, self.EVENTS1, self.N1))
        assert back.statistic == pytest.approx(-there.statistic, rel=1e-9)

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_fewer_than_three_studies_are_not_tested(self, count: int) -> None:
        result = peters(*(column_[:count] for column_ in (self.EVENTS1, self.N1, self.EVENTS2, self.N2)))
        assert isinstance(result, NotTested)
        assert "too few" in result.reason
