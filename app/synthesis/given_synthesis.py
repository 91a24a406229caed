"""A synthesis on request: studies and a question in, what a stored body of evidence has out; nothing is kept.

Pure: the same request gives the same answer. Numbers that cannot be pooled or rated are values with their reasons.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.synthesis.body import Body, NotPooled, PooledEffect
from app.synthesis.findings import find_body_finding
from app.synthesis.given_body import GivenQuestion, NotRated, body_of
from app.synthesis.given_studies import GivenEffect, GivenStudy, SmdVariance, effect_of
from app.synthesis.grade.certainty import rate_body
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.grade.thresholds import CURRENT_METHOD, thresholds_of
from app.synthesis.pooling import COMMON_EFFECT, Pool, cumulative, leave_one_out, pool
from app.synthesis.pooling_model import BY_METHOD, PoolingModel
from app.synthesis.rated_body import RatedBody
from app.synthesis.reported_effect import NoEffect
from app.synthesis.small_study_effects import NotTested, RegressionTest, egger
from app.synthesis.statement import body_sentence

NO_STUDY = "no study is given"
NONE_USABLE = "no study gives an effect with a variance"


@dataclass(frozen=True, slots=True)
class GivenSynthesis:
    """What is asked: the studies, the question, and how to pool (`BY_METHOD`: as the rating does)."""

    studies: tuple[GivenStudy, ...]
    question: GivenQuestion
    model: PoolingModel = BY_METHOD
    smd_variance: SmdVariance = "LS"
    method: str = CURRENT_METHOD


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """A study under a key of its own, and its effect or the reason why it has none."""

    key: str
    study: GivenStudy
    found: GivenEffect | NoEffect


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What came of it. `leave_one_out` and `cumulative` hold (the study left out or added, the pool)."""

    asked: GivenSynthesis
    studies: tuple[StudyEffect, ...]
    pooled: Pool
    leave_one_out: tuple[tuple[StudyEffect, Pool], ...]
    cumulative: tuple[tuple[StudyEffect, Pool], ...]
    egger: RegressionTest | NotTested
    rated: RatedBody | NotRated

    @property
    def usable(self) -> tuple[tuple[StudyEffect, GivenEffect], ...]:
        """The studies that have an effect, in the order of the request."""
        return usable_of(self.studies)


def usable_of(studies: Sequence[StudyEffect]) -> tuple[tuple[StudyEffect, GivenEffect], ...]:
    """The studies that have an effect, each with it."""
    return tuple((row, row.found) for row in studies if isinstance(row.found, GivenEffect))


def synthesise(asked: GivenSynthesis) -> Synthesis:
    """Compute the effects, pool them as asked, and rate the body they make by the rules of the method."""
    keys = unique_labels([study.label for study in asked.studies])
    measure = asked.question.measure
    studies = tuple(
        StudyEffect(key, study, effect_of(study, measure, asked.smd_variance)) for key, study in zip(keys, asked.studies, strict=True)
    )
    usable = usable_of(studies)
    effects, variances = [found.effect for _, found in usable], [found.variance for _, found in usable]
    pooled = _pool(asked, effects, variances)
    return Synthesis(
        asked=asked,
        studies=studies,
        pooled=pooled,
        leave_one_out=_left_out(asked.model, [row for row, _ in usable], effects, variances),
        cumulative=_cumulative(asked.model, [row for row, _ in usable], effects, variances),
        egger=egger(effects, variances),
        rated=_rate(asked, usable, pooled),
    )


def unique_labels(labels: Sequence[str]) -> list[str]:
    """The labels, a number behind those that stood before, so that each names one study."""
    unique: dict[str, None] = {}
    for label in labels:
        name, number = label, 2
        while name in unique or (number > 2 and name in labels):
            name, number = f"{label} ({number})", number + 1
        unique[name] = None
    return list(unique)


def notices(synthesis: Synthesis) -> list[str]:
    """What a reader must be told: what is not pooled and why, what else is missing, and what the certainty takes for granted."""
    pooled = synthesis.pooled
    whole = [f"not-pooled: {pooled.reason}"] if isinstance(pooled, NotPooled) else list(pooled.warnings)
    parts = [f"not-pooled: {row.key}: {row.found.reason}" for row in synthesis.studies if isinstance(row.found, NoEffect)]
    return [*whole, *parts, *_scale_notices(synthesis.asked), *_model_notices(synthesis), *_rating_notices(synthesis)]


