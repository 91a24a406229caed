"""Finding one study record and the revision that a reader may see."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import NotFound
from app.identifiers import study_reference
from app.models import Study, StudyRevision
from app.queries.people import belongs_to, is_among
from app.vocabulary import RevisionStatus, Role

OPEN = (RevisionStatus.DRAFT, RevisionStatus.CHANGES_REQUESTED)
"""States from which a revision can be submitted."""
UNDECIDED = (*OPEN, RevisionStatus.SUBMITTED)
"""States in which nobody has decided on a revision, or it was sent back to its author."""
RevisionKey = tuple[str, int]
"""Study id, number of the revision."""


def get_study(session: Session, study_id: str) -> Study:
    """A study by its id, whoever asks; sub-resources and writes address studies so."""
    try:
        reference = study_reference(study_id)
    except ValueError:
        reference = None
    if reference is None or reference.kind != "id":
        raise NotFound(f"There is no study {study_id[:200]!r}; writes and sub-resources take its id alone, not a DOI, a PMID or a key.")
    study = session.get(Study, reference.value)
    if study is None:
        raise NotFound(f"There is no study {study_id!r}.")
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
    if reader.may(Role.CURATOR) or is_among(session, reader.id, [study.created_by]):
        return True
    mine = select(col(StudyRevision.number)).where(col(StudyRevision.study_id) == study.id, is_own(reader))
    return session.execute(mine.limit(1)).first() is not None


def visible_to(reader: Actor) -> ColumnElement[bool]:
    """The studies that he may see: all that were accepted, and those of which he may see the drafts."""
    if reader.may(Role.CURATOR):
        return true()
    mine = select(col(StudyRevision.study_id)).where(is_own(reader))
    return or_(col(Study.live_revision).is_not(None), belongs_to(col(Study.created_by), reader.id), col(Study.id).in_(mine))


def is_own(actor: Actor) -> ColumnElement[bool]:
    """The revisions that he wrote himself, and those that another hand wrote over his draft; under whichever of his keys."""
    return or_(belongs_to(col(StudyRevision.created_by), actor.id), belongs_to(col(StudyRevision.drafted_for), actor.id))


def is_own_row(session: Session, row: StudyRevision, actor: Actor) -> bool:
    """The same of a revision that is at hand."""
    return is_among(session, actor.id, (row.created_by, row.drafted_for))


def has_moved(*, base: int | None, live: int | None) -> bool:
    """Is another revision accepted now than the one that a revision was made from?"""
    return live is not None and base != live


def owner_of(row: StudyRevision) -> str:
    """Whose draft the revision is, whoever wrote it last."""
    return row.drafted_for or row.created_by


def is_draft_of(actor: str) -> ColumnElement[bool]:
    """The same for a query: the drafts of the person behind this id."""
    return belongs_to(func.coalesce(col(StudyRevision.drafted_for), col(StudyRevision.created_by)), actor)


def find_open_revision(session: Session, study: Study, by: Actor) -> StudyRevision | None:
    """The newest revision that `by` can submit; curators find anybody's, but their own first."""
    return next(iter(list_open_revisions(session, study, by)), None)


def list_open_revisions(session: Session, study: Study, by: Actor, *, states: Sequence[RevisionStatus] = OPEN) -> list[StudyRevision]:
    """Those in one of the states that are `by`'s own (a curator: all, his own first), the newest first."""
    waiting = [col(StudyRevision.study_id) == study.id, col(StudyRevision.status).in_(states)]
    mine = is_own(by)
    if not by.may(Role.CURATOR):
        waiting.append(mine)
    newest_first = (mine.desc(), col(StudyRevision.number).desc())
    return list(session.execute(select(StudyRevision).where(*waiting).order_by(*newest_first)).scalars())


def list_submitted_revisions(session: Session, study: Study) -> list[StudyRevision]:
    """Those that wait for a decision, whoever made them; the newest first."""
    waiting = (col(StudyRevision.study_id) == study.id, col(StudyRevision.status) == RevisionStatus.SUBMITTED)
    return list(session.execute(select(StudyRevision).where(*waiting).order_by(col(StudyRevision.number).desc())).scalars())


def find_own_amendment(session: Session, study: Study, by: Actor) -> StudyRevision | None:
    """His revision on top of the accepted one that nobody has decided on: he goes on from it, or takes it back."""
    if study.live_revision is None:
        return None
    waiting = list_open_revisions(session, study, by, states=UNDECIDED)
    return next((row for row in waiting if is_among(session, by.id, [owner_of(row)])), None)


def get_own_revision(session: Session, study: Study, number: int, by: Actor) -> StudyRevision:
    """A revision for its authors and for curators; to others it is not there."""
    row = session.get(StudyRevision, (study.id, number))
    if row is None or not (by.may(Role.CURATOR) or is_own_row(session, row, by)):
        raise NotFound(f"study {study.id} has no revision {number} of yours")
    return row


def get_visible_study(session: Session, study_id: str, reader: Actor | None) -> Study:
    """A study that the reader may see; to others it is not there."""
    study = get_study(session, study_id)
    if study.live_revision is None and not may_see_drafts(session, study, reader):
        raise NotFound(f"There is no study {study_id!r}.")
    return study
