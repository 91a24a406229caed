"""From accepted studies to bodies of evidence: the one way in which the rating reads them (method, sections 1 and 2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.synthesis.body import (
    Body,
    BodyStudy,
    NotPooled,
    PairInput,
    PassedOver,
    PooledEffect,
    Sensitivity,
    StudyInput,
)
from app.synthesis.body_study import body_study, direction_only
from app.synthesis.body_warnings import warnings_of
from app.synthesis.candidates import Measured, not_usable, outside_every_body
from app.synthesis.direction import count_directions
from app.synthesis.eligibility import why_ineligible
from app.synthesis.measure import (
    NO_MID,
    Scale,
    change_scores_to_leave_out,
    choose_scale,
    family_of,
    mean_difference_scale,
    minimal_important_difference,
)
from app.synthesis.place import AS_RATED, Place, Terms, measured_at
from app.synthesis.pool_requests import PoolRequests, Pools, Ticket
from app.synthesis.reported_effect import NoEffect
from app.synthesis.selection import Preference, Selected, select
from app.synthesis.sensitivity import SensitivityRequest, ask_for_sensitivity, mark_leverage, sensitivity_of
from app.synthesis.study_effect import Family, StudyResult
from app.vocabulary import RATIO_MEASURES, ComparatorGroup, DesignLevel, Horizon, Importance, Measure

IMPORTANCE_ORDER = (Importance.CRITICAL, Importance.IMPORTANT, Importance.LIMITED)
GROUP_ORDER = (ComparatorGroup.SHAM, ComparatorGroup.INACTIVE, ComparatorGroup.ACTIVE, ComparatorGroup.NONE)
HORIZON_ORDER = (Horizon.POST_TREATMENT, Horizon.FOLLOW_UP)
LEVEL_ORDER = (DesignLevel.RANDOMISED, DesignLevel.NON_RANDOMISED_CONTROLLED, DesignLevel.UNCONTROLLED)

NEVER_POOLED = "uncontrolled studies are never pooled"
OTHER_FAMILY = NoEffect("other-kind-of-scale", "Its numbers are of another kind than those of the pool: only their direction counts.")
MIXED_SCORES = NoEffect("change-score-left-out", "Standardised change scores are not pooled with post scores: only the direction counts.")


@dataclass(frozen=True, slots=True)
class Assembly:
    """The bodies of a pair, and everything that was looked at and not used.

    `bodies` by outcome importance, outcome order, comparator group, horizon. `passed_over` holds the rows of eligible studies
    that no body can take; what a body passed over is listed with it. `left_out` are pairs of a body's id and the key of a study
    that the terms keep out of it.
    """

    bodies: tuple[Body, ...]
    eligible: tuple[StudyInput, ...]
    ineligible: tuple[PassedOver, ...]
    not_usable: tuple[PassedOver, ...]
    passed_over: tuple[PassedOver, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def assemble_bodies(pair: PairInput, terms: Terms = AS_RATED) -> Assembly:
    """Return the bodies of evidence of a condition x intervention, one for each outcome, comparator group and horizon."""
    return assemble_many([pair], terms)[0]


def assemble_many(pairs: Sequence[PairInput], terms: Terms = AS_RATED) -> tuple[Assembly, ...]:
    """Return the bodies of evidence of many pairs, every pool of all of them made at once; no pair changes a digit of another."""
    requests = PoolRequests()
    drafts = [_draft_assembly(pair, requests, terms) for pair in pairs]
    pools = requests.pool_all()
    return tuple(replace(assembly, bodies=tuple(_finish(body, pools) for body in bodies)) for assembly, bodies in drafts)


def _draft_assembly(pair: PairInput, requests: PoolRequests, terms: Terms) -> tuple[Assembly, list["_Draft"]]:
    """Everything but the pools, which are asked for: the assembly without its bodies, and drafts of these."""
    studies = sorted(pair.studies, key=lambda study: study.key)
    reasons = [(study, why_ineligible(study, pair)) for study in studies]
    eligible = tuple(study for study, reason in reasons if reason is None)
    measuring = _by_outcome(pair, eligible)
    places = [
        measured_at(pair, outcome, group, measuring.get(outcome.slug, ()), terms)
        for outcome in sorted(pair.outcomes, key=lambda outcome: IMPORTANCE_ORDER.index(outcome.importance))
        for group in GROUP_ORDER
    ]
    unusable = [result for place in places for measured in place.everything for result in measured.unusable]
    assembly = Assembly(
        bodies=(),
        eligible=eligible,
        ineligible=tuple(reason for _, reason in reasons if reason is not None),
        not_usable=not_usable(sorted(unusable, key=lambda result: (result.study.key, result.row.position))),
        passed_over=(*outside_every_body(eligible, pair), *(each for place in places for each in _outside_every_horizon(place))),
        left_out=tuple(each for place in places if place.left_out for each in _keys_left_out(place)),
    )
    wanted = [(place, at) for place in places for at in HORIZON_ORDER if terms.only is None or place.body_id(at) == terms.only]
    drafts = (_draft(place, horizon, requests) for place, horizon in wanted)
    return assembly, [draft for draft in drafts if draft is not None]


def _by_outcome(pair: PairInput, studies: Iterable[StudyInput]) -> dict[str, list[StudyInput]]:
    """Outcome to the studies, in their order, that have a row of it: of many studies most outcomes concern few."""
    measuring: dict[str, list[StudyInput]] = {}
    for study in studies:
        for outcome in {row.outcome for row in study.results if row.condition == pair.condition}:
            measuring.setdefault(outcome, []).append(study)
    return measuring


def _keys_left_out(place: Place) -> list[tuple[str, str]]:
    return [(place.body_id(horizon), key) for horizon in HORIZON_ORDER for key in place.left_out_at(horizon)]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A body before pooling, and the pools it asked for: `pool` None in a body that is never pooled."""

    place: Place
    body: Body
    scale: Scale | None
    pool: Ticket | None
    sensitivity: SensitivityRequest


