"""Indirectness: do the studies answer the question that is asked? (method, section 4)

GRADE guidelines 8 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.04.014); scores as in CINeMA (Nikolakopoulou 2020,
doi 10.1371/journal.pmed.1003082).
"""

import math
from collections.abc import Iterable

from app.synthesis.body import Body, BodyStudy, DirectnessInput
from app.synthesis.grade.judgement import SHARE_DIGITS, DomainJudgement, StudyWeight
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import weigh_studies
from app.vocabulary import Directness, Domain

MAX_SCORE = 3
MEMBERS = ("population", "intervention", "comparator", "outcome")


def judge_indirectness(body: Body, thresholds: Thresholds = CURRENT) -> DomainJudgement:
    """Judge the domain by the mean score of the results, weighted as the body weighs its studies."""
    weighed = weigh_studies(body)
    mean = mean_score(weighed)
    levels, rule = score_levels(mean, thresholds)
    concerned = sorted({member for study, _ in weighed for member in indirect_members(study.directness)})
    limits = [thresholds.indirect_from, thresholds.very_indirect_from]
    inputs: dict[str, object] = {"mean_score": mean, "thresholds": limits, "indirect_in": concerned}
    studies = tuple(StudyWeight(study.study.key, weight, f"score {directness_score(study.directness)}") for study, weight in weighed)
    return DomainJudgement(Domain.INDIRECTNESS, levels, rule, _reason(levels, concerned, mean), inputs=inputs, studies=studies)


def mean_score(weighed: Iterable[tuple[BodyStudy, float]]) -> float:
    """The mean score of studies with these shares of weight, 1 to 3."""
    return round(math.fsum(weight * directness_score(study.directness) for study, weight in weighed), SHARE_DIGITS)


def indirect_members(directness: DirectnessInput) -> tuple[str, ...]:
    """Which of population, intervention, comparator, outcome are indirect; probably direct counts as direct."""
    return tuple(member for member in MEMBERS if getattr(directness, member) is Directness.INDIRECT)


def directness_score(directness: DirectnessInput) -> int:
    """1 with nothing indirect, 2 with one thing, 3 with two or more."""
    flags = (directness.population, directness.intervention, directness.comparator, directness.outcome)
    return min(MAX_SCORE, 1 + flags.count(Directness.INDIRECT))


def score_levels(mean: float, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels by the weighted mean score: below 1.5 none, below 2.5 one, else two."""
    if mean < thresholds.indirect_from:
        return 0, "indirectness/direct"
    if mean < thresholds.very_indirect_from:
        return 1, "indirectness/partly-indirect"
    return 2, "indirectness/indirect"


def _reason(levels: int, concerned: list[str], mean: float) -> str:
    if not concerned:
        return "The studies answer the question directly."
    where = " and ".join([", ".join(concerned[:-1]), concerned[-1]] if len(concerned) > 1 else concerned)
    weight = "too little to lower the level" if levels == 0 else "enough to lower the level"
    return f"Some results answer the question only indirectly ({where}); the mean score is {mean:.2f} on a scale of 1 to 3, {weight}."
