"""Finding one study record and the revision that a reader may see."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.identifiers import study_reference
from app.models import Study, StudyRevision
from app.vocabulary import RevisionStatus, Role

OPEN = (RevisionStatus.DRAFT, RevisionStatus.CHANGES_REQUESTED)
"""States from which a revision can be submitted."""


def get_study(session: Session, study_id: str) -> Study:
    """A study by its id, whoever asks; sub-resources and writes address studies so."""
    try:
        reference = study_reference(study_id)
    except ValueError:
        reference = None
    if reference is None or reference.kind != "id":
        raise NotFound(f"no study has the id {study_id[:200]!r}; writes and sub-resources take the id alone, not a DOI or PMID")
    study = session.get(Study, reference.value)
    if study is None:
        raise NotFound(f"no study has the id {study_id!r}")
    return study


def get_revision(session: Session, study: Study, number: int) -> StudyRevision:
    row = session.get(StudyRevision, (study.id, number))
    if row is None:
        raise NotFound(f"study {study.id} has no revision {number}")
    return row


def shown_revision(session: Session, study: Study) -> StudyRevision:
    """The accepted revision; the newest while none was accepted."""
    return get_revision(session, study, study.live_revision or study.newest_revision)


def may_see_drafts(session: Session, study: Study, reader: Actor | None) -> bool:
    """A record that was never accepted is there for the authors of its revisions and for curators."""
    if reader is None:
        return False
    if reader.may(Role.CURATOR) or study.created_by == reader.id:
        return True
    mine = select(col(StudyRevision.number)).where(col(StudyRevision.study_id) == study.id, col(StudyRevision.created_by) == reader.id)
    return session.execute(mine.limit(1)).first() is not None


def find_open_revision(session: Session, study: Study, by: Actor, *, states: Sequence[RevisionStatus] = OPEN) -> StudyRevision | None:
    """The newest revision in one of the states that is `by`'s own; curators find anybody's, but their own first."""
    waiting = [col(StudyRevision.study_id) == study.id, col(StudyRevision.status).in_(states)]
    mine = col(StudyRevision.created_by) == by.id
    if not by.may(Role.CURATOR):
        waiting.append(mine)
    newest_first = (mine.desc(), col(StudyRevision.number).desc())
    return session.execute(select(StudyRevision).where(*waiting).order_by(*newest_first).limit(1)).scalar_one_or_none()


def get_visible_study(session: Session, study_id: str, reader: Actor | None) -> Study:
    """A study that the reader may see; to others it is not there."""
    study = get_study(session, study_id)
    if study.live_revision is None and not may_see_drafts(session, study, reader):
        raise NotFound(f"no study has the id {study_id!r}")
    return study
