"""How many people stand behind a comparison (method, section 1, n of a comparison)."""

import math
from dataclasses import dataclass

from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.eligibility import RANDOMISED_DESIGNS, comparator_group
from app.vocabulary import Comparator, ComparatorGroup, Design

ESTIMATED = "n-estimated"
UNKNOWN = "n-unknown"
COUNTED_ONCE = "people-counted-once"


@dataclass(frozen=True, slots=True)
class SampleSize:
    """People in a comparison; 0 and `known` False when nothing is printed. `flag` names what had to be assumed."""

    n: int
    known: bool = True
    estimated: bool = False
    flag: str | None = None


def sample_size(study: StudyInput, row: ResultInput) -> SampleSize:
    """Return n of a comparison: its arms; else the study's n_analysed, then n_randomised, for two of its a arms.

    With a arms the study's total counts as total x 2/a (one arm of a: total/a), rounded down and marked `n-estimated`.
    Such an n serves information size and the weights of unpooled bodies, never an effect.
    """
    if comparator_group(study, row) is ComparatorGroup.NONE:
        return _of_one_group(study, row)
    sizes = (row.treatment.n, row.control.n)
    if sizes[0] is not None and sizes[1] is not None:
        return _counted_once(study, sizes[0], sizes[1])
    total = study.n_analysed if study.n_analysed is not None else study.n_randomised
    if total is not None:
        return _share_of_total(total, groups=2, arms=number_of_arms(study))
    one_arm = sizes[0] if sizes[0] is not None else sizes[1]
    return SampleSize(0, known=False, flag=UNKNOWN) if one_arm is None else SampleSize(one_arm, estimated=True, flag=ESTIMATED)


def _of_one_group(study: StudyInput, row: ResultInput) -> SampleSize:
    if row.treatment.n is not None:
        return SampleSize(row.treatment.n)
    total = study.n_analysed if study.n_analysed is not None else study.n_randomised
    if total is None:
        return SampleSize(0, known=False, flag=UNKNOWN)
    return _share_of_total(total, groups=1, arms=number_of_arms(study) if _has_control(study) else 1)


def _has_control(study: StudyInput) -> bool:
    controlled = study.design in RANDOMISED_DESIGNS or study.design is Design.NON_RANDOMISED_CONTROLLED
    return controlled or any(comparator is not Comparator.NONE for comparator in study.comparators)


def _share_of_total(total: int, *, groups: int, arms: int) -> SampleSize:
    if arms <= groups:
        return SampleSize(total)
    return SampleSize(math.floor(total * groups / arms), estimated=True, flag=ESTIMATED)


def number_of_arms(study: StudyInput) -> int:
    """Return how many arms a controlled study has: named treatment arms (at least one) and comparators (at least one)."""
    treatments = {row.treatment_arm for row in study.results if row.treatment_arm is not None}
    controls = {row.control_arm for row in study.results if row.control_arm is not None}
    return max(1, len(treatments)) + max(1, len(controls), sum(1 for comparator in study.comparators if comparator is not Comparator.NONE))


def _counted_once(study: StudyInput, n_treatment: int, n_control: int) -> SampleSize:
    """Two arms, never more people than the study had: a crossover trial prints the same people twice, others ears or eyes."""
    together = n_treatment + n_control
    people = _people_of(study)
    if people is None and study.design is Design.RANDOMISED_CROSSOVER:
        people = max(n_treatment, n_control)
    if people is not None and people < together:
        return SampleSize(people, flag=COUNTED_ONCE)
    return SampleSize(together)


def _people_of(study: StudyInput) -> int | None:
    """The most people that two arms can hold: in a crossover trial those analysed, else the larger of the two totals."""
    if study.design is Design.RANDOMISED_CROSSOVER and study.n_analysed is not None:
        return study.n_analysed
    return max((n for n in (study.n_analysed, study.n_randomised) if n is not None), default=None)


def arms_hold_the_same_people(study: StudyInput, row: ResultInput) -> bool:
    """Return whether both arms of a crossover trial's result are the same people (more places than people, or unknown)."""
    if study.design is not Design.RANDOMISED_CROSSOVER or row.treatment.n is None or row.control.n is None:
        return False
    people = _people_of(study)
    return people is None or people < row.treatment.n + row.control.n
