"""Indirectness: do the studies answer the question that is asked? (method, section 4)

GRADE guidelines 8 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.04.014); scores as in CINeMA (Nikolakopoulou 2020,
doi 10.1371/journal.pmed.1003082).
"""

import math

from app.synthesis.body import Body, DirectnessInput
from app.synthesis.grade.judgement import SHARE_DIGITS, DomainJudgement, StudyWeight
from app.synthesis.grade.weights import weigh_studies
from app.vocabulary import Directness, Domain

MAX_SCORE = 3
SERIOUS_FROM = 1.5
VERY_SERIOUS_FROM = 2.5
MEMBERS = ("population", "intervention", "comparator", "outcome")


def judge_indirectness(body: Body) -> DomainJudgement:
    """Judge the domain by the mean score of the results, weighted as the body weighs its studies."""
    weighed = weigh_studies(body)
    mean = round(math.fsum(weight * directness_score(study.directness) for study, weight in weighed), SHARE_DIGITS)
    levels, rule = score_levels(mean)
    concerned = sorted({member for study, _ in weighed for member in indirect_members(study.directness)})
    inputs: dict[str, object] = {"mean_score": mean, "thresholds": [SERIOUS_FROM, VERY_SERIOUS_FROM], "indirect_in": concerned}
    studies = tuple(StudyWeight(study.study.key, weight, f"score {directness_score(study.directness)}") for study, weight in weighed)
    return DomainJudgement(Domain.INDIRECTNESS, levels, rule, _reason(levels, concerned, mean), inputs=inputs, studies=studies)


def indirect_members(directness: DirectnessInput) -> tuple[str, ...]:
    """Which of population, intervention, comparator, outcome are indirect; probably direct counts as direct."""
    return tuple(member for member in MEMBERS if getattr(directness, member) is Directness.INDIRECT)


def directness_score(directness: DirectnessInput) -> int:
    """1 with nothing indirect, 2 with one thing, 3 with two or more."""
    return min(MAX_SCORE, 1 + len(indirect_members(directness)))


def score_levels(mean: float) -> tuple[int, str]:
    """Levels by the weighted mean score: below 1.5 none, below 2.5 one, else two."""
    if mean < SERIOUS_FROM:
        return 0, "indirectness/direct"
    if mean < VERY_SERIOUS_FROM:
        return 1, "indirectness/partly-indirect"
    return 2, "indirectness/indirect"


def _reason(levels: int, concerned: list[str], mean: float) -> str:
    if not concerned:
        return "The studies answer the question directly."
    where = " and ".join([", ".join(concerned[:-1]), concerned[-1]] if len(concerned) > 1 else concerned)
    weight = "too little to lower the level" if levels == 0 else "enough to lower the level"
    return f"Some results answer the question only indirectly ({where}); the mean score is {mean:.2f} on a scale of 1 to 3, {weight}."
