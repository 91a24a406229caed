"""Pooling many bodies at once, by arrays: what `pooling.pool` does for one body.

Bodies are sorted by their number of studies, taken in blocks that fit into the processor's cache, and each is filled up to the
longest of its block. No digit of a body depends on which others are pooled beside it, or on their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.synthesis.distributions import Z_975, chi2_survival, normal_two_sided_p, t_quantile, t_two_sided_p
from app.synthesis.heterogeneity import NOT_CONVERGED, Estimate, estimates_of, h2_from_tau2, i2_from_tau2, q_profile_of
from app.synthesis.many_bodies import NOWHERE, ManyBodies
from app.synthesis.pooled_batch import (
    CI_METHODS,
    COMMON_EFFECT,
    NO_WIDTH,
    NUMBERS,
    REASONS,
    ROUNDING,
    SINGLE_STUDY,
    UNKNOWN_ESTIMATOR,
    WALD,
    Array,
    PooledBatch,
)
from app.synthesis.pooling_model import MIN_STUDIES_FOR_PREDICTION, PoolingModel
from app.synthesis.weighted_sums import (
    MAX_DISTANCE,
    NO_STUDY,
    NOT_ABOVE_ZERO,
    NOT_FINITE,
    NOT_TWO_LISTS,
    TOO_FAR_APART,
    Scaled,
    sum_rows,
    unit_of,
)

BLOCK = 32_768  # numbers in one array of a block, 256 kB: long enough to be worth the calls, short enough for the cache
FEW_RESTS = 4

Positions = NDArray[np.intp]
Bodies: TypeAlias = Sequence[Sequence[float] | Array] | Array
PREDICTION = ("pi_low", "pi_high")
CODE = {reason: code for code, reason in enumerate(REASONS)}


RANDOM_EFFECTS = PoolingModel()


def pool_many(
    effects: Bodies,
    variances: Bodies,
    model: PoolingModel = RANDOM_EFFECTS,
    *,
    sizes: ArrayLike | None = None,
) -> PooledBatch:
    """Pool every body by `model`: formulas, sources and refusals are those of `pooling.pool`.

    `effects` and `variances` hold one list of numbers for each body; or, with `sizes`, they are two-dimensional arrays with a
    body in each row, of which the first `sizes` columns count.
    """
    bodies = _Flat.of_lists(effects, variances) if sizes is None else _Flat.of_rows(effects, variances, sizes)
    result = _empty(model, bodies)
    if model.refusal is not None:
        result.reason[:] = CODE[UNKNOWN_ESTIMATOR]
        return result
    with np.errstate(all="ignore"):  # what becomes infinite or undefined is refused, with its reason, at the end
        for block in _blocks(bodies.sizes):
            _pool_block(result, bodies, block, model)
    _refuse(result, np.flatnonzero(bodies.sizes == 0), NO_STUDY)
    _refuse(result, np.flatnonzero(bodies.unequal), NOT_TWO_LISTS)
    return result


def pool_rests(effects: Array, variances: Array, scaled: Scaled, model: PoolingModel) -> PooledBatch:
    """Pool what is left without each of three studies or more; `scaled` is all of them on their scale, which they keep.

    Only what is left without the most precise study has the scale of the second.
    """
    k, first = effects.size, scaled.first
    others, sizes = np.arange(k - 1)[:, None], np.full(k, k - 1)
    studies = others + (others >= np.arange(k))
    y, v = effects.take(studies), variances.take(studies)
    second = v[:, first].argmin()
    centre, unit = np.full(k, scaled.centre), np.full(k, scaled.unit)
    centre[first], unit[first] = y[second, first], unit_of(float(v[second, first]))
    scaled_y, scaled_v = (y - centre) / unit, v / unit / unit
    if np.abs(scaled_y[:, first]).max() > MAX_DISTANCE:
        return pool_many(y.T, v.T, model, sizes=sizes)
    block = _Block(np.arange(k), scaled_y, scaled_v, NOWHERE, centre, unit, sizes.astype(np.float64))
    with np.errstate(all="ignore"):  # as above
        return _all_of(block, sizes, _fit(block, model, singly=FEW_RESTS), model)


class _Flat(NamedTuple):
    """The studies of all bodies one after the other; body i from `offsets[i]` to `offsets[i + 1]`.

    `unequal` marks bodies whose effects and variances are not two lists of the same length: they have no study here.
    """

    y: Array
    v: Array
    sizes: Positions
    offsets: Positions
    unequal: NDArray[np.bool_]

    @classmethod
    def of_lists(cls, effects: Bodies, variances: Bodies) -> "_Flat":
        sizes = np.fromiter(map(len, effects), dtype=np.intp, count=len(effects))
        unequal = sizes != np.fromiter(map(len, variances), dtype=np.intp, count=len(effects))
        none = np.empty(0)
        if unequal.any():
            sizes[unequal] = 0
            effects = [none if wrong else each for wrong, each in zip(unequal, effects, strict=True)]
            variances = [none if wrong else each for wrong, each in zip(unequal, variances, strict=True)]
        y = np.concatenate([none, *effects], dtype=np.float64)
        return cls(y, np.concatenate([none, *variances], dtype=np.float64), sizes, _offsets(sizes), unequal)

    @classmethod
    def of_rows(cls, effects: Bodies, variances: Bodies, sizes: ArrayLike) -> "_Flat":
        y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
        counts = np.asarray(sizes, dtype=np.intp)
        counted = np.arange(y.shape[1]) < counts[:, None]
        return cls(y[counted], v[counted], counts, _offsets(counts), np.zeros(counts.size, dtype=bool))

    def block(self, bodies: Positions) -> tuple[Positions, NDArray[np.bool_]]:
        """Return where the studies of these bodies are, a column for each body, and which of the places are filled."""
        sizes = self.sizes[bodies]
        rows = np.arange(sizes.max())[:, None]
        present = rows < sizes
        return np.where(present, self.offsets[bodies] + rows, 0), present


def _offsets(sizes: Positions) -> Positions:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)


def _empty(model: PoolingModel, bodies: _Flat) -> PooledBatch:
    size = bodies.sizes.size
    numbers = np.full((len(NUMBERS), size), np.nan)
    return PooledBatch(
        tau2_method=model.tau2_method,
        k=bodies.sizes,
        **dict(zip(NUMBERS, numbers, strict=True)),
        ci_method=np.zeros(size, dtype=np.uint8),
        several_maxima=np.zeros(size, dtype=bool),
        paule_mandel_instead=np.zeros(size, dtype=bool),
        reason=np.zeros(size, dtype=np.uint8),
        weights=np.full(bodies.y.size, np.nan),
        offsets=bodies.offsets,
    )


def _refuse(result: PooledBatch, bodies: Positions, reason: str) -> None:
    if not bodies.size:
        return
    result.reason[bodies] = CODE[reason]
    for name in NUMBERS:
        getattr(result, name)[bodies] = np.nan


def _blocks(sizes: Positions) -> Iterator[Positions]:
    """Bodies of about the same size together; those without a study make no block."""
    order = np.argsort(sizes, kind="stable")
    start = int(np.searchsorted(sizes[order], 1))
    while start < order.size:
        end = start + max(1, BLOCK // int(sizes[order[start]]))
        end = start + max(1, BLOCK // int(sizes[order[min(end, order.size) - 1]]))
        yield order[start:end]
        start = end


class _Block(NamedTuple):
    """Bodies on their own scales, studies along the first axis: where they belong, and how to turn them back."""

    bodies: Positions
    y: Array
    v: Array
    places: Positions
    centre: Array
    unit: Array
    k: Array

    def where(self, chosen: NDArray[np.bool_]) -> "_Block":
        if chosen.all():
            return self
        bodies, centre, unit, k = self.bodies[chosen], self.centre[chosen], self.unit[chosen], self.k[chosen]
        y, v, places = (each.compress(chosen, axis=1) for each in (self.y, self.v, self.places))
        return _Block(bodies, y, v, places, centre, unit, k)


def _scaled_block(result: PooledBatch, flat: _Flat, bodies: Positions) -> _Block:
    """Put the bodies on their own scales (see `scale_studies`); those that have something wrong with them are refused."""
    places, present = flat.block(bodies)
    y, v = np.where(present, flat.y[places], 0.0), np.where(present, flat.v[places], np.inf)
    columns = np.arange(bodies.size)
    first = v.argmin(axis=0)
    centre, smallest = y[first, columns], v[first, columns]
    unit = np.ldexp(1.0, (np.frexp(smallest)[1] - 1) // 2)
    undefined = (~(np.isfinite(y) & np.isfinite(v)) & present).any(axis=0)
    y = np.where(present, (y - centre) / unit, 0.0)
    v = v / unit / unit
    wrong = np.zeros(bodies.size, dtype=np.uint8)
    wrong[((np.abs(y) > MAX_DISTANCE) | ((v > MAX_DISTANCE**2) & present)).any(axis=0)] = CODE[TOO_FAR_APART]
    wrong[~(smallest > 0)] = CODE[NOT_ABOVE_ZERO]
    wrong[undefined] = CODE[NOT_FINITE]
    result.reason[bodies] = wrong
    block = _Block(bodies, y, v, np.where(present, places, -1), centre, unit, flat.sizes[bodies].astype(np.float64))
    return block.where(wrong == 0)


def _pool_block(result: PooledBatch, flat: _Flat, bodies: Positions, model: PoolingModel) -> None:
    block = _scaled_block(result, flat, bodies)
    alone = block.k == 1
    if alone.any():
        single = block.where(alone)
        se = single.unit * np.sqrt(single.v[0])
        numbers = _interval(single.centre, se, Z_975, normal_two_sided_p(single.centre / se))
        none, whole = np.zeros(se.size, dtype=bool), np.ones((1, se.size))
        refusals = ((TOO_FAR_APART, _infinite(numbers, single.k)),)
        _keep(result, single, _Fits(numbers, np.full(se.size, CI_METHODS.index(SINGLE_STUDY)), none, none, whole, refusals))
    several = block.where(~alone)
    if several.bodies.size:
        _keep(result, several, _fit(several, model))


def _most_precise_first(block: _Block, singly: int) -> ManyBodies:
    y, v, columns = block.y.copy(), block.v.copy(), np.arange(block.bodies.size)
    first = v.argmin(axis=0)
    for each in (y, v):
        each[first, columns], each[0] = each[0].copy(), each[first, columns]
    return ManyBodies(y, v, block.k, singly=singly)


class _Fits(NamedTuple):
    """What was found of the bodies of a block; `refusals`: reasons, and for which of the bodies."""

    numbers: Mapping[str, Array]
    ci_method: NDArray[np.intp]
    several_maxima: NDArray[np.bool_]
    paule_mandel_instead: NDArray[np.bool_]
    weights: Array
    refusals: Sequence[tuple[str, NDArray[np.bool_]]]


def _fit(block: _Block, model: PoolingModel, *, singly: int = 0) -> _Fits:
    """Bodies of two studies and more; see `pooling._pooled`, which does the same line by line."""
    bodies = _most_precise_first(block, singly)
    k, df, common = block.k, block.k - 1, model.tau2_method == COMMON_EFFECT
    if common:
        nothing = np.zeros(k.size)
        found, instead = Estimate(nothing, nothing, bodies.at_zero, np.ones(k.size)), np.zeros(k.size, dtype=bool)
    else:
        found, instead = estimates_of(bodies, model.tau2_method)
    by_t = k >= model.min_studies_for_t
    factor = np.maximum(1.0, found.point.q / df) if model.guard else found.point.q / df
    squared_se = 1 / found.point.w_sum * np.where(by_t, factor, 1.0)
    estimate, se = block.centre + block.unit * found.point.mu, block.unit * np.sqrt(squared_se)
    statistic = estimate / se
    numbers = _interval(estimate, se, *_quantile_and_p(statistic, df, by_t))
    numbers |= _heterogeneity(block, bodies, found, model)
    if not common:
        numbers |= _prediction(block, estimate, found.tau2 + squared_se, model)
    weights = (bodies.v0 + found.tau2) / (block.v + found.tau2)
    several, wald = CI_METHODS.index(model.ci_method(MIN_STUDIES_FOR_PREDICTION)), CI_METHODS.index(WALD)
    ci_method = np.where(by_t, several, wald)
    no_width = squared_se == 0
    if not model.guard:
        no_width |= by_t & (se <= ROUNDING * np.abs(estimate))
    refusals = ((TOO_FAR_APART, _infinite(numbers, block.k)), (NO_WIDTH, no_width), (NOT_CONVERGED, np.isnan(found.tau2)))
    return _Fits(numbers, ci_method, (found.maxima > 1) | np.zeros(k.size, dtype=bool), instead, weights / sum_rows(weights), refusals)


def _quantile_and_p(statistic: Array, df: Array, by_t: NDArray[np.bool_]) -> tuple[Array | float, Array]:
    """The 97.5th percentile and the two-sided p, by t(df) or by the normal distribution."""
    if by_t.all():
        return t_quantile(0.975, df), t_two_sided_p(statistic, df)
    if not by_t.any():
        return Z_975, normal_two_sided_p(statistic)
    return np.where(by_t, t_quantile(0.975, df), Z_975), np.where(by_t, t_two_sided_p(statistic, df), normal_two_sided_p(statistic))


def _interval(estimate: Array, se: Array, quantile: Array | float, p: Array) -> dict[str, Array]:
    half_width = quantile * se
    return {"estimate": estimate, "se": se, "ci_low": estimate - half_width, "ci_high": estimate + half_width, "p": p}


def _heterogeneity(block: _Block, bodies: ManyBodies, found: Estimate, model: PoolingModel) -> dict[str, Array]:
    q, df = bodies.at_zero.q, block.k - 1
    numbers = {"q": q, "q_p": chi2_survival(q, df)}
    if model.tau2_method == COMMON_EFFECT:
        i2 = np.maximum(0.0, 100 * (q - df) / np.where(q > 0, q, 1.0))
        return {**numbers, "i2": np.where(q > 0, i2, 0.0), "h2": q / df}
    tau2, typical = found.tau2, df / bodies.at_zero.g
    numbers |= {"i2": i2_from_tau2(tau2, typical), "h2": h2_from_tau2(tau2, typical)}
    in_units = {"tau2": tau2, "tau2_se": found.se}
    if model.tau2_interval:
        in_units["tau2_ci_low"], in_units["tau2_ci_high"] = q_profile_of(bodies, 0.95)
    return numbers | {name: value * block.unit * block.unit for name, value in in_units.items()}


def _prediction(block: _Block, estimate: Array, variance: Array, model: PoolingModel) -> dict[str, Array]:
    """Prediction limits; NaN for bodies that are too small for any."""
    enough = block.k >= MIN_STUDIES_FOR_PREDICTION
    df = np.where(enough, block.k - (1 if model.prediction == "t" else 2), 1.0)
    half_width = np.where(enough, t_quantile(0.975, df), np.nan) * block.unit * np.sqrt(variance)
    return {"pi_low": estimate - half_width, "pi_high": estimate + half_width}


def _infinite(numbers: Mapping[str, Array], k: Array) -> NDArray[np.bool_]:
    """Where a number that ought to be there cannot be written."""
    infinite = np.zeros(k.size, dtype=bool)
    # A sum of finite numbers may overflow, that of others is never finite.
    if np.isfinite(sum(numbers.values())).all():
        return infinite
    for name, values in numbers.items():
        infinite |= ~np.isfinite(values) & ((k >= MIN_STUDIES_FOR_PREDICTION) | (name not in PREDICTION))
    return infinite


def _keep(result: PooledBatch, block: _Block, fits: _Fits) -> None:
    """Lay what was found where the bodies of the block belong."""
    for name, values in fits.numbers.items():
        getattr(result, name)[block.bodies] = values
    result.ci_method[block.bodies] = fits.ci_method
    result.several_maxima[block.bodies], result.paule_mandel_instead[block.bodies] = fits.several_maxima, fits.paule_mandel_instead
    places = block.places[: fits.weights.shape[0]]
    result.weights[places[places >= 0]] = fits.weights[places >= 0]
    _refuse_of(result, block, fits)


def _all_of(block: _Block, sizes: Positions, fits: _Fits, model: PoolingModel) -> PooledBatch:
    """What was found of a block that holds every body, in order, each of as many studies."""
    unknown = np.full(block.k.size, np.nan)
    result = PooledBatch(
        tau2_method=model.tau2_method,
        k=sizes,
        **{name: fits.numbers.get(name, unknown) for name in NUMBERS},
        ci_method=fits.ci_method.astype(np.uint8),
        several_maxima=fits.several_maxima,
        paule_mandel_instead=fits.paule_mandel_instead,
        reason=np.zeros(block.k.size, dtype=np.uint8),
        weights=fits.weights.T.ravel(),
        offsets=_offsets(sizes),
    )
    _refuse_of(result, block, fits)
    return result


def _refuse_of(result: PooledBatch, block: _Block, fits: _Fits) -> None:
    for reason, where in fits.refusals:
        if where.any():
            _refuse(result, block.bodies[where], reason)
