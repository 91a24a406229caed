"""What one study brings to a body, on the body's scale, and the pool of such studies (method, sections 1 and 2)."""

from collections.abc import Sequence
from dataclasses import replace

from app.synthesis.body import BodyStudy, DirectnessInput, NotPooled, PairInput, PooledEffect
from app.synthesis.distributions import Z_975, normal_two_sided_p
from app.synthesis.eligibility import comparator_group
from app.synthesis.measure import Scale
from app.synthesis.pooling import pool_by_method
from app.synthesis.reported_effect import Effect, NoEffect, why_p_is_not_converted
from app.synthesis.study_effect import SIGN_OF_REPORT, StudyResult
from app.vocabulary import RATIO_MEASURES, ComparatorGroup, Directness, PublicationStatus

AS_DIRECT = "direct"
"""The value of `PairInput.fidelities` under which a study's treatment is this very intervention; else the flag as recorded."""

NO_NUMBERS = "no result gives an effect with its standard error on one scale"
EXPRESSION_OF_CONCERN = "expression-of-concern"
SIGN_DIFFERS = "sign-differs-from-report"


def body_study(candidate: StudyResult, scale: Scale | None, pair: PairInput, reason: NoEffect) -> BodyStudy:
    """Return the study's entry; without an effect on the scale it counts with its direction, and `reason.code` is flagged."""
    effect = candidate.effect(scale.measure) if scale is not None and scale.takes(candidate) else None
    entry = _without_effect(candidate, pair)
    if effect is None or scale is None:
        return replace(entry, flags=(*entry.flags, reason.code), p=printed_p(candidate))
    return _with_effect(entry, candidate, on_scale(effect, scale.factor(candidate)), scale)


def direction_only(candidate: StudyResult, pair: PairInput, reason: NoEffect) -> BodyStudy:
    return body_study(candidate, None, pair, reason)


def on_scale(effect: Effect, factor: float) -> Effect:
    """Return the effect with every number in the units of the body's instrument (factor > 0)."""
    low, high, sd = (None if number is None else number * factor for number in (effect.printed_low, effect.printed_high, effect.sd))
    return replace(effect, value=effect.value * factor, se=effect.se * factor, printed_low=low, printed_high=high, sd=sd)


def _without_effect(candidate: StudyResult, pair: PairInput) -> BodyStudy:
    row, size = candidate.row, candidate.size
    return BodyStudy(
        study=candidate.study,
        result=row,
        direction=candidate.direction or 0,
        n=size.n,
        n_known=size.known,
        n_estimated=size.estimated,
        n_treatment=row.treatment.n,
        n_control=row.control.n,
        directness=_directness(candidate, pair),
        converted=candidate.converted,
        flags=_flags(candidate),
    )


def _with_effect(entry: BodyStudy, candidate: StudyResult, effect: Effect, scale: Scale) -> BodyStudy:
    row, printed = candidate.row, printed_p(candidate)
    is_ratio = scale.measure in RATIO_MEASURES
    low, high = effect.printed_low, effect.printed_high
    return replace(
        entry,
        effect=effect.value,
        se=effect.se,
        ci_low=low if low is not None else effect.value - Z_975 * effect.se,
        ci_high=high if high is not None else effect.value + Z_975 * effect.se,
        p=printed if printed is not None else float(normal_two_sided_p(effect.value / effect.se)),
        basis=effect.basis,
        events_treatment=row.treatment.events if is_ratio else None,
        events_control=row.control.events if is_ratio else None,
        sd=effect.sd,
        converted=(*entry.converted, *effect.converted),
        flags=(*entry.flags, *effect.flags),
    )


def printed_p(candidate: StudyResult) -> float | None:
    """Return the p as printed when it is exact and of a comparison between groups; None otherwise."""
    estimate = candidate.row.estimate
    if estimate is None or comparator_group(candidate.study, candidate.row) is ComparatorGroup.NONE:
        return None
    return estimate.p if why_p_is_not_converted(estimate) is None else None


def _directness(candidate: StudyResult, pair: PairInput) -> DirectnessInput:
    recorded = candidate.row.directness
    if candidate.study.fidelity is not None and pair.fidelities[candidate.study.fidelity] == AS_DIRECT:
        return replace(recorded, intervention=Directness.DIRECT)
    return recorded


def _flags(candidate: StudyResult) -> tuple[str, ...]:
    flags = [candidate.size.flag] if candidate.size.flag is not None else []
    if candidate.study.publication_status is PublicationStatus.EXPRESSION_OF_CONCERN:
        flags.append(EXPRESSION_OF_CONCERN)
    if candidate.sign is not None and SIGN_OF_REPORT.get(candidate.row.direction) == -candidate.sign != 0:
        flags.append(SIGN_DIFFERS)
    return tuple(flags)


def with_numbers(studies: Sequence[BodyStudy]) -> tuple[BodyStudy, ...]:
    return tuple(study for study in studies if study.effect is not None and study.se is not None)


def pool_studies(studies: Sequence[BodyStudy]) -> PooledEffect | NotPooled:
    """Pool the studies that have numbers as the method says; a single study keeps its printed limits beside SE = width / 2 z.975."""
    entries = with_numbers(studies)
    if not entries:
        return NotPooled(NO_NUMBERS)
    pooled = pool_by_method(*effects_and_variances(entries))
    return pooled if isinstance(pooled, NotPooled) or len(entries) > 1 else as_printed(pooled, entries[0])


def as_printed(pooled: PooledEffect, alone: BodyStudy) -> PooledEffect:
    """Return the pool of a single study with the study's own numbers, to the last digit: pooling one study may round."""
    if alone.effect is None or alone.se is None or alone.ci_low is None or alone.ci_high is None:
        return pooled
    p = pooled.p if alone.p is None else alone.p
    return pooled._replace(estimate=alone.effect, se=alone.se, ci_low=alone.ci_low, ci_high=alone.ci_high, p=p)


def effects_and_variances(studies: Sequence[BodyStudy]) -> tuple[list[float], list[float]]:
    """Return effects and squared standard errors of the studies that have both, in their order."""
    pairs = [(study.effect, study.se**2) for study in studies if study.effect is not None and study.se is not None]
    return [effect for effect, _ in pairs], [variance for _, variance in pairs]
