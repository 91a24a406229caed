"""The search for tau2 where it is hard: standard errors many powers of ten apart, several maxima, roots close together."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis import one_body
from app.synthesis.body import NotPooled
from app.synthesis.likelihood import falls_beyond, goes_one_way, has_no_root, meets_once, rises, rises_beyond
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


def bodies_of_all_kinds(number: int) -> Iterator[tuple[list[float], list[float]]]:
    """A third as trials give them, a third with standard errors far apart, a third made to have two maxima."""
    rng = np.random.default_rng(20261124)
    for i in range(number):
        k = int(rng.integers(3, 30))
        v = np.exp(rng.normal(0, (0.5, 3.0, 1.0)[i % 3], k))
        y = rng.normal(0, np.sqrt(v + rng.choice([0, 1, 10])))
        if i % 3 == 2:  # precise studies that agree, and some less precise ones far away
            v[: k // 2] *= 1e-3
            y[: k // 2] *= 0.02
        yield y.tolist(), v.tolist()


def highest_on_a_grid(body: OneBody, *, restricted: bool) -> float:
    """The highest log-likelihood, by a dense grid and ever finer ones around the best of it; written out anew."""
    low, high = 1e-6, 4 * body.spread + 1
    best = -math.inf
    for turn in range(6):
        grid = np.concatenate([[0.0] * (turn == 0), np.geomspace(low, high, 2001)])
        w = 1 / (body.v + grid[:, None])
        mean = (w * body.y).sum(axis=1) / w.sum(axis=1)
        values = (np.log(w).sum(axis=1) - (w * (body.y - mean[:, None]) ** 2).sum(axis=1)) / 2
        values -= np.log(w.sum(axis=1)) / 2 * restricted
        place = int(values.argmax())
        best = max(best, float(values[place]))
        low, high = max(1e-6, float(grid[max(place - 1, 0)])), float(grid[min(place + 1, grid.size - 1)])
    return best


class TestMaximum:
    @given(FAR_APART, st.booleans())
    def test_no_other_tau2_is_likelier(self, studies: Studies, restricted: bool) -> None:
        body = body_of(*numbers(studies))
        tau2, maxima = body.maximum(restricted=restricted)
        assert maxima >= 1
        best = body.log_likelihood(tau2, restricted=restricted)
        for other in (0.0, *np.geomspace(1e-6, max(1.0, 4 * body.spread), 400).tolist()):
            assert body.log_likelihood(other, restricted=restricted) <= best + 1e-9 * (1 + abs(best))

    def test_of_five_hundred_bodies_of_all_kinds_no_tau2_is_likelier(self) -> None:
        several = 0
        for effects, variances in bodies_of_all_kinds(500):
            body = body_of(effects, variances)
            for restricted in (True, False):
                tau2, maxima = body.maximum(restricted=restricted)
                several += maxima > 1
                found, best = body.log_likelihood(tau2, restricted=restricted), highest_on_a_grid(body, restricted=restricted)
                assert found >= best - 1e-11 * (1 + abs(best))
        assert several >= 50

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
            if rises(low) and not rises(high) and meets_once(low, high, body.v_max, body.k - 1):
                signs = [bool(rises(body.at(tau2))) for tau2 in np.linspace(start, end, 50).tolist()]
                assert sum(one != other for one, other in pairwise(signs)) == 1
            if falls_beyond(low, body.spread * one_body.SLACK):
                assert not any(rises(body.at(tau2)) for tau2 in (start, *np.geomspace(start + 1, 1e12, 50).tolist()))
            if rises_beyond(low, body.v_max):
                signs = [bool(rises(body.at(tau2))) for tau2 in (start, *np.geomspace(start + 1, 1e12, 50).tolist())]
                assert sum(one != other for one, other in pairwise(signs)) <= 1

    def test_a_step_that_leads_out_of_the_bracket_is_halved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        effects, variances = [0.1, 1.5, -0.7, 0.4], [0.04, 0.05, 0.06, 0.01]
        expected = body_of(effects, variances).maximum()[0]
        monkeypatch.setattr(one_body, "step_towards_root", lambda point, other: math.nan)
        monkeypatch.setattr(one_body, "newton_step", lambda point: math.inf)
        monkeypatch.setattr(one_body, "expected_root", lambda *_: math.nan)
        assert body_of(effects, variances).maximum()[0] == pytest.approx(expected, rel=1e-9)

    def test_so_it_is_for_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        effects, variances = [[0.1, 1.5, -0.7, 0.4]] * 2, [[0.04, 0.05, 0.06, 0.01]] * 2
        model = PoolingModel(tau2_interval=False)
        expected = pool_many(effects, variances, model).tau2
        monkeypatch.setattr("app.synthesis.many_bodies.step_towards_root", lambda point, other: np.full(point.tau2.size, np.nan))
        monkeypatch.setattr("app.synthesis.many_bodies.newton_step", lambda point: np.full(point.tau2.size, np.inf))
        assert pool_many(effects, variances, model).tau2 == pytest.approx(expected, rel=1e-9)


class TestWithoutEach:
    EFFECTS, VARIANCES = [0.1, 1.5, -0.7, 0.4, 2.0], [0.04, 0.05, 0.06, 0.01, 0.3]

    def test_gives_the_bodies_of_the_other_studies_on_the_same_scale(self) -> None:
        body = body_of(self.EFFECTS, self.VARIANCES)
        for i, rest in enumerate(body.without_each()):
            if i == 3:
                assert rest is None  # the most precise one has made the scale
                continue
            alone = body_of(np.delete(self.EFFECTS, i).tolist(), np.delete(self.VARIANCES, i).tolist())
            assert rest is not None
            assert rest.k == 4
            assert rest.spread == pytest.approx(alone.spread, rel=1e-13)
            assert rest.at_zero == pytest.approx(alone.at_zero, rel=1e-12)
            assert rest.at(0.7) == pytest.approx(alone.at(0.7), rel=1e-12)
            assert rest.weights(rest.at(0.7)) == pytest.approx(alone.weights(alone.at(0.7)), rel=1e-12)
            assert rest.log_likelihood(0.7) == pytest.approx(alone.log_likelihood(0.7), rel=1e-12)

    def test_nothing_of_a_study_far_away_stays_behind(self) -> None:
        effects, variances = [*self.EFFECTS, 1e9], [*self.VARIANCES, 1e9]
        *_, rest = body_of(effects, variances).without_each()
        assert rest is not None
        assert rest.at_zero == pytest.approx(body_of(self.EFFECTS, self.VARIANCES).at_zero, rel=1e-12)
