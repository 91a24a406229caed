"""From the judgements of a body to its certainty (method, sections 3 and 4).

GRADE guidelines 3 (Balshem 2011, doi 10.1016/j.jclinepi.2010.07.015); for ROBINS-I guidelines 18 (Schünemann 2019,
doi 10.1016/j.jclinepi.2018.01.012).
"""

from dataclasses import dataclass

from app.synthesis.body import Body, StudyInput
from app.synthesis.grade.imprecision import judge_imprecision
from app.synthesis.grade.inconsistency import judge_inconsistency
from app.synthesis.grade.indirectness import judge_indirectness
from app.synthesis.grade.judgement import DomainJudgement
from app.synthesis.grade.publication_bias import PairContext, judge_publication_bias
from app.synthesis.grade.risk_of_bias import judge_risk_of_bias
from app.synthesis.grade.upgrades import Upgrade, judge_upgrades
from app.vocabulary import Certainty, DesignLevel, Domain, RiskOfBiasJudgement, RiskOfBiasTool

CERTAINTY_OF_LEVEL = {4: Certainty.HIGH, 3: Certainty.MODERATE, 2: Certainty.LOW, 1: Certainty.VERY_LOW}
LEVEL_OF_CERTAINTY = {certainty: level for level, certainty in CERTAINTY_OF_LEVEL.items()}
HIGHEST, LOWEST = 4, 1
CEILING_NOT_POOLED = 2  # knowing less never rates higher: without a pooled effect at most low
JOINT_CAP = 3  # inconsistency and imprecision both widen the same interval
JOINT_DOMAINS = frozenset({Domain.INCONSISTENCY, Domain.IMPRECISION})


@dataclass(frozen=True, slots=True)
class StartLevel:
    """Where a body starts, 4 (high) to 1 (very low), by its design."""

    level: int
    rule: str
    reason: str

    @property
    def certainty(self) -> Certainty:
        return CERTAINTY_OF_LEVEL[self.level]


@dataclass(frozen=True, slots=True)
class BodyCertainty:
    """All that led to the certainty of one body: `levels_taken` counts after the joint cap, `limits` names what bounded it."""

    start: StartLevel
    judgements: tuple[DomainJudgement, ...]
    upgrades: tuple[Upgrade, ...]
    levels_taken: int
    limits: tuple[str, ...]
    certainty: Certainty


def rate_body(body: Body, context: PairContext) -> BodyCertainty:
    """Final = clamp(start - downgrades + upgrades, 1, 4), at most low where nothing is pooled."""
    start = start_level(body)
    judgements = (
        judge_risk_of_bias(body),
        judge_inconsistency(body),
        judge_indirectness(body),
        judge_imprecision(body),
        judge_publication_bias(body, context),
    )
    taken = levels_taken(judgements)
    upgrades = judge_upgrades(body, taken)
    level = clamp(start.level - taken + sum(upgrade.levels for upgrade in upgrades))
    final = level if body.pooled is not None else min(level, CEILING_NOT_POOLED)
    return BodyCertainty(start, judgements, upgrades, taken, _limits(judgements, taken, level, final), CERTAINTY_OF_LEVEL[final])


def start_level(body: Body) -> StartLevel:
    """Randomised 4; non-randomised controlled 2, or 4 if every study carries a ROBINS-I judgement; uncontrolled 1."""
    if body.design_level is DesignLevel.RANDOMISED:
        return StartLevel(4, "start/randomised", "Randomised trials start at high certainty.")
    if body.design_level is DesignLevel.UNCONTROLLED:
        return StartLevel(1, "start/uncontrolled", "Studies without a comparison group start, and stay, at very low certainty.")
    if all(has_robins_i(study.study, body.outcome.slug) for study in body.studies):
        return StartLevel(4, "start/robins-i", "Every study was judged with ROBINS-I, so the body starts at high certainty.")
    return StartLevel(2, "start/non-randomised", "Controlled studies without randomisation start at low certainty.")


def has_robins_i(study: StudyInput, outcome_slug: str) -> bool:
    """Whether ROBINS-I judged this outcome, or the study as a whole; `no-information` is no judgement here."""
    rows = [row for row in study.risk_of_bias if row.tool is RiskOfBiasTool.ROBINS_I and row.outcome in (None, outcome_slug)]
    return any(row.overall not in (None, RiskOfBiasJudgement.NO_INFORMATION) for row in rows)


def levels_taken(judgements: tuple[DomainJudgement, ...]) -> int:
    """The sum of levels, inconsistency and imprecision together at most three."""
    joint = sum(judgement.levels for judgement in judgements if judgement.domain in JOINT_DOMAINS)
    others = sum(judgement.levels for judgement in judgements if judgement.domain not in JOINT_DOMAINS)
    return others + min(joint, JOINT_CAP)


def clamp(level: int) -> int:
    """Keep a level between 1 (very low) and 4 (high)."""
    return max(LOWEST, min(HIGHEST, level))


def _limits(judgements: tuple[DomainJudgement, ...], taken: int, level: int, final: int) -> tuple[str, ...]:
    capped = sum(judgement.levels for judgement in judgements) > taken
    return ("certainty/joint-cap",) * capped + ("certainty/not-pooled-at-most-low",) * (final < level)
