"""Did somebody decide on what he made himself? People are compared, not keys: by every ORCID iD that a key has or had."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import MAINTENANCE, RETRACTION_CHECK, SEEDING
from app.models import Review, StudyRevision
from app.queries.audit_acts import Act, Finding, Person, finding
from app.queries.makers import load_makers
from app.vocabulary import AuditQuestion, Decision, RevisionStatus

MAKING = frozenset({"study.created", "study.amended", "study.submitted"})
ACCEPTING = frozenset({"study.accepted", "study.retracted"})
OTHER_DECISIONS = frozenset({"study.rejected", "study.changes-requested"})
QUESTION_OF_STATUS = {
    RevisionStatus.ACCEPTED: AuditQuestion.ONE_PERSON_APPROVALS,
    RevisionStatus.SUPERSEDED: AuditQuestion.ONE_PERSON_APPROVALS,
    RevisionStatus.REJECTED: AuditQuestion.DECISIONS_ON_OWN_WORK,
    RevisionStatus.CHANGES_REQUESTED: AuditQuestion.DECISIONS_ON_OWN_WORK,
}
OURSELVES = (SEEDING.id, MAINTENANCE.id, RETRACTION_CHECK.id)
STUDIES_AT_ONCE = 500


class Hands:
    """Who made what, as the ledger tells it; `read` gives a finding for a decision by one of those hands."""

    def __init__(self, orcids: Mapping[str, set[str]]) -> None:
        self._orcids = orcids
        """Of each key, all that it ever had."""
        self._makers: dict[str, dict[int, set[Person]]] = defaultdict(lambda: defaultdict(set))
        self._accepted: set[str] = set()
        self.decided: dict[tuple[str, int, AuditQuestion], Act] = {}
        self.told: set[tuple[str, int, AuditQuestion]] = set()

    def read(self, act: Act) -> Iterator[Finding]:
        study, number = act.study, act.details.get("revision")
        if study is None or number is None:
            return
        if act.action in MAKING:
            self._makers[study][number].add(act.who)
        elif act.action in ACCEPTING | OTHER_DECISIONS:
            self.decided[study, number, _question_of(act)] = act
            yield from self._decision(study, number, act)
            if act.action in ACCEPTING:
                self._accepted.add(study)

    def _decision(self, study: str, number: int, act: Act) -> Iterator[Finding]:
        """While nothing of a record is accepted, whoever wrote an earlier revision of it has a hand in this one."""
        earlier = () if study in self._accepted else (one for one in self._makers[study] if one < number)
        made = {person for one in (number, *earlier) for person in self._makers[study][one]}
        own = sorted(person.id for person in made if self._same(act.who, person))
        if own:
            question = _question_of(act)
            self.told.add((study, number, question))
            verb = act.action.removeprefix("study.").replace("-", " ")
            yield finding(question, act, f"{verb} by the person who made it, as {', '.join(own)}", exception=act.exception)

    def _same(self, one: Person, other: Person) -> bool:
        return one.id == other.id or bool(self._orcids_of(one) & self._orcids_of(other))

    def _orcids_of(self, person: Person) -> set[str]:
        return self._orcids.get(person.id, set()) | ({person.orcid} if person.orcid is not None else set())

    def same_actor(self, one: str, other: str) -> bool:
        """The same of two ids: do both belong, or did they ever, to one person?"""
        return one == other or bool(self._orcids.get(one, set()) & self._orcids.get(other, set()))


def _question_of(act: Act) -> AuditQuestion:
    return AuditQuestion.ONE_PERSON_APPROVALS if act.action in ACCEPTING else AuditQuestion.DECISIONS_ON_OWN_WORK


def decisions_in_tables(session: Session, hands: Hands, holders: Mapping[str, Person]) -> Iterator[Finding]:
    """The same asked of the tables, which may say otherwise than the ledger; also of figures that were extracted and adjudicated."""
    asked = [row for row in _load_decisions(session) if _deciders(row) - {*OURSELVES}]
    for start in range(0, len(asked), STUDIES_AT_ONCE):
        part = asked[start : start + STUDIES_AT_ONCE]
        makers = load_makers(session, [(row.study_id, row.number) for row in part])
        for row in part:
            made = makers[row.study_id, row.number]
            own = sorted(one for one in _deciders(row) if any(hands.same_actor(one, maker) for maker in made))
            told = (row.study_id, row.number, _question(row))
            if own and told not in hands.told:
                hands.told.add(told)
                yield _in_tables(row, own[0], hands, holders)


def _load_decisions(session: Session) -> Sequence[Any]:
    """Every review, and every revision that was decided on without one."""
    reviewed = and_(col(Review.study_id) == col(StudyRevision.study_id), col(Review.revision) == col(StudyRevision.number))
    columns = (col(StudyRevision.study_id), col(StudyRevision.number), col(StudyRevision.status), col(StudyRevision.decided_by))
    decided = select(*columns, col(Review.reviewer), col(Review.decision)).outerjoin(Review, reviewed)
    decided = decided.where(or_(col(StudyRevision.status).in_(QUESTION_OF_STATUS), col(Review.id).is_not(None)))
    return session.execute(decided.order_by(col(StudyRevision.study_id), col(StudyRevision.number), col(Review.id))).all()


def _deciders(row: Any) -> set[str]:
    """Who withdrew a revision, or drafted it again, has not decided on it."""
    decided_by = row.decided_by if row.status in QUESTION_OF_STATUS else None
    return {decided_by, row.reviewer} - {None}


def _question(row: Any) -> AuditQuestion:
    """What became of a revision afterwards does not change what was decided: one that was sent back may be superseded by now."""
    if row.decision is None:
        return QUESTION_OF_STATUS[RevisionStatus(row.status)]
    return AuditQuestion.ONE_PERSON_APPROVALS if row.decision == Decision.ACCEPT else AuditQuestion.DECISIONS_ON_OWN_WORK


def _in_tables(row: Any, decider: str, hands: Hands, holders: Mapping[str, Person]) -> Finding:
    """A named exception that the ledger tells of allows this too, if it is the same person who decided."""
    question = _question(row)
    act = hands.decided.get((row.study_id, row.number, question))
    who = holders.get(decider, Person(decider, decider, None))
    return Finding(
        question=question,
        sequence=act.sequence if act is not None else None,
        at=act.at if act is not None else None,
        who=who,
        subject=f"study:{row.study_id}",
        revision=row.number,
        detail=f"{row.decision or row.status}, and the tables name {decider} both as one who made it and as one who decided",
        exception=act.exception if act is not None and act.who.id == decider else None,
    )
