"""Many bodies at once against one body at a time; the numbers themselves are held to metafor's in `test_pooling`, both ways.

The two ways add the studies up in a different order, so they may differ by rounding: `CLOSE` of the number, or of its natural
scale. Among bodies pooled at once not one digit may depend on what stands beside.
"""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.heterogeneity import TAU2_ESTIMATORS
from app.synthesis.pool_many import pool_many
from app.synthesis.pooled_batch import NUMBERS, REASONS, UNKNOWN_ESTIMATOR, PooledBatch
from app.synthesis.pooling import SEVERAL_MAXIMA, pool
from app.synthesis.pooling_model import BY_METHOD, COMMON, PoolingModel
from tests.synthesis.reference_values import analyses

CLOSE = 1e-12
MODELS = (
    BY_METHOD,
    COMMON,
    *(PoolingModel(method) for method in TAU2_ESTIMATORS),
    PoolingModel("REML", "z", tau2_interval=False),
    PoolingModel("DL", guard=False, prediction="riley"),
)
STUDIES = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=1, max_size=25)
BODIES = st.lists(STUDIES, min_size=1, max_size=8)
HOSTILE = st.lists(
    st.tuples(st.floats(), st.floats() | st.floats(min_value=5e-324, allow_infinity=False)),
    max_size=6,
)
Columns = tuple[list[list[float]], list[list[float]]]


def columns(bodies: Sequence[Sequence[tuple[float, float]]]) -> Columns:
    return [[y for y, _ in body] for body in bodies], [[se**2 for _, se in body] for body in bodies]


def one_at_a_time(effects: Sequence[Any], variances: Sequence[Any], model: PoolingModel) -> list[PooledEffect | NotPooled]:
    if model is COMMON:
        options: dict[str, Any] = {"tau2_method": "EE", "ci": "z"}
    else:
        options = {field.name: getattr(model, field.name) for field in fields(model)}
    return [pool(y, v, **options) for y, v in zip(effects, variances, strict=True)]


def scale_of(name: str, pooled: PooledEffect) -> float:
    if name in {"tau2", "tau2_se", "tau2_ci_low", "tau2_ci_high"}:
        return (pooled.tau2_ci_high or 0.0) + pooled.se**2 * pooled.k
    return {"i2": 100.0, "h2": 1.0, "q": float(pooled.k), "q_p": 1.0, "p": 1.0}.get(name, pooled.se)


def differences(one: PooledEffect | NotPooled, other: PooledEffect | NotPooled) -> list[str]:
    """The members that differ by more than rounding."""
    if isinstance(one, NotPooled) or isinstance(other, NotPooled):
        return [] if one == other else [f"{one} / {other}"]
    found = []
    for name in NUMBERS:
        mine, theirs = getattr(one, name), getattr(other, name)
        if (mine is None) != (theirs is None):
            found.append(name)
        elif mine is not None and abs(mine - theirs) > CLOSE * (abs(mine) + scale_of(name, one)):
            found.append(f"{name}: {mine} / {theirs}")
    if one.weights != pytest.approx(other.weights, rel=CLOSE, abs=CLOSE):
        found.append("weights")
    blank: dict[str, Any] = {**dict.fromkeys(NUMBERS), "weights": ()}
    return found if one._replace(**blank) == other._replace(**blank) else [*found, "the rest"]


def same_digits(one: PooledBatch, other: PooledBatch, *, order: Sequence[int]) -> bool:
    mine, theirs = one.rows(), other.rows()
    return [mine[i] for i in order] == list(theirs)


