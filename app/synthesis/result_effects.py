"""The effects that one result gives by itself, as a person reads them (method, section 1)."""

import math
from dataclasses import dataclass

from app.synthesis.arms import CombinedRow
from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.distributions import Z_975
from app.synthesis.eligibility import comparator_group
from app.synthesis.reported_effect import OUT_OF_REACH, Effect, NoEffect
from app.synthesis.study_effect import evaluate, evaluate_uncontrolled
from app.vocabulary import RATIO_MEASURES, Better, ComparatorGroup, Measure

LARGEST_LOGARITHM = 700.0
"""Beyond it the ratio itself is no number that a computer holds."""


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """One effect with its 95 % limits, treatment minus comparator; ratios on their natural scale, their `se` that of the logarithm."""

    measure: Measure
    value: float
    se: float
    ci_low: float
    ci_high: float
    basis: str


def effects_of_result(study: StudyInput, row: ResultInput, better: Better) -> tuple[ShownEffect, ...] | NoEffect:
    """Return the effect of a result on every scale on which its numbers give one; else the reason why they give none.

    The limits are the printed ones where the source prints them, else value -/+ z.975 SE, as in a body of evidence.
    """
    group = comparator_group(study, row)
    part = CombinedRow(row, (row.position,))
    evaluated = (evaluate_uncontrolled if group is ComparatorGroup.NONE else evaluate)(study, part, better)
    shown = [_shown(measure, effect) for measure, effect in evaluated.effects.items() if isinstance(effect, Effect)]
    found = tuple(effect for effect in shown if effect is not None)
    return found or (OUT_OF_REACH if shown else evaluated.why_not(None))


def _shown(measure: Measure, effect: Effect) -> ShownEffect | None:
    low = effect.printed_low if effect.printed_low is not None else effect.value - Z_975 * effect.se
    high = effect.printed_high if effect.printed_high is not None else effect.value + Z_975 * effect.se
    if measure not in RATIO_MEASURES:
        return ShownEffect(measure, effect.value, effect.se, low, high, effect.basis)
    if max(abs(low), abs(high)) > LARGEST_LOGARITHM:
        return None
    return ShownEffect(measure, math.exp(effect.value), effect.se, math.exp(low), math.exp(high), effect.basis)
