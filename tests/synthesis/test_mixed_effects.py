"""The mixed-effects core against itself written with matrices, and with the single column 1 against the random-effects model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.body import NotPooled
from app.synthesis.heterogeneity import estimate_tau2
from app.synthesis.mixed_effects import TAU2_METHODS, MixedFit, Studies
from tests.synthesis.reference_values import Analysis, Array, analyses

Y = np.array([0.1, 0.5, 0.2, 0.9, 0.4, 1.3])
V = np.array([1.0, 3.0, 2.0, 2.5, 1.5, 1.2])
LINE = np.column_stack([np.ones(6), [1.0, 3.0, 2.0, 7.0, 4.0, 5.0]])
LEVELS = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])


def projection(v: Array, design: Array, tau2: float) -> Array:
    weights = np.diag(1 / (v + tau2))
    p: Array = weights - weights @ design @ np.linalg.inv(design.T @ weights @ design) @ design.T @ weights
    return p


@pytest.mark.parametrize("design", [LINE, LEVELS, np.ones((6, 1))], ids=["line", "levels", "mean"])
class TestMixedFit:
    @given(st.floats(0, 50))
    def test_its_sums_are_those_of_the_projection(self, design: Array, tau2: float) -> None:
        fit, p, v, ones = MixedFit.at(Y, V, design, tau2), projection(V, design, tau2), np.diag(V), np.ones(6)
        assert float(fit.q) == pytest.approx(Y @ p @ Y, rel=1e-9)
        assert float(fit.y_pp_y) == pytest.approx(Y @ p @ p @ Y, rel=1e-9)
        assert float(fit.trace_p) == pytest.approx(np.trace(p), rel=1e-9)
        assert fit.squared_projection(ones, ones) == pytest.approx(np.trace(p @ p), rel=1e-9)
        assert fit.squared_projection(V, ones) == pytest.approx(np.trace(p @ v @ p), rel=1e-9)
        assert fit.squared_projection(V, V) == pytest.approx(np.trace(p @ v @ p @ v), rel=1e-9)

    def test_its_norms_give_the_determinant(self, design: Array) -> None:
        weights = np.diag(1 / (V + 0.3))
        determinant = np.linalg.det(design.T @ weights @ design)
        assert float(np.prod(MixedFit.at(Y, V, design, 0.3).norms)) == pytest.approx(determinant, rel=1e-10)

    def test_an_array_of_tau2_gives_what_one_at_a_time_gives(self, design: Array) -> None:
        grid = np.array([0.0, 0.3, 12.0])
        together = MixedFit.at(Y, V, design, grid)
        alone = [MixedFit.at(Y, V, design, float(tau2)) for tau2 in grid]
        assert together.q == pytest.approx([float(fit.q) for fit in alone], rel=1e-14)
        assert together.trace_p == pytest.approx([float(fit.trace_p) for fit in alone], rel=1e-14)


class TestSquaredProjection:
    def test_a_study_that_outweighs_all_others_leaves_what_they_hold(self) -> None:
        v = np.array([1e-10, 1.0, 2.0, 4.0])
        fit = MixedFit.at(np.zeros(4), v, np.ones((4, 1)), 0.0)
        w = 1 / v[1:]
        assert fit.squared_projection(np.ones(4), np.ones(4)) == pytest.approx(3 * float((w**2).sum()) + float(w.sum()) ** 2, rel=1e-8)


RANDOM = [analysis for analysis in analyses() if analysis.k > 1]


class TestWithTheMeanAlone:
    @pytest.mark.parametrize("method", ["DL", "SJ", "PM", "ML", "REML"])
    @pytest.mark.parametrize("analysis", RANDOM, ids=lambda analysis: analysis.name)
    def test_tau2_is_that_of_the_random_effects_model(self, analysis: Analysis, method: str) -> None:
        studies = Studies(analysis.effects, analysis.variances, np.ones((analysis.k, 1)))
        ours, plain = TAU2_METHODS[method](studies), estimate_tau2(analysis.effects, analysis.variances, method)
        assert not isinstance(plain, NotPooled)
        assert ours.tau2 == pytest.approx(plain.tau2, rel=1e-9, abs=1e-12 * analysis.mean_variance)
        assert ours.se == pytest.approx(plain.se, rel=1e-8)
        assert ours.maxima == plain.maxima