def _draft(place: Place, horizon: Horizon, requests: PoolRequests) -> _Draft | None:
    """The body of a place at a horizon, on the highest design level present; None without a usable result."""
    present = [measured for measured in place.measured if measured.at(horizon)]
    if not present:
        return None
    level = min((measured.level for measured in present), key=LEVEL_ORDER.index)
    candidates = [result for measured in present if measured.level is level for result in measured.at(horizon)]
    scale, selected = _select(place, horizon, level, candidates)
    studies = _entries(place, scale, selected)
    unusable = _unusable_of(place, horizon, level)
    body = replace(
        _direction_body(place, horizon, level, studies),
        passed_over=(*selected.passed_over, *_listed(present, level, horizon), *place.list_left_out(horizon)),
        not_usable=not_usable(unusable),
        not_usable_n=people_behind(unusable, besides=studies, shared=place.pair.shared_participants),
    )
    if level is DesignLevel.UNCONTROLLED or scale is None:
        pool = None if level is DesignLevel.UNCONTROLLED else requests.ask(studies)
        return _Draft(place, body, scale, pool, SensitivityRequest())
    mean_differences = _mean_differences(place, scale, selected)
    sensitivity = ask_for_sensitivity(requests, studies, place.outcome, place.group, mean_differences, place.terms.thresholds)
    return _Draft(place, body, scale, requests.ask(studies), sensitivity)


def _finish(draft: _Draft, pools: Pools) -> Body:
    pooled = NotPooled(NEVER_POOLED) if draft.pool is None else pools.of(draft.pool)
    if isinstance(pooled, NotPooled):
        body = replace(draft.body, not_pooled=pooled.reason)
    else:
        body = _pooled_body(draft, pooled, sensitivity_of(draft.sensitivity, pools))
    return replace(body, warnings=warnings_of(body))


def _select(place: Place, horizon: Horizon, level: DesignLevel, candidates: Sequence[StudyResult]) -> tuple[Scale | None, Selected]:
    """The scale of the body and its results.

    The scale is chosen over the results that go first when any number of the body's kind counts; then the selection is made
    anew for that scale, so that a study may bring a result that the scale can take.
    """
    shared, outcome = place.pair.shared_participants, place.outcome
    if level is DesignLevel.UNCONTROLLED:
        return None, select(candidates, Preference(outcome, horizon, lambda candidate: candidate.sign is not None), shared)
    family = family_of(candidates, outcome)
    if family is None:
        return None, select(candidates, Preference(outcome, horizon, lambda candidate: False), shared)
    first = select(candidates, Preference(outcome, horizon, lambda candidate: candidate.has_numbers(family)), shared)
    scale = choose_scale(first.chosen, family, outcome)
    preference = Preference(
        outcome, horizon, scale.takes, standardised=scale.measure is Measure.SMD, one_instrument=scale.measure is Measure.MD
    )
    return scale, select(candidates, preference, shared)


