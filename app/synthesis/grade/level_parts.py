"""What the certainty of a body is made of, so that one part can be exchanged and the level read again (method, section 8).

The same rule functions decide as in `rate_body`; what does not change is not computed twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.synthesis.body import Body, BodyStudy, NotPooled, PooledEffect
from app.synthesis.body_study import pool_studies
from app.synthesis.grade.certainty import capped_sum, clamp, start_level, under_ceiling
from app.synthesis.grade.crossings import BenefitView, benefit_view, count_imprecision_crossings
from app.synthesis.grade.imprecision import table_levels, unpooled_levels
from app.synthesis.grade.inconsistency import Agreement, describe_agreement, judge_inconsistency, pooled_levels
from app.synthesis.grade.indirectness import mean_score, score_levels
from app.synthesis.grade.information_size import InformationSize, measure_information, with_mid_times
from app.synthesis.grade.publication_bias import PairContext, judge_publication_bias
from app.synthesis.grade.risk_of_bias import BiasShares, StudyRiskOfBias, share_bias, share_levels, stays_on_side, threshold_levels
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.upgrades import judge_upgrades
from app.synthesis.grade.weights import studies_with_numbers, weigh_studies
from app.synthesis.pool_requests import PoolRequests
from app.vocabulary import Domain, RiskOfBiasLevel

MID_FACTOR_ONE = 1.0


class SubsetPools:
    """Pools of some of the studies of one body; each set is pooled once. What the body already holds is taken from there."""

    def __init__(self, body: Body, pool: Callable[[list[BodyStudy]], PooledEffect | NotPooled] = pool_studies) -> None:
        self._entries = {study.study.key: study for study in studies_with_numbers(body)}
        self._pool = pool
        self._pools: dict[frozenset[str], PooledEffect | None] = {frozenset(self._entries): body.pooled}
        for key, pooled in body.sensitivity.leave_one_out:
            self._pools[frozenset(self._entries) - {key}] = pooled

    def of(self, keys: Iterable[str]) -> PooledEffect | None:
        """The pool of these studies, None where none of them has numbers or they cannot be pooled."""
        wanted = frozenset(keys).intersection(self._entries)
        if wanted not in self._pools:
            pooled = self._pool([entry for key, entry in self._entries.items() if key in wanted])
            self._pools[wanted] = None if isinstance(pooled, NotPooled) else pooled
        return self._pools[wanted]

    def prepare(self, sets: Iterable[Iterable[str]]) -> None:
        """Make the pools of several sets at once, which is sooner done than one by one."""
        wanted = {frozenset(keys).intersection(self._entries) for keys in sets} - self._pools.keys()
        requests = PoolRequests()
        tickets = {keys: requests.ask([entry for key, entry in self._entries.items() if key in keys]) for keys in wanted}
        pools = requests.pool_all()
        for keys, ticket in tickets.items():
            pooled = pools.of(ticket)
            self._pools[keys] = None if isinstance(pooled, NotPooled) else pooled


@dataclass(frozen=True, slots=True)
class LevelParts:
    """The parts of one body's level. `view`, `agreement`, `size` are None where nothing is pooled; `n` counts there."""

    body: Body
    thresholds: Thresholds
    start: int
    n: int
    view: BenefitView | None
    agreement: Agreement | None
    size: InformationSize | None
    shares: BiasShares
    directions: int
    """Levels for inconsistency where nothing is pooled."""
    indirectness: int
    publication_bias: int
    pools: SubsetPools


def take_apart(body: Body, context: PairContext, thresholds: Thresholds = CURRENT) -> LevelParts:
    """The parts of a body as it stands."""
    return _parts(body, share_bias(body, thresholds), context, thresholds, SubsetPools(body))