class TestAgainstOneAtATime:
    @pytest.mark.parametrize("model", MODELS, ids=str)
    @given(bodies=BODIES)
    @settings(max_examples=60)
    def test_every_number_and_every_word_is_the_same(self, model: PoolingModel, bodies: list[list[tuple[float, float]]]) -> None:
        effects, variances = columns(bodies)
        for one, other in zip(one_at_a_time(effects, variances, model), pool_many(effects, variances, model).rows(), strict=True):
            assert differences(one, other) == []

    @pytest.mark.parametrize("model", MODELS, ids=str)
    def test_so_it_is_for_all_reference_data_sets_together(self, model: PoolingModel) -> None:
        effects, variances = [each.effects for each in analyses()], [each.variances for each in analyses()]
        batch = pool_many(effects, variances, model).rows()
        assert len(batch) == 77
        for one, other in zip(one_at_a_time(effects, variances, model), batch, strict=True):
            assert differences(one, other) == []

    def test_a_thousand_bodies_of_all_kinds_take_the_same_maximum(self) -> None:
        rng = np.random.default_rng(20261122)
        effects, variances = [], []
        for _ in range(1000):
            k = int(rng.integers(2, rng.choice([8, 40])))
            v = np.exp(rng.normal(-2, rng.choice([0.3, 1, 2, 4]), k))
            effects.append(rng.normal(0.3, np.sqrt(v * rng.choice([1, 3]) + rng.choice([0, 0.1, 1, 10]))))
            variances.append(v)
        model = PoolingModel(tau2_interval=False)
        batch = pool_many(effects, variances, model)
        alone = one_at_a_time(effects, variances, model)
        assert [differences(one, other) for one, other in zip(alone, batch.rows(), strict=True)] == [[]] * 1000
        assert 0 < int(batch.several_maxima.sum()) < 100

    def test_several_maxima_are_told(self) -> None:
        gibson = next(each for each in analyses() if each.name == "gibson2002-MD")
        (row,) = pool_many([gibson.effects], [gibson.variances]).rows()
        assert isinstance(row, PooledEffect)
        assert row.warnings == (SEVERAL_MAXIMA,)


class TestWhatStandsBeside:
    @given(bodies=BODIES, random=st.randoms(use_true_random=False), model=st.sampled_from(MODELS))
    def test_the_order_of_bodies_changes_no_digit(self, bodies: Any, random: Any, model: PoolingModel) -> None:
        effects, variances = columns(bodies)
        order = list(range(len(bodies)))
        random.shuffle(order)
        there = pool_many(effects, variances, model)
        assert same_digits(there, pool_many([effects[i] for i in order], [variances[i] for i in order], model), order=order)

    @given(bodies=BODIES, model=st.sampled_from(MODELS))
    def test_alone_or_beside_others_no_digit_changes(self, bodies: Any, model: PoolingModel) -> None:
        effects, variances = columns(bodies)
        together = pool_many(effects, variances, model).rows()
        alone = [pool_many([y], [v], model).rows()[0] for y, v in zip(effects, variances, strict=True)]
        assert list(together) == alone

    @given(bodies=BODIES, longest=st.integers(25, 60), filling=st.sampled_from([0.0, 7.0, math.nan, math.inf]))
    def test_what_fills_up_a_table_is_never_read(self, bodies: Any, longest: int, filling: float) -> None:
        effects, variances = columns(bodies)
        y, v = np.full((2, len(bodies), longest), filling)
        for i, (effect, variance) in enumerate(zip(effects, variances, strict=True)):
            y[i, : len(effect)], v[i, : len(variance)] = effect, variance
        table = pool_many(y, v, sizes=[len(body) for body in bodies])
        assert same_digits(pool_many(effects, variances), table, order=range(len(bodies)))

    def test_more_bodies_than_a_block_holds_change_no_digit(self) -> None:
        rng = np.random.default_rng(7)
        sizes = rng.integers(1, 60, 3000)
        effects = [rng.normal(0, 1, k) for k in sizes]
        variances = [rng.uniform(0.1, 1, k) for k in sizes]
        whole = pool_many(effects, variances).rows()
        assert whole[100:140] == pool_many(effects[100:140], variances[100:140]).rows()


