"""The words by which a thing is found: one `search_entry` each, synonyms included."""

from collections.abc import Iterable

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Condition, Intervention, SearchEntry, Study, StudyCondition, StudyRevision
from app.schemas.study import StudyDocument, conditions_of


def write_entry(session: Session, kind: str, reference: str, *, title: str, words: Iterable[str | None]) -> None:
    """Make or replace the entry of one thing."""
    text = " · ".join(dict.fromkeys(word for word in words if word))
    entry = session.execute(
        select(SearchEntry).where(col(SearchEntry.kind) == kind, col(SearchEntry.reference) == reference)
    ).scalar_one_or_none()
    if entry is None:
        session.add(SearchEntry(kind=kind, reference=reference, title=title, words=text))
    elif (entry.title, entry.words) != (title, text):
        entry.title, entry.words = title, text


def remove_entry(session: Session, kind: str, reference: str) -> None:
    session.execute(delete(SearchEntry).where(col(SearchEntry.kind) == kind, col(SearchEntry.reference) == reference))


def index_study(session: Session, study: Study, document: StudyDocument) -> None:
    """A study is found by its own words and by every name of its conditions and its intervention."""
    write_entry(session, "study", study.id, title=document.title, words=[*study_words(document), *_names(session, document)])


def index_studies_of(session: Session, kind: str, slug: str) -> None:
    """Index anew every accepted study of a condition or an intervention whose names have changed."""
    live = and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision))
    of_condition = col(Study.id).in_(select(col(StudyCondition.study_id)).where(col(StudyCondition.condition) == slug))
    wanted = of_condition if kind == "condition" else col(Study.intervention) == slug
    for study, text in session.execute(select(Study, col(StudyRevision.document)).join(StudyRevision, live).where(wanted)):
        index_study(session, study, StudyDocument.model_validate_json(text))


def study_words(document: StudyDocument) -> list[str | None]:
    """The words of the document itself, most telling first."""
    own: list[str | None] = [*document.authors, str(document.year) if document.year else None, document.journal, document.conclusion]
    own += [document.population, document.intervention_description, document.doi, document.pmid, document.pmcid, document.registration]
    return [*own, document.linked_registration, document.design, *document.conditions]


def _names(session: Session, document: StudyDocument) -> list[str]:
    conditions = conditions_of(document)
    names: list[str] = []
    for name, synonyms in session.execute(
        select(col(Condition.name), col(Condition.synonyms)).where(col(Condition.slug).in_(conditions)).order_by(col(Condition.slug))
    ).all():
        names += [name, *synonyms]
    for name, synonyms in session.execute(
        select(col(Intervention.name), col(Intervention.synonyms)).where(col(Intervention.slug) == document.intervention)
    ).all():
        names += [name, *synonyms]
    return names