def _entries(place: Place, scale: Scale | None, selected: Selected) -> tuple[BodyStudy, ...]:
    left_out = frozenset[str]() if scale is None else change_scores_to_leave_out(selected.chosen, scale)
    entries = []
    for candidate in selected.chosen:
        if candidate.study.key in left_out:
            entries.append(direction_only(candidate, place.pair, MIXED_SCORES))
        else:
            entries.append(body_study(candidate, scale, place.pair, _why_direction_only(candidate, scale)))
    return tuple(entries)


def _why_direction_only(candidate: StudyResult, scale: Scale | None) -> NoEffect:
    if scale is None:
        return candidate.why_not(None)
    if not scale.takes(candidate) and candidate.has_numbers(_other_family(scale)):
        return OTHER_FAMILY
    return candidate.why_not(scale.measure)


def _other_family(scale: Scale) -> Family:
    return Family.CONTINUOUS if scale.measure in RATIO_MEASURES else Family.BINARY


def _direction_body(place: Place, horizon: Horizon, level: DesignLevel, studies: tuple[BodyStudy, ...]) -> Body:
    """The body before pooling: directions only."""
    pair, outcome, group = place.pair, place.outcome, place.group
    return Body(
        id=place.body_id(horizon),
        condition=pair.condition,
        intervention=pair.intervention,
        outcome=outcome,
        comparator_group=group,
        horizon=horizon,
        design_level=level,
        studies=studies,
        measure=None,
        instrument=None,
        mid=NO_MID,
        pooled=None,
        not_pooled=None,
        directions=count_directions([study.direction for study in studies]),
        sensitivity=Sensitivity(),
    )


def _pooled_body(draft: _Draft, pooled: PooledEffect, sensitivity: Sensitivity) -> Body:
    if draft.scale is None:
        return draft.body
    studies = mark_leverage(draft.body.studies, pooled)
    return replace(
        draft.body,
        studies=studies,
        measure=draft.scale.measure,
        instrument=draft.scale.instrument,
        mid=minimal_important_difference(draft.scale, draft.place.outcome, studies, draft.place.terms.thresholds),
        pooled=pooled,
        sensitivity=sensitivity,
    )


def _mean_differences(place: Place, scale: Scale, selected: Selected) -> list[BodyStudy]:
    """The studies of an SMD body that give a mean difference on one scale; none for other bodies."""
    if scale.measure is not Measure.SMD:
        return []
    one_scale = mean_difference_scale(selected.chosen, place.outcome)
    return [body_study(each, one_scale, place.pair, each.why_not(Measure.MD)) for each in selected.chosen if one_scale.takes(each)]


def _listed(present: Sequence[Measured], level: DesignLevel, horizon: Horizon) -> tuple[PassedOver, ...]:
    """What stands beside the body: parts of combined arms, results at other times, results of lower designs."""
    listed = []
    for measured in present:
        key = measured.study.key
        for result in measured.at(horizon):
            if measured.level is not level:
                listed.append(PassedOver(key, result.row.position, "lower-design", f"The body rests on {level} studies."))
            reason = f"Its arms are combined with those of result {result.row.position}."
            listed += [PassedOver(key, position, "arms-combined", reason) for position in result.positions[1:]]
        if horizon is Horizon.POST_TREATMENT:
            listed += [PassedOver(key, row.position, rule, reason) for row, rule, reason in measured.timed.passed_over]
    return tuple(listed)


def _unusable_of(place: Place, horizon: Horizon, level: DesignLevel) -> list[StudyResult]:
    """Results that were measured but cannot be used, of the body's design level or a higher one."""
    counted = LEVEL_ORDER[: LEVEL_ORDER.index(level) + 1]
    return [result for measured in place.measured if measured.level in counted for result in measured.unusable_at(horizon)]


def people_behind(unusable: Sequence[StudyResult], *, besides: Sequence[BodyStudy], shared: Sequence[Sequence[str]]) -> int:
    """Return how many people were measured to no use: each participant set once, without those that the body counts."""
    set_of = {key: min(members) for members in shared for key in members}
    counted = {set_of.get(entry.study.key, entry.study.key) for entry in besides}
    people: dict[str, int] = {}
    for result in unusable:
        name = set_of.get(result.study.key, result.study.key)
        if name not in counted:
            people[name] = max(people.get(name, 0), result.size.n)
    return sum(people.values())


def _outside_every_horizon(place: Place) -> list[PassedOver]:
    """Results of unknown time of studies that have nothing at the end of treatment: no body lists them."""
    return [
        PassedOver(measured.study.key, row.position, rule, reason)
        for measured in place.everything
        if not measured.timed.post_treatment
        for row, rule, reason in measured.timed.passed_over
    ]
