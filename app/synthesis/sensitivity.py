"""The same pool under other choices (method, section 2): always computed where it can say something new."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.synthesis.body import BodyStudy, NotPooled, OutcomeInput, PooledEffect, Sensitivity
from app.synthesis.body_study import with_numbers
from app.synthesis.grade.risk_of_bias import study_level
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.pool_requests import PoolRequests, Pools, Ticket
from app.synthesis.pooling_model import COMMON, PoolingModel
from app.synthesis.reported_effect import FROM_P
from app.vocabulary import ComparatorGroup, RiskOfBiasLevel

DERSIMONIAN_LAIRD = PoolingModel("DL", ci="z")
HIGH_LEVERAGE = "high-leverage-conversion"
LEVERAGE_SHARE = 0.5  # a result converted from p that carries more than half of the pool decides it


@dataclass(frozen=True, slots=True)
class SensitivityRequest:
    """The pools that a sensitivity block is made of; None where it says nothing new."""

    common_effect: Ticket | None = None
    dersimonian_laird: Ticket | None = None
    without_high_risk: Ticket | None = None
    without_converted_from_p: Ticket | None = None
    mean_difference_only: Ticket | None = None
    leave_one_out: tuple[tuple[str, Ticket], ...] = ()
    cumulative: tuple[tuple[int | None, str, Ticket], ...] = ()


def ask_for_sensitivity(
    requests: PoolRequests,
    studies: Sequence[BodyStudy],
    outcome: OutcomeInput,
    group: ComparatorGroup,
    mean_differences: Sequence[BodyStudy] = (),
    thresholds: Thresholds = CURRENT,
    *,
    each_study: bool = True,
) -> SensitivityRequest:
    """Ask for the pools of the sensitivity block of a pooled body.

    `mean_differences` are the studies of an SMD body that share one scale, in its units. A single study leaves nothing
    to vary but that. `thresholds` say which studies are at high risk of bias. `each_study`: also a pool without, and one up to, each.
    """
    mean_difference_only = requests.ask(mean_differences) if mean_differences else None
    entries = with_numbers(studies)
    if len(entries) < 2:
        return SensitivityRequest(mean_difference_only=mean_difference_only)
    levels = [study_level(entry.study, outcome.slug, group, thresholds).level for entry in entries]
    not_high = [entry for entry, level in zip(entries, levels, strict=True) if level is not RiskOfBiasLevel.HIGH]
    not_from_p = [entry for entry in entries if entry.basis != FROM_P]
    ordered, steps = sorted(entries, key=_by_year), entries if each_study else ()
    return SensitivityRequest(
        common_effect=requests.ask(entries, COMMON),
        dersimonian_laird=requests.ask(entries, DERSIMONIAN_LAIRD),
        # None when no study has to be left out, or none remains.
        without_high_risk=requests.ask(not_high) if 0 < len(not_high) < len(entries) else None,
        without_converted_from_p=requests.ask(not_from_p) if 0 < len(not_from_p) < len(entries) else None,
        mean_difference_only=mean_difference_only,
        leave_one_out=tuple((left.study.key, requests.ask([other for other in entries if other is not left])) for left in steps),
        cumulative=tuple(
            (entry.study.year, entry.study.key, requests.ask(ordered[: count + 1]))
            for count, entry in enumerate(sorted(steps, key=_by_year))
        ),
    )


def _by_year(entry: BodyStudy) -> tuple[float, str]:
    """By year, unknown years last, then by key."""
    return math.inf if entry.study.year is None else entry.study.year, entry.study.key


def sensitivity_of(request: SensitivityRequest, pools: Pools) -> Sensitivity:
    """Return the sensitivity block of a pooled body."""

    def of(ticket: Ticket | None) -> PooledEffect | None:
        pooled = None if ticket is None else pools.of(ticket)
        return None if isinstance(pooled, NotPooled) else pooled

    return Sensitivity(
        common_effect=of(request.common_effect),
        dersimonian_laird=of(request.dersimonian_laird),
        without_high_risk=of(request.without_high_risk),
        without_converted_from_p=of(request.without_converted_from_p),
        mean_difference_only=of(request.mean_difference_only),
        leave_one_out=tuple((key, pooled) for key, ticket in request.leave_one_out if (pooled := of(ticket)) is not None),
        cumulative=tuple((year, key, pooled) for year, key, ticket in request.cumulative if (pooled := of(ticket)) is not None),
    )


def mark_leverage(studies: Sequence[BodyStudy], pooled: PooledEffect) -> tuple[BodyStudy, ...]:
    """Return the studies, those flagged whose SE comes from a p value and which carry more than half of a pool of several."""
    weights = dict(zip((study.study.key for study in with_numbers(studies)), pooled.weights, strict=True))
    return tuple(
        replace(study, flags=(*study.flags, HIGH_LEVERAGE))
        if pooled.k > 1 and study.basis == FROM_P and weights[study.study.key] > LEVERAGE_SHARE
        else study
        for study in studies
    )
