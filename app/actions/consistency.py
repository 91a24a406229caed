"""What a study record must not say at the same time. Refused at submission, shown as warnings on a draft."""

import math
from collections.abc import Iterator

from app.actions.figure_consistency import (
    FLOATING,
    find_doubtful_figures,
    find_impossible_figures,
    find_rows_of_one_question,
    find_rows_twice,
    half_unit,
)
from app.actions.rob_consistency import find_rob_contradictions, find_rob_doubts
from app.actions.scale_consistency import find_off_scale, find_scale_doubts
from app.errors import FieldDoubt, FieldProblem
from app.queries.vocabulary_check import KnownSlugs
from app.schemas.study import Estimate, StudyDocument, StudyResult
from app.synthesis.grade.thresholds import CURRENT
from app.synthesis.measure import MID_LOG_RATIO
from app.vocabulary import (
    RATIO_MEASURES,
    Better,
    Comparator,
    Design,
    Measure,
    PublicationStatus,
    ResultDirection,
    StudyKind,
)

FAVOURS = (ResultDirection.FAVOURS_INTERVENTION, ResultDirection.FAVOURS_COMPARATOR)
ONCE_EACH = (
    "`n` counts each person once. Where the report counts eyes, ears or sides, give its figures per person, or its estimate that allows "
    "for two sides of one person, without `n` and with their number in `note`, or else the direction alone. Of a group that was treated "
    "later give the comparison from before that; what people changed over their treatment is a row `within_group`"
)
"""No rule of the method corrects for two sides of one person, nor for people who stand in both arms of a parallel trial."""


def find_contradictions(document: StudyDocument, known: KnownSlugs) -> list[FieldProblem]:
    """Every contradiction, with a pointer to the member that does not fit the rest."""
    problems = [*_study_contradictions(document), *_unused_comparators(document), *find_rob_contradictions(document)]
    if document.kind is StudyKind.PRIMARY:
        problems += find_rows_twice(document)
        for position, result in enumerate(document.results):
            pointer = f"/results/{position}"
            problems += _condition_of(pointer, document, result)
            problems += _arms_within_study(pointer, document, result)
            problems += _comparator_of(pointer, document, result)
            problems += _direction_of(pointer, result, Better(known.outcomes[result.outcome]), known.mids.get(result.instrument))
            problems += find_off_scale(pointer, result, *known.ranges[result.instrument])
            problems += find_impossible_figures(pointer, result)
    return problems


def find_doubts(document: StudyDocument, known: KnownSlugs) -> list[FieldDoubt]:
    """What is unlikely and may be right: rounded, adjusted, by another test. Shown to author and reviewer, and refused nowhere."""
    doubts = list(find_rob_doubts(document))
    if document.kind is StudyKind.PRIMARY:
        doubts += find_rows_of_one_question(document)
        for position, result in enumerate(document.results):
            pointer = f"/results/{position}"
            doubts += find_scale_doubts(pointer, result, *known.ranges.get(result.instrument, (None, None)))
            doubts += find_doubtful_figures(pointer, result)
    return doubts


def _study_contradictions(document: StudyDocument) -> Iterator[FieldProblem]:
    registered = document.publication_status is PublicationStatus.REGISTERED
    if document.kind is not None and (document.kind is StudyKind.REGISTRATION) != registered:
        yield FieldProblem("/publication_status", "is `registered` exactly for the kind `registration`")
    if document.kind is StudyKind.REGISTRATION and document.results:
        yield FieldProblem("/results", "a registration holds no results; add the report as a primary study that links to it")
    if document.adverse_events.serious is not None and not document.adverse_events.reported:
        yield FieldProblem("/adverse_events/reported", "serious events are counted, so harms were reported")
    if document.kind is StudyKind.SYNTHESIS and document.synthesis is None:
        yield FieldProblem("/synthesis", "a published review needs its synthesis block")


def _unused_comparators(document: StudyDocument) -> Iterator[FieldProblem]:
    used = {result.comparator for result in document.results}
    if document.kind is not StudyKind.PRIMARY or not used or Comparator.MIXED in used:
        return
    for position, comparator in enumerate(document.comparators):
        if comparator.kind not in used and comparator.without_results is None:
            yield FieldProblem(
                f"/comparators/{position}",
                f"no result uses the comparator {comparator.kind}; add a result, or say in `without_results` why there is none",
            )


def _condition_of(pointer: str, document: StudyDocument, result: StudyResult) -> Iterator[FieldProblem]:
    if result.condition not in document.conditions:
        yield FieldProblem(f"{pointer}/condition", f"{result.condition} is not among the study's conditions", document.conditions)


