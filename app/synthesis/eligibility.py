"""Which studies may enter the bodies of a pair, and against what each of their results compares (method, section 1)."""

from app.synthesis.body import PairInput, PassedOver, ResultInput, StudyInput
from app.vocabulary import Comparator, ComparatorGroup, Design, DesignLevel, PublicationStatus, StudyKind

ADVERSE_EVENTS = "adverse-events"
"""The outcome that stands beside a rating and never enters it."""

RANDOMISED_DESIGNS = frozenset({Design.RANDOMISED_TRIAL, Design.RANDOMISED_CROSSOVER, Design.CLUSTER_RANDOMISED})
ALWAYS_UNCONTROLLED_DESIGNS = frozenset({Design.BEFORE_AFTER, Design.CASE_SERIES, Design.CASE_REPORT})
TREATMENT_DESIGNS = (
    RANDOMISED_DESIGNS | ALWAYS_UNCONTROLLED_DESIGNS | {Design.NON_RANDOMISED_CONTROLLED, Design.COHORT, Design.CASE_CONTROL}
)
"""Designs of a study of people who were treated; reviews, guidelines, surveys, registrations and reliability studies are none."""

GROUP_OF_COMPARATOR = {
    Comparator.SHAM: ComparatorGroup.SHAM,
    Comparator.USUAL_CARE: ComparatorGroup.INACTIVE,
    Comparator.NO_TREATMENT: ComparatorGroup.INACTIVE,
    Comparator.WAIT_LIST: ComparatorGroup.INACTIVE,
    Comparator.ACTIVE: ComparatorGroup.ACTIVE,
    Comparator.NONE: ComparatorGroup.NONE,
}
"""`mixed` is left out on purpose: it enters no body."""


def conditions_of(study: StudyInput) -> frozenset[str]:
    """Return the conditions a study belongs to: those of its result rows, adverse events aside; without any, those it lists."""
    of_rows = frozenset(row.condition for row in study.results if row.outcome != ADVERSE_EVENTS)
    return of_rows or frozenset(study.conditions)


def why_ineligible(study: StudyInput, pair: PairInput) -> PassedOver | None:
    """Return why a study enters no body of the pair, the first reason that applies; None when it is eligible."""
    if study.kind is not StudyKind.PRIMARY:
        return _as_a_whole(study, "kind", f"A record of kind {study.kind} is shown beside, never counted.")
    if study.publication_status is PublicationStatus.REGISTERED:
        return _as_a_whole(study, "registered-only", "Registered, without a report.")
    if study.publication_status is PublicationStatus.RETRACTED:
        return _as_a_whole(study, "retracted", "The report was retracted.")
    if study.design not in TREATMENT_DESIGNS:
        return _as_a_whole(study, "design", f"The design {study.design} does not show what the treatment does.")
    if study.fidelity is None:
        return _as_a_whole(study, "fidelity-unknown", "The treatment was not identified as this intervention or any other.")
    if study.fidelity not in pair.fidelities:
        return _as_a_whole(study, "other-intervention", f"A study of another intervention ({study.fidelity}), shown beside.")
    if pair.condition not in conditions_of(study):
        return _as_a_whole(study, "other-condition", f"No result for {pair.condition}.")
    return None


def _as_a_whole(study: StudyInput, rule: str, reason: str) -> PassedOver:
    return PassedOver(study.key, None, rule, reason)


def comparator_group(study: StudyInput, row: ResultInput) -> ComparatorGroup | None:
    """Return the comparator group of one result, None for the comparator `mixed`, which enters no body.

    A change within one group, and every result of an uncontrolled design, is compared with nothing (`none`), whatever
    the rest of the study did.
    """
    if row.comparator is Comparator.MIXED:
        return None
    if row.within_group or study.design in ALWAYS_UNCONTROLLED_DESIGNS:
        return ComparatorGroup.NONE
    return GROUP_OF_COMPARATOR[row.comparator]


def design_level(study: StudyInput, group: ComparatorGroup) -> DesignLevel:
    """Return what one result of a study can carry: compared with nothing it is uncontrolled, even in a randomised trial."""
    if group is ComparatorGroup.NONE:
        return DesignLevel.UNCONTROLLED
    return DesignLevel.RANDOMISED if study.design in RANDOMISED_DESIGNS else DesignLevel.NON_RANDOMISED_CONTROLLED
