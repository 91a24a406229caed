"""Who is one person? A person may hold several keys, and one ORCID iD on them says so.

Every rule that needs a second person asks here, so that none compares keys and lets one person decide under two names.
A key without an ORCID iD is taken for a person of its own: nothing on record says otherwise.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import SEEDING, Actor
from app.models import ApiKey
from app.vocabulary import Role, WithoutSecondPerson

ACTS_WITHOUT_SECOND_PERSON = {
    WithoutSecondPerson.SEEDING: f"the founding data, written by {SEEDING.id}: they were checked before the installation existed",
    WithoutSecondPerson.RETRACTION: (
        "a retraction, or an expression of concern that the check of the literature services finds: what a publisher took back, or warns "
        "of, must not wait for a second person"
    ),
    WithoutSecondPerson.APPRAISAL: (
        "an appraisal: it stands beside the computed judgement, says its author, his interests and whether he had a hand in the studies, "
        "and changes no rating"
    ),
    WithoutSecondPerson.ONE_PERSON: "an installation of one person, whose operator set EVIDENCE_ONE_PERSON",
}
"""The only acts that one person may do alone, with the reason; everything else that decides needs two."""


def as_actor(key: ApiKey) -> Actor:
    """Who acts with the key."""
    return Actor(key.prefix, key.name, Role(key.role), key.orcid)


def people_behind(session: Session, actors: Collection[str]) -> dict[str, str]:
    """Actor id to the name of the person who holds it; two ids of one person have the same name. One query."""
    keys = select(col(ApiKey.prefix), col(ApiKey.orcid)).where(col(ApiKey.prefix).in_(sorted(set(actors))))
    orcids: dict[str, str | None] = dict(session.execute(keys).all())
    return {actor: _person(actor, orcids.get(actor)) for actor in actors}


def same_person(session: Session, one: str, other: str) -> bool:
    """Do both ids belong to one person?"""
    return is_among(session, one, [other])


def is_among(session: Session, actor: str, others: Collection[str | None]) -> bool:
    """Does one of the others belong to the person behind `actor`? An absent other is nobody."""
    named = {other for other in others if other is not None}
    people = people_behind(session, {actor, *named})
    return people[actor] in {people[other] for other in named}


def ids_of_person(session: Session, actor: str) -> list[str]:
    """Every id under which the person behind `actor` acts or acted, revoked keys included; sorted. One query."""
    own = select(col(ApiKey.orcid)).where(col(ApiKey.prefix) == actor).scalar_subquery()
    others = session.execute(select(col(ApiKey.prefix)).where(col(ApiKey.orcid) == own)).scalars()
    return sorted({actor, *others})


def belongs_to(column: Any, actor: str) -> ColumnElement[bool]:
    """Rows whose id in `column` is one under which the person behind `actor` acts or acted; an absent id is nobody's."""
    own = select(col(ApiKey.orcid)).where(col(ApiKey.prefix) == actor).scalar_subquery()
    ids = select(col(ApiKey.prefix)).where(col(ApiKey.orcid) == own)
    present = func.coalesce(column, "")
    return or_(present == actor, present.in_(ids))


def _person(actor: str, orcid: str | None) -> str:
    return f"orcid:{orcid}" if orcid else f"actor:{actor}"