def _pool(asked: GivenSynthesis, effects: Sequence[float], variances: Sequence[float]) -> Pool:
    if not effects:
        return NotPooled(NONE_USABLE if asked.studies else NO_STUDY)
    model = asked.model
    return pool(effects, variances, tau2_method=model.tau2_method, ci=model.ci, guard=model.guard, prediction=model.prediction)


def _left_out(
    model: PoolingModel, rows: Sequence[StudyEffect], effects: Sequence[float], variances: Sequence[float]
) -> tuple[tuple[StudyEffect, Pool], ...]:
    """The pool without each study, by the same model; nothing for one study, without which nothing remains."""
    return () if len(rows) < 2 else tuple(zip(rows, leave_one_out(effects, variances, fit=model), strict=True))


def _cumulative(
    model: PoolingModel, rows: Sequence[StudyEffect], effects: Sequence[float], variances: Sequence[float]
) -> tuple[tuple[StudyEffect, Pool], ...]:
    """The pool after each study, by year, then as given; nothing unless every study says its year."""
    years = [row.study.year for row in rows if row.study.year is not None]
    if not rows or len(years) < len(rows):
        return ()
    order = sorted(range(len(rows)), key=years.__getitem__)
    return tuple(zip((rows[place] for place in order), cumulative(effects, variances, order, fit=model), strict=True))


def _rate(asked: GivenSynthesis, usable: Sequence[tuple[StudyEffect, GivenEffect]], pooled: Pool) -> RatedBody | NotRated:
    if isinstance(pooled, NotPooled):
        return NotRated(pooled.reason)
    body = body_of(asked.question, [(row.key, row.study, found) for row, found in usable], pooled)
    return body if isinstance(body, NotRated) else _rate_body(body, asked)


def _rate_body(body: Body, asked: GivenSynthesis) -> RatedBody:
    thresholds = thresholds_of(asked.method)
    certainty, finding = rate_body(body, PairContext(), thresholds), find_body_finding(body)
    sentence = body_sentence(body, certainty.certainty, finding, asked.question.intervention_name)
    return RatedBody(body, certainty, finding, sentence, thresholds=thresholds)


def _scale_notices(asked: GivenSynthesis) -> list[str]:
    """How numbers of a ratio measure were read: as logarithms, which is not what somebody who sends 0.8 (0.6 to 1.07) means."""
    question, mid = asked.question, asked.question.mid_on_scale
    if not question.is_log_scale:
        return []
    natural = [study for study in asked.studies if study.ci_low is not None and study.ci_high is not None]
    told = []
    if natural and all((study.effect or 0) > 0 and (study.ci_low or 0) > 0 for study in natural):
        told.append(
            "effects: read as logarithms of ratios; all that have limits lie above 0 with both of them, as ratios not yet logged would."
        )
    if mid is not None:
        read = (
            f"a ratio; its logarithm is {mid:.3g}" if question.mid_is_ratio else f"the logarithm of a ratio, which is {math.exp(mid):.3g}"
        )
        told.append(f"mid: {question.mid:g} is read as {read}.")
    return told


def _model_notices(synthesis: Synthesis) -> list[str]:
    """The common-effect model has no Hartung-Knapp interval here, also where one was asked for."""
    model = synthesis.asked.model
    asked_for = model.tau2_method == COMMON_EFFECT and model.ci == "hartung-knapp"
    return ["model: the interval of the common-effect model is Wald's."] if asked_for else []


def _rating_notices(synthesis: Synthesis) -> list[str]:
    asked, rated = synthesis.asked, synthesis.rated
    if isinstance(synthesis.pooled, NotPooled):
        return []
    if isinstance(rated, NotRated):
        return [f"not-rated: {rated.reason}."]
    studies = [row.study for row, _ in synthesis.usable]
    unjudged, uncounted = sum(s.risk_of_bias is None for s in studies), sum(s.people is None for s in studies)
    told = [
        (asked.question.design_level is None, "the studies are taken as randomised trials, because `design` does not say."),
        (unjudged > 0, f"risk of bias is not given for {unjudged} of {len(studies)} studies; it counts as some concerns."),
        (uncounted > 0, f"the number of people is not given for {uncounted} of {len(studies)} studies; it counts as 0."),
        (_differs(asked.model, synthesis.pooled), "the rules are made for REML and, from three studies on, Hartung-Knapp."),
    ]
    return [f"certainty: {text}" for applies, text in told if applies]


def _differs(model: PoolingModel, pooled: PooledEffect) -> bool:
    """Whether the pool is another than the rating would make of these studies."""
    if pooled.k == 1:
        return False
    return (model.tau2_method, model.ci_method(pooled.k)) != (BY_METHOD.tau2_method, BY_METHOD.ci_method(pooled.k))
