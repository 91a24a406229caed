"""Risk ratio and odds ratio of one result, as logarithms (method, sections 1 and 2)."""

import math
from dataclasses import replace

import numpy as np

from app.synthesis.arms import Counts, counts_of
from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.continuous_effect import first_with_reason
from app.synthesis.conversions import NotConverted, odds_ratio_to_risk_ratio
from app.synthesis.distributions import Z_975
from app.synthesis.effect_sizes import CONTINUITY_CORRECTION, odds_ratio, risk_ratio
from app.synthesis.reported_effect import FROM_ARMS, FROM_P, NOT_PRINTED, OUT_OF_REACH, Effect, NoEffect, from_exact_p, from_interval
from app.synthesis.trial_design import (
    CROSSOVER_CORRELATION,
    allows_for_design,
    correct_for_clusters,
    flag_unpaired,
    is_paired,
    variance_of_paired,
)
from app.vocabulary import Measure

DOUBLE_ZERO = NoEffect("double-zero", "No event in either arm, or nothing but events: shown, not pooled.")
LARGEST_LOG_RATIO = 700.0  # beyond it the ratio itself overflows: an effect near null with a p near 1
PAIRED_FORMULA = f"variance v1 + v2 - 2 r sqrt(v1 v2), r {CROSSOVER_CORRELATION:g} (Elbourne 2002)"


def risk_ratio_of(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    """Return log RR: the printed RR, else from the counts, else RR with an exact p, else an OR with its control risk.

    Half an event is added only to tables with one zero cell. RR = OR / (1 - p0 + p0 OR), limits alike.
    """
    own = _ratio_of(study, row, Measure.RR)
    return own if isinstance(own, Effect) else first_with_reason(_from_odds_ratio(study, row), own)


def odds_ratio_of(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    """Return log OR: the printed OR with its limits, else from the counts, else OR with an exact p."""
    return _ratio_of(study, row, Measure.OR)


def _ratio_of(study: StudyInput, row: ResultInput, measure: Measure) -> Effect | NoEffect:
    estimate = row.estimate
    printed = from_interval(estimate) if estimate is not None and estimate.measure is measure else NOT_PRINTED
    from_counts = _from_counts(study, row, measure)
    unpaired = is_paired(study, row) and not allows_for_design(row)
    if isinstance(from_counts, Effect) and unpaired:
        printed = from_counts
    effect = first_with_reason(printed, from_counts, from_exact_p(row, measure))
    if isinstance(effect, NoEffect):
        return effect
    return correct_for_clusters(study, row, flag_unpaired(study, effect, row))


def _from_counts(study: StudyInput, row: ResultInput, measure: Measure) -> Effect | NoEffect:
    counts = counts_of(row)
    if counts is None:
        return NOT_PRINTED
    if counts.says_nothing:
        return DOUBLE_ZERO
    compute = risk_ratio if measure is Measure.RR else odds_ratio
    found = compute(counts.events_treatment, counts.n_treatment, counts.events_control, counts.n_control)
    if not np.isfinite(found.variance):
        return DOUBLE_ZERO
    effect = Effect(float(found.effect), math.sqrt(float(found.variance)), FROM_ARMS)
    if not is_paired(study, row):
        return effect
    return replace(effect, se=math.sqrt(_paired_variance(counts, measure)), converted=(PAIRED_FORMULA,))


def _paired_variance(counts: Counts, measure: Measure) -> float:
    cells = (
        counts.events_treatment,
        counts.n_treatment - counts.events_treatment,
        counts.events_control,
        counts.n_control - counts.events_control,
    )
    add = CONTINUITY_CORRECTION if 0 in cells else 0.0
    a, b, c, d = (cell + add for cell in cells)
    if measure is Measure.RR:
        return variance_of_paired(1 / a - 1 / (a + b), 1 / c - 1 / (c + d))
    return variance_of_paired(1 / a + 1 / b, 1 / c + 1 / d)


def control_risk_of(row: ResultInput) -> float | None:
    """Return the risk in the control arm of this result, None without its counts."""
    if row.control.events is None or row.control.n is None or row.control.n <= 0:
        return None
    return row.control.events / row.control.n


def _from_odds_ratio(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    """An OR and its limits turned into RRs with the control risk of the study; SE from the width of the new limits.

    The new limits stay the study's own even where its limits had to be computed: drawn around the RR by that SE they would move,
    and could leave null out where the OR holds it.
    """
    odds, risk = _ratio_of(study, row, Measure.OR), control_risk_of(row)
    if isinstance(odds, NoEffect):
        return odds
    if risk is None:
        return NoEffect("no-control-risk", "An odds ratio without the risk of the control group gives no risk ratio.")
    around = (odds.value - Z_975 * odds.se, odds.value + Z_975 * odds.se)
    own = around if odds.printed_low is None or odds.printed_high is None else (odds.printed_low, odds.printed_high)
    # The limits that belong to an exact p are wider than 2 z.975 SE: the SE does not come from them.
    for_se = around if odds.basis == FROM_P else own
    converted = _as_log_risk_ratios((odds.value, *own, *for_se), risk)
    if isinstance(converted, NoEffect):
        return converted
    (value, low, high, se_low, se_high), formula = converted
    se = (se_high - se_low) / (2 * Z_975)
    return replace(odds, value=value, se=se, printed_low=low, printed_high=high, converted=(*odds.converted, formula))


def _as_log_risk_ratios(log_odds_ratios: tuple[float, ...], risk: float) -> tuple[list[float], str] | NoEffect:
    """The logarithms of the risk ratios, and the formula; no effect where they overflow or the control risk makes them all alike."""
    if max(map(abs, log_odds_ratios)) > LARGEST_LOG_RATIO:
        return OUT_OF_REACH
    found = [odds_ratio_to_risk_ratio(math.exp(point), risk) for point in log_odds_ratios]
    ratios = [ratio for ratio in found if not isinstance(ratio, NotConverted) and ratio.value > 0]
    points = [math.log(ratio.value) for ratio in ratios]
    if len(points) < len(found) or max(points) <= min(points):
        return NoEffect("no-control-risk", "The risk of the control group leaves no risk ratio.")
    return points, ratios[0].formula
