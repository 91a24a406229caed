"""Whatever the numbers, every diagnostic gives finite numbers or a reason: no exception, no warning (they are errors), no NaN.

Values come from the edges of floating-point numbers and from ordinary ones, in all mixtures, at k = 0 to 6.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.synthesis.effect_sizes import Effects, peto_odds_ratio, ratio_of_means, standardised_mean_difference_unequal_sd
from app.synthesis.fail_safe import orwin, rosenberg, rosenthal
from app.synthesis.influence import influence
from app.synthesis.mantel_haenszel import (
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
    peto,
)
from app.synthesis.meta_regression import MetaRegression, meta_regression, predict
from app.synthesis.mixed_effects import ModelMethod, TestMethod
from app.synthesis.rank_correlation import rank_correlation
from app.synthesis.small_study_effects import egger, egger_mixed, peters
from app.synthesis.subgroups import subgroups_with_common_tau2, subgroups_with_separate_tau2
from app.synthesis.trim_and_fill import trim_and_fill

METHODS: tuple[ModelMethod, ...] = ("EE", "DL", "SJ", "PM", "ML", "REML")
TESTS: tuple[TestMethod, ...] = ("z", "knha", "adhoc")

EDGES = [
    0.0,
    1.0,
    -1.0,
    0.3,
    0.1 + 0.2,
    2.5,
    1e-8,
    1e10,
    1e75,
    1e-160,
    1e150,
    -1e150,
    1e-300,
    1e300,
    -1e300,
    5e-324,
    1.7e308,
    math.nan,
    math.inf,
]
NUMBERS = st.one_of(st.sampled_from(EDGES), st.floats(-3, 3))
VARIANCES = st.one_of(st.sampled_from([abs(edge) for edge in EDGES]), st.floats(0.01, 3))
COUNTS = st.one_of(st.integers(0, 20).map(float), st.sampled_from([1e300, 1e150, 1e-300, 1.7e308, -1.0, math.nan, math.inf]))
STUDIES = st.lists(st.tuples(NUMBERS, VARIANCES, NUMBERS, st.sampled_from("ab")), max_size=6)
TABLES = st.lists(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS), max_size=6)
MANY = settings(max_examples=100, deadline=None)

OF_STUDIES: dict[str, Callable[..., Any]] = {
    **{f"influence-{method}": partial(influence, tau2_method=method) for method in ("DL", "REML")},
    **{f"egger-mixed-{method}": partial(egger_mixed, tau2_method=method) for method in METHODS},
    **{f"egger-{predictor}": partial(egger, predictor=predictor) for predictor in ("se", "variance")},
    "egger-1/n": lambda effects, variances: egger(effects, variances, predictor="1/n", n=variances),
    **{f"trim-and-fill-{rule}": partial(trim_and_fill, estimator=rule, tau2_method="DL") for rule in ("L0", "R0")},
    "rosenthal": rosenthal,
    "orwin": orwin,
    "rosenberg": rosenberg,
    "rank-correlation": rank_correlation,
}
OF_TABLES = (peters, mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, mantel_haenszel_risk_difference, peto)


def numbers_in(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from numbers_in(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for member in value:
            yield from numbers_in(member)


def is_sound(result: object) -> bool:
    return all(math.isfinite(number) for number in numbers_in(result))


class TestEveryAnswerIsFiniteOrAReason:
    @pytest.mark.parametrize("name", OF_STUDIES)
    @MANY
    @given(STUDIES)
    def test_of_effects_and_variances(self, name: str, studies: list[tuple[float, float, float, str]]) -> None:
        result = OF_STUDIES[name]([study[0] for study in studies], [study[1] for study in studies])
        assert is_sound(result), result

    @pytest.mark.parametrize("method", METHODS)
    @MANY
    @given(STUDIES, st.sampled_from(TESTS), NUMBERS)
    def test_of_meta_regression(
        self, method: ModelMethod, studies: list[tuple[float, float, float, str]], test: TestMethod, at: float
    ) -> None:
        y, v, x = ([study[i] for study in studies] for i in range(3))
        result = meta_regression(y, v, x, tau2_method=method, test=test)
        assert is_sound(result), result
        if isinstance(result, MetaRegression):
            assert is_sound(predict(result, at))

    @pytest.mark.parametrize("method", METHODS)
    @MANY
    @given(STUDIES, st.sampled_from(TESTS))
    def test_of_subgroups(self, method: ModelMethod, studies: list[tuple[float, float, float, str]], test: TestMethod) -> None:
        y, v, _, groups = zip(*studies, strict=True) if studies else ((), (), (), ())
        assert is_sound(subgroups_with_common_tau2(y, v, groups, tau2_method=method, test=test))
        assert is_sound(subgroups_with_separate_tau2(y, v, groups))

    @pytest.mark.parametrize("pooling", OF_TABLES)
    @MANY
    @given(TABLES)
    def test_of_tables(self, pooling: Callable[..., Any], tables: list[tuple[float, float, float, float]]) -> None:
        a, b, c, d = ([table[i] for table in tables] for i in range(4))
        n1, n2 = [x + y for x, y in zip(a, b, strict=True)], [x + y for x, y in zip(c, d, strict=True)]
        assert is_sound(pooling(a, n1, c, n2))

    @pytest.mark.parametrize("measure", [ratio_of_means, standardised_mean_difference_unequal_sd])
    @MANY
    @given(st.tuples(COUNTS, NUMBERS, NUMBERS), st.tuples(COUNTS, NUMBERS, NUMBERS))
    def test_of_an_effect_size(self, measure: Callable[..., Effects], arm1: tuple[float, ...], arm2: tuple[float, ...]) -> None:
        effect, variance = measure(*arm1, *arm2)
        assert not np.isinf(effect)
        assert not np.isinf(variance)
        assert np.isnan(effect) == np.isnan(variance)

    @MANY
    @given(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS))
    def test_of_petos_odds_ratio(self, table: tuple[float, ...]) -> None:
        effect, variance = peto_odds_ratio(*table)
        assert not np.isinf(effect)
        assert not np.isinf(variance)
