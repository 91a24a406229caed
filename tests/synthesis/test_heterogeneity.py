"""Estimators of tau2 as such; their values against metafor, with all the rest of a pool, are in `test_pooling`."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis import many_bodies, one_body
from app.synthesis.body import NotPooled
from app.synthesis.distributions import chi2_quantile
from app.synthesis.heterogeneity import (
    NOT_CONVERGED,
    ONE_STUDY,
    TAU2_ESTIMATORS,
    CochranQ,
    Tau2,
    cochran_q,
    estimate_tau2,
    h2_from_q,
    h2_from_tau2,
    i2_from_q,
    i2_from_tau2,
    q_profile_interval,
    typical_variance,
)
from app.synthesis.many_bodies import ManyBodies
from app.synthesis.one_body import OneBody
from app.synthesis.pool_many import pool_many
from app.synthesis.pooling import PAULE_MANDEL_INSTEAD, pool
from app.synthesis.pooling_model import PoolingModel
from tests.synthesis.reference_values import Analysis, Array, Compared, analyses, disagreements

WITH_INTERVAL = [analysis for analysis in analyses() if analysis.k > 1]
IDS = [analysis.name for analysis in WITH_INTERVAL]
STUDIES = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=2, max_size=10)


def split(studies: list[tuple[float, float]]) -> tuple[Array, Array]:
    return np.array([y for y, _ in studies]), np.array([se for _, se in studies]) ** 2


def estimated(result: Tau2 | NotPooled) -> Tau2:
    assert isinstance(result, Tau2), result
    return result


def interval_compared(analysis: Analysis, block_name: str, level: float) -> list[Compared]:
    """Limits of tau2, and of the I2 and H2 that belong to them."""
    block, spread = analysis.block["tau2_ci"][block_name], analysis.mean_variance
    limits = q_profile_interval(analysis.effects, analysis.variances, level)
    assert not isinstance(limits, NotPooled)
    typical = typical_variance(analysis.variances)
    assert not isinstance(typical, NotPooled)
    compared = []
    for side, limit in enumerate(limits):
        compared.append(Compared(f"tau2 {side}", limit, block["tau2"][side], spread))
        compared.append(Compared(f"i2 {side}", i2_from_tau2(limit, typical), block["I2"][side], 100.0))
        compared.append(Compared(f"h2 {side}", h2_from_tau2(limit, typical), block["H2"][side], 1.0))
    return compared


class TestQProfileInterval:
    @pytest.mark.parametrize("analysis", WITH_INTERVAL, ids=IDS)
    def test_agrees_with_metafor_at_95_and_90_percent(self, analysis: Analysis) -> None:
        assert disagreements(interval_compared(analysis, "QP", 0.95) + interval_compared(analysis, "QP_level90", 0.90)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(WITH_INTERVAL) == 73

    def test_effects_closer_than_chance_give_zero_to_zero(self) -> None:
        assert q_profile_interval([0.25, 0.25, 0.25], [0.1, 0.2, 0.1]) == (0.0, 0.0)

    def test_one_study_has_none(self) -> None:
        assert isinstance(q_profile_interval([0.2], [0.1]), NotPooled)
        assert isinstance(q_profile_interval([0.2, math.nan], [0.1, 0.1]), NotPooled)

    def test_a_limit_too_large_to_write_is_not_pooled(self) -> None:
        assert isinstance(q_profile_interval([0.0, 1e160], [1e300, 1e300]), NotPooled)

    @given(STUDIES)
    def test_q_at_its_limits_is_the_quantile(self, studies: list[tuple[float, float]]) -> None:
        y, v = split(studies)
        limits = q_profile_interval(y, v)
        assert not isinstance(limits, NotPooled)
        for limit, p in zip(limits, (0.975, 0.025), strict=True):
            target = chi2_quantile(p, y.size - 1)
            w = 1 / (v + limit)
            q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
            assert q == pytest.approx(target, rel=1e-9) if limit > 0 else q <= target * (1 + 1e-9)


class TestCochranQ:
    def test_of_identical_effects_is_zero(self) -> None:
        assert cochran_q([0.3, 0.3], [0.1, 0.2]) == CochranQ(0.0, 1, 1.0)

    def test_of_one_study_is_zero_without_degrees_of_freedom(self) -> None:
        assert cochran_q([0.3], [0.1]) == CochranQ(0.0, 0, 1.0)

    def test_of_two_studies_is_the_squared_difference(self) -> None:
        result = cochran_q([0.1, 0.7], [0.04, 0.05])
        assert isinstance(result, CochranQ)
        assert result.q == pytest.approx(0.36 / 0.09)
        assert result.p == pytest.approx(0.0455002638963584)

    def test_of_nothing_is_not_pooled(self) -> None:
        assert isinstance(cochran_q([], []), NotPooled)


class TestI2AndH2:
    def test_from_q(self) -> None:
        assert i2_from_q(10.0, 4) == pytest.approx(60.0)
        assert h2_from_q(10.0, 4) == pytest.approx(2.5)

    def test_the_typical_variance_of_equal_ones_is_theirs(self) -> None:
        assert typical_variance([3e-7] * 5) == pytest.approx(3e-7)
        assert [typical_variance(v) for v in ([0.1], [0.1, 0.0])] == [NotPooled(ONE_STUDY), NotPooled("a variance is not above zero")]

    def test_q_below_its_expectation_is_no_heterogeneity(self) -> None:
        assert i2_from_q(3.0, 4) == 0.0
        assert (i2_from_q(0.0, 0), h2_from_q(0.0, 0)) == (0.0, 1.0)

    @given(STUDIES)
    def test_from_dersimonian_laird_equals_from_q(self, studies: list[tuple[float, float]]) -> None:
        y, v = split(studies)
        q, tau2 = cochran_q(y, v), estimated(estimate_tau2(y, v, "DL")).tau2
        typical = typical_variance(v)
        assert isinstance(q, CochranQ)
        assert not isinstance(typical, NotPooled)
        assert i2_from_tau2(tau2, typical) == pytest.approx(i2_from_q(q.q, q.df), abs=1e-7)


def restricted_log_likelihood(y: Array, v: Array, tau2: Array) -> Any:
    """Written out plainly, one row for each tau2."""
    w = 1 / (v + tau2[:, None])
    mu = (w * y).sum(axis=1) / w.sum(axis=1)
    q = (w * (y - mu[:, None]) ** 2).sum(axis=1)
    return (np.log(w).sum(axis=1) - np.log(w.sum(axis=1)) - q) / 2


def log_likelihood(y: Array, v: Array, tau2: Array) -> Any:
    w = 1 / (v + tau2[:, None])
    return restricted_log_likelihood(y, v, tau2) + np.log(w.sum(axis=1)) / 2


class TestGlobalMaximum:
    @pytest.mark.parametrize(("method", "likelihood"), [("REML", restricted_log_likelihood), ("ML", log_likelihood)])
    @given(studies=STUDIES)
    def test_no_tau2_on_a_fine_grid_is_likelier(self, method: str, likelihood: Any, studies: list[tuple[float, float]]) -> None:
        y, v = split(studies)
        found = likelihood(y, v, np.array([estimated(estimate_tau2(y, v, method)).tau2]))[0]
        grid = np.concatenate(([0.0], np.geomspace(1e-8, 1e3, 5000)))
        assert found >= likelihood(y, v, grid).max() - 1e-9

    @pytest.mark.parametrize(
        ("effects", "variances"),
        [
            ([0.09, 1.3, 0.19, 12.89, -2.8], [0.2661, 0.2447, 0.2377, 14.4, 3.1438]),
            ([-0.29, -4.43, 0.57, 0.5, -3.92, -2.42, 0.02], [0.198, 2.155, 0.9046, 1.0743, 5.4618, 15.0568, 0.0241]),
            ([0.07, -0.49, 6.33, 4.3, -2.81, -1.43, -0.09, 0.06], [0.0468, 6.1108, 5.6128, 6.0632, 15.1713, 0.2213, 0.0015, 0.0026]),
        ],
    )
    def test_maxima_close_together_are_told_apart(self, effects: list[float], variances: list[float]) -> None:
        y, v = np.array(effects), np.array(variances)
        grid = np.concatenate(([0.0], np.geomspace(1e-6, 1e3, 200_001)))
        highest = grid[restricted_log_likelihood(y, v, grid).argmax()]
        found = estimated(estimate_tau2(y, v, "REML"))
        assert found.maxima == 2
        assert found.tau2 == pytest.approx(highest, rel=2e-4)

    @pytest.mark.parametrize(("method", "tau2"), [("REML", 9.68), ("ML", 0.69)])
    def test_of_two_maxima_the_higher_is_taken(self, method: str, tau2: float) -> None:
        analysis = next(analysis for analysis in analyses() if analysis.name == "gibson2002-MD")
        found = estimated(estimate_tau2(analysis.effects, analysis.variances, method))
        reference = analysis.block["models"][method]["tau2"]
        assert found.maxima == 2
        assert found.tau2 == pytest.approx(reference, rel=1e-9)
        assert tau2 == pytest.approx(reference, abs=0.01) or reference == 0

    @given(st.floats(-1, 1), st.lists(st.floats(0.05, 2), min_size=2, max_size=6))
    def test_identical_effects_have_no_heterogeneity(self, effect: float, standard_errors: list[float]) -> None:
        for method in TAU2_ESTIMATORS:
            result = estimated(estimate_tau2([effect] * len(standard_errors), np.square(standard_errors), method))
            assert (result.tau2, result.maxima) == (0.0, 1)

    def test_a_likelihood_without_maximum_falls_back_to_paule_mandel_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        y, v = [0.1, 1.5, -0.7], [0.04, 0.05, 0.06]
        monkeypatch.setattr(OneBody, "maximum", lambda self, restricted=True: (math.nan, 0))
        monkeypatch.setattr(ManyBodies, "maximum", lambda self, restricted=True: (np.full(self.k.size, np.nan), np.zeros(self.k.size)))
        found, expected = estimated(estimate_tau2(y, v, "REML")), estimated(estimate_tau2(y, v, "PM"))
        assert found == expected
        assert found.method == "PM"
        for pooled in (pool(y, v), pool_many([y], [v]).rows()[0]):
            assert not isinstance(pooled, NotPooled)
            assert (pooled.tau2_method, pooled.warnings) == ("PM", (PAULE_MANDEL_INSTEAD,))
            assert pooled.tau2 == pytest.approx(expected.tau2, rel=1e-12)

    @pytest.mark.parametrize("searches", ["MAX_ITERATIONS", "MAX_POINTS"])
    def test_a_search_that_does_not_converge_is_never_taken_for_an_answer(self, monkeypatch: pytest.MonkeyPatch, searches: str) -> None:
        y, v = [0.1, 1.5, -0.7], [0.04, 0.05, 0.06]
        monkeypatch.setattr(one_body, "MAX_ITERATIONS", 1)
        monkeypatch.setattr(many_bodies, "MAX_ITERATIONS", 1)
        monkeypatch.setattr(one_body, searches, 1)
        assert estimate_tau2(y, v, "REML") == NotPooled(NOT_CONVERGED)
        assert pool_many([y], [v]).rows() == (NotPooled(NOT_CONVERGED),)
        assert isinstance(q_profile_interval(y, v), NotPooled)
        assert isinstance(pool(y, v, tau2_method="DL"), NotPooled)
        assert isinstance(pool_many([y], [v], PoolingModel("DL")).rows()[0], NotPooled)


class TestEstimateTau2:
    def test_equal_variances_have_a_closed_form(self) -> None:
        # With all variances v, REML, DL, PM and HE give var(y) - v, ML var(y) (k - 1)/k - v.
        y, variance = np.array([0.0, 1.0, 2.0, 4.0]), 0.5
        for method in ("REML", "DL", "PM", "EB", "HE"):
            assert estimated(estimate_tau2(y, [variance] * 4, method)).tau2 == pytest.approx(np.var(y, ddof=1) - variance, rel=1e-12)
        assert estimated(estimate_tau2(y, [variance] * 4, "ML")).tau2 == pytest.approx(np.var(y) - variance, rel=1e-12)

    @given(STUDIES, st.integers(-100, 100))
    def test_is_in_squared_units_of_the_effect(self, studies: list[tuple[float, float]], power: int) -> None:
        y, v = split(studies)
        for method in TAU2_ESTIMATORS:
            plain = estimated(estimate_tau2(y, v, method))
            rescaled = estimated(estimate_tau2(y * 2.0**power, v * 4.0**power, method))
            assert (rescaled.tau2, rescaled.se) == (plain.tau2 * 4.0**power, plain.se * 4.0**power)

    @pytest.mark.parametrize(
        "arguments",
        [([], [], "REML"), ([0.1], [0.1], "REML"), ([0.1, 0.2], [0.1, 0.1], "XX"), ([0.0, 1e160], [1e300, 1e300], "DL")],
    )
    def test_what_cannot_be_estimated_says_why(self, arguments: tuple[list[float], list[float], str]) -> None:
        assert isinstance(estimate_tau2(*arguments), NotPooled)
