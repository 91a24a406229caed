"""All effects that one result can give, and its direction (method, sections 1 and 2)."""

from dataclasses import dataclass
from enum import StrEnum

from app.synthesis.arms import CombinedRow, counts_of
from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.continuous_effect import mean_difference_of, standardised_difference_of
from app.synthesis.effect_sizes import benefit_oriented
from app.synthesis.ratio_effect import odds_ratio_of, risk_ratio_of
from app.synthesis.reported_effect import NOT_PRINTED, Effect, NoEffect, in_reach, on_analysis_scale
from app.synthesis.sample_size import SampleSize, sample_size
from app.vocabulary import AnalysedScore, Better, Measure, ResultDirection

NO_RULE_MEASURES = frozenset({Measure.RD, Measure.HR})
NO_RULE = NoEffect("measure-without-rule", "The method has no rule to pool a risk difference or a hazard ratio.")
UNCONTROLLED = NoEffect("uncontrolled", "A change without a comparison is never pooled.")

SIGN_OF_REPORT = {
    ResultDirection.FAVOURS_INTERVENTION: 1,
    ResultDirection.FAVOURS_COMPARATOR: -1,
    ResultDirection.NO_DIFFERENCE: 0,
}
"""`unclear` is left out on purpose: without numbers it is no direction."""


class Family(StrEnum):
    """Scales that can be put in one pool."""

    CONTINUOUS = "continuous"
    BINARY = "binary"


MEASURES_OF_FAMILY = {Family.CONTINUOUS: (Measure.MD, Measure.SMD), Family.BINARY: (Measure.RR, Measure.OR)}


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One result of one study with everything computed from it: the candidate that a body may take.

    `effects` holds MD, SMD, RR and OR, each an effect or the reason why there is none. `sign` is that of the numbers,
    benefit-oriented (+1 favours the intervention), None without numbers; `direction` falls back on what the source says.
    """

    study: StudyInput
    row: ResultInput
    positions: tuple[int, ...]
    size: SampleSize
    sign: int | None
    direction: int | None
    effects: dict[Measure, Effect | NoEffect]
    converted: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        return self.direction is not None

    def effect(self, measure: Measure) -> Effect | None:
        found = self.effects.get(measure)
        return found if isinstance(found, Effect) else None

    def has_numbers(self, family: Family) -> bool:
        return any(self.effect(measure) is not None for measure in MEASURES_OF_FAMILY[family])

    def why_not(self, measure: Measure | None) -> NoEffect:
        """Return why this result brings no effect to a body on that measure."""
        if self.row.estimate is not None and self.row.estimate.measure in NO_RULE_MEASURES:
            return NO_RULE
        wanted = (measure,) if measure is not None else tuple(self.effects)
        reasons = [self.effects[each] for each in wanted if each in self.effects]
        telling = [reason for reason in reasons if isinstance(reason, NoEffect) and reason is not NOT_PRINTED]
        return telling[0] if telling else NOT_PRINTED


def evaluate(study: StudyInput, part: CombinedRow, better: Better) -> StudyResult:
    """Return everything that one result gives. A change within one group, or without comparison, gives its direction only."""
    row = part.row
    effects: dict[Measure, Effect | NoEffect] = {
        Measure.MD: in_reach(mean_difference_of(study, row)),
        Measure.SMD: in_reach(standardised_difference_of(study, row)),
        Measure.RR: in_reach(risk_ratio_of(study, row)),
        Measure.OR: in_reach(odds_ratio_of(study, row)),
    }
    return _evaluated(study, part, better, effects)


def evaluate_uncontrolled(study: StudyInput, part: CombinedRow, better: Better) -> StudyResult:
    """Return what a result without comparison gives: the direction of its numbers, else the reported one; never an effect."""
    return _evaluated(study, part, better, dict.fromkeys((Measure.MD, Measure.SMD, Measure.RR, Measure.OR), UNCONTROLLED))


def _evaluated(study: StudyInput, part: CombinedRow, better: Better, effects: dict[Measure, Effect | NoEffect]) -> StudyResult:
    sign = sign_of_numbers(part.row, effects, better)
    direction = sign if sign is not None else SIGN_OF_REPORT.get(part.row.direction)
    return StudyResult(study, part.row, part.positions, sample_size(study, part.row), sign, direction, effects, part.converted)


def sign_of_numbers(row: ResultInput, effects: dict[Measure, Effect | NoEffect], better: Better) -> int | None:
    """Return +1 when the numbers favour the intervention, -1 the comparator, 0 when exactly equal, None without numbers.

    The effect that is computed, else the printed value, the arms' means or medians, their risks, or the mean change
    within one group.
    """
    computed = [effect.value for effect in effects.values() if isinstance(effect, Effect)]
    difference = computed[0] if computed else _difference_without_error(row)
    if difference is None:
        return None
    benefit = benefit_oriented(difference, better)
    return (benefit > 0) - (benefit < 0)


def _difference_without_error(row: ResultInput) -> float | None:
    if row.estimate is not None and row.estimate.value is not None:
        value = on_analysis_scale(row.estimate.measure, row.estimate.value)
        if value is not None:
            return value
    if row.within_group and row.analysis is AnalysedScore.CHANGE_SCORE:
        return row.treatment.mean
    return _difference_of_arms(row)


def _difference_of_arms(row: ResultInput) -> float | None:
    treatment, control = row.treatment, row.control
    if treatment.mean is not None and control.mean is not None:
        return treatment.mean - control.mean
    if treatment.median is not None and control.median is not None:
        return treatment.median - control.median
    counts = counts_of(row)
    if counts is None:
        return None
    # Cross products compare the two risks without rounding, so that equal risks are exactly equal.
    return float(counts.events_treatment * counts.n_control - counts.events_control * counts.n_treatment)
