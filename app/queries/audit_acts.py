"""The acts that an audit looks at, one after the other as the ledger tells them, and the findings that come of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import RETRACTION_CHECK, SEEDING
from app.models import ApiKey, Change
from app.vocabulary import AuditQuestion, WithoutSecondPerson

CONSEQUENCE = "rating.changed"
"""What follows of an act and is none itself: most of the ledger."""
OURSELVES = "system:"
ORCID_ACTS = ("key.created", "key.changed")
"""The acts that give a key an ORCID iD, or take it off."""
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """Who acted, as he was named at the time."""

    id: str
    name: str
    orcid: str | None

    @property
    def is_key(self) -> bool:
        return not self.id.startswith(OURSELVES)


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the ledger."""

    sequence: int
    at: datetime
    who: Person
    action: str
    subject: str
    details: Mapping[str, Any]

    @property
    def study(self) -> str | None:
        kind, _, name = self.subject.partition(":")
        return name if kind == "study" else None

    @property
    def exception(self) -> WithoutSecondPerson | None:
        """Which of the named exceptions lets this be done without a second person."""
        if self.who.id == SEEDING.id:
            return WithoutSecondPerson.SEEDING
        reviewed = "review" in self.details
        if self.who.id == RETRACTION_CHECK.id or (self.action == "study.retracted" and not reviewed):
            return WithoutSecondPerson.RETRACTION
        return WithoutSecondPerson.ONE_PERSON if "without_second_person" in self.details else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer to a question: what was done, by whom, when; `exception` names the rule that allows it."""

    question: AuditQuestion
    sequence: int | None
    at: datetime | None
    who: Person
    subject: str
    revision: int | None
    detail: str
    exception: WithoutSecondPerson | None = None


def finding(
    question: AuditQuestion, act: Act, detail: str, *, exception: WithoutSecondPerson | None = None, who: Person | None = None
) -> Finding:
    number = act.details.get("revision")
    return Finding(question, act.sequence, act.at, who or act.who, act.subject, number, detail, exception)


def acts(session: Session) -> Iterator[Act]:
    """Every act in the order of the ledger. One query, read in parts."""
    wanted = select(col(Change.sequence), col(Change.occurred_at), col(Change.content)).where(col(Change.action) != CONSEQUENCE)
    rows = session.execute(wanted.order_by(col(Change.sequence)).execution_options(yield_per=AT_ONCE))
    for sequence, at, content in rows:
        said = json.loads(content)
        actor = said["actor"]
        yield Act(
            sequence, at, Person(actor["id"], actor["name"], actor["orcid"]), said["action"], said["subject"], said.get("details") or {}
        )


def load_orcids(session: Session, holders: Mapping[str, Person]) -> dict[str, set[str]]:
    """Key to every ORCID iD that it has, or had by the ledger: one that was taken off it hides nobody. One query."""
    orcids = {key: {person.orcid} - {None} for key, person in holders.items()}
    rows = session.execute(select(col(Change.subject), col(Change.content)).where(col(Change.action).in_(ORCID_ACTS)))
    for subject, content in rows:
        details = json.loads(content).get("details") or {}
        said = [part.get("orcid") for part in (details, details.get("before") or {}, details.get("after") or {})]
        orcids.setdefault(subject.partition(":")[2], set()).update(orcid for orcid in said if orcid is not None)
    return {key: {orcid for orcid in known if orcid is not None} for key, known in orcids.items()}


def load_holders(session: Session) -> dict[str, Person]:
    """Every key as it is named now. One query."""
    rows = session.execute(select(col(ApiKey.prefix), col(ApiKey.name), col(ApiKey.orcid)))
    return {prefix: Person(prefix, name, orcid) for prefix, name, orcid in rows}
