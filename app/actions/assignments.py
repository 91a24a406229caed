"""Giving a submission to a curator to look after, and taking it back. It divides the work; any other curator may still decide."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.actions import ledger
from app.actor import Actor
from app.errors import FieldProblem, InvalidBody, NotAllowed, OwnSubmission, StateConflict
from app.identifiers import uuid7
from app.models import ApiKey, Assignment, Study
from app.models.base import utc_now
from app.queries.api_keys import is_called
from app.queries.assignments import find_assignment, list_curators
from app.queries.makers import load_makers, why_not_decide
from app.queries.people import as_actor, people_behind
from app.queries.study_records import list_submitted_revisions
from app.vocabulary import AssignmentEnd, Role

MYSELF = "me"


def assign_study(session: Session, study: Study, curator: str, *, by: Actor, one_person: bool = False) -> Assignment:
    """Give the submissions of a study to a curator: `me`, the name of a key, or its prefix. Who had them before has them no more."""
    if not by.may(Role.CURATOR):
        raise NotAllowed("assigning a submission needs the role curator")
    holder = by if curator == MYSELF else _curator_named(session, curator)
    number = _waiting_for(session, study, holder, one_person=one_person)
    moment = utc_now()
    before = find_assignment(session, study.id)
    if before is not None and before.curator == holder.id:
        return before
    end_assignment(session, study, by=by, how=AssignmentEnd.REASSIGNED, moment=moment)
    row = Assignment(id=str(uuid7()), study_id=study.id, revision=number, curator=holder.id, made_by=by.id, made_at=moment)
    session.add(row)
    session.flush()
    details = {"study": study.id, "revision": number, "curator": holder.id, "curator_name": holder.name}
    _log(session, row, by=by, action="assignment.made", summary=f"A submission was given to {holder.name}", details=details, moment=moment)
    return row


def release_study(session: Session, study: Study, *, by: Actor) -> None:
    """Take the submissions of a study back from whoever has them."""
    if not by.may(Role.CURATOR):
        raise NotAllowed("releasing a submission needs the role curator")
    if find_assignment(session, study.id) is None:
        raise StateConflict("the study is assigned to nobody")
    end_assignment(session, study, by=by, how=AssignmentEnd.RELEASED, moment=utc_now())


def end_assignment(session: Session, study: Study, *, by: Actor, how: AssignmentEnd, moment: datetime) -> None:
    """End the assignment that is in force, where there is one."""
    row = find_assignment(session, study.id)
    if row is None:
        return
    row.ended_at, row.ended_by, row.ended_how = moment, by.id, how
    session.flush()
    details = {"study": study.id, "how": how}
    _log(session, row, by=by, action="assignment.ended", summary=f"An assignment ended: {how}", details=details, moment=moment)


def _curator_named(session: Session, name: str) -> Actor:
    curators = list_curators(session)
    found: ApiKey | None = next((key for key in curators if is_called(key, name)), None)
    if found is None:
        names = [MYSELF, *(key.name for key in curators)]
        raise InvalidBody("nobody of that name reviews here", errors=[FieldProblem("/curator", "is the name of no curator", names)])
    return as_actor(found)


def _waiting_for(session: Session, study: Study, holder: Actor, *, one_person: bool) -> int:
    """The newest revision that waits for a decision which the holder may make."""
    numbers = [row.number for row in list_submitted_revisions(session, study)]
    if not numbers:
        raise StateConflict(f"the study is {study.status}; only what was submitted can be assigned")
    makers = load_makers(session, [(study.id, number) for number in numbers])
    people = people_behind(session, {holder.id, *(actor for made in makers.values() for actor in made)})
    for number in numbers:
        if why_not_decide(holder, makers[study.id, number], people, one_person=one_person) is None:
            return number
    raise OwnSubmission(f"revision {numbers[0]} is {holder.name}'s own draft or submission; somebody else looks after it")


def _log(session: Session, row: Assignment, *, by: Actor, action: str, summary: str, details: dict[str, Any], moment: datetime) -> None:
    touches = [f"study:{row.study_id}"]
    ledger.append(
        session, by=by, action=action, subject=f"assignment:{row.id}", summary=summary, touches=touches, details=details, moment=moment
    )
