"""Pooling against metafor: every estimator, every way to make the interval, every data set; leave-one-out and cumulative.

Known deviations, each on purpose:
- Identical effects with an unguarded Hartung-Knapp interval (`knha`): metafor prints an interval without width and p = 0; here
  it is `NotPooled`. The guarded interval, which is the method's, is the same in both.
- One study: metafor prints a prediction interval and a tau2 of 0; here both are None.
- Two studies: metafor prints a prediction interval; the method gives none below three studies.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.pool_many import pool_many
from app.synthesis.pooling import SEVERAL_MAXIMA, Fitting, common_effect, cumulative, leave_one_out, pool, pool_by_method
from app.synthesis.pooling_model import BY_METHOD, COMMON, PoolingModel
from tests.synthesis.reference_values import Analysis, Compared, analyses, column, disagreements, load
from tests.synthesis.test_pool_many import MODELS, differences

RANDOM_MODELS = ("DL", "HE", "SJ", "PM", "EB", "ML", "REML")
TESTS = ("z", "knha", "adhoc")
NO_WIDTH = {("syn_identical_effects-generic", "knha")}
BY_NAME = {analysis.name: analysis for analysis in analyses()}
CASES = [(name, model, test) for name in BY_NAME for model in RANDOM_MODELS for test in TESTS if (name, test) not in NO_WIDTH]
SEQUENCES = [
    (name, kind, model)
    for name, analysis in BY_NAME.items()
    for kind in ("leave1out", "cumul")
    for model in analysis.block.get("diagnostics", {}).get(kind, {})
]
FITTING: dict[str, Fitting | PoolingModel] = {
    "EE": common_effect,
    "DL": partial(pool, tau2_method="DL", ci="z"),
    "REML": partial(pool, tau2_method="REML", ci="z"),
    "REML_knha": partial(pool, tau2_method="REML", ci="hartung-knapp", guard=False),
}
ALL_AT_ONCE: dict[str, Fitting | PoolingModel] = {
    "EE": COMMON,
    "DL": PoolingModel("DL", ci="z"),
    "REML": PoolingModel("REML", ci="z"),
    "REML_knha": PoolingModel("REML", guard=False),
}
ANY_NUMBER = st.one_of(
    st.floats(-3, 3), st.sampled_from([0.0, 1e-300, 5e-324, 1e-160, 1e75, 1e150, 1e300, -1e300, 1.7e308, math.nan, math.inf])
)
WAYS = ("one", "many")
"""Pooled alone by plain numbers, or by arrays, all data sets in one call."""


def fitted(result: PooledEffect | NotPooled) -> PooledEffect:
    assert isinstance(result, PooledEffect), result
    return result


def pooled(analysis: Analysis, model: str, test: str, way: str = "one", *, prediction: Literal["t", "riley"] = "t") -> PooledEffect:
    ci: Literal["z", "hartung-knapp"] = "z" if test == "z" else "hartung-knapp"
    if way == "many":
        return fitted(all_pooled(PoolingModel(model, ci, test != "knha", prediction))[analysis.name])
    return fitted(pool(analysis.effects, analysis.variances, tau2_method=model, ci=ci, guard=test != "knha", prediction=prediction))


@cache
def all_pooled(model: PoolingModel) -> dict[str, PooledEffect | NotPooled]:
    """Every data set, of one study to forty-nine, in one call."""
    batch = pool_many([each.effects for each in analyses()], [each.variances for each in analyses()], model)
    return dict(zip(BY_NAME, batch.rows(), strict=True))


def estimate_compared(ours: PooledEffect, reference: dict[str, Any]) -> list[Compared]:
    se = reference["se"]
    return [
        Compared("estimate", ours.estimate, reference["beta"], se),
        Compared("se", ours.se, se),
        Compared("ci_low", ours.ci_low, reference["ci_lb"], se),
        Compared("ci_high", ours.ci_high, reference["ci_ub"], se),
        Compared("p", ours.p, reference["pval"]),
    ]


def heterogeneity_compared(ours: PooledEffect, reference: dict[str, Any]) -> list[Compared]:
    return [
        Compared("q", ours.q, reference["QE"], float(ours.k - 1)),
        Compared("q_p", ours.q_p, reference["QEp"]),
        Compared("i2", ours.i2, reference["I2"], 100.0),
        Compared("h2", ours.h2, reference["H2"], 1.0),
    ]


@cache
def model_compared(name: str, model: str, test: str, way: str = "one") -> list[Compared]:
    analysis = BY_NAME[name]
    block, ours = analysis.block["models"][model], pooled(analysis, model, test, way)
    reference, spread = block["tests"][test], analysis.mean_variance
    compared = estimate_compared(ours, reference)
    if analysis.k == 1:
        return compared
    compared += heterogeneity_compared(ours, block)
    compared += [Compared("tau2", ours.tau2, block["tau2"], spread), Compared("tau2_se", ours.tau2_se, block["se_tau2"], spread)]
    low, high = analysis.block["tau2_ci"]["QP"]["tau2"]
    compared += [Compared("tau2_ci_low", ours.tau2_ci_low, low, spread), Compared("tau2_ci_high", ours.tau2_ci_high, high, spread)]
    return compared if analysis.k == 2 else compared + prediction_compared(analysis, model, test, way)


def prediction_compared(analysis: Analysis, model: str, test: str, way: str) -> list[Compared]:
    reference = analysis.block["models"][model]["tests"][test]
    compared = []
    predictions: tuple[Literal["t", "riley"], ...] = ("t", "riley")
    for prediction in predictions:
        ours = pooled(analysis, model, test, way, prediction=prediction)
        low, high = reference["pi"][prediction]
        compared += [Compared(f"pi_low {prediction}", ours.pi_low, low, reference["se"])]
        compared += [Compared(f"pi_high {prediction}", ours.pi_high, high, reference["se"])]
    return compared


def common_effect_of(analysis: Analysis, way: str) -> PooledEffect:
    return fitted(all_pooled(COMMON)[analysis.name] if way == "many" else common_effect(analysis.effects, analysis.variances))


def weights_compared(name: str, model: str, way: str) -> list[Compared]:
    analysis = BY_NAME[name]
    ours = common_effect_of(analysis, way) if model == "EE" else pooled(analysis, model, "z", way)
    reference = analysis.block["models"][model]["weights_pct"]
    return [Compared(f"weight {i}", 100 * mine, theirs) for i, (mine, theirs) in enumerate(zip(ours.weights, reference, strict=True))]


@cache
def sequence_compared(name: str, kind: str, model: str, way: str = "one") -> list[Compared]:
    """`kind` leave1out or cumul: one pool for each row of the reference."""
    analysis = BY_NAME[name]
    block, fit = analysis.block["diagnostics"][kind][model], (ALL_AT_ONCE if way == "many" else FITTING)[model]
    if kind == "cumul":
        order = [position - 1 for position in block["order"]]
        results = cumulative(analysis.effects, analysis.variances, order, fit=fit)
    else:
        results = leave_one_out(analysis.effects, analysis.variances, fit=fit)
    compared = []
    for row, result in enumerate(results):
        reference = {key: values[row] for key, values in block.items() if isinstance(values, list)}
        compared += sequence_row_compared(result, reference, analysis.mean_variance)
    return compared


def sequence_row_compared(result: PooledEffect | NotPooled, reference: dict[str, Any], spread: float) -> list[Compared]:
    if reference["se"] < 1e-12 * math.sqrt(spread):  # identical effects, unguarded: see the known deviations
        assert isinstance(result, NotPooled)
        return []
    ours = fitted(result)
    compared = estimate_compared(ours, reference)
    if ours.k > 1:
        compared += heterogeneity_compared(ours, reference)
    if ours.k > 1 and ours.tau2 is not None:
        compared.append(Compared("tau2", ours.tau2, reference["tau2"], spread))
    return compared


class TestPoolAgainstMetafor:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(("name", "model", "test"), CASES)
    def test_every_number_agrees(self, name: str, model: str, test: str, way: str) -> None:
        assert disagreements(model_compared(name, model, test, way)) == []

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("name", BY_NAME)
    @pytest.mark.parametrize("model", ["EE", "DL", "REML"])
    def test_weights_agree(self, name: str, model: str, way: str) -> None:
        assert disagreements(weights_compared(name, model, way)) == []

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("name", BY_NAME)
    def test_common_effect_agrees(self, name: str, way: str) -> None:
        analysis = BY_NAME[name]
        block, ours = analysis.block["models"]["EE"], common_effect_of(analysis, way)
        compared = estimate_compared(ours, block["tests"]["z"])
        assert disagreements(compared + (heterogeneity_compared(ours, block) if ours.k > 1 else [])) == []

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(("name", "kind", "model"), SEQUENCES)
    def test_leave_one_out_and_cumulative_agree(self, name: str, kind: str, model: str, way: str) -> None:
        assert disagreements(sequence_compared(name, kind, model, way)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert (len(BY_NAME), len(CASES), len(SEQUENCES)) == (77, 1610, 168)
        for way in WAYS:
            assert sum(len(model_compared(*case, way)) for case in CASES) == 26_194
            assert sum(len(sequence_compared(*case, way)) for case in SEQUENCES) == 25_818

    @pytest.mark.parametrize("way", WAYS)
    def test_tau2_estimate_and_se_agree_with_50_digits(self, way: str) -> None:
        exact = load("exact-tau2")["values"]
        compared = []
        for name, analysis in BY_NAME.items():
            for model, reference in exact.get(analysis.dataset, {}).get(analysis.measure, {}).items():
                ours, se = pooled(analysis, model, "z", way), float(reference["se"])
                compared += [Compared(f"{name} {model} tau2", ours.tau2, float(reference["tau2"]), analysis.mean_variance)]
                compared += [Compared(f"{name} {model} estimate", ours.estimate, float(reference["beta"]), se)]
                compared += [Compared(f"{name} {model} se", ours.se, se)]
        assert disagreements(compared) == []
        assert len(compared) == 1533

    def test_identical_effects_have_no_unguarded_interval(self) -> None:
        analysis = BY_NAME["syn_identical_effects-generic"]
        assert isinstance(pool(analysis.effects, analysis.variances, guard=False), NotPooled)


class TestWorkedExamples:
    @pytest.mark.parametrize(
        ("example", "analysis"),
        [("bcg_rr_reml", "bcg-RR"), ("bcg_or_ml", "bcg-OR"), ("teacher_expectancy_reml", "raudenbush1985-generic")],
    )
    def test_published_numbers_come_out(self, example: str, analysis: str) -> None:
        block = load("worked-examples")["examples"][example]
        ours = pooled(BY_NAME[analysis], block["given"]["method"], "z")
        names = {"beta": "estimate", "ci_lb": "ci_low", "ci_ub": "ci_high", "se_tau2": "tau2_se", "tau2_lb": "tau2_ci_low"}
        names |= {"tau2_ub": "tau2_ci_high", "I2": "i2", "H2": "h2", "Q": "q", "se": "se", "tau2": "tau2"}
        for key, value in block["computed"].items():
            assert getattr(ours, names[key]) == pytest.approx(value, rel=1e-9), key


class TestPoolByMethod:
    EFFECTS, VARIANCES = column([0.2, 0.5, -0.1, 0.4]), column([0.04, 0.09, 0.05, 0.02])

    def test_one_study_is_the_study_itself(self) -> None:
        ours = fitted(pool_by_method([0.3], [0.04]))
        assert (ours.k, ours.estimate, ours.ci_method, ours.weights) == (1, 0.3, "single-study", (1.0,))
        assert ours.se == pytest.approx(0.2)
        assert (ours.ci_low, ours.ci_high) == pytest.approx((0.3 - 1.959963984540054 * 0.2, 0.3 + 1.959963984540054 * 0.2))
        assert (ours.tau2, ours.q, ours.i2, ours.pi_low, ours.pi_high) == (None, None, None, None, None)

    def test_two_studies_take_wald_and_no_prediction_interval(self) -> None:
        ours = fitted(pool_by_method(self.EFFECTS[:2], self.VARIANCES[:2]))
        assert (ours.k, ours.tau2_method, ours.ci_method, ours.pi_low, ours.pi_high) == (2, "REML", "wald", None, None)
        assert ours.tau2_ci_high is not None

    def test_three_studies_take_guarded_hartung_knapp_and_a_prediction_interval(self) -> None:
        ours = fitted(pool_by_method(self.EFFECTS[:3], self.VARIANCES[:3]))
        assert (ours.k, ours.tau2_method, ours.ci_method) == (3, "REML", "hartung-knapp")
        assert ours.pi_low is not None
        assert ours.pi_high is not None
        assert ours.pi_low <= ours.ci_low < ours.ci_high <= ours.pi_high

    def test_several_maxima_of_the_likelihood_are_told(self) -> None:
        analysis = BY_NAME["gibson2002-MD"]
        ours = fitted(pool_by_method(analysis.effects, analysis.variances))
        assert ours.warnings == (SEVERAL_MAXIMA,)
        assert fitted(pool_by_method(self.EFFECTS, self.VARIANCES)).warnings == ()


class TestNotPooled:
    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([], [], "no study"),
            ([0.1, math.nan], [0.1, 0.1], "not a finite number"),
            ([0.1, 0.2], [0.1, math.inf], "not a finite number"),
            ([0.1, 0.2], [0.1, 0.0], "variance is not above zero"),
            ([0.1, 0.2], [-0.1, 0.1], "variance is not above zero"),
            ([0.1, 0.2], [0.1], "same length"),
            ([1e150, -1e150], [1e-3, 1.0], "floating-point"),
            ([1e308, 1.5e308, 1.2e308], [1e307, 1e307, 1e307], "floating-point"),
        ],
    )
    def test_the_reason_is_a_value(self, effects: list[float], variances: list[float], reason: str) -> None:
        for fit in (pool, pool_by_method, common_effect):
            result = fit(effects, variances)
            assert isinstance(result, NotPooled)
            assert reason in result.reason

    def test_a_tau2_too_large_to_write_is_not_pooled(self) -> None:
        result = pool([0.0, 1e160], [1e300, 1e300])
        assert isinstance(result, NotPooled)
        assert "floating-point" in result.reason

    @pytest.mark.parametrize("far", [1e10, 1e40, 1e74, 1e75])
    def test_an_effect_however_far_away_is_pooled_as_one_of_that_size(self, far: float) -> None:
        result = fitted(pool([0.0, 0.0, far], [1.0, 1.0, 2.5]))
        assert result.tau2 == pytest.approx(far * far / 3, rel=1e-9)
        assert result.estimate == pytest.approx(far / 3, rel=1e-9)

    def test_an_unknown_estimator_is_named(self) -> None:
        result = pool([0.1, 0.2], [0.1, 0.1], tau2_method="XX")
        assert isinstance(result, NotPooled)
        assert "XX" in result.reason

    @given(
        st.lists(
            st.tuples(st.floats(), st.floats() | st.floats(min_value=5e-324, allow_infinity=False)),
            max_size=8,
        ),
        st.sampled_from(RANDOM_MODELS),
        st.booleans(),
    )
    def test_no_input_gives_an_infinite_or_undefined_number_or_a_warning(
        self, studies: list[tuple[float, float]], model: str, guard: bool
    ) -> None:
        effects, variances = [y for y, _ in studies], [v for _, v in studies]
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            for result in (pool(effects, variances, tau2_method=model, guard=guard), common_effect(effects, variances)):
                assert isinstance(result, NotPooled) or all(math.isfinite(x) for x in result if isinstance(x, float))

    @pytest.mark.parametrize("size", [1e-300, 1e-150, 1e-30, 1e30, 1e149])
    def test_effects_of_any_magnitude_are_pooled(self, size: float) -> None:
        effects, variances = np.array([0.2, 0.5, -0.1, 0.4]), np.array([0.04, 0.09, 0.05, 0.02])
        variance_size = max(size**2, 1e-290)
        result = fitted(pool_by_method(effects * size, variances * variance_size))
        assert fitted(common_effect(effects * size, variances * variance_size)).k == 4
        if variance_size == size**2:
            assert result.estimate / size == pytest.approx(fitted(pool_by_method(effects, variances)).estimate, rel=1e-9)

    @pytest.mark.parametrize("ratio", [1e-140, 1e-20, 1e20, 1e140])
    def test_a_study_of_no_precision_changes_nothing(self, ratio: float) -> None:
        smallest = min(1.0, ratio)
        result = fitted(common_effect([0.2, 0.6], [1.0, ratio]))
        assert result.estimate == pytest.approx(0.2 if ratio > 1 else 0.6, rel=1e-9)
        assert result.se == pytest.approx(math.sqrt(smallest), rel=1e-9)
        assert isinstance(pool_by_method([0.2, 0.6, 0.3], [1.0, ratio, 1.0]), PooledEffect)


STUDIES = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=1, max_size=12)
SEVERAL = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=2, max_size=12)


def split(studies: list[tuple[float, float]]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return np.array([y for y, _ in studies]), np.array([se for _, se in studies]) ** 2


class TestProperties:
    @given(STUDIES, st.randoms(use_true_random=False))
    def test_the_order_of_studies_does_not_matter(self, studies: list[tuple[float, float]], random: Any) -> None:
        order = list(range(len(studies)))
        random.shuffle(order)
        (y, v), there = split(studies), fitted(pool_by_method(*split(studies)))
        back = fitted(pool_by_method(y[order], v[order]))
        assert back.estimate == pytest.approx(there.estimate, abs=1e-6 * there.se)
        assert back.se == pytest.approx(there.se, rel=1e-6)
        assert [back.weights[i] for i in np.argsort(order)] == pytest.approx(there.weights, rel=1e-6)

    @given(STUDIES, st.floats(1e-6, 1e6))
    def test_units_change_nothing_but_units(self, studies: list[tuple[float, float]], factor: float) -> None:
        (y, v), plain = split(studies), fitted(pool_by_method(*split(studies)))
        rescaled = fitted(pool_by_method(factor * y, factor**2 * v))
        assert rescaled.estimate / factor == pytest.approx(plain.estimate, abs=1e-6 * plain.se)
        assert rescaled.se / factor == pytest.approx(plain.se, rel=1e-6)
        assert rescaled.i2 is plain.i2 is None or rescaled.i2 == pytest.approx(plain.i2, abs=1e-4)

    @given(STUDIES, st.integers(-200, 200))
    def test_units_that_are_powers_of_two_change_no_digit(self, studies: list[tuple[float, float]], power: int) -> None:
        (y, v), plain = split(studies), fitted(pool_by_method(*split(studies)))
        rescaled = fitted(pool_by_method(y * 2.0**power, v * 4.0**power))
        assert (rescaled.estimate, rescaled.se) == (plain.estimate * 2.0**power, plain.se * 2.0**power)
        assert (rescaled.p, rescaled.i2, rescaled.q, rescaled.weights) == (plain.p, plain.i2, plain.q, plain.weights)

    @given(STUDIES)
    def test_turning_every_sign_mirrors_the_result(self, studies: list[tuple[float, float]]) -> None:
        (y, v), there = split(studies), fitted(pool_by_method(*split(studies)))
        back = fitted(pool_by_method(-y, v))
        assert (back.estimate, back.ci_low, back.ci_high) == (-there.estimate, -there.ci_high, -there.ci_low)
        assert (back.p, back.tau2, back.q, back.i2) == (there.p, there.tau2, there.q, there.i2)

    @given(st.floats(-3, 3), st.floats(0.05, 2))
    def test_one_study_pooled_is_the_study(self, effect: float, se: float) -> None:
        for result in (pool([effect], [se**2]), pool_by_method([effect], [se**2]), common_effect([effect], [se**2])):
            assert fitted(result).estimate == effect
            assert fitted(result).se == pytest.approx(se, rel=1e-15)

    @given(STUDIES)
    def test_doubling_every_study_keeps_the_common_effect_and_narrows_it(self, studies: list[tuple[float, float]]) -> None:
        y, v = split(studies)
        once, twice = fitted(common_effect(y, v)), fitted(common_effect(np.tile(y, 2), np.tile(v, 2)))
        assert twice.estimate == pytest.approx(once.estimate, abs=1e-12)
        assert twice.se == pytest.approx(once.se / math.sqrt(2), rel=1e-12)

    @given(SEVERAL)
    def test_the_estimate_lies_among_the_studies_and_weights_sum_to_one(self, studies: list[tuple[float, float]]) -> None:
        y, v = split(studies)
        result = fitted(pool_by_method(y, v))
        assert y.min() - 1e-9 <= result.estimate <= y.max() + 1e-9
        assert sum(result.weights) == pytest.approx(1, rel=1e-12)
        assert result.ci_low < result.estimate < result.ci_high

    @given(SEVERAL)
    def test_the_guarded_interval_is_never_narrower_than_its_quantile_times_the_plain_se(self, studies: list[tuple[float, float]]) -> None:
        assume(len(studies) > 2)
        guarded, wald = fitted(pool(*split(studies))), fitted(pool(*split(studies), ci="z"))
        assert guarded.se >= wald.se * (1 - 1e-12)
        assert guarded.ci_high - guarded.ci_low > wald.ci_high - wald.ci_low


class TestLeaveOneOut:
    def test_gives_one_pool_for_every_study_by_the_method(self) -> None:
        results = leave_one_out([0.1, 0.4, 0.2], [0.1, 0.2, 0.1])
        expected = pool_many([[0.4, 0.2], [0.1, 0.2], [0.1, 0.4]], [[0.2, 0.1], [0.1, 0.1], [0.1, 0.2]], BY_METHOD).rows()
        assert [differences(one, other) for one, other in zip(expected, results, strict=True)] == [[]] * 3

    @pytest.mark.parametrize("model", MODELS, ids=str)
    @pytest.mark.parametrize("k", [3, 4, 24, 25, 40])
    def test_each_is_the_pool_of_the_other_studies_whatever_the_way(self, k: int, model: PoolingModel) -> None:
        rng = np.random.default_rng(k)
        v = np.exp(rng.normal(-2, 1, k))
        y = rng.normal(0.3, np.sqrt(v + rng.choice([0, 0.5], k)))
        apart = pool_many([np.delete(y, i) for i in range(k)], [np.delete(v, i) for i in range(k)], model).rows()
        results = leave_one_out(y, v, fit=model)
        assert [differences(one, other) for one, other in zip(apart, results, strict=True)] == [[]] * k

    def test_a_study_that_cannot_be_pooled_spoils_only_the_pools_that_it_is_in(self) -> None:
        results = leave_one_out([0.1, math.nan, 0.3, 0.2], [0.1, 0.2, 0.3, 0.1])
        assert [type(result) for result in results] == [NotPooled, PooledEffect, NotPooled, NotPooled]

    @given(st.lists(st.tuples(ANY_NUMBER, ANY_NUMBER.map(abs)), max_size=6))
    def test_no_input_gives_an_infinite_or_undefined_number_or_a_warning(self, studies: list[tuple[float, float]]) -> None:
        effects, variances = [study[0] for study in studies], [study[1] for study in studies]
        order = range(len(studies))
        for result in (*leave_one_out(effects, variances), *cumulative(effects, variances, order)):
            if isinstance(result, PooledEffect):
                numbers = [number for number in result if isinstance(number, float)]
                assert all(map(math.isfinite, [*numbers, *result.weights]))

    def test_any_other_way_to_pool_is_called_for_each(self) -> None:
        results = leave_one_out([0.1, 0.4, 0.2], [0.1, 0.2, 0.1], fit=pool_by_method)
        assert results == (
            pool_by_method([0.4, 0.2], [0.2, 0.1]),
            pool_by_method([0.1, 0.2], [0.1, 0.1]),
            pool_by_method([0.1, 0.4], [0.1, 0.2]),
        )

    def test_lists_of_different_lengths_are_not_pooled(self) -> None:
        assert [type(result) for result in leave_one_out([0.1, 0.4], [0.1])] == [NotPooled, NotPooled]

    def test_without_the_only_study_nothing_is_left(self) -> None:
        (result,) = leave_one_out([0.1], [0.1])
        assert isinstance(result, NotPooled)


class TestCumulative:
    def test_adds_studies_in_the_order_given(self) -> None:
        results = cumulative([0.1, 0.4], [0.1, 0.2], [1, 0])
        assert results == pool_many([[0.4], [0.4, 0.1]], [[0.2], [0.2, 0.1]], BY_METHOD).rows()

    def test_of_nothing_is_nothing(self) -> None:
        assert cumulative([], [], []) == ()


MANY_KINDS_OF_STUDIES: dict[str, Callable[[np.random.Generator, int], tuple[Any, Any]]] = {
    "scattered": lambda random, k: (random.normal(0, 1, k), random.uniform(0.02, 0.5, k)),
    "no heterogeneity": lambda random, k: (random.normal(0, 0.01, k), random.uniform(0.5, 1.0, k)),
    "equal variances": lambda random, k: (random.normal(0, 1, k), np.full(k, 0.1)),
    "one outlier": lambda random, k: (np.append(random.normal(0, 0.1, k - 1), 50.0), random.uniform(0.02, 0.5, k)),
    "one very precise": lambda random, k: (random.normal(0, 1, k), np.append(random.uniform(0.02, 0.5, k - 1), 1e-12)),
}


class TestLeaveOneOutByAnyRoute:
    """Few studies are pooled one rest after the other, more as one block, very many as any other bodies."""

    @pytest.mark.parametrize("kind", MANY_KINDS_OF_STUDIES)
    @pytest.mark.parametrize("model", [BY_METHOD, PoolingModel("DL", "z"), PoolingModel("ML", guard=False), COMMON])
    @pytest.mark.parametrize("k", [3, 12, 13, 20, 100, 101])
    def test_each_rest_is_the_pool_of_the_others(self, k: int, model: PoolingModel, kind: str) -> None:
        effects, variances = MANY_KINDS_OF_STUDIES[kind](np.random.default_rng(k), k)
        for left_out, rest in enumerate(leave_one_out(effects, variances, fit=model)):
            kept = np.arange(k) != left_out
            alone = pool(
                effects[kept], variances[kept], tau2_method=model.tau2_method, ci=model.ci, guard=model.guard, prediction=model.prediction
            )
            assert agree_closely(fitted(rest), fitted(alone))

    @pytest.mark.parametrize("k", [5, 20])
    def test_a_rest_too_far_apart_is_refused_alone(self, k: int) -> None:
        """The most precise study holds the scale together: without it two others are further apart than numbers can hold."""
        effects, variances = np.zeros(k), np.full(k, 2.0)
        effects[1:3], variances[:2] = (-0.7e75, 0.7e75), (1.0, 1.5)
        rests = leave_one_out(effects, variances, fit=PoolingModel("DL", "z"))
        assert [place for place, rest in enumerate(rests) if isinstance(rest, NotPooled)] == [0]


def agree_closely(one: PooledEffect, other: PooledEffect) -> bool:
    """Every number to 1e-11 of itself, or of the standard error for what may be near zero."""
    assert (one.k, one.tau2_method, one.ci_method, one.warnings) == (other.k, other.tau2_method, other.ci_method, other.warnings)
    pairs = [
        (getattr(one, name), getattr(other, name))
        for name in ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "q", "i2", "pi_low", "pi_high")
    ]
    scale = one.se
    return all(
        (mine is None and theirs is None)
        or (mine is not None and theirs is not None and abs(mine - theirs) <= 1e-11 * abs(theirs) + 1e-11 * max(scale, scale**2))
        for mine, theirs in pairs
    )
