"""The same pool under other choices (method, section 2): always computed where it can say something new."""

import math
from collections.abc import Sequence
from dataclasses import replace

from app.synthesis.body import BodyStudy, NotPooled, OutcomeInput, PooledEffect, Sensitivity
from app.synthesis.body_study import effects_and_variances, pool_studies, with_numbers
from app.synthesis.grade.risk_of_bias import study_level
from app.synthesis.pooling import common_effect, pool
from app.synthesis.reported_effect import FROM_P
from app.vocabulary import ComparatorGroup, RiskOfBiasLevel

DERSIMONIAN_LAIRD = "DL"
HIGH_LEVERAGE = "high-leverage-conversion"
LEVERAGE_SHARE = 0.5  # a result converted from p that carries more than half of the pool decides it


def sensitivity_of(
    studies: Sequence[BodyStudy],
    outcome: OutcomeInput,
    group: ComparatorGroup,
    mean_differences: Sequence[BodyStudy] = (),
) -> Sensitivity:
    """Return the sensitivity block of a pooled body.

    `mean_differences` are the studies of an SMD body that share one scale, in its units. A single study leaves nothing
    to vary but that.
    """
    mean_difference_only = _or_none(pool_studies(mean_differences))
    entries = with_numbers(studies)
    if len(entries) < 2:
        return Sensitivity(mean_difference_only=mean_difference_only)
    effects, variances = effects_and_variances(entries)
    not_high = [entry for entry in entries if study_level(entry.study, outcome.slug, group).level is not RiskOfBiasLevel.HIGH]
    not_from_p = [entry for entry in entries if entry.basis != FROM_P]
    return Sensitivity(
        common_effect=_or_none(common_effect(effects, variances)),
        dersimonian_laird=_or_none(pool(effects, variances, tau2_method=DERSIMONIAN_LAIRD, ci="z")),
        without_high_risk=_pool_of_fewer(not_high, entries),
        without_converted_from_p=_pool_of_fewer(not_from_p, entries),
        mean_difference_only=mean_difference_only,
        leave_one_out=_leave_one_out(entries),
        cumulative=_cumulative(entries),
    )


def _or_none(pooled: PooledEffect | NotPooled) -> PooledEffect | None:
    return None if isinstance(pooled, NotPooled) else pooled


def _pool_of_fewer(fewer: Sequence[BodyStudy], entries: Sequence[BodyStudy]) -> PooledEffect | None:
    """None when no study had to be left out, or none remains."""
    return None if len(fewer) == len(entries) else _or_none(pool_studies(fewer))


def _leave_one_out(entries: Sequence[BodyStudy]) -> tuple[tuple[str, PooledEffect], ...]:
    remaining = ((left.study.key, _or_none(pool_studies([other for other in entries if other is not left]))) for left in entries)
    return tuple((key, pooled) for key, pooled in remaining if pooled is not None)


def _cumulative(entries: Sequence[BodyStudy]) -> tuple[tuple[int | None, str, PooledEffect], ...]:
    """By year, unknown years last, then by key."""
    ordered = sorted(entries, key=lambda entry: (math.inf if entry.study.year is None else entry.study.year, entry.study.key))
    steps = ((entry.study, _or_none(pool_studies(ordered[: count + 1]))) for count, entry in enumerate(ordered))
    return tuple((study.year, study.key, pooled) for study, pooled in steps if pooled is not None)


def mark_leverage(studies: Sequence[BodyStudy], pooled: PooledEffect) -> tuple[BodyStudy, ...]:
    """Return the studies, those flagged whose SE comes from a p value and which carry more than half of a pool of several."""
    weights = dict(zip((study.study.key for study in with_numbers(studies)), pooled.weights, strict=True))
    return tuple(
        replace(study, flags=(*study.flags, HIGH_LEVERAGE))
        if pooled.k > 1 and study.basis == FROM_P and weights[study.study.key] > LEVERAGE_SHARE
        else study
        for study in studies
    )
