"""What the eligible studies measured, sorted into outcome, comparator group and horizon (method, section 1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.synthesis.arms import CombinedRow, combine_arms_of_one_group
from app.synthesis.body import OutcomeInput, PairInput, PassedOver, ResultInput, StudyInput
from app.synthesis.eligibility import ADVERSE_EVENTS, comparator_group, design_level
from app.synthesis.horizon import TimedRows, horizon_of_unusable, sort_by_horizon
from app.synthesis.study_effect import StudyResult, evaluate, evaluate_uncontrolled
from app.vocabulary import Better, ComparatorGroup, DesignLevel, Horizon

NOT_USABLE = "not-usable"
NOT_USABLE_REASON = "Measured, but reported without numbers and without a direction."


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of one study for one outcome against one comparator group."""

    study: StudyInput
    level: DesignLevel
    timed: TimedRows
    usable: dict[int, StudyResult]
    unusable: tuple[StudyResult, ...]

    def at(self, horizon: Horizon) -> list[StudyResult]:
        return [self.usable[row.position] for row in self.timed.at(horizon)]

    def unusable_at(self, horizon: Horizon) -> list[StudyResult]:
        return [result for result in self.unusable if horizon_of_unusable(result.row) is horizon]


def measured_by(study: StudyInput, pair: PairInput, outcome: OutcomeInput, group: ComparatorGroup) -> Measured | None:
    """Return what a study brings to an outcome and comparator group, arms combined; None when it has no such row.

    Rows without number and direction are set apart first, so that they can change nothing else.
    """
    rows = [row for row in study.results if _is_of(row, pair, outcome) and comparator_group(study, row) is group]
    if not rows:
        return None
    single = [_evaluate(study, CombinedRow(row, (row.position,)), outcome.better, group) for row in rows]
    usable = {result.row.position: result for result in single if result.is_usable}
    parts = combine_arms_of_one_group([result.row for result in usable.values()])
    results = [usable[part.row.position] if len(part.positions) == 1 else _evaluate(study, part, outcome.better, group) for part in parts]
    return Measured(
        study=study,
        level=design_level(study, group),
        timed=sort_by_horizon([result.row for result in results]),
        usable={result.row.position: result for result in results},
        unusable=tuple(result for result in single if not result.is_usable),
    )


def _is_of(row: ResultInput, pair: PairInput, outcome: OutcomeInput) -> bool:
    return row.condition == pair.condition and row.outcome == outcome.slug and row.outcome != ADVERSE_EVENTS


def _evaluate(study: StudyInput, part: CombinedRow, better: Better, group: ComparatorGroup) -> StudyResult:
    return evaluate_uncontrolled(study, part, better) if group is ComparatorGroup.NONE else evaluate(study, part, better)


def outside_every_body(studies: Iterable[StudyInput], pair: PairInput) -> tuple[PassedOver, ...]:
    """Return the rows of the condition that no body can take: adverse events, comparator `mixed`, an outcome the pair lacks."""
    known = {outcome.slug for outcome in pair.outcomes}
    found = []
    for study in studies:
        for row in study.results:
            why = _why_outside(study, row, known)
            if row.condition == pair.condition and why is not None:
                found.append(PassedOver(study.key, row.position, *why))
    return tuple(found)


def _why_outside(study: StudyInput, row: ResultInput, known_outcomes: set[str]) -> tuple[str, str] | None:
    if row.outcome == ADVERSE_EVENTS:
        return "adverse-events", "Harms stand beside a rating and never enter it."
    if row.outcome not in known_outcomes:
        return "outcome-unknown", f"The outcome {row.outcome} is not among those of the condition."
    if comparator_group(study, row) is None:
        return "comparator-mixed", "Several kinds of comparator together, or not stated."
    return None


def not_usable(results: Iterable[StudyResult]) -> tuple[PassedOver, ...]:
    """List results that were measured but give neither number nor direction."""
    return tuple(PassedOver(result.study.key, result.row.position, NOT_USABLE, NOT_USABLE_REASON) for result in results)