def _parts(body: Body, shares: BiasShares, context: PairContext, thresholds: Thresholds, pools: SubsetPools) -> LevelParts:
    return LevelParts(
        body=body,
        thresholds=thresholds,
        start=start_level(body).level,
        n=body.n,
        view=benefit_view(body),
        agreement=None if body.pooled is None else describe_agreement(body, body.pooled),
        size=None if body.pooled is None else measure_information(body, thresholds),
        shares=shares,
        directions=0 if body.pooled is not None else judge_inconsistency(body, thresholds).levels,
        indirectness=score_levels(mean_score(shares.weighed), thresholds)[0],
        publication_bias=judge_publication_bias(body, context, thresholds).levels,
        pools=pools,
    )


def without_study(parts: LevelParts, key: str, context: PairContext) -> LevelParts | None:
    """The parts of the body without one study, at the same MID and context; None where nothing would be left to judge alike."""
    body = parts.body
    remaining = tuple(study for study in body.studies if study.study.key != key)
    if not remaining:
        return None
    pooled = None if body.pooled is None else parts.pools.of(study.study.key for study in remaining)
    if (pooled is None) != (body.pooled is None):
        return None
    body = replace(body, studies=remaining, pooled=pooled)
    weighed = weigh_studies(body)
    levels = {study.study.key: parts.shares.levels[study.study.key] for study, _ in weighed}
    return _parts(body, share_levels(weighed, levels), context, parts.thresholds, parts.pools)


def removable_studies(body: Body) -> tuple[str, ...]:
    """The keys of the studies on which the level rests, when there are two or more: those with numbers of a pooled body, else all."""
    studies = body.studies if body.pooled is None else studies_with_numbers(body)
    return tuple(study.study.key for study in studies) if len(studies) > 1 else ()


def with_mid_factor(parts: LevelParts, factor: float) -> LevelParts:
    """The parts at another MID. One that is a convention in standard deviations moves the information size with it."""
    if parts.view is None or parts.size is None or parts.view.mid is None or factor == MID_FACTOR_ONE:
        return parts
    mid = replace(parts.body.mid, value=parts.view.mid * factor)
    view, size = at_mid_factor(parts, parts.view, parts.size, factor)
    conventional = parts.thresholds.conventional_mid_in_sd * factor
    thresholds = replace(parts.thresholds, conventional_mid_in_sd=conventional)
    return replace(parts, body=replace(parts.body, mid=mid), thresholds=thresholds, view=view, size=size)


def at_mid_factor(parts: LevelParts, view: BenefitView, size: InformationSize, factor: float) -> tuple[BenefitView, InformationSize]:
    """View and information size at another MID: all that the level reads of it."""
    if view.mid is None or factor == MID_FACTOR_ONE:
        return view, size
    return replace(view, mid=view.mid * factor), with_mid_times(size, parts.body, factor, parts.thresholds)


def with_low_share(parts: LevelParts, cut: float) -> LevelParts:
    """The parts with another share of weight at low risk of bias that is enough."""
    return replace(parts, thresholds=replace(parts.thresholds, low_share_enough=cut))


def with_study_level(parts: LevelParts, key: str, level: RiskOfBiasLevel) -> LevelParts:
    """The parts with one study judged otherwise for its risk of bias."""
    levels = {**parts.shares.levels, key: StudyRiskOfBias(level, None, True, False, "As if judged so.")}
    return replace(parts, shares=share_levels(parts.shares.weighed, levels))


def domain_levels(parts: LevelParts) -> dict[Domain, int]:
    """Levels taken by each domain."""
    return _domain_levels(parts, parts.view, parts.size)


def domain_levels_at_mid(parts: LevelParts, factor: float) -> dict[Domain, int]:
    """Levels taken by each domain at another MID, as of `with_mid_factor`."""
    if parts.view is None or parts.size is None:
        return domain_levels(parts)
    return _domain_levels(parts, *at_mid_factor(parts, parts.view, parts.size, factor))


