"""A body of evidence with its certainty, and the two shapes in which it leaves the engine: a summary row and the whole."""

from dataclasses import dataclass

from app.synthesis.body import Body, BodyStudy, PassedOver, PooledEffect, Sensitivity
from app.synthesis.display import finite, pooled_to_json, shown
from app.synthesis.grade.certainty import BodyCertainty
from app.synthesis.grade.crossings import benefit_view
from app.synthesis.grade.imprecision import still_needed
from app.synthesis.grade.judgement import DomainJudgement
from app.synthesis.grade.risk_of_bias import study_level
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.upgrades import Upgrade
from app.synthesis.grade.weights import studies_with_numbers
from app.vocabulary import RATIO_MEASURES, Finding, Measure

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class RatedBody:
    """A body, how sure one can be of it, what it finds, and whether the rating of its pair rests on it."""

    body: Body
    certainty: BodyCertainty
    finding: Finding
    sentence: str
    in_headline: bool = False
    thresholds: Thresholds = CURRENT
    """The numbers of the method version under which it was rated."""


def passed_over_to_json(row: PassedOver) -> Json:
    """A result or study that was not taken, with the rule and the reason."""
    return {"study": row.study, "position": row.position, "rule": row.rule, "reason": row.reason}


def summary_row(rated: RatedBody) -> Json:
    """One row of a summary of findings, JSON-safe."""
    body = rated.body
    return {
        "body": body.id,
        "outcome": body.outcome.slug,
        "outcome_name": body.outcome.name,
        "better": body.outcome.better.value,
        "importance": body.outcome.importance.value,
        "comparator_group": body.comparator_group.value,
        "horizon": body.horizon.value,
        "in_headline": rated.in_headline,
        "k": body.k,
        "n": body.n,
        "n_is_estimated": any(study.n_estimated or not study.n_known for study in body.studies),
        "design_level": body.design_level.value,
        "measure": None if body.measure is None else body.measure.value,
        "instrument": None if body.instrument is None else body.instrument.slug,
        "effect": effect_to_json(body),
        "directions": _directions(body),
        "finding": rated.finding.value,
        "certainty": rated.certainty.certainty.value,
        "domains": {row.domain.value: _domain_row(row) for row in rated.certainty.judgements},
        "sentence": rated.sentence,
    }


def body_to_json(rated: RatedBody) -> Json:
    """Everything about a body, JSON-safe: the row, and every number its certainty was computed from."""
    body, certainty = rated.body, rated.certainty
    start = certainty.start
    return {
        **summary_row(rated),
        "condition": body.condition,
        "intervention": body.intervention,
        "start": {"level": start.level, "certainty": start.certainty.value, "rule": start.rule, "reason": start.reason},
        "domains": {row.domain.value: _domain_in_full(row) for row in certainty.judgements},
        "upgrades": [_upgrade_to_json(upgrade) for upgrade in certainty.upgrades],
        "levels_total": certainty.levels_taken,
        "limits": list(certainty.limits),
        "mid": {"value": finite(body.mid.value), "source": body.mid.source, "standing": body.mid.standing.value},
        "pooled": None if body.pooled is None else pooled_to_json(body.pooled),
        "not_pooled": body.not_pooled,
        "direction_of_effect": _direction_of_effect(body),
        "studies": [_study_to_json(rated, study, weight) for study, weight in _with_pool_weights(body)],
        "passed_over": [passed_over_to_json(row) for row in body.passed_over],
        "not_usable": [passed_over_to_json(row) for row in body.not_usable],
        "not_usable_n": body.not_usable_n,
        "sensitivity": _sensitivity_to_json(body.sensitivity),
        "participants_still_needed": still_needed(body, rated.thresholds),
        "warnings": list(body.warnings),
    }


def effect_to_json(body: Body) -> Json | None:
    """The pooled effect as a reader sees it: natural direction, ratios exponentiated, and whom it favours."""
    pooled, view = body.pooled, benefit_view(body)
    if pooled is None or view is None:
        return None
    side = (view.estimate > 0) - (view.estimate < 0)
    return {
        "estimate": shown(pooled.estimate, body.measure),
        "ci_low": shown(pooled.ci_low, body.measure),
        "ci_high": shown(pooled.ci_high, body.measure),
        "pi_low": shown(pooled.pi_low, body.measure),
        "pi_high": shown(pooled.pi_high, body.measure),
        "favours": {1: "intervention", -1: "comparator", 0: "neither"}[side],
        "unit": effect_unit(body),
    }


