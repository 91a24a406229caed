"""A synthesis on request as plain JSON values: every member always there, None for what does not exist, nothing infinite.

Effects on the analysis scale (log for ratios) at full precision; `display` beside them, ratios exponentiated, rounded.
"""

from collections.abc import Sequence

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.diagnostics import diagnose, not_computed
from app.synthesis.display import finite, shown
from app.synthesis.distributions import Z_975
from app.synthesis.effect_sizes import benefit_oriented
from app.synthesis.explanation import explain_in_context
from app.synthesis.given_body import MAX_EXPLAINED, RATED_AS, GivenQuestion, NotRated
from app.synthesis.given_studies import GivenEffect
from app.synthesis.given_synthesis import GivenSynthesis, StudyEffect, Synthesis, notices
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.pooling import Pool
from app.synthesis.rated_body import Json, RatedBody, body_to_json
from app.synthesis.small_study_effects import NotTested
from app.synthesis.statement import NO_EVIDENCE, mid_sentence
from app.vocabulary import Certainty, Finding, Measure, SynthesisMeasure

SHOWN_AS = {
    SynthesisMeasure.RR: Measure.RR,
    SynthesisMeasure.OR: Measure.OR,
    SynthesisMeasure.PETO: Measure.OR,
    SynthesisMeasure.HR: Measure.HR,
    SynthesisMeasure.ROM: Measure.RR,
}
"""Measures of the log scale are shown exponentiated, all others as they are."""
TOO_MANY = f"more than {MAX_EXPLAINED} studies"
IN_DEVIATIONS = (SynthesisMeasure.SMD, SynthesisMeasure.SMDH)
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2", "h2", "q", "q_df", "q_p", "pi_low", "pi_high")
ALL_NUMBERS = (*NUMBERS, "tau2_se", "tau2_ci_low", "tau2_ci_high")
TEST_NUMBERS = ("intercept", "intercept_ci_low", "intercept_ci_high", "slope", "slope_se", "statistic", "df", "p")
RATED_MEMBERS = (
    *("mid", "start", "domains", "upgrades", "levels_total", "limits", "finding", "certainty", "sentence"),
    *("participants_still_needed", "sensitivity"),
)


def synthesis_to_json(synthesis: Synthesis) -> Json:
    """Everything, under the names that `/v1/evidence/{id}` uses."""
    asked, pooled = synthesis.asked, synthesis.pooled
    return {
        "method": asked.method,
        "measure": asked.question.measure.value,
        "better": None if asked.question.better is None else asked.question.better.value,
        "model": _model(asked, pooled),
        **_numbers(pooled, ALL_NUMBERS),
        "display": _display(pooled, asked.question),
        "studies": _studies(synthesis),
        "leave_one_out": [_part(asked.question, row, part) for row, part in synthesis.leave_one_out],
        "cumulative": [_part(asked.question, row, part) for row, part in synthesis.cumulative],
        "egger": _egger(synthesis),
        **_rated(synthesis),
        **_explained(synthesis),
        "warnings": notices(synthesis),
    }


def _model(asked: GivenSynthesis, pooled: Pool) -> Json:
    """The model asked for, and what it came to with these studies."""
    model, made = asked.model, None if isinstance(pooled, NotPooled) else pooled
    return {
        "tau2": model.tau2_method,
        "ci": model.ci,
        "guard": model.guard,
        "prediction": model.prediction,
        "smd_variance": asked.smd_variance,
        "tau2_used": None if made is None else made.tau2_method,
        "ci_used": None if made is None else made.ci_method,
    }


def _numbers(pooled: Pool, names: Sequence[str]) -> Json:
    """k and the numbers of a pool; k = 0 and None where nothing is pooled."""
    if isinstance(pooled, NotPooled):
        return {"k": 0, **dict.fromkeys(names)}
    return {"k": pooled.k, **{name: finite(getattr(pooled, name)) for name in names}}


def _display(pooled: Pool, question: GivenQuestion) -> Json | None:
    if isinstance(pooled, NotPooled):
        return None
    measure = question.measure
    unit = "ratio" if measure in SHOWN_AS else "SD" if measure in IN_DEVIATIONS else None
    names = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    return {
        **{name: shown(getattr(pooled, name), SHOWN_AS.get(measure)) for name in names},
        "favours": _favours(pooled, question),
        "unit": unit,
    }


