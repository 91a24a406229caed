"""The search for tau2 where it is hard: standard errors many powers of ten apart, several maxima, roots close together."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis import one_body
from app.synthesis.body import NotPooled
from app.synthesis.likelihood import goes_one_way, has_no_root, rises, rises_beyond
from app.synthesis.one_body import OneBody
from app.synthesis.pool_many import pool_many
from app.synthesis.pooling import pool
from app.synthesis.pooling_model import PoolingModel
from app.synthesis.weighted_sums import scale_studies

FAR_APART = st.lists(st.tuples(st.floats(-1, 1), st.floats(-4, 4), st.floats(-4, 4)), min_size=2, max_size=9)
Studies = list[tuple[float, float, float]]


def numbers(studies: Studies) -> tuple[list[float], list[float]]:
    """Effects up to 1e4, standard errors from 1e-4 to 1e4."""
    return [sign * 10**size for sign, size, _ in studies], [100**spread for _, _, spread in studies]


def body_of(effects: list[float], variances: list[float]) -> OneBody:
    scaled = scale_studies(effects, variances)
    assert not isinstance(scaled, NotPooled)
    return OneBody(scaled)


class TestMaximum:
    @given(FAR_APART, st.booleans())
    def test_no_other_tau2_is_likelier(self, studies: Studies, restricted: bool) -> None:
        body = body_of(*numbers(studies))
        tau2, maxima = body.maximum(restricted=restricted)
        assert maxima >= 1
        best = body.log_likelihood(tau2, restricted=restricted)
        for other in (0.0, *np.geomspace(1e-6, max(1.0, 4 * body.spread), 400).tolist()):
            assert body.log_likelihood(other, restricted=restricted) <= best + 1e-9 * (1 + abs(best))

    @given(FAR_APART)
    def test_many_at_once_find_the_same(self, studies: Studies) -> None:
        effects, variances = numbers(studies)
        alone, (beside, _) = pool(effects, variances), pool_many([effects, [0.1, 0.2]], [variances, [1.0, 2.0]]).rows()
        assert isinstance(alone, NotPooled) == isinstance(beside, NotPooled)
        if not isinstance(alone, NotPooled) and not isinstance(beside, NotPooled):
            assert beside.tau2 == pytest.approx(alone.tau2, rel=1e-9, abs=1e-9 * min(variances))
            assert beside.warnings == alone.warnings

    @pytest.mark.parametrize("power", [10, 70, 140])
    def test_a_factor_of_any_size_between_variances_is_walked_through(self, power: int) -> None:
        variances = [1.0, 10.0 ** (power // 2), 10.0**power]
        body = body_of([0.0, 1.0, 10.0 ** (power / 2)], variances)
        assert math.isfinite(body.maximum()[0])

    @given(FAR_APART)
    def test_what_is_proved_of_a_stretch_holds_on_it(self, studies: Studies) -> None:
        body = body_of(*numbers(studies))
        for start, end in ((0.0, 1.0), (1.0, 30.0), (30.0, 1e6)):
            low, high = body.at(start), body.at(end)
            if goes_one_way(low, high, body.v_max) or has_no_root(low, high):
                signs = [bool(rises(body.at(tau2))) for tau2 in np.linspace(start, end, 50).tolist()]
                assert sum(one != other for one, other in pairwise(signs)) <= 1
            if rises_beyond(low, body.v_max):
                signs = [bool(rises(body.at(tau2))) for tau2 in (start, *np.geomspace(start + 1, 1e12, 50).tolist())]
                assert sum(one != other for one, other in pairwise(signs)) <= 1

    def test_a_step_that_leads_out_of_the_bracket_is_halved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        effects, variances = [0.1, 1.5, -0.7, 0.4], [0.04, 0.05, 0.06, 0.01]
        expected = body_of(effects, variances).maximum()[0]
        monkeypatch.setattr(one_body, "step_towards_root", lambda point, other: math.nan)
        monkeypatch.setattr(one_body, "newton_step", lambda point: math.inf)
        assert body_of(effects, variances).maximum()[0] == pytest.approx(expected, rel=1e-9)

    def test_so_it_is_for_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        effects, variances = [[0.1, 1.5, -0.7, 0.4]] * 2, [[0.04, 0.05, 0.06, 0.01]] * 2
        model = PoolingModel(tau2_interval=False)
        expected = pool_many(effects, variances, model).tau2
        monkeypatch.setattr("app.synthesis.many_bodies.step_towards_root", lambda point, other: np.full(point.tau2.size, np.nan))
        monkeypatch.setattr("app.synthesis.many_bodies.newton_step", lambda point: np.full(point.tau2.size, np.inf))
        assert pool_many(effects, variances, model).tau2 == pytest.approx(expected, rel=1e-9)
