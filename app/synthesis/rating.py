"""The rating of one condition x intervention: assemble, judge, choose, say (method, sections 5, 6 and 8).

Pure: the same `PairInput` gives the same rating, in whatever order its studies come.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.synthesis.assembly import Assembly, assemble_bodies, assemble_many
from app.synthesis.body import Body, PairInput, PassedOver, StudyInput
from app.synthesis.eligibility import ADVERSE_EVENTS, comparator_group
from app.synthesis.findings import find_body_finding
from app.synthesis.grade.certainty import rate_body
from app.synthesis.grade.publication_bias import OverdueRegistration, PairContext, find_overdue
from app.synthesis.grade.thresholds import CURRENT, CURRENT_METHOD, Thresholds, thresholds_of
from app.synthesis.grade.weights import studies_with_numbers
from app.synthesis.headline import Headline, Reason, choose_headline
from app.synthesis.inputs_hash import inputs_hash
from app.synthesis.participants import count_once, participant_sets
from app.synthesis.place import Terms
from app.synthesis.rated_body import Json, RatedBody, body_to_json, passed_over_to_json, summary_row
from app.synthesis.sample_size import sample_size
from app.synthesis.statement import (
    NO_EVIDENCE,
    EvidenceCount,
    body_sentence,
    headline_sentence,
    limited_only_sentence,
    not_usable_sentence,
)
from app.synthesis.usable_result import is_usable_result
from app.vocabulary import Certainty, ComparatorGroup, Finding, Horizon, Importance, PublicationStatus

__all__ = [
    "METHOD_VERSION",
    "Harms",
    "PairRating",
    "RatedBody",
    "body_to_json",
    "inputs_hash",
    "rate_many",
    "rate_one_body",
    "rate_pair",
    "to_json",
]

METHOD_VERSION = CURRENT_METHOD
NOTHING_LEFT = "Without the studies that are left out, no usable result remains: it is very uncertain what the treatment does."
ROW_ORDER_IMPORTANCE = (Importance.CRITICAL, Importance.IMPORTANT, Importance.LIMITED)
ROW_ORDER_COMPARATOR = (ComparatorGroup.SHAM, ComparatorGroup.INACTIVE, ComparatorGroup.ACTIVE, ComparatorGroup.NONE)


@dataclass(frozen=True, slots=True)
class Harms:
    """What the eligible studies say of harms; the same people are counted once. No serious event was counted: None."""

    serious_adverse_events: int | None
    studies_counting_serious: int
    studies_reporting: int
    studies_silent: int


@dataclass(frozen=True, slots=True)
class PairRating:
    """The headline for one condition and intervention, and everything it rests on. `direction` None: no evidence."""

    method: str
    as_of: date
    inputs_hash: str
    condition: str
    intervention: str
    certainty: Certainty
    direction: Finding | None
    sentence: str
    headline_comparator: ComparatorGroup | None
    tier: Importance | None
    reasons: tuple[Reason, ...]
    bodies: tuple[RatedBody, ...]
    eligible_k: int
    eligible_n: int
    harms: Harms
    overdue_registrations: tuple[OverdueRegistration, ...]
    not_usable: tuple[PassedOver, ...]
    ineligible: tuple[PassedOver, ...]
    concerns: tuple[StudyInput, ...] = ()
    """Eligible studies on whose reports an expression of concern stands; they count."""


@dataclass(frozen=True, slots=True)
class _Conclusion:
    certainty: Certainty
    direction: Finding | None
    sentence: str
    reasons: tuple[Reason, ...]
    headline: Headline | None = None


def rate_pair(pair: PairInput, method: str = METHOD_VERSION) -> PairRating:
    """Rate one condition x intervention from all that was accepted about it, with the thresholds of a method version."""
    return rate_many([pair], method)[0]


def rate_many(pairs: Sequence[PairInput], method: str = METHOD_VERSION) -> tuple[PairRating, ...]:
    """Rate many pairs, each as if it were alone, with every pool of all of them made at once."""
    thresholds = thresholds_of(method)
    return tuple(
        rate_assembly(pair, assembly, pair_context(pair, assembly, thresholds), method)
        for pair, assembly in zip(pairs, assemble_many(pairs, Terms(thresholds)), strict=True)
    )


def rate_one_body(pair: PairInput, body_id: str, method: str = METHOD_VERSION) -> tuple[RatedBody, PairContext] | None:
    """One body of a pair, rated, and what it shares with the others, of which none is assembled; None where there is no such body.

    Whether the headline rests on it is not looked at.
    """
    thresholds = thresholds_of(method)
    assembly = assemble_bodies(pair, Terms(thresholds, only=body_id))
    if not assembly.bodies:
        return None
    context = pair_context(pair, assembly, thresholds)
    return _rate(assembly.bodies[0], context, pair.intervention_name, thresholds), context


def rate_assembly(pair: PairInput, assembly: Assembly, context: PairContext, method: str = METHOD_VERSION) -> PairRating:
    """Rate a pair whose bodies and context are at hand."""
    rated = tuple(_rate(body, context, pair.intervention_name, thresholds_of(method)) for body in assembly.bodies)
    eligible = count_eligible(assembly.eligible, pair)
    conclusion = _conclude(rated, eligible, pair, something_left_out=bool(assembly.left_out))
    headline = conclusion.headline
    return PairRating(
        method=method,
        as_of=pair.as_of,
        inputs_hash=inputs_hash(pair),
        condition=pair.condition,
        intervention=pair.intervention,
        certainty=conclusion.certainty,
        direction=conclusion.direction,
        sentence=conclusion.sentence,
        headline_comparator=None if headline is None else headline.comparator_group,
        tier=None if headline is None else headline.tier,
        reasons=conclusion.reasons,
        bodies=_in_row_order(rated, headline),
        eligible_k=eligible.k,
        eligible_n=eligible.n,
        harms=count_harms(assembly.eligible, pair.shared_participants),
        overdue_registrations=context.overdue,
        not_usable=assembly.not_usable,
        ineligible=assembly.ineligible,
        concerns=tuple(study for study in assembly.eligible if study.publication_status is PublicationStatus.EXPRESSION_OF_CONCERN),
    )


def _rate(body: Body, context: PairContext, intervention_name: str, thresholds: Thresholds) -> RatedBody:
    certainty, finding = rate_body(body, context, thresholds), find_body_finding(body)
    sentence = body_sentence(body, certainty.certainty, finding, intervention_name)
    return RatedBody(body, certainty, finding, sentence, thresholds=thresholds)


def _conclude(rated: Sequence[RatedBody], eligible: EvidenceCount, pair: PairInput, *, something_left_out: bool) -> _Conclusion:
    names = {"intervention_name": pair.intervention_name, "condition_name": pair.condition_name}
    if eligible.k == 0:
        reason = Reason("rating/no-evidence", "No eligible study was found.")
        return _Conclusion(Certainty.NO_EVIDENCE, None, NO_EVIDENCE, (reason,))
    if not rated and something_left_out:
        return _Conclusion(Certainty.VERY_LOW, Finding.UNCLEAR, NOTHING_LEFT, (Reason("rating/nothing-left", NOTHING_LEFT),))
    if not rated:
        reason = Reason("rating/no-usable-result", "There are eligible studies, but none with a usable result: very low, unclear.")
        return _Conclusion(Certainty.VERY_LOW, Finding.UNCLEAR, not_usable_sentence(eligible, **names), (reason,))
    headline = choose_headline(rated)
    bodies = [row.body for row in headline.resting_on]
    evidence = count_evidence(bodies, pair.shared_participants)
    if headline.tier is Importance.LIMITED:
        sentence = limited_only_sentence(bodies, evidence, **names)
    else:
        findings = [row.finding for row in headline.resting_on]
        contradicted = [row.body for row in headline.contradicting]
        sentence = headline_sentence(bodies, findings, headline.certainty, evidence, contradicted=contradicted, **names)
    return _Conclusion(headline.certainty, headline.direction, sentence, headline.reasons, headline)


def pair_context(pair: PairInput, assembly: Assembly, thresholds: Thresholds = CURRENT) -> PairContext:
    """What all bodies of the pair share: overdue registrations, and participants of controlled studies with a usable result.

    Each set of participants counts once, with its largest comparison.
    """
    unusable = {(row.study, row.position) for row in assembly.not_usable}
    people = {study.key: n for study in assembly.eligible if (n := _controlled_n(study, pair.condition, unusable)) is not None}
    overdue = find_overdue(pair.registrations, pair.condition, pair.as_of, thresholds)
    return PairContext(overdue, count_once(people, pair.shared_participants)[1])


def _controlled_n(study: StudyInput, condition: str, unusable: set[tuple[str, int | None]]) -> int | None:
    """The people in the largest between-group comparison with a usable result; None without one."""
    rows = [
        row
        for row in study.results
        if row.condition == condition
        and row.outcome != ADVERSE_EVENTS
        and comparator_group(study, row) not in (None, ComparatorGroup.NONE)
        and (study.key, row.position) not in unusable
        and is_usable_result(study, row)
    ]
    return max((sample_size(study, row).n for row in rows), default=None)


def count_eligible(studies: Sequence[StudyInput], pair: PairInput) -> EvidenceCount:
    """Sets of participants and people in eligible studies: all who took part, an unknown number as 0."""
    people = {study.key: max(study.n_randomised or 0, study.n_analysed or 0) for study in studies}
    k, n = count_once(people, pair.shared_participants)
    return EvidenceCount(k, n, unknown=sum(number == 0 for number in people.values()))


def count_evidence(bodies: Sequence[Body], shared: Sequence[Sequence[str]]) -> EvidenceCount:
    """Studies and people behind several bodies together; of pooled bodies the studies with numbers, each person once."""
    rows = [study for body in bodies for study in (body.studies if body.pooled is None else studies_with_numbers(body))]
    people: dict[str, int] = {}
    for row in rows:
        people[row.study.key] = max(row.n, people.get(row.study.key, 0))
    known = {row.study.key for row in rows if row.n_known}
    k, n = count_once(people, shared)
    return EvidenceCount(k, n, any(row.n_estimated for row in rows), len(people.keys() - known))


def count_harms(studies: Sequence[StudyInput], shared: Sequence[Sequence[str]]) -> Harms:
    """Serious adverse events, studies that report on harms and studies that are silent, each set of participants once."""
    by_key = {study.key: study for study in studies}
    sets = [[by_key[key] for key in members] for members in participant_sets(by_key, shared)]
    reporting = sum(any(study.harms_reported for study in members) for members in sets)
    counts = [[study.serious_adverse_events for study in members if study.serious_adverse_events is not None] for members in sets]
    counted = [max(numbers) for numbers in counts if numbers]
    return Harms(sum(counted) if counted else None, len(counted), reporting, len(sets) - reporting)


def _in_row_order(rated: Sequence[RatedBody], headline: Headline | None) -> tuple[RatedBody, ...]:
    """Headline bodies first, then by importance, comparator, horizon, outcome."""
    resting_on = set() if headline is None else {row.body.id for row in headline.resting_on}
    marked = [replace(row, in_headline=row.body.id in resting_on) for row in rated]
    return tuple(sorted(marked, key=_row_order))


def _row_order(rated: RatedBody) -> tuple[object, ...]:
    body = rated.body
    place = ROW_ORDER_IMPORTANCE.index(body.outcome.importance), ROW_ORDER_COMPARATOR.index(body.comparator_group)
    return not rated.in_headline, *place, body.horizon is Horizon.FOLLOW_UP, body.outcome.slug


def to_json(rating: PairRating) -> Json:
    """The rating as plain JSON values, as it is served and stored; `outcomes` are summary rows, headline first.

    `concerns` are there only where there is one: without one a rating reads as it always did.
    """
    concerns = [{"study": study.key, "label": study.label} for study in rating.concerns]
    return {
        "method": rating.method,
        "as_of": rating.as_of.isoformat(),
        "inputs_hash": rating.inputs_hash,
        "condition": rating.condition,
        "intervention": rating.intervention,
        "certainty": rating.certainty.value,
        "direction": None if rating.direction is None else rating.direction.value,
        "sentence": rating.sentence,
        "headline_comparator": None if rating.headline_comparator is None else rating.headline_comparator.value,
        "tier": None if rating.tier is None else rating.tier.value,
        "reasons": [{"rule": reason.rule, "text": reason.text, "bodies": list(reason.bodies)} for reason in rating.reasons],
        "eligible_studies": rating.eligible_k,
        "eligible_participants": rating.eligible_n,
        "harms": dataclasses.asdict(rating.harms),
        "overdue_registrations": [dataclasses.asdict(row) for row in rating.overdue_registrations],
        "measured_not_usable": [passed_over_to_json(row) for row in rating.not_usable],
        "ineligible": [passed_over_to_json(row) for row in rating.ineligible],
        "outcomes": [summary_row(row) for row in rating.bodies],
        **({"concerns": concerns} if concerns else {}),
    }