class TestNotPooled:
    CASES: tuple[tuple[list[float], list[float]], ...] = (
        ([], []),
        ([0.1, math.nan], [0.1, 0.1]),
        ([0.1, 0.2], [0.1, math.inf]),
        ([0.1, 0.2], [0.1, math.nan]),
        ([0.1, 0.2], [0.1, 0.0]),
        ([0.1, 0.2], [-math.inf, 0.1]),
        ([0.1, 0.2], [-0.1, 0.1]),
        ([0.1, 0.2], [0.1]),
        ([1e150, -1e150], [1e-3, 1.0]),
        ([1e308, 1.5e308, 1.2e308], [1e307, 1e307, 1e307]),
        ([0.0, 1e160], [1e300, 1e300]),
    )

    def test_reasons_are_those_of_one_body_and_spoil_no_other(self) -> None:
        good = ([0.2, 0.5, -0.1], [0.04, 0.09, 0.05])
        effects = [effect for case in self.CASES for effect in (case[0], good[0])]
        variances = [variance for case in self.CASES for variance in (case[1], good[1])]
        batch = pool_many(effects, variances)
        assert list(batch.rows()[::2]) == [pool(*case) for case in self.CASES]
        assert set(batch.rows()[1::2]) == set(pool_many([good[0]], [good[1]]).rows())
        assert batch.pooled.tolist() == [False, True] * len(self.CASES)

    def test_identical_effects_have_no_unguarded_interval(self) -> None:
        (row,) = pool_many([[0.2, 0.2, 0.2]], [[0.1, 0.2, 0.3]], PoolingModel(guard=False)).rows()
        assert row == pool([0.2, 0.2, 0.2], [0.1, 0.2, 0.3], guard=False)
        assert isinstance(row, NotPooled)

    def test_an_unknown_estimator_pools_nothing(self) -> None:
        assert pool_many([[0.1, 0.2]], [[0.1, 0.1]], PoolingModel("XX")).rows() == (NotPooled(UNKNOWN_ESTIMATOR),)

    def test_no_bodies_give_no_rows(self) -> None:
        assert len(pool_many([], [])) == 0
        assert pool_many([], []).rows() == ()

    @given(st.lists(HOSTILE, max_size=6), st.sampled_from(MODELS))
    def test_no_input_gives_an_infinite_or_undefined_number_or_a_warning(self, bodies: Any, model: PoolingModel) -> None:
        effects, variances = [[y for y, _ in body] for body in bodies], [[v for _, v in body] for body in bodies]
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            rows = pool_many(effects, variances, model).rows()
        for row, alone in zip(rows, one_at_a_time(effects, variances, model), strict=True):
            assert isinstance(row, NotPooled) == isinstance(alone, NotPooled)
            numbers = [] if isinstance(row, NotPooled) else [getattr(row, name) for name in NUMBERS]
            assert all(number is None or math.isfinite(number) for number in numbers)

    @pytest.mark.parametrize("size", [1e-300, 1e-150, 1e-30, 1e30, 1e149])
    def test_effects_of_any_magnitude_are_pooled(self, size: float) -> None:
        effects, variances = np.array([0.2, 0.5, -0.1, 0.4]) * size, np.array([0.04, 0.09, 0.05, 0.02]) * max(size**2, 1e-290)
        (row,) = pool_many([effects], [variances], BY_METHOD).rows()
        assert differences(pool(effects, variances, ci="by-number-of-studies"), row) == []
        assert isinstance(row, PooledEffect)


class TestPooledBatch:
    def test_arrays_hold_what_the_rows_hold(self) -> None:
        batch = pool_many([[0.2, 0.5, -0.1], [0.3], []], [[0.04, 0.09, 0.05], [0.04], []])
        first, second, third = batch.rows()
        assert isinstance(first, PooledEffect)
        assert isinstance(second, PooledEffect)
        assert third == NotPooled(REASONS[batch.reason[2]])
        assert (batch.k.tolist(), batch.pooled.tolist()) == ([3, 1, 0], [True, True, False])
        assert [getattr(batch, name)[0] for name in NUMBERS] == [getattr(first, name) for name in NUMBERS]
        assert (second.estimate, second.weights, second.tau2, second.tau2_method) == (0.3, (1.0,), None, "none")
        assert np.isnan([getattr(batch, name)[2] for name in NUMBERS]).all()
        assert batch.weights[batch.offsets[0] : batch.offsets[1]].tolist() == list(first.weights)
