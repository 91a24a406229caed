"""Rating up: a very large effect in non-randomised controlled studies (method, section 4).

GRADE guidelines 9 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.06.004): a relative risk above 2 or below 0.5 is large, above 5 or
below 0.2 very large.
Dose-response and plausible confounding are a curator's to judge.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.synthesis.body import Body, PooledEffect
from app.synthesis.grade.crossings import TOLERANCE
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import studies_with_numbers
from app.vocabulary import DesignLevel, Measure


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Levels given back (1 or 2), with the rule, a plain sentence and the numbers compared."""

    levels: int
    rule: str
    reason: str
    inputs: Mapping[str, object] = field(default_factory=dict)


def judge_upgrades(body: Body, levels_taken: int, thresholds: Thresholds = CURRENT) -> tuple[Upgrade, ...]:
    """Return the upgrade of a non-randomised controlled body that lost no level, or nothing.

    Both the pooled interval and the intervals of two or more studies must lie wholly beyond the threshold, on one side.
    """
    eligible = body.design_level is DesignLevel.NON_RANDOMISED_CONTROLLED and levels_taken == 0 and body.measure is Measure.RR
    if not eligible or body.pooled is None:
        return ()
    for levels, ratio, rule in (
        (2, thresholds.very_large_risk_ratio, "upgrade/very-large-effect"),
        (1, thresholds.large_risk_ratio, "upgrade/large-effect"),
    ):
        beyond = studies_beyond(body, body.pooled, math.log(ratio))
        if beyond >= thresholds.min_studies_for_upgrade:
            return (_upgrade(levels, ratio, rule, beyond, thresholds.min_studies_for_upgrade),)
    return ()


def studies_beyond(body: Body, pooled: PooledEffect, limit: float) -> int:
    """How many studies lie wholly beyond `limit` (log scale) on the side where the pooled interval lies wholly beyond it."""
    side = _side_beyond(pooled.ci_low, pooled.ci_high, limit)
    return 0 if side == 0 else sum(_side_beyond(study.ci_low, study.ci_high, limit) == side for study in studies_with_numbers(body))


def _side_beyond(low: float | None, high: float | None, limit: float) -> int:
    if low is None or high is None:
        return 0
    return int(low > limit * (1 + TOLERANCE)) - int(high < -limit * (1 + TOLERANCE))


def _upgrade(levels: int, threshold: float, rule: str, beyond: int, at_least: int) -> Upgrade:
    size = "very large" if levels == 2 else "large"
    reason = f"The effect is {size}: in {beyond} studies the risk ratio and its limits lie above {threshold:g}, or below 1/{threshold:g}."
    return Upgrade(levels, rule, reason, {"risk_ratio_beyond": threshold, "studies_beyond": beyond, "studies_at_least": at_least})
