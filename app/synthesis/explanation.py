"""Why a body, or a rating, stands where it stands, and what would move it: computed on demand, never stored (method, section 8).

`appraisal`: what curators said of single domains, beside what was computed. `alternatives`: the level under other published
rule sets. `stability`: the share of each level over a grid of choices. `smallest_change`: the least that would move the level up,
and down. All of it rests on the same rules as the rating itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import Body, PairInput
from app.synthesis.display import finite, shown
from app.synthesis.grade.alternatives import NOT_APPLICABLE, Alternative
from app.synthesis.grade.appraisal import Appraisal, AppraisedCertainty, appraisal_to_json, appraise
from app.synthesis.grade.certainty import CERTAINTY_OF_LEVEL, rate_body
from app.synthesis.grade.cinema_rules import rate_by_cinema
from app.synthesis.grade.imprecision import still_needed
from app.synthesis.grade.level_parts import LevelParts, domain_levels, prepare_pools, removable_studies, take_apart, without_study
from app.synthesis.grade.pollock_rules import rate_by_pollock
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.grade.smallest_change import Change, SmallestChanges, find_smallest_changes
from app.synthesis.grade.stability import LOW_SHARE_CUTS, MID_FACTORS, Stability, lowest_of, measure_stability
from app.synthesis.grade.thresholds import CURRENT_METHOD, thresholds_of
from app.synthesis.grade.umbrella_rules import classify, rate_grade_like
from app.synthesis.place import Terms
from app.synthesis.rated_body import Json
from app.synthesis.rating import PairRating, pair_context, rate_assembly
from app.vocabulary import Certainty, DesignLevel, Importance

NO_APPRAISALS: Mapping[str, Sequence[Appraisal]] = MappingProxyType({})
AT_THE_TOP = "The level is already high."
AT_THE_BOTTOM = "The level is already very low."
NO_SINGLE_CHANGE = "No single change of these kinds moves the level: more than one thing holds it."
LIMITED_ONLY = "Outcomes of limited importance alone stay at very low certainty."
UNCONTROLLED = "Studies without a comparison group stay at very low certainty."
CERTAINTIES_FROM_LOWEST = (Certainty.VERY_LOW, Certainty.LOW, Certainty.MODERATE, Certainty.HIGH)


@dataclass(frozen=True, slots=True)
class BodyExplanation:
    """One body taken apart: how it would be rated otherwise, how stable its level is, and what would move it."""

    body: Body
    parts: LevelParts
    alternatives: tuple[Alternative, ...]
    stability: Stability
    changes: SmallestChanges


def explain_body(pair: PairInput, body_id: str, method: str = CURRENT_METHOD, appraisals: Iterable[Appraisal] = ()) -> Json | None:
    """The explanation of one body of a pair as plain JSON values; None where the pair has no such body.

    `appraisals` are the curators' views of domains of this body. No other body is assembled.
    """
    thresholds = thresholds_of(method)
    assembly = assemble_bodies(pair, Terms(thresholds, only=body_id))
    if not assembly.bodies:
        return None
    return explain_in_context(assembly.bodies[0], pair_context(pair, assembly, thresholds), method, appraisals)


def explain_in_context(body: Body, context: PairContext, method: str = CURRENT_METHOD, appraisals: Iterable[Appraisal] = ()) -> Json:
    """The explanation of a body that is at hand, with its appraisals, as plain JSON values."""
    return body_explanation_to_json(explain(body, context, method), appraise_body(body, context, method, appraisals), method)


def explain_rating(pair: PairInput, method: str = CURRENT_METHOD, appraisals: Mapping[str, Sequence[Appraisal]] = NO_APPRAISALS) -> Json:
    """The explanation of a rating: of every body that it rests on, and of the lowest level among them.

    `appraisals` by body. `effective_certainty` is the lowest effective certainty of the same bodies.
    """
    thresholds = thresholds_of(method)
    assembly = assemble_bodies(pair, Terms(thresholds))
    context = pair_context(pair, assembly, thresholds)
    rating = rate_assembly(pair, assembly, context, method)
    explained = [explain(row.body, context, method) for row in rating.bodies if row.in_headline]
    appraised = [appraise_body(row.body, context, method, appraisals.get(row.body.id, ())) for row in explained]
    limited = rating.tier is Importance.LIMITED
    return {
        "method": rating.method,
        "as_of": rating.as_of.isoformat(),
        "inputs_hash": rating.inputs_hash,
        "certainty": rating.certainty.value,
        "effective_certainty": _effective(rating, appraised).value,
        "limiting_bodies": [row.body.id for row in _limiting(explained)],
        "alternatives": _alternatives_of_rating(explained),
        "stability": None if not explained or limited else _stability_to_json(lowest_of(row.stability for row in explained)),
        "smallest_change": _change_of_rating(rating, explained),
        "bodies": {row.body.id: body_explanation_to_json(row, beside, method) for row, beside in zip(explained, appraised, strict=True)},
    }


def explain(body: Body, context: PairContext, method: str = CURRENT_METHOD) -> BodyExplanation:
    """Take a body apart once, pool each leave-one-out once, and ask the rules."""
    whole = take_apart(body, context, thresholds_of(method))
    without = ((key, without_study(whole, key, context)) for key in removable_studies(body))
    left_out = {key: parts for key, parts in without if parts is not None}
    prepare_pools(left_out.values())
    return BodyExplanation(
        body=body,
        parts=whole,
        alternatives=rate_by_other_rules(whole),
        stability=measure_stability(whole, left_out),
        changes=find_smallest_changes(whole, left_out, context),
    )


def appraise_body(body: Body, context: PairContext, method: str, appraisals: Iterable[Appraisal]) -> AppraisedCertainty:
    """The certainty of a body as computed, and as it counts with these appraisals."""
    thresholds = thresholds_of(method)
    return appraise(body, rate_body(body, context, thresholds), appraisals, thresholds)


def rate_by_other_rules(parts: LevelParts) -> tuple[Alternative, ...]:
    """The body under every other rule set, each as published."""
    body, shares = parts.body, parts.shares
    return (
        rate_by_cinema(body, parts.start, shares, parts.publication_bias),
        rate_grade_like(body, shares),
        classify(body),
        rate_by_pollock(body, shares),
    )


def body_explanation_to_json(explained: BodyExplanation, appraised: AppraisedCertainty, method: str = CURRENT_METHOD) -> Json:
    """The explanation of one body as plain JSON values."""
    body = explained.body
    return {
        "method": method,
        "body": body.id,
        "certainty": CERTAINTY_OF_LEVEL[explained.stability.computed].value,
        "appraisal": appraisal_to_json(appraised),
        "alternatives": [_alternative_to_json(row) for row in explained.alternatives],
        "stability": _stability_to_json(explained.stability),
        "smallest_change": _changes_to_json(explained),
        "participants_still_needed": still_needed(body, thresholds_of(method)),
    }


def _alternative_to_json(row: Alternative) -> Json:
    return {
        "rule_set": row.rule_set.name,
        "version": row.rule_set.version,
        "source": row.rule_set.source,
        "level": row.level,
        "could_be": None if row.could_be is None else {"best": row.could_be[0], "worst": row.could_be[1]},
        "reasons": list(row.reasons),
        "domains": [{"name": domain.name, "least": domain.least, "most": domain.most, "reason": domain.reason} for domain in row.domains],
    }


def _stability_to_json(stability: Stability) -> Json:
    return {
        "grid": {"mid_factors": list(MID_FACTORS), "low_share_enough": list(LOW_SHARE_CUTS), "leave_one_out": True},
        "computed": CERTAINTY_OF_LEVEL[stability.computed].value,
        "shares": {certainty.value: share for certainty, share in stability.shares.items()},
        "share_as_computed": stability.same,
        "cells": [
            {
                "mid_factor": cell.mid_factor,
                "left_out": cell.left_out,
                "low_share_enough": cell.low_share_enough,
                "certainty": CERTAINTY_OF_LEVEL[cell.level].value,
            }
            for cell in stability.cells
        ],
    }


def _changes_to_json(explained: BodyExplanation) -> Json:
    body, changes = explained.body, explained.changes
    return {
        "up": [_change_to_json(body, change) for change in changes.up],
        "down": [_change_to_json(body, change) for change in changes.down],
        "why_not_up": _why_not(explained, changes.up, bound=4, text=AT_THE_TOP),
        "why_not_down": _why_not(explained, changes.down, bound=1, text=AT_THE_BOTTOM),
        "levels_taken": {domain.value: levels for domain, levels in domain_levels(explained.parts).items()},
    }


def _why_not(explained: BodyExplanation, found: Sequence[Change], *, bound: int, text: str) -> str | None:
    if found:
        return None
    if explained.stability.computed == bound:
        return text
    if explained.body.design_level is DesignLevel.UNCONTROLLED:
        return UNCONTROLLED
    return NO_SINGLE_CHANGE


def _change_to_json(body: Body, change: Change) -> Json:
    in_mids = change.kind in ("larger-mid", "smaller-mid")
    return {
        "kind": change.kind,
        "text": change.text,
        "certainty": change.certainty.value,
        "amount": finite(change.amount),
        "shown": shown(change.amount, body.measure) if in_mids else None,
        "study": change.study,
        "others": list(change.others),
        "body": body.id,
    }


def _effective(rating: PairRating, appraised: Sequence[AppraisedCertainty]) -> Certainty:
    if not appraised or rating.tier is Importance.LIMITED:
        return rating.certainty
    return min((row.certainty for row in appraised), key=CERTAINTIES_FROM_LOWEST.index)


def _limiting(explained: Iterable[BodyExplanation]) -> list[BodyExplanation]:
    rows = list(explained)
    lowest = min((row.stability.computed for row in rows), default=None)
    return [row for row in rows if row.stability.computed == lowest]


def _alternatives_of_rating(explained: Sequence[BodyExplanation]) -> list[Json]:
    """For each rule set the lowest level among the bodies; `not-applicable` as soon as it is so for one."""
    rows = []
    for alternatives in zip(*(row.alternatives for row in explained), strict=True):
        levels = [alternative.level for alternative in alternatives]
        rule_set = alternatives[0].rule_set
        lowest = NOT_APPLICABLE if NOT_APPLICABLE in levels else min(levels, key=_rank)
        by_body = {row.body.id: level for row, level in zip(explained, levels, strict=True)}
        rows.append(
            {"rule_set": rule_set.name, "version": rule_set.version, "source": rule_set.source, "level": lowest, "by_body": by_body}
        )
    return rows


def _rank(level: str) -> int:
    order = [*(certainty.value for certainty in CERTAINTIES_FROM_LOWEST), "class-ns", "class-iv", "class-iii", "class-ii", "class-i"]
    return order.index(level)


def _change_of_rating(rating: PairRating, explained: Sequence[BodyExplanation]) -> Json:
    """What moves the lowest level: up, only if one body alone is the lowest; down, what takes any body below it."""
    if rating.tier is Importance.LIMITED:
        return {"up": [], "down": [], "why_not_up": LIMITED_ONLY}
    limiting = _limiting(explained)
    down = [
        _change_to_json(row.body, change)
        for row in explained
        for change in row.changes.down
        if CERTAINTIES_FROM_LOWEST.index(change.certainty) < CERTAINTIES_FROM_LOWEST.index(rating.certainty)
    ]
    if len(limiting) != 1:
        why = "Nothing is rated." if not limiting else f"{len(limiting)} bodies share the lowest level: one of them alone does not lift it."
        return {"up": [], "down": down, "why_not_up": why}
    up = [_change_to_json(limiting[0].body, change) for change in limiting[0].changes.up]
    return {"up": up, "down": down, "why_not_up": _why_not(limiting[0], limiting[0].changes.up, bound=4, text=AT_THE_TOP)}
