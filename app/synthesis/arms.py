"""The numbers of single arms, and several arms of one comparator group as one (method, section 1, arms)."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from app.synthesis.body import ArmInput, DirectnessInput, ResultInput
from app.synthesis.conversions import (
    NotConverted,
    combine_arms,
    mean_sd_from_quartiles,
    sd_from_standard_error,
)
from app.synthesis.reported_effect import LARGEST_NUMBER
from app.vocabulary import Comparator, Directness

COMBINED_ARMS = "arms of one comparator group combined (Cochrane Handbook 6.5.2.10)"
INDIRECTNESS = {Directness.DIRECT: 0, Directness.PROBABLY_DIRECT: 1, Directness.INDIRECT: 2}


@dataclass(frozen=True, slots=True)
class MeanAndSd:
    """One arm of a continuous outcome, in the units of the instrument; `converted` names what was not printed as such."""

    n: int
    mean: float
    sd: float
    converted: tuple[str, ...] = ()


def mean_and_sd(arm: ArmInput) -> MeanAndSd | None:
    """Return size, mean and SD of an arm: as printed, from the SE (SD = SE sqrt(n)), or from the median (Wan 2014, Luo 2018).

    None where an arm does not give all three, or numbers so large that their squares overflow.
    """
    if arm.n is None or arm.n < 1:
        return None
    found = _from_median(arm, arm.n) if arm.mean is None else _with_printed_mean(arm, arm.n, arm.mean)
    return found if found is not None and max(abs(found.mean), found.sd) < LARGEST_NUMBER else None


def _with_printed_mean(arm: ArmInput, n: int, mean: float) -> MeanAndSd | None:
    if arm.sd is not None:
        return MeanAndSd(n, mean, arm.sd)
    if arm.se is None:
        return None
    sd = sd_from_standard_error(arm.se, n)
    return None if isinstance(sd, NotConverted) else MeanAndSd(n, mean, sd.value, (sd.formula,))


def _from_median(arm: ArmInput, n: int) -> MeanAndSd | None:
    if arm.median is None:
        return None
    found = mean_sd_from_quartiles(n, median=arm.median, q1=arm.q1, q3=arm.q3, minimum=arm.minimum, maximum=arm.maximum)
    return None if isinstance(found, NotConverted) else MeanAndSd(n, found.mean, found.sd, (found.formula,))


@dataclass(frozen=True, slots=True)
class Counts:
    """Events and sizes of both arms of a binary outcome."""

    events_treatment: int
    n_treatment: int
    events_control: int
    n_control: int

    @property
    def says_nothing(self) -> bool:
        """True for double-zero studies: no events in either arm, or nothing but events in both."""
        events, people = self.events_treatment + self.events_control, self.n_treatment + self.n_control
        return events in (0, people)


def counts_of(row: ResultInput) -> Counts | None:
    """Return the 2 x 2 table of a result; None where a cell is missing or impossible."""
    treatment, control = row.treatment, row.control
    if treatment.events is None or treatment.n is None or control.events is None or control.n is None:
        return None
    possible = 0 <= treatment.events <= treatment.n and 0 <= control.events <= control.n and treatment.n > 0 and control.n > 0
    return Counts(treatment.events, treatment.n, control.events, control.n) if possible else None


@dataclass(frozen=True, slots=True)
class CombinedRow:
    """One row, or several made into one; `positions` are those of its parts, `converted` says how their arms were had."""

    row: ResultInput
    positions: tuple[int, ...]
    converted: tuple[str, ...] = ()


def combine_arms_of_one_group(rows: Sequence[ResultInput]) -> tuple[CombinedRow, ...]:
    """Return the rows of one study, outcome and comparator group, those of distinct arms at one time made into one.

    Rows belong together when instrument, times, kind of score and analysis set are the same, and their arms are known to
    be distinct: named differently, or of different comparators. Every arm enters once. Where an arm lacks numbers the rows
    stay as they are. Means, SD and n by the Handbook's formula, events by addition.
    Source: Cochrane Handbook 6.5.2.10, 23.3.4.
    """
    ordered = sorted(rows, key=lambda row: row.position)
    groups: dict[Hashable, list[ResultInput]] = {}
    for row in ordered:
        groups.setdefault(_same_question(row), []).append(row)
    combined = [part for group in groups.values() for part in _combine(group)]
    return tuple(sorted(combined, key=lambda part: part.row.position))


def _same_question(row: ResultInput) -> Hashable:
    return row.instrument, row.timepoint_weeks, row.since_end_of_treatment_weeks, row.analysis, row.intention_to_treat, row.within_group


def _combine(rows: list[ResultInput]) -> list[CombinedRow]:
    """One row where every arm is distinct and complete, else the rows as they are."""
    apart = [CombinedRow(row, (row.position,)) for row in rows]
    if not _arms_are_distinct(rows):
        return apart
    # Reversed, so that of several rows with the same arm the first by position is kept.
    treatments = {row.treatment_arm: row.treatment for row in reversed(rows)}
    controls = {(row.comparator, row.control_arm): row.control for row in reversed(rows)}
    treatment, control = _as_one(list(treatments.values())), _as_one(list(controls.values()))
    if treatment is None or control is None or (treatment.mean is None) is not (control.mean is None):
        return apart
    directness = most_indirect([row.directness for row in rows])
    row = replace(rows[0], treatment=treatment, control=control, estimate=None, directness=directness)
    parts = [mean_and_sd(arm) for arm in (*treatments.values(), *controls.values())]
    formulas = dict.fromkeys(formula for part in parts if part is not None for formula in part.converted)
    return [CombinedRow(row, tuple(part.position for part in rows), (COMBINED_ARMS, *formulas))]


def _arms_are_distinct(rows: list[ResultInput]) -> bool:
    """True when no comparison stands twice and no arm without a name could be another one's."""
    comparisons = {(row.treatment_arm, row.comparator, row.control_arm) for row in rows}
    if len(rows) < 2 or len(comparisons) < len(rows) or any(row.within_group for row in rows):
        return False
    treatments = {row.treatment_arm for row in rows}
    if len(treatments) > 1 and None in treatments:
        return False
    controls = {(row.comparator, row.control_arm) for row in rows}
    return all(name is not None or _is_alone(comparator, controls) for comparator, name in controls)