def _domain_levels(parts: LevelParts, view: BenefitView | None, size: InformationSize | None) -> dict[Domain, int]:
    remaining = without_high_risk(parts) if two_levels_at_stake(parts) else None
    return {
        Domain.RISK_OF_BIAS: _risk_of_bias(parts, parts.thresholds, None if view is None else view.mid, remaining),
        Domain.INCONSISTENCY: _inconsistency(parts, view),
        Domain.INDIRECTNESS: parts.indirectness,
        Domain.IMPRECISION: _imprecision(parts, view, size),
        Domain.PUBLICATION_BIAS: parts.publication_bias,
    }


def level_of(parts: LevelParts) -> int:
    """The level, 1 (very low) to 4 (high), as `rate_body` concludes it."""
    return level_from(parts, domain_levels(parts))


def level_at_mid(parts: LevelParts, factor: float) -> int:
    """The level at another MID, as of `with_mid_factor`."""
    return level_from(parts, domain_levels_at_mid(parts, factor))


def levels_on_grid(parts: LevelParts, factors: Iterable[float], variants: Sequence[Thresholds]) -> list[list[int]]:
    """The levels at other MIDs, for each one for each variant of the thresholds, which may differ in `low_share_enough` alone."""
    remaining = without_high_risk(parts) if two_levels_at_stake(parts) else None
    rows = []
    for factor in factors:
        taken = domain_levels_at_mid(parts, factor)
        mid = None if parts.view is None or parts.view.mid is None else parts.view.mid * factor
        judged = (_risk_of_bias(parts, variant, mid, remaining) for variant in variants)
        rows.append([level_from(parts, {**taken, Domain.RISK_OF_BIAS: levels}) for levels in judged])
    return rows


def level_from(parts: LevelParts, levels: Mapping[Domain, int]) -> int:
    """The level to which these levels of the domains lead."""
    taken = capped_sum(levels, parts.thresholds)
    upgrades = judge_upgrades(parts.body, taken, parts.thresholds)
    level = clamp(parts.start - taken + sum(upgrade.levels for upgrade in upgrades))
    return under_ceiling(parts.body, level, parts.thresholds)


def without_high_risk(parts: LevelParts) -> PooledEffect | None:
    """The pool without the studies at high risk of bias; None where there are none, or nothing is pooled."""
    keys = keys_without_high_risk(parts)
    return None if parts.body.pooled is None or len(keys) in (0, len(parts.shares.levels)) else parts.pools.of(keys)


def keys_without_high_risk(parts: LevelParts) -> list[str]:
    """The studies that are not at high risk of bias."""
    return [key for key, judged in parts.shares.levels.items() if judged.level is not RiskOfBiasLevel.HIGH]


def two_levels_at_stake(parts: LevelParts) -> bool:
    """Whether the shares of weight take two levels for risk of bias, so that it counts what remains without high risk."""
    return threshold_levels(parts.shares.low, parts.shares.high, parts.thresholds)[0] > 1


def prepare_pools(left_out: Iterable[LevelParts]) -> None:
    """Make at once the pools without high risk that the levels of these parts of one body hang on: where two levels are at stake."""
    parts = [each for each in left_out if two_levels_at_stake(each)]
    if parts:
        parts[0].pools.prepare(keys_without_high_risk(each) for each in parts)


def _risk_of_bias(parts: LevelParts, thresholds: Thresholds, mid: float | None, remaining: PooledEffect | None) -> int:
    taken, _ = threshold_levels(parts.shares.low, parts.shares.high, thresholds)
    return 1 if taken > 1 and stays_on_side(parts.body.pooled, remaining, mid, thresholds) else taken


def _inconsistency(parts: LevelParts, view: BenefitView | None) -> int:
    if view is None or parts.agreement is None or parts.body.pooled is None:
        return parts.directions
    return pooled_levels(view, parts.agreement, parts.body.pooled.k, parts.thresholds)[0]


def _imprecision(parts: LevelParts, view: BenefitView | None, size: InformationSize | None) -> int:
    if view is None or size is None:
        return unpooled_levels(parts.body, parts.n, parts.thresholds)[0]
    return table_levels(count_imprecision_crossings(view), size.fraction, parts.thresholds)[0]