def _favours(pooled: PooledEffect, question: GivenQuestion) -> str | None:
    if question.better is None:
        return None
    oriented = float(benefit_oriented(pooled.estimate, question.better))
    return {1: "intervention", -1: "comparator", 0: "neither"}[(oriented > 0) - (oriented < 0)]


def _studies(synthesis: Synthesis) -> list[Json]:
    """Every study as given, those without an effect too."""
    pooled = synthesis.pooled
    shares = [None] * len(synthesis.usable) if isinstance(pooled, NotPooled) else list(pooled.weights)
    weights = dict(zip((row.key for row, _ in synthesis.usable), shares, strict=True))
    measure = SHOWN_AS.get(synthesis.asked.question.measure)
    return [_study(row, weights.get(row.key), measure) for row in synthesis.studies]


def _study(row: StudyEffect, weight: float | None, measure: Measure | None) -> Json:
    study, found = row.study, row.found
    about = {"label": study.label, "key": row.key, "year": study.year, "n": study.people}
    if not isinstance(found, GivenEffect):
        nothing = dict.fromkeys(("effect", "variance", "weight", "ci_low", "ci_high", "display", "basis"))
        return {**about, **nothing, "converted": [], "not_pooled": f"not-pooled: {found.reason}"}
    half_width = Z_975 * found.variance**0.5
    limits = {"ci_low": found.effect - half_width, "ci_high": found.effect + half_width}
    return {
        **about,
        "effect": found.effect,
        "variance": found.variance,
        "weight": weight,
        **{name: finite(limit) for name, limit in limits.items()},
        "display": {"estimate": shown(found.effect, measure), **{name: shown(limit, measure) for name, limit in limits.items()}},
        "basis": found.basis,
        "converted": list(found.converted),
        "not_pooled": None,
    }


def _part(question: GivenQuestion, row: StudyEffect, part: Pool) -> Json:
    return {
        "label": row.study.label,
        "key": row.key,
        "year": row.study.year,
        **_numbers(part, NUMBERS),
        "display": _display(part, question),
        "not_pooled": f"not-pooled: {part.reason}" if isinstance(part, NotPooled) else None,
    }


def _egger(synthesis: Synthesis) -> Json:
    test = synthesis.egger
    if isinstance(test, NotTested):
        return {**dict.fromkeys(TEST_NUMBERS), "not_computed": test.reason}
    return {**{name: finite(getattr(test, name)) for name in TEST_NUMBERS}, "not_computed": None}


def _rated(synthesis: Synthesis) -> Json:
    """The certainty with every number compared; without it None throughout, or the words for no study and for none usable."""
    rated, nothing = synthesis.rated, dict.fromkeys(RATED_MEMBERS)
    if isinstance(rated, RatedBody):
        whole = body_to_json(rated)
        return {name: whole[name] for name in RATED_MEMBERS}
    if not synthesis.studies:
        return {**nothing, "certainty": Certainty.NO_EVIDENCE.value, "sentence": NO_EVIDENCE}
    question = synthesis.asked.question
    has_rule = question.measure in RATED_AS and question.better is not None
    return {**nothing, **_nothing_pooled(question)} if has_rule and isinstance(synthesis.pooled, NotPooled) else nothing


def _explained(synthesis: Synthesis) -> Json:
    """Other rule sets, stability, the smallest change; and the diagnostics. Not for a body that is not rated, or very large."""
    rated = synthesis.rated
    reason = rated.reason if isinstance(rated, NotRated) else None if rated.body.k <= MAX_EXPLAINED else TOO_MANY
    if reason is not None or isinstance(rated, NotRated):
        return {"explanation": not_computed(reason or TOO_MANY), "diagnostics": not_computed(reason or TOO_MANY)}
    whole = explain_in_context(rated.body, PairContext(), synthesis.asked.method)
    return {
        "explanation": {name: whole[name] for name in ("alternatives", "stability", "smallest_change")},
        "diagnostics": diagnose(rated.body, rated.thresholds),
    }


def _nothing_pooled(question: GivenQuestion) -> Json:
    """Studies without a usable result: very low and unclear, said so (method, section 5)."""
    subject, outcome = mid_sentence(question.intervention_name), mid_sentence(question.outcome_name)
    sentence = f"It is very uncertain whether {subject} makes a difference to {outcome}: no study gives a result that could be pooled."
    return {"finding": Finding.UNCLEAR.value, "certainty": Certainty.VERY_LOW.value, "sentence": sentence}
