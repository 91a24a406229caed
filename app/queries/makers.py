"""Who made a submission, and so may not decide on it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.models import Change, Study, StudyRevision
from app.queries.adjudicated_revisions import load_adjudicating_hands
from app.queries.people import ids_of_person, people_behind
from app.queries.study_records import RevisionKey
from app.queries.study_revisions import LIVE_ACTIONS
from app.vocabulary import Role

SUBMITTED = "study.submitted"


def load_makers(session: Session, revisions: Iterable[RevisionKey]) -> dict[RevisionKey, set[str]]:
    """Actor ids of all who made each revision: four queries, however many revisions.

    An amendment is made by whoever drafted it and by everybody who ever submitted it: who submitted it last stands in its row, who did
    before it was sent back in the ledger. An earlier version of one person's draft counts until one of his was accepted. While
    nothing of a record is accepted, its revisions are one line in which one hand writes on what another has written: there the makers
    of the earlier ones count as well. Figures that were adjudicated are made by both extractors and the adjudicator too.
    """
    wanted = set(revisions)
    studies = {study for study, _ in wanted}
    unaccepted = set(session.execute(select(col(Study.id)).where(col(Study.id).in_(studies), col(Study.live_revision).is_(None))).scalars())
    acts = _load_acts(session, studies)
    columns = (
        *(col(StudyRevision.study_id), col(StudyRevision.number)),
        *(col(StudyRevision.created_by), col(StudyRevision.drafted_for), col(StudyRevision.submitted_by)),
    )
    made: dict[str, list[_Made]] = defaultdict(list)
    for study, number, author, drafted_for, submitter in session.execute(select(*columns).where(col(StudyRevision.study_id).in_(studies))):
        submitters = acts.submitters[study, number] | {hand for hand in (submitter,) if hand is not None}
        made[study].append(_Made(number, author, drafted_for, frozenset(submitters), (study, number) in acts.accepted))
    hands = load_adjudicating_hands(session, wanted)
    return {key: _makers(made[key[0]], key[1], whole_line=key[0] in unaccepted) | hands.get(key, set()) for key in wanted}


@dataclass(frozen=True, slots=True)
class _Acts:
    """What the ledger says of revisions."""

    submitters: Mapping[RevisionKey, set[str]]
    accepted: Collection[RevisionKey]


def _load_acts(session: Session, studies: Collection[str]) -> _Acts:
    """Everybody who ever submitted, and what was accepted. One query."""
    subjects = [f"study:{study}" for study in sorted(studies)]
    asked = (col(Change.subject).in_(subjects), col(Change.action).in_((SUBMITTED, *LIVE_ACTIONS)))
    submitters: dict[RevisionKey, set[str]] = defaultdict(set)
    accepted = set()
    for subject, action, actor, content in session.execute(
        select(col(Change.subject), col(Change.action), col(Change.actor), col(Change.content)).where(*asked)
    ):
        key = (subject.removeprefix("study:"), json.loads(content)["details"]["revision"])
        if action == SUBMITTED:
            submitters[key].add(actor)
        else:
            accepted.add(key)
    return _Acts(submitters, accepted)


@dataclass(frozen=True, slots=True)
class _Made:
    """The hands in one revision; `drafted_for` is whose draft it is where another wrote it."""

    number: int
    author: str
    drafted_for: str | None
    submitters: frozenset[str]
    accepted: bool

    @property
    def owner(self) -> str:
        return self.drafted_for or self.author

    @property
    def writers(self) -> set[str]:
        return {self.author, self.owner}


def _makers(made: Sequence[_Made], number: int, *, whole_line: bool) -> set[str]:
    """Whoever wrote in an earlier version of one person's draft has written in this one; whoever submitted one that nobody accepted too."""
    makers: set[str] = set()
    owners = {one.owner for one in made if one.number == number}
    done = max((one.number for one in made if one.accepted and one.owner in owners and one.number < number), default=0)
    for one in made:
        if one.number == number or (whole_line and one.number < number):
            makers |= one.writers | one.submitters
        elif one.number < number and one.owner in owners:
            makers |= one.writers | (one.submitters if one.number > done else set())
    return makers


def made_among(session: Session, keys: Collection[str], reader: str) -> list[str]:
    """Which of the studies, named by their keys, the reader had a hand in as they are accepted; sorted."""
    mine = set(ids_of_person(session, reader))
    return [key for key, made in load_makers_of_accepted(session, keys).items() if made & mine]


def load_makers_of_accepted(session: Session, keys: Collection[str]) -> dict[str, set[str]]:
    """Key of a study to all who made it as it is accepted, in the order of the keys."""
    live = select(col(Study.key), col(Study.id), col(Study.live_revision)).where(col(Study.key).in_(sorted(keys))).order_by(col(Study.key))
    behind = {key: (study, number) for key, study, number in session.execute(live).all() if number is not None}
    makers = load_makers(session, behind.values())
    return {key: makers[revision] for key, revision in behind.items()}


def is_made_by(ids: Collection[str]) -> ColumnElement[bool]:
    """Revisions that one of these drafted, ever submitted, or has as his draft though another wrote it last."""
    hands = (
        col(StudyRevision.created_by),
        func.coalesce(col(StudyRevision.drafted_for), ""),
        func.coalesce(col(StudyRevision.submitted_by), ""),
    )
    return or_(*(hand.in_(ids) for hand in hands), _was_submitted_by(ids))


def _was_submitted_by(ids: Collection[str]) -> ColumnElement[bool]:
    """By the ledger, which keeps every submission; the row of a revision keeps the last."""
    numbered = literal('%"revision":') + cast(col(StudyRevision.number), String) + ',"revision_pin"%'
    act = (
        col(Change.subject) == literal("study:") + col(StudyRevision.study_id),
        *(col(Change.action) == SUBMITTED, col(Change.actor).in_(ids), col(Change.content).like(numbered)),
    )
    return exists().where(*act).correlate(StudyRevision)


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
