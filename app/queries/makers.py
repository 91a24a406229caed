"""Who made a submission, and so may not decide on it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.models import Study, StudyRevision
from app.queries.adjudicated_revisions import load_adjudicating_hands
from app.queries.people import people_behind
from app.queries.study_records import RevisionKey
from app.vocabulary import Role


def load_makers(session: Session, revisions: Iterable[RevisionKey]) -> dict[RevisionKey, set[str]]:
    """Actor ids of all who made each revision: three queries, however many revisions.

    An amendment is made by whoever drafted and whoever submitted it. While nothing of a record is accepted, its revisions are one
    line in which one hand writes on what another has written: there the makers of the earlier ones count as well. Figures that were
    adjudicated are made by both extractors and the adjudicator too.
    """
    wanted = set(revisions)
    studies = {study for study, _ in wanted}
    unaccepted = set(session.execute(select(col(Study.id)).where(col(Study.id).in_(studies), col(Study.live_revision).is_(None))).scalars())
    columns = (
        *(col(StudyRevision.study_id), col(StudyRevision.number)),
        *(col(StudyRevision.created_by), col(StudyRevision.drafted_for), col(StudyRevision.submitted_by)),
    )
    made: dict[str, list[_Made]] = defaultdict(list)
    for study, number, author, drafted_for, submitter in session.execute(select(*columns).where(col(StudyRevision.study_id).in_(studies))):
        made[study].append(_Made(number, author, drafted_for, submitter))
    hands = load_adjudicating_hands(session, wanted)
    return {key: _makers(made[key[0]], key[1], whole_line=key[0] in unaccepted) | hands.get(key, set()) for key in wanted}


@dataclass(frozen=True, slots=True)
class _Made:
    """The hands in one revision; `drafted_for` is whose draft it is where another wrote it."""

    number: int
    author: str
    drafted_for: str | None
    submitter: str | None

    @property
    def owner(self) -> str:
        return self.drafted_for or self.author

    @property
    def writers(self) -> set[str]:
        return {self.author, self.owner}


def _makers(made: Sequence[_Made], number: int, *, whole_line: bool) -> set[str]:
    """Whoever wrote in an earlier version of one person's draft has written in this one."""
    makers: set[str] = set()
    owners = {one.owner for one in made if one.number == number}
    for one in made:
        if one.number == number or (whole_line and one.number < number):
            makers |= one.writers | {hand for hand in (one.submitter,) if hand is not None}
        elif one.number < number and one.owner in owners:
            makers |= one.writers
    return makers


def is_made_by(ids: Collection[str]) -> ColumnElement[bool]:
    """Revisions that one of these drafted, submitted, or has as his draft though another wrote it last."""
    hands = (
        col(StudyRevision.created_by),
        func.coalesce(col(StudyRevision.drafted_for), ""),
        func.coalesce(col(StudyRevision.submitted_by), ""),
    )
    return or_(*(hand.in_(ids) for hand in hands))


def why_not_decide(reader: Actor, makers: Iterable[str], people: Mapping[str, str], *, one_person: bool) -> str | None:
    """Why the reader may not decide on what the makers made; None where he may. `people` is `people_behind` of all of them."""
    if not reader.may(Role.CURATOR):
        return "deciding on a submission needs the role curator"
    if one_person or people[reader.id] not in {people[maker] for maker in makers}:
        return None
    return "it is your own draft, submission, extraction or adjudication, under this key or another of yours; a second curator decides"


def why_not_decide_on(session: Session, reader: Actor, revision: RevisionKey, *, one_person: bool) -> str | None:
    """The same for one revision."""
    makers = load_makers(session, [revision])[revision]
    return why_not_decide(reader, makers, people_behind(session, {reader.id, *makers}), one_person=one_person)
