"""Risk of bias: the level of one study, and the domain for a body (method, section 4).

Sources: Cochrane Handbook 6.5, chapters 7, 8 and 25; GRADE guidelines 4 (Guyatt 2011, doi 10.1016/j.jclinepi.2010.07.017);
PEDro cut points as in Cashin and McAuley 2020 (Clinimetrics: PEDro scale, Journal of Physiotherapy), read one step more strictly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.synthesis.body import Body, BodyStudy, PooledEffect, RiskOfBiasInput, StudyInput
from app.synthesis.grade.judgement import DomainJudgement, StudyWeight, percent, studies_in_words
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import share_where, weigh_studies
from app.vocabulary import ComparatorGroup, Domain, RiskOfBiasJudgement, RiskOfBiasLevel, RiskOfBiasTool

TOOL_ORDER = (RiskOfBiasTool.ROB_2, RiskOfBiasTool.ROBINS_I, RiskOfBiasTool.COCHRANE_2011, RiskOfBiasTool.PEDRO)
BLINDING_SENSITIVE_TOOLS = frozenset({RiskOfBiasTool.COCHRANE_2011, RiskOfBiasTool.PEDRO})
"""Tools that may call a trial low although nobody was blind: at best some concerns without a sham."""

LEVEL_OF_JUDGEMENT = {
    RiskOfBiasJudgement.LOW: RiskOfBiasLevel.LOW,
    RiskOfBiasJudgement.SOME_CONCERNS: RiskOfBiasLevel.SOME_CONCERNS,
    RiskOfBiasJudgement.UNCLEAR: RiskOfBiasLevel.SOME_CONCERNS,
    RiskOfBiasJudgement.MODERATE: RiskOfBiasLevel.SOME_CONCERNS,
    RiskOfBiasJudgement.NO_INFORMATION: RiskOfBiasLevel.SOME_CONCERNS,
    RiskOfBiasJudgement.HIGH: RiskOfBiasLevel.HIGH,
    RiskOfBiasJudgement.SERIOUS: RiskOfBiasLevel.HIGH,
    RiskOfBiasJudgement.CRITICAL: RiskOfBiasLevel.HIGH,
}
CAUTION = {RiskOfBiasLevel.LOW: 0, RiskOfBiasLevel.SOME_CONCERNS: 1, RiskOfBiasLevel.HIGH: 2}

SAME_WITHOUT_HIGH_RISK = "risk-of-bias/same-without-high-risk"
NOT_ASSESSED = "Not assessed with a tool that the method reads: counts as some concerns."
TOOL_NAMES = {
    RiskOfBiasTool.ROB_2: "RoB 2",
    RiskOfBiasTool.ROBINS_I: "ROBINS-I",
    RiskOfBiasTool.COCHRANE_2011: "Cochrane 2011",
    RiskOfBiasTool.PEDRO: "PEDro",
}
LEVEL_WORDS = {RiskOfBiasLevel.LOW: "low", RiskOfBiasLevel.SOME_CONCERNS: "some concerns", RiskOfBiasLevel.HIGH: "high"}


@dataclass(frozen=True, slots=True)
class StudyRiskOfBias:
    """The level of one study for one outcome against one comparator group; `tool` None when nobody assessed it."""

    level: RiskOfBiasLevel
    tool: RiskOfBiasTool | None
    assessed: bool
    converted: bool
    reason: str


def study_level(
    study: StudyInput, outcome_slug: str, comparator_group: ComparatorGroup, thresholds: Thresholds = CURRENT
) -> StudyRiskOfBias:
    """Return low, some concerns or high for one study.

    The first of RoB 2, ROBINS-I, Cochrane 2011, PEDro that has a judgement of this outcome, or of the study as a whole,
    decides alone; several judgements of that tool: the most cautious. Nobody assessed it: some concerns, not assessed.
    """
    for tool in TOOL_ORDER:
        levels = [level for row in study.risk_of_bias if (level := _applicable_level(row, tool, outcome_slug, thresholds)) is not None]
        if levels:
            return _decide(tool, max(levels, key=CAUTION.__getitem__), len(levels), comparator_group)
    return StudyRiskOfBias(RiskOfBiasLevel.SOME_CONCERNS, None, False, False, NOT_ASSESSED)


def _applicable_level(row: RiskOfBiasInput, tool: RiskOfBiasTool, outcome_slug: str, thresholds: Thresholds) -> RiskOfBiasLevel | None:
    """The level of one judgement, None when it is of another tool or outcome, or says nothing."""
    if row.tool is not tool or row.outcome not in (None, outcome_slug):
        return None
    if tool is RiskOfBiasTool.PEDRO and row.score is not None:
        return pedro_level(row.score, thresholds)
    return None if row.overall is None else LEVEL_OF_JUDGEMENT[row.overall]


def pedro_level(score: float, thresholds: Thresholds = CURRENT) -> RiskOfBiasLevel:
    """PEDro score (0 to 10) as a level: 7 and more low, 5 and 6 some concerns, 4 and less high."""
    if score >= thresholds.pedro_low_from:
        return RiskOfBiasLevel.LOW
    return RiskOfBiasLevel.SOME_CONCERNS if score >= thresholds.pedro_some_concerns_from else RiskOfBiasLevel.HIGH


def _decide(tool: RiskOfBiasTool, level: RiskOfBiasLevel, judgements: int, comparator_group: ComparatorGroup) -> StudyRiskOfBias:
    converted = tool is RiskOfBiasTool.PEDRO
    reason = f"{TOOL_NAMES[tool]}: {LEVEL_WORDS[level]}"
    if judgements > 1:
        reason += f" (the most cautious of {judgements} judgements)"
    if level is RiskOfBiasLevel.LOW and tool in BLINDING_SENSITIVE_TOOLS and comparator_group is not ComparatorGroup.SHAM:
        level = RiskOfBiasLevel.SOME_CONCERNS
        reason += "; counts as some concerns, because without a sham treatment nobody was blind"
    return StudyRiskOfBias(level, tool, True, converted, reason + ".")


@dataclass(frozen=True, slots=True)
class BiasShares:
    """The studies of a body with their share of weight and their level, and the summed shares at low and at high risk."""

    weighed: tuple[tuple[BodyStudy, float], ...]
    levels: Mapping[str, StudyRiskOfBias]
    low: float
    high: float


def judge_risk_of_bias(body: Body, thresholds: Thresholds = CURRENT) -> DomainJudgement:
    """Judge the domain from the shares of weight at low (wl) and high (wh) risk of bias.

    0 if wl >= 0.75 and wh <= 0.10; -2 if wh > 0.50, or wl < 0.50 and wh > 0.33; otherwise -1. A -2 becomes -1 when the
    studies without high risk still number two or more and their effect stays on the same side of null and of the MID.
    """
    shares = share_bias(body, thresholds)
    taken, rule = threshold_levels(shares.low, shares.high, thresholds)
    reason = f"{percent(shares.low)} of the weight comes from studies at low and {percent(shares.high)} from studies at high risk of bias."
    if taken == 2 and unchanged_without_high_risk(body, thresholds):
        taken, rule = 1, SAME_WITHOUT_HIGH_RISK
        reason += " Without the studies at high risk the result stays on the same side, so one level is taken instead of two."
    not_assessed = sum(not level.assessed for level in shares.levels.values())
    if not_assessed:
        reason += f" Not assessed, and so counted as some concerns: {not_assessed} of {studies_in_words(len(shares.levels))}."
    return DomainJudgement(
        Domain.RISK_OF_BIAS,
        taken,
        rule,
        reason,
        inputs=_inputs(body, shares, not_assessed, thresholds),
        studies=tuple(StudyWeight(study.study.key, weight, shares.levels[study.study.key].level) for study, weight in shares.weighed),
    )


def share_bias(body: Body, thresholds: Thresholds = CURRENT) -> BiasShares:
    """The level of each study of a body, and how much of the weight stands at low and at high risk."""
    weighed = weigh_studies(body)
    group, outcome = body.comparator_group, body.outcome.slug
    levels = {study.study.key: study_level(study.study, outcome, group, thresholds) for study, _ in weighed}
    return share_levels(weighed, levels)


def share_levels(weighed: tuple[tuple[BodyStudy, float], ...], levels: Mapping[str, StudyRiskOfBias]) -> BiasShares:
    """The shares of weight at low and at high risk when the studies have these levels."""
    share_low, share_high = (share_where(weighed, _keys_at(levels, level)) for level in (RiskOfBiasLevel.LOW, RiskOfBiasLevel.HIGH))
    return BiasShares(weighed, levels, share_low, share_high)


def threshold_levels(share_low: float, share_high: float, thresholds: Thresholds = CURRENT) -> tuple[int, str]:
    """Levels taken by the shares of weight alone, before the look at what remains without the studies at high risk."""
    if share_low >= thresholds.low_share_enough and share_high <= thresholds.high_share_tolerated:
        return 0, "risk-of-bias/mostly-low"
    if share_high > thresholds.high_share_dominant:
        return 2, "risk-of-bias/mostly-high"
    if share_low < thresholds.low_share_half and share_high > thresholds.high_share_third:
        return 2, "risk-of-bias/a-third-high"
    return 1, "risk-of-bias/some-concerns"


def unchanged_without_high_risk(body: Body, thresholds: Thresholds = CURRENT) -> bool:
    """Whether two or more studies remain without those at high risk, and their effect lies on the same side of null and MID."""
    return stays_on_side(body.pooled, body.sensitivity.without_high_risk, body.mid.value, thresholds)


def stays_on_side(whole: PooledEffect | None, remaining: PooledEffect | None, mid: float | None, thresholds: Thresholds = CURRENT) -> bool:
    """Whether what remains has enough studies and lies on the same side of null and of the MID; without a MID never."""
    if whole is None or remaining is None or remaining.k < thresholds.min_remaining_studies or mid is None:
        return False
    return _zone(whole.estimate, mid) == _zone(remaining.estimate, mid)


def _zone(estimate: float, mid: float) -> tuple[int, bool]:
    """Side of null, and whether the MID is reached."""
    return (estimate > 0) - (estimate < 0), abs(estimate) >= mid


def _keys_at(levels: Mapping[str, StudyRiskOfBias], level: RiskOfBiasLevel) -> set[str]:
    return {key for key, judged in levels.items() if judged.level is level}


def _inputs(body: Body, shares: BiasShares, not_assessed: int, thresholds: Thresholds) -> dict[str, object]:
    remaining = body.sensitivity.without_high_risk
    return {
        "share_low": shares.low,
        "share_high": shares.high,
        "not_assessed": not_assessed,
        "weights": "participants" if body.pooled is None else "inverse-variance",
        "no_concern_if": {"share_low_at_least": thresholds.low_share_enough, "share_high_at_most": thresholds.high_share_tolerated},
        "very_serious_if_share_high_above": thresholds.high_share_dominant,
        "or_very_serious_if": {"share_low_below": thresholds.low_share_half, "share_high_above": thresholds.high_share_third},
        "estimate": None if body.pooled is None else body.pooled.estimate,
        "mid": body.mid.value,
        "without_high_risk": None if remaining is None else {"k": remaining.k, "estimate": remaining.estimate},
        "without_high_risk_needs_studies": thresholds.min_remaining_studies,
    }
