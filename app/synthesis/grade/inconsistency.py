"""Inconsistency: do the studies of a body agree? (method, section 4)

Three or more pooled studies: the prediction interval against the confidence interval (CINeMA: Nikolakopoulou 2020,
doi 10.1371/journal.pmed.1003082). Two: a matrix of I2, overlap and sides (Cochrane Handbook 10.10.2; GRADE guidelines 7,
doi 10.1016/j.jclinepi.2011.03.017). Nothing pooled: how many participants stand behind the commonest direction.
"""

import math
from dataclasses import dataclass

from app.synthesis.body import Body, BodyStudy, PooledEffect
from app.synthesis.effect_sizes import benefit_oriented
from app.synthesis.grade.crossings import BenefitView, benefit_view, count_excess_crossings
from app.synthesis.grade.judgement import SHARE_DIGITS, DomainJudgement, StudyWeight, percent
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import studies_with_numbers, weigh_studies
from app.vocabulary import Domain, Finding

SINGLE_STUDY = "inconsistency/single-study"
DIRECTION_WORDS = {1: Finding.FAVOURS_INTERVENTION.value, -1: Finding.FAVOURS_COMPARATOR.value, 0: "null"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the studies of a pool lie to each other: I2 in percent from Q, the p of Q, same side of null, shared interval."""

    i2: float
    q_p: float | None
    one_side: bool
    overlap: bool


def judge_inconsistency(body: Body, thresholds: Thresholds = CURRENT) -> DomainJudgement:
    """Judge the domain by the rule that fits the number of pooled studies, or by directions where nothing is pooled."""
    view = benefit_view(body)
    if body.pooled is None or view is None:
        return _judge_directions(body, thresholds)
    if body.pooled.k == 1:
        return _single_study({"k": 1})
    agreement = describe_agreement(body, body.pooled)
    if reads_matrix(view, body.pooled.k, thresholds):
        return _judge_matrix(agreement, body.pooled, thresholds)
    return _judge_crossings(view, agreement, body.pooled, thresholds)


def pooled_levels(view: BenefitView, agreement: Agreement, k: int, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels of a pooled body of k studies: one takes nothing, two are read by the matrix, more by their prediction interval."""
    if k == 1:
        return 0, SINGLE_STUDY
    matrix = matrix_levels(agreement, thresholds)
    if reads_matrix(view, k, thresholds):
        return matrix
    counted = count_excess_crossings(view)
    ci_count, pi_count = (0, 0) if counted is None else counted[:2]
    return crossing_levels(max(0, pi_count - ci_count), matrix[0], k=k, mid_known=view.mid is not None, thresholds=thresholds)


def reads_matrix(view: BenefitView, k: int, thresholds: Thresholds) -> bool:
    """Whether there is no prediction interval to read: too few studies."""
    return k < thresholds.min_studies_for_prediction or view.pi_low is None


def describe_agreement(body: Body, pooled: PooledEffect) -> Agreement:
    """I2 = 100 max(0, (Q - df)/Q), sides by the sign of each effect, overlap when all intervals share more than a point."""
    studies = studies_with_numbers(body)
    effects = [float(benefit_oriented(study.effect, body.outcome.better)) for study in studies if study.effect is not None]
    one_side = all(effect > 0 for effect in effects) or all(effect < 0 for effect in effects)
    return Agreement(i2_from(pooled), pooled.q_p, one_side, _intervals_overlap(studies))


def i2_from(pooled: PooledEffect) -> float:
    """100 max(0, (Q - df)/Q) in percent; 0 without heterogeneity."""
    if pooled.q is None or pooled.q_df is None or pooled.q <= 0:
        return 0.0
    return round(100 * max(0.0, (pooled.q - pooled.q_df) / pooled.q), SHARE_DIGITS)


def _intervals_overlap(studies: tuple[BodyStudy, ...]) -> bool:
    intervals = [(study.ci_low, study.ci_high) for study in studies if study.ci_low is not None and study.ci_high is not None]
    return max(low for low, _ in intervals) < min(high for _, high in intervals)


def matrix_levels(agreement: Agreement, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels by I2, p of Q, sides and overlap.

    I2 < 40: 0. 40 to 74: 0 if all lie on one side and the intervals overlap, else -1. 75 and more: -1 if all lie on one
    side or Q has p >= 0.10, -2 otherwise. An effect of exactly null lies on no side.
    """
    if agreement.i2 < thresholds.i2_moderate:
        return 0, "inconsistency/matrix-low-i2"
    if agreement.i2 < thresholds.i2_considerable:
        alike = agreement.one_side and agreement.overlap
        return (0, "inconsistency/matrix-moderate-i2-alike") if alike else (1, "inconsistency/matrix-moderate-i2")
    if agreement.one_side:
        return 1, "inconsistency/matrix-high-i2-one-side"
    if agreement.q_p is not None and agreement.q_p >= thresholds.q_p:
        return 1, "inconsistency/matrix-high-i2-chance"
    return 2, "inconsistency/matrix-high-i2-different-sides"


def _judge_matrix(agreement: Agreement, pooled: PooledEffect, thresholds: Thresholds) -> DomainJudgement:
    levels, rule = matrix_levels(agreement, thresholds)
    sides = "lie on the same side" if agreement.one_side else "do not all lie on the same side"
    shared = "overlap" if agreement.overlap else "do not all overlap"
    reason = f"I² is {agreement.i2:.0f} %; the studies {sides}, and their confidence intervals {shared}."
    return DomainJudgement(Domain.INCONSISTENCY, levels, rule, reason, inputs=_matrix_inputs(agreement, pooled, thresholds))


def _judge_crossings(view: BenefitView, agreement: Agreement, pooled: PooledEffect, thresholds: Thresholds) -> DomainJudgement:
    crossings = count_excess_crossings(view)
    ci_count, pi_count, limits = crossings if crossings is not None else (0, 0, ())
    levels, rule = pooled_levels(view, agreement, pooled.k, thresholds)
    inputs: dict[str, object] = {
        "ci_crossings": ci_count,
        "pi_crossings": pi_count,
        "limits": list(limits),
        "confidence_interval": [view.ci_low, view.ci_high],
        "prediction_interval": [view.pi_low, view.pi_high],
        "orientation": "benefit",
        "matrix_levels": matrix_levels(agreement, thresholds)[0],
        **_matrix_inputs(agreement, pooled, thresholds),
    }
    return DomainJudgement(Domain.INCONSISTENCY, levels, rule, _crossing_reason(ci_count, pi_count, levels, view), inputs=inputs)


def crossing_levels(excess: int, matrix: int, *, k: int, mid_known: bool, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels by how many more limits the prediction interval crosses than the confidence interval (0, 1, 2).

    With three or four studies at most one, unless the matrix also says two. Without a MID only null can be crossed, so a
    matrix that says two is believed.
    """
    if not mid_known and matrix == 2:
        return 2, "inconsistency/matrix-without-mid"
    if excess == 2 and k <= thresholds.few_studies and matrix < 2:
        return 1, "inconsistency/prediction-interval-few-studies"
    return excess, "inconsistency/prediction-interval"


def _crossing_reason(ci_count: int, pi_count: int, levels: int, view: BenefitView) -> str:
    limits = "null and the smallest difference that matters" if view.mid is not None else "null"
    text = f"Of the limits that matter ({limits}), the confidence interval crosses {ci_count} and the prediction interval {pi_count}"
    return text + (": a new study may well find something else." if levels else ": a new study is expected to find much the same.")


def _matrix_inputs(agreement: Agreement, pooled: PooledEffect, thresholds: Thresholds) -> dict[str, object]:
    return {
        "k": pooled.k,
        "i2": agreement.i2,
        "i2_thresholds": [thresholds.i2_moderate, thresholds.i2_considerable],
        "q": pooled.q,
        "q_df": pooled.q_df,
        "q_p": agreement.q_p,
        "q_p_threshold": thresholds.q_p,
        "one_side": agreement.one_side,
        "intervals_overlap": agreement.overlap,
    }


def _single_study(inputs: dict[str, object]) -> DomainJudgement:
    reason = "There is one study only, so nothing can disagree with it, and nothing confirms it."
    return DomainJudgement(Domain.INCONSISTENCY, 0, SINGLE_STUDY, reason, inputs={**inputs, "flags": ["single-study"]})


def _judge_directions(body: Body, thresholds: Thresholds) -> DomainJudgement:
    """Nothing pooled: the share of participants behind the commonest direction; 80 % and more 0, 60 to 80 % -1, less -2."""
    if body.k <= 1:
        return _single_study({"k": body.k})
    weighed = weigh_studies(body)
    shares = {word: round(math.fsum(w for s, w in weighed if s.direction == sign), SHARE_DIGITS) for sign, word in DIRECTION_WORDS.items()}
    commonest = max(shares.values())
    levels, rule = direction_levels(commonest, thresholds)
    reason = f"The commonest direction stands on {percent(commonest)} of the participants."
    limits = [thresholds.agreement_enough, thresholds.agreement_majority]
    inputs: dict[str, object] = {"k": body.k, "shares": shares, "commonest_share": commonest, "thresholds": limits}
    studies = tuple(StudyWeight(study.study.key, weight, DIRECTION_WORDS[study.direction]) for study, weight in weighed)
    return DomainJudgement(Domain.INCONSISTENCY, levels, rule, reason, inputs=inputs, studies=studies)


def direction_levels(commonest_share: float, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels by the share of weight of the commonest direction."""
    if commonest_share >= thresholds.agreement_enough:
        return 0, "inconsistency/directions-agree"
    if commonest_share >= thresholds.agreement_majority:
        return 1, "inconsistency/directions-mostly-agree"
    return 2, "inconsistency/directions-divided"
