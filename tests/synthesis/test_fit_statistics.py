"""Log-likelihood and information criteria against metafor's `fitstats(rma(...))`."""

import math
from dataclasses import astuple
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.body import NotPooled
from app.synthesis.fit_statistics import FitStatistics, fit_statistics
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements

METHODS: tuple[Literal["ML", "REML"], ...] = ("ML", "REML")
CASES = [(analysis, method) for analysis in analyses() if analysis.k > 1 for method in METHODS]
IDS = [f"{analysis.name}-{method}" for analysis, method in CASES]
EFFECTS, VARIANCES = [0.1, 1.5, -0.7, 0.4], [0.04, 0.05, 0.06, 0.01]


def fitted(result: FitStatistics | NotPooled) -> FitStatistics:
    assert isinstance(result, FitStatistics), result
    return result


def compared(analysis: Analysis, method: Literal["ML", "REML"]) -> list[Compared]:
    block = analysis.block["models"][method]
    reference, ours = block["fit_stats"], fitted(fit_statistics(analysis.effects, analysis.variances, tau2_method=method))
    return [
        Compared("tau2", ours.tau2, block["tau2"], analysis.mean_variance),
        Compared("log-likelihood", ours.log_likelihood, reference["ll"], float(analysis.k)),
        Compared("deviance", ours.deviance, reference["dev"], float(analysis.k)),
        Compared("aic", ours.aic, reference["AIC"], float(analysis.k)),
        Compared("bic", ours.bic, reference["BIC"], float(analysis.k)),
        Compared("aicc", ours.aicc, reference["AICc"], float(analysis.k)),
    ]


class TestAgainstMetafor:
    @pytest.mark.parametrize(("analysis", "method"), CASES, ids=IDS)
    def test_every_number_agrees(self, analysis: Analysis, method: Literal["ML", "REML"]) -> None:
        assert disagreements(compared(analysis, method)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 146
        assert sum(len(compared(*case)) for case in CASES) == 876


class TestFitStatistics:
    @pytest.mark.parametrize(
        ("effects", "variances", "method", "reason"),
        [
            ([], [], "REML", "no study"),
            ([0.1], [0.1], "REML", "one study"),
            ([0.1, 0.2], [0.1, 0.0], "ML", "above zero"),
            ([0.1, math.nan], [0.1, 0.2], "ML", "finite"),
            ([1e160, -1e160, 3e159], [1e200, 1e200, 1e200], "REML", "floating-point"),
            (EFFECTS, VARIANCES, "DL", "DL maximises no likelihood"),
        ],
    )
    def test_what_cannot_be_computed_says_why(
        self, effects: list[float], variances: list[float], method: Literal["ML"], reason: str
    ) -> None:
        result = fit_statistics(effects, variances, tau2_method=method)
        assert isinstance(result, NotPooled)
        assert reason in result.reason

    @given(st.sampled_from(METHODS), st.sampled_from([1e-140, 1e-3, 7.0, 1e140]))
    def test_a_change_of_units_moves_every_log_likelihood_by_the_same(self, method: Literal["ML", "REML"], factor: float) -> None:
        plain = fitted(fit_statistics(EFFECTS, VARIANCES, tau2_method=method))
        other = fitted(fit_statistics([y * factor for y in EFFECTS], [v * factor * factor for v in VARIANCES], tau2_method=method))
        n = len(EFFECTS) - (method == "REML")
        assert other.log_likelihood == pytest.approx(plain.log_likelihood - n * math.log(factor), rel=1e-12)
        assert other.aic - 2 * n * math.log(factor) == pytest.approx(plain.aic, rel=1e-9)

    @given(st.lists(st.tuples(st.floats(-1e300, 1e300), st.floats(0, 1e300)), max_size=5), st.sampled_from(METHODS))
    def test_no_input_gives_an_infinite_or_undefined_number(self, studies: list[tuple[float, float]], method: Literal["ML"]) -> None:
        result = fit_statistics([y for y, _ in studies], [v for _, v in studies], tau2_method=method)
        if isinstance(result, FitStatistics):
            assert all(math.isfinite(number) for number in astuple(result)[1:])