def effect_unit(body: Body) -> str | None:
    """The unit of the shown effect: of the instrument, `SD` for standardised differences, `ratio` for ratios."""
    if body.measure is Measure.SMD:
        return "SD"
    if body.measure in RATIO_MEASURES:
        return "ratio"
    return None if body.instrument is None else body.instrument.unit


def _domain_row(row: DomainJudgement) -> Json:
    return {"levels": row.levels, "concern": row.concern.value, "reason": row.reason}


def _domain_in_full(row: DomainJudgement) -> Json:
    studies = [{"study": study.study, "weight": study.weight, "judgement": study.judgement} for study in row.studies]
    return {**_domain_row(row), "rule": row.rule, "inputs": dict(row.inputs), "studies": studies}


def _upgrade_to_json(upgrade: Upgrade) -> Json:
    return {"levels": upgrade.levels, "rule": upgrade.rule, "reason": upgrade.reason, "inputs": dict(upgrade.inputs)}


def _directions(body: Body) -> Json:
    count = body.directions
    return {"favours_intervention": count.favouring, "favours_comparator": count.against, "null": count.null}


def _direction_of_effect(body: Body) -> Json:
    count = body.directions
    return {
        **_directions(body),
        "with_direction": count.with_direction,
        "sign_test_p": finite(count.sign_test_p),
        "proportion_low": finite(count.proportion_low),
        "proportion_high": finite(count.proportion_high),
        "can_reach_significance": count.can_reach_significance,
    }


def _with_pool_weights(body: Body) -> list[tuple[BodyStudy, float | None]]:
    """Each study with its weight in the pool (0 to 1), None for the studies that no pool rests on."""
    if body.pooled is None:
        return [(study, None) for study in body.studies]
    pooled = studies_with_numbers(body)
    weights = {study.study.key: weight for study, weight in zip(pooled, body.pooled.weights, strict=True)}
    return [(study, weights.get(study.study.key)) for study in body.studies]


def _study_to_json(rated: RatedBody, row: BodyStudy, weight: float | None) -> Json:
    body, study, result, directness = rated.body, row.study, row.result, row.directness
    risk = study_level(study, body.outcome.slug, body.comparator_group, rated.thresholds)
    return {
        "study": study.key,
        "label": study.label,
        "year": study.year,
        "position": result.position,
        "effect": finite(row.effect),
        "se": finite(row.se),
        "ci_low": finite(row.ci_low),
        "ci_high": finite(row.ci_high),
        "display": None if row.effect is None else _display(body, row),
        "weight": weight,
        "n": row.n,
        "n_known": row.n_known,
        "n_estimated": row.n_estimated,
        "basis": row.basis,
        "converted": list(row.converted),
        "flags": list(row.flags),
        "direction": row.direction,
        "risk_of_bias": {
            "level": risk.level.value,
            "tool": None if risk.tool is None else risk.tool.value,
            "assessed": risk.assessed,
            "converted": risk.converted,
            "reason": risk.reason,
        },
        "directness": {name: getattr(directness, name).value for name in ("population", "intervention", "comparator", "outcome")},
        "comparator": result.comparator.value,
        "timepoint_weeks": finite(result.timepoint_weeks),
        "since_end_of_treatment_weeks": finite(result.since_end_of_treatment_weeks),
        "instrument": result.instrument,
    }


def _display(body: Body, row: BodyStudy) -> Json:
    return {
        "estimate": shown(row.effect, body.measure),
        "ci_low": shown(row.ci_low, body.measure),
        "ci_high": shown(row.ci_high, body.measure),
    }


def _sensitivity_to_json(sensitivity: Sensitivity) -> Json:
    def pool(pooled: PooledEffect | None) -> Json | None:
        return None if pooled is None else pooled_to_json(pooled)

    return {
        "common_effect": pool(sensitivity.common_effect),
        "dersimonian_laird": pool(sensitivity.dersimonian_laird),
        "without_high_risk": pool(sensitivity.without_high_risk),
        "without_converted_from_p": pool(sensitivity.without_converted_from_p),
        "mean_difference_only": pool(sensitivity.mean_difference_only),
        "leave_one_out": [{"left_out": key, "pooled": pooled_to_json(pooled)} for key, pooled in sensitivity.leave_one_out],
        "cumulative": [{"year": year, "added": key, "pooled": pooled_to_json(pooled)} for year, key, pooled in sensitivity.cumulative],
    }
