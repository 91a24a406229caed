"""What the writers write: a `Bibliography`, taken out of a `StudyDocument` where it is one."""

from app.formats.publication_types import TERM_OF_DESIGN, TERM_OF_STATUS
from app.schemas.bibliography import BIBLIOGRAPHIC_MEMBERS, Bibliography
from app.schemas.study import StudyDocument
from app.vocabulary import PublicationStatus


def bibliography_of(study: StudyDocument | Bibliography) -> Bibliography:
    """The bibliographic part of a document: its sources as addresses, its design and status in the terms that PubMed uses."""
    if isinstance(study, Bibliography):
        return study
    members = {member: getattr(study, member) for member in BIBLIOGRAPHIC_MEMBERS}
    return Bibliography.model_construct(**members, urls=study.sources[:100], publication_types=_types(study))


def _types(study: StudyDocument) -> list[str]:
    of_status = TERM_OF_STATUS.get(study.publication_status)
    of_design = TERM_OF_DESIGN.get(study.design) if study.design is not None else None
    in_journal = study.journal is not None and study.publication_status is not PublicationStatus.THESIS
    found = ("Journal Article" if in_journal else None, of_status, of_design)
    return [term for term in found if term]
