"""From the judgements of a body to its certainty (method, sections 3 and 4).

GRADE guidelines 3 (Balshem 2011, doi 10.1016/j.jclinepi.2010.07.015); for ROBINS-I guidelines 18 (Schünemann 2019,
doi 10.1016/j.jclinepi.2018.01.012).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.synthesis.body import Body, BodyStudy
from app.synthesis.grade.imprecision import judge_imprecision
from app.synthesis.grade.inconsistency import judge_inconsistency
from app.synthesis.grade.indirectness import judge_indirectness
from app.synthesis.grade.judgement import DomainJudgement
from app.synthesis.grade.publication_bias import PairContext, judge_publication_bias
from app.synthesis.grade.risk_of_bias import judge_risk_of_bias, study_level
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.upgrades import Upgrade, judge_upgrades
from app.vocabulary import Certainty, ComparatorGroup, DesignLevel, Domain, RiskOfBiasJudgement, RiskOfBiasTool

CERTAINTY_OF_LEVEL = {4: Certainty.HIGH, 3: Certainty.MODERATE, 2: Certainty.LOW, 1: Certainty.VERY_LOW}
LEVEL_OF_CERTAINTY = {certainty: level for level, certainty in CERTAINTY_OF_LEVEL.items()}
HIGHEST, LOWEST = 4, 1
JOINT_DOMAINS = frozenset({Domain.INCONSISTENCY, Domain.IMPRECISION})
NO_START = frozenset({None, RiskOfBiasJudgement.NO_INFORMATION, RiskOfBiasJudgement.CRITICAL})
"""Of a study of which ROBINS-I tells nothing, or that it is too problematic to tell anything, no body starts at high."""


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


def rate_body(body: Body, context: PairContext, thresholds: Thresholds = CURRENT) -> BodyCertainty:
    """Judge every domain of a body, and conclude."""
    judgements = (
        judge_risk_of_bias(body, thresholds),
        judge_inconsistency(body, thresholds),
        judge_indirectness(body, thresholds),
        judge_imprecision(body, thresholds),
        judge_publication_bias(body, context, thresholds),
    )
    return conclude(body, judgements, thresholds)


def conclude(body: Body, judgements: tuple[DomainJudgement, ...], thresholds: Thresholds = CURRENT) -> BodyCertainty:
    """Final = clamp(start - downgrades + upgrades, 1, 4), at most low where nothing is pooled."""
    start = start_level(body)
    taken = levels_taken(judgements, thresholds)
    upgrades = judge_upgrades(body, taken, thresholds)
    level = clamp(start.level - taken + sum(upgrade.levels for upgrade in upgrades))
    final = under_ceiling(body, level, thresholds)
    return BodyCertainty(start, judgements, upgrades, taken, _limits(judgements, taken, level, final), CERTAINTY_OF_LEVEL[final])


def start_level(body: Body) -> StartLevel:
    """Randomised 4; non-randomised controlled 2, or 4 if ROBINS-I decides for every study and finds none critical; uncontrolled 1."""
    if body.design_level is DesignLevel.RANDOMISED:
        return StartLevel(4, "start/randomised", "Randomised trials start at high certainty.")
    if body.design_level is DesignLevel.UNCONTROLLED:
        return StartLevel(1, "start/uncontrolled", "Studies without a comparison group start, and stay, at very low certainty.")
    if all(starts_high(study, body.outcome.slug, body.comparator_group) for study in body.studies):
        return StartLevel(
            4, "start/robins-i", "Every study was judged with ROBINS-I and none as critical, so the body starts at high certainty."
        )
    return StartLevel(2, "start/non-randomised", "Controlled studies without randomisation start at low certainty.")


def starts_high(entry: BodyStudy, outcome_slug: str, group: ComparatorGroup) -> bool:
    """Whether ROBINS-I is the tool that decides the level of a study, with a judgement that is neither critical nor no information.

    RoB 2 or a judgement of another outcome says nothing about confounding, for which alone a body without randomisation starts low.
    """
    if study_level(entry.study, outcome_slug, group).tool is not RiskOfBiasTool.ROBINS_I:
        return False
    rows = [row for row in entry.study.risk_of_bias if row.tool is RiskOfBiasTool.ROBINS_I and row.outcome in (None, outcome_slug)]
    said = {row.overall for row in rows}
    return RiskOfBiasJudgement.CRITICAL not in said and bool(said - NO_START)


def levels_taken(judgements: tuple[DomainJudgement, ...], thresholds: Thresholds = CURRENT) -> int:
    """The sum of levels, inconsistency and imprecision together at most three."""
    return capped_sum({judgement.domain: judgement.levels for judgement in judgements}, thresholds)


def capped_sum(levels: Mapping[Domain, int], thresholds: Thresholds = CURRENT) -> int:
    """The sum of the levels of the domains, inconsistency and imprecision together at most three."""
    joint = sum(taken for domain, taken in levels.items() if domain in JOINT_DOMAINS)
    return sum(taken for domain, taken in levels.items() if domain not in JOINT_DOMAINS) + min(joint, thresholds.joint_cap)


def clamp(level: int) -> int:
    """Keep a level between 1 (very low) and 4 (high)."""
    return max(LOWEST, min(HIGHEST, level))


def under_ceiling(body: Body, level: int, thresholds: Thresholds = CURRENT) -> int:
    """The level, at most low where nothing is pooled."""
    return level if body.pooled is not None else min(level, thresholds.ceiling_not_pooled)


def _limits(judgements: tuple[DomainJudgement, ...], taken: int, level: int, final: int) -> tuple[str, ...]:
    capped = sum(judgement.levels for judgement in judgements) > taken
    return ("certainty/joint-cap",) * capped + ("certainty/not-pooled-at-most-low",) * (final < level)
