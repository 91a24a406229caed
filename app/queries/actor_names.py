"""Who stands behind the ids that rows keep: the name and the ORCID iD of a key, or the installation itself."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import MAINTENANCE, RETRACTION_CHECK, SEEDING
from app.models import ApiKey
from app.queries.prepared import ask_prepared, in_list


@dataclass(frozen=True, slots=True)
class ActorName:
    name: str
    orcid: str | None = None


NAMED = select(col(ApiKey.prefix), col(ApiKey.name), col(ApiKey.orcid)).where(in_list(col(ApiKey.prefix), "prefixes"))
OURSELVES = {actor.id: ActorName(actor.name) for actor in (SEEDING, MAINTENANCE, RETRACTION_CHECK)}


def load_actor_names(session: Session, actors: Collection[str]) -> dict[str, ActorName]:
    """One query, none for ourselves; an id that no key has keeps its place as its own name."""
    prefixes = set(actors) - OURSELVES.keys()
    rows = ask_prepared(session, NAMED, prefixes=prefixes) if prefixes else ()
    keys = {prefix: ActorName(name, orcid) for prefix, name, orcid in rows}
    return {actor: keys.get(actor) or OURSELVES.get(actor) or ActorName(actor) for actor in actors}
