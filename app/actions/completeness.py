"""What a submission says and a draft may leave out, and what a record may leave out at the price that it counts for nothing."""

from collections.abc import Iterator

from app.errors import FieldDoubt, FieldProblem
from app.schemas.study import StudyDocument
from app.vocabulary import Design, StudyKind

OF_TREATMENT = (StudyKind.PRIMARY, StudyKind.REGISTRATION)
UNTREATED = (Design.SURVEY, Design.INTER_RATER_RELIABILITY)


def missing_of(document: StudyDocument) -> list[FieldProblem]:
    """Everything at once; while the record does not say what it is, as of a study."""
    missing = []
    if document.kind is None:
        missing.append(FieldProblem("/kind", "a submission says what the record is", list(StudyKind)))
    if document.design is None:
        missing.append(FieldProblem("/design", "a submission names its design", list(Design)))
    missing += _missing_of_treatment(document)
    if not document.sources and document.doi is None and document.pmid is None and document.notes is None:
        missing.append(
            FieldProblem("/sources", "a submission says where the record was read: an address, a DOI, a PMID, or a note that says why not")
        )
    for position, judgement in enumerate(document.risk_of_bias):
        if judgement.lacks is not None:
            member, said = judgement.lacks
            missing.append(FieldProblem(f"/risk_of_bias/{position}/{member}", said))
    return missing


def doubts_of(document: StudyDocument) -> Iterator[FieldDoubt]:
    """What is complete and will count in no rating."""
    if document.kind not in OF_TREATMENT or document.design in UNTREATED:
        return
    if document.intervention is None and document.intervention_description is not None:
        yield FieldDoubt("/intervention", "names none: the record counts in no rating")
    elif document.intervention is not None and document.fidelity is None and document.kind is StudyKind.PRIMARY:
        yield FieldDoubt("/fidelity", "is not said: a study whose treatment was not identified counts in no rating")
    if not document.conditions and document.population is not None:
        yield FieldDoubt("/conditions", "names none: the record counts in no rating")


def _missing_of_treatment(document: StudyDocument) -> Iterator[FieldProblem]:
    """A rating is of a condition and an intervention: a study or a registration says both, or in words why it cannot."""
    if document.kind is not None and document.kind not in OF_TREATMENT:
        return
    of_study = "a submission" if document.kind is not None else "the submission of a study"
    if not document.conditions and document.population is None:
        yield FieldProblem("/conditions", f"{of_study} names its conditions; for healthy volunteers say so in `population`")
    if document.intervention is None and document.intervention_description is None and document.design not in UNTREATED:
        yield FieldProblem(
            "/intervention",
            f"{of_study} names its intervention; where it is none of those known here, say in `intervention_description` what it was",
        )
