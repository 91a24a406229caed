"""Whether a result says anything that a body of evidence can use: a direction, or numbers (method, sections 1 and 4)."""

from app.synthesis.arms import CombinedRow
from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.eligibility import comparator_group
from app.synthesis.reported_effect import Effect
from app.synthesis.study_effect import evaluate
from app.vocabulary import Better, ComparatorGroup, ResultDirection


def is_usable_result(study: StudyInput, row: ResultInput) -> bool:
    """Whether a result gives a direction (`no-difference` is one), an effect in whatever way, or complete numbers of both arms.

    A value alone, without anything that tells its precision, is no usable result where the direction is unclear.
    """
    return row.direction is not ResultDirection.UNCLEAR or _is_printed(row) or _has_both_arms(row) or _gives_effect(study, row)


def _is_printed(row: ResultInput) -> bool:
    """An estimate with its limits, on whatever scale: one that is not pooled still shows the direction."""
    estimate = row.estimate
    return estimate is not None and None not in (estimate.value, estimate.ci_low, estimate.ci_high)


def _has_both_arms(row: ResultInput) -> bool:
    return all(arm.n and (arm.events is not None or None not in (arm.mean, arm.sd)) for arm in (row.treatment, row.control))


def _gives_effect(study: StudyInput, row: ResultInput) -> bool:
    """Whether the engine computes an effect, on any scale; which way is better does not matter for that."""
    if comparator_group(study, row) in (None, ComparatorGroup.NONE):
        return False
    effects = evaluate(study, CombinedRow(row, (row.position,)), Better.LOWER).effects
    return any(isinstance(effect, Effect) for effect in effects.values())