def _is_alone(comparator: Comparator, controls: set[tuple[Comparator, str | None]]) -> bool:
    return sum(1 for other, _ in controls if other is comparator) == 1


def _as_one(arms: list[ArmInput]) -> ArmInput | None:
    """Several arms as one; None where they are neither all means with SD nor all counts."""
    means = [mean_and_sd(arm) for arm in arms]
    complete = [mean for mean in means if mean is not None]
    return _means_as_one(complete) if len(complete) == len(arms) else _events_as_one(arms)


def _means_as_one(means: list[MeanAndSd]) -> ArmInput | None:
    n, mean, sd = means[0].n, means[0].mean, means[0].sd
    for other in means[1:]:
        both = combine_arms(n, mean, sd, other.n, other.mean, other.sd)
        if isinstance(both, NotConverted):
            return None
        n, mean, sd = both.n, both.mean, both.sd
    return ArmInput(n=n, mean=mean, sd=sd)


def _events_as_one(arms: list[ArmInput]) -> ArmInput | None:
    events, n = 0, 0
    for arm in arms:
        if arm.events is None or arm.n is None:
            return None
        events, n = events + arm.events, n + arm.n
    return ArmInput(n=n, events=events)


def most_indirect(flags: Sequence[DirectnessInput]) -> DirectnessInput:
    """Return, flag by flag, the least direct of several results."""
    worst = {
        name: max((getattr(flag, name) for flag in flags), key=INDIRECTNESS.__getitem__)
        for name in ("population", "intervention", "comparator", "outcome")
    }
    return DirectnessInput(**worst)