def _arms_within_study(pointer: str, document: StudyDocument, result: StudyResult) -> Iterator[FieldProblem]:
    total, name = document.n_randomised, "randomised"
    if total is None:
        total, name = document.n_analysed, "analysed"
    if total is None:
        return
    for side in ("treatment", "control"):
        n = getattr(result, side).n
        if n is not None and n > total:
            yield FieldProblem(f"{pointer}/{side}/n", f"{n} is above the {total} people {name} in the study; {ONCE_EACH}")
    both = (result.treatment.n or 0) + (result.control.n or 0)
    same_people_twice = document.design is Design.RANDOMISED_CROSSOVER or result.within_group
    if both > total and max(result.treatment.n or 0, result.control.n or 0) <= total and not same_people_twice:
        yield FieldProblem(f"{pointer}/control/n", f"the two arms hold {both} people, above the {total} {name} in the study; {ONCE_EACH}")


def _comparator_of(pointer: str, document: StudyDocument, result: StudyResult) -> Iterator[FieldProblem]:
    if result.within_group != (result.comparator is Comparator.NONE):
        yield FieldProblem(f"{pointer}/comparator", "is `none` exactly for a change within one group")
    elif result.within_group and any(value is not None for value in result.control.model_dump().values()):
        yield FieldProblem(f"{pointer}/control", "a change within one group has no control arm")
    elif result.comparator not in {Comparator.NONE, Comparator.MIXED} | {c.kind for c in document.comparators}:
        listed = [comparator.kind for comparator in document.comparators]
        yield FieldProblem(f"{pointer}/comparator", f"{result.comparator} is not among the study's comparators", listed)


def _direction_of(pointer: str, result: StudyResult, better: Better, mid: float | None) -> Iterator[FieldProblem]:
    sign = 1 if better is Better.HIGHER else -1
    if result.estimate is not None:
        yield from _estimate_against_direction(f"{pointer}/direction", result.estimate, result.direction, sign, mid)
    difference = _arm_difference(result)
    if difference is None:
        return
    opposite = ResultDirection.FAVOURS_COMPARATOR if difference * sign > 0 else ResultDirection.FAVOURS_INTERVENTION
    if difference != 0 and result.direction is opposite:
        yield FieldProblem(f"{pointer}/direction", f"the figures of the arms contradict {result.direction}")
    yield from _estimate_against_arms(pointer, result)


def _estimate_against_direction(
    pointer: str, estimate: Estimate, direction: ResultDirection, sign: int, mid: float | None
) -> Iterator[FieldProblem]:
    """A limit printed as exactly no difference may be rounded to it, so it fits a difference on its side as well as none."""
    if estimate.value is None or estimate.ci_low is None or estimate.ci_high is None:
        return
    null = 1.0 if estimate.measure in RATIO_MEASURES else 0.0
    favoured = ResultDirection.FAVOURS_INTERVENTION if (estimate.value - null) * sign > 0 else ResultDirection.FAVOURS_COMPARATOR
    touches = null in (estimate.ci_low, estimate.ci_high) and estimate.value != null
    holds_null = estimate.ci_low <= null <= estimate.ci_high
    if holds_null and direction in FAVOURS and not (touches and direction is favoured):
        yield FieldProblem(pointer, "the interval holds no difference, so the direction is `no-difference` or `unclear`")
    unimportant = direction is ResultDirection.NO_DIFFERENCE and _inside_mid(estimate, mid)
    if not holds_null and direction is not favoured and not unimportant:
        yield FieldProblem(pointer, f"the interval lies wholly on one side: the direction is {favoured}", [favoured])


def _inside_mid(estimate: Estimate, mid: float | None) -> bool:
    """Whether the whole interval is too small to matter, so that a report may call it no difference."""
    limits = [limit for limit in (estimate.ci_low, estimate.ci_high) if limit is not None]
    if estimate.measure in RATIO_MEASURES:
        return all(abs(math.log(limit)) < MID_LOG_RATIO for limit in limits)
    of_measure = {Measure.MD: mid, Measure.SMD: CURRENT.conventional_mid_in_sd}.get(estimate.measure)
    return of_measure is not None and all(abs(limit) < of_measure for limit in limits)


def _estimate_against_arms(pointer: str, result: StudyResult) -> Iterator[FieldProblem]:
    """A difference with an error or limits of its own may be adjusted; one without is that of the means, as far as they are printed."""
    estimate, treatment, control = result.estimate, result.treatment.mean, result.control.mean
    if estimate is None or estimate.measure != "MD" or estimate.value is None or treatment is None or control is None:
        return
    own = estimate.ci_low is not None or estimate.se is not None
    rounding = 2 * half_unit(treatment, control) + half_unit(estimate.value) + FLOATING
    if not own and abs(treatment - control - estimate.value) > rounding:
        yield FieldProblem(f"{pointer}/estimate/value", f"{estimate.value:g} is not treatment minus control, {treatment - control:g}")


def _arm_difference(result: StudyResult) -> float | None:
    treatment, control = result.treatment, result.control
    if treatment.mean is not None and control.mean is not None:
        return treatment.mean - control.mean
    if treatment.events is not None and control.events is not None and treatment.n and control.n:
        return treatment.events / treatment.n - control.events / control.n
    return None
