"""A study document as the rating engine reads it."""

from app.schemas.study import Arm, Estimate, StudyDocument, StudyResult, kind_and_design
from app.synthesis.body import ArmInput, DirectnessInput, EstimateInput, ResultInput, RiskOfBiasInput, StudyInput


def study_label(document: StudyDocument) -> str:
    """First author's surname and year, such as `Haller 2016`; the start of the title where no author is known."""
    year = str(document.year) if document.year is not None else "undated"
    if not document.authors:
        return f"{document.title[:40].strip(' []')} {year}"
    return f"{surname(document.authors[0])} {year}"


def surname(author: str) -> str:
    """`Haller H` and `Haller, Heidemarie` give Haller; `Roger Gilchrist` (no initials behind) gives Gilchrist.

    Scripts without capitals have no initials either: `王 小明` begins with the family name, as every record is stored.
    """
    if "," in author:
        return author.split(",")[0].strip()
    words = author.split()
    if author.upper() == author.lower():
        return words[0]
    initials = [word for word in words[1:] if word.replace("-", "").isupper() and len(word) <= 4]
    return " ".join(words[: len(words) - len(initials)]) if initials else words[-1]


def study_input(key: str, document: StudyDocument) -> StudyInput:
    """The engine's view of a document; nothing is computed here."""
    kind, design = kind_and_design(document)
    return StudyInput(
        key=key,
        kind=kind,
        design=design,
        publication_status=document.publication_status,
        fidelity=document.fidelity,
        year=document.year,
        label=study_label(document),
        conditions=tuple(document.conditions),
        comparators=tuple(comparator.kind for comparator in document.comparators),
        n_randomised=document.n_randomised,
        n_analysed=document.n_analysed,
        cluster_size=document.cluster_size,
        registration=document.registration,
        linked_registration=document.linked_registration,
        same_participants_as=tuple(sorted(document.same_participants_as)),
        risk_of_bias=tuple(RiskOfBiasInput(r.tool, r.counted, r.score, r.outcome) for r in document.risk_of_bias),
        results=tuple(_result(position, result) for position, result in enumerate(document.results)),
        harms_reported=document.adverse_events.reported,
        serious_adverse_events=document.adverse_events.serious,
    )


def _result(position: int, result: StudyResult) -> ResultInput:
    directness = result.directness
    return ResultInput(
        position=position,
        condition=result.condition,
        outcome=result.outcome,
        instrument=result.instrument,
        comparator=result.comparator,
        direction=result.direction,
        timepoint_weeks=result.timepoint_weeks,
        since_end_of_treatment_weeks=result.since_end_of_treatment_weeks,
        analysis=result.analysis,
        within_group=result.within_group,
        intention_to_treat=result.intention_to_treat,
        treatment_arm=result.treatment_arm,
        control_arm=result.control_arm,
        treatment=_arm(result.treatment),
        control=_arm(result.control),
        estimate=_estimate(result.estimate),
        directness=DirectnessInput(directness.population, directness.intervention, directness.comparator, directness.outcome),
    )


def _arm(arm: Arm) -> ArmInput:
    return ArmInput(arm.n, arm.mean, arm.sd, arm.se, arm.median, arm.q1, arm.q3, arm.minimum, arm.maximum, arm.events)


def _estimate(estimate: Estimate | None) -> EstimateInput | None:
    if estimate is None:
        return None
    return EstimateInput(
        measure=estimate.measure,
        value=estimate.value,
        ci_low=estimate.ci_low,
        ci_high=estimate.ci_high,
        se=estimate.se,
        p=estimate.p,
        p_is_upper_bound=estimate.p_is_upper_bound,
        p_is_between_group=estimate.p_is_between_group,
        adjusted_for_design=estimate.adjusted_for_design,
    )
