"""The words by which a thing is found: one `search_entry` each, synonyms included."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Condition, Intervention, SearchEntry, Study, StudyCondition, StudyRevision
from app.schemas.study import StudyDocument, conditions_of


def write_entry(session: Session, kind: str, reference: str, *, title: str, words: Iterable[str | None]) -> None:
    """Make or replace the entry of one thing."""
    text = words_text(words)
    entry = session.execute(
        select(SearchEntry).where(col(SearchEntry.kind) == kind, col(SearchEntry.reference) == reference)
    ).scalar_one_or_none()
    if entry is None:
        session.add(SearchEntry(kind=kind, reference=reference, title=title, words=text))
    elif (entry.title, entry.words) != (title, text):
        entry.title, entry.words = title, text


def words_text(words: Iterable[str | None]) -> str:
    """The words as they are stored: each once, in their order."""
    return " · ".join(dict.fromkeys(word for word in words if word))


def remove_entry(session: Session, kind: str, reference: str) -> None:
    session.execute(delete(SearchEntry).where(col(SearchEntry.kind) == kind, col(SearchEntry.reference) == reference))


def index_study(session: Session, study: Study, document: StudyDocument) -> None:
    """A study is found by its own words and by every name of its conditions and its intervention."""
    write_entry(session, "study", study.id, title=document.title, words=words_of_study(session, document))


def index_studies_of(session: Session, kind: str, slug: str) -> None:
    """Index anew every accepted study of a condition or an intervention whose names have changed."""
    live = and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision))
    of_condition = col(Study.id).in_(select(col(StudyCondition.study_id)).where(col(StudyCondition.condition) == slug))
    wanted = of_condition if kind == "condition" else col(Study.intervention) == slug
    for study, text in session.execute(select(Study, col(StudyRevision.document)).join(StudyRevision, live).where(wanted)):
        index_study(session, study, StudyDocument.model_validate_json(text))


def words_of_study(session: Session, document: StudyDocument) -> list[str | None]:
    """Every word by which the study is found."""
    names = load_search_names(session, conditions=conditions_of(document), interventions={document.intervention})
    return [*study_words(document), *names.of_study(document)]


def study_words(document: StudyDocument) -> list[str | None]:
    """The words of the document itself, most telling first."""
    own: list[str | None] = [*document.authors, str(document.year) if document.year else None, document.journal, document.conclusion]
    own += [document.population, document.intervention_description, document.doi, document.pmid, document.pmcid, document.registration]
    return [*own, document.linked_registration, document.design, *document.conditions]


@dataclass(frozen=True, slots=True)
class SearchNames:
    """The names of conditions and interventions, synonyms included, by slug."""

    conditions: Mapping[str, list[str]]
    interventions: Mapping[str, list[str]]

    def of_study(self, document: StudyDocument) -> list[str]:
        """Every name of its conditions and its intervention."""
        names = [name for slug in sorted(conditions_of(document)) for name in self.conditions.get(slug, ())]
        return names + (self.interventions.get(document.intervention, []) if document.intervention is not None else [])


def load_search_names(
    session: Session, *, conditions: Collection[str] | None = None, interventions: Collection[str | None] | None = None
) -> SearchNames:
    """The names of these; of all where none are named."""
    return SearchNames(_names(session, Condition, conditions), _names(session, Intervention, interventions))


def _names(session: Session, table: type[Condition | Intervention], slugs: Collection[str | None] | None) -> dict[str, list[str]]:
    statement = select(col(table.slug), col(table.name), col(table.synonyms))
    if slugs is not None:
        statement = statement.where(col(table.slug).in_(slugs))
    return {slug: [name, *synonyms] for slug, name, synonyms in session.execute(statement).all()}
