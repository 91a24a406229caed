"""Departures: figures of a revision that are not those which an adjudicator decided on.

The draft of an adjudication is a draft like others: a hand may write other figures over it before it is accepted. That is allowed, and
whoever reviews or reads it is told of every such member.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.formats.document_differences import differences_between
from app.models import Adjudication
from app.queries.addresses import adjudication_href
from app.queries.adjudicated_revisions import load_figures, load_lines
from app.queries.study_records import RevisionKey

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Departures:
    """What one revision has otherwise than the adjudication it came of; no items where it holds what was decided."""

    adjudication: Adjudication
    revision: int
    items: tuple[Json, ...]

    def as_json(self) -> Json:
        href = adjudication_href(self.adjudication.study_id, self.adjudication.id)
        return {"adjudication": href, "revision": self.revision, "departures": list(self.items)}


def find_departures(session: Session, study: str, number: int) -> Departures | None:
    """Those of one revision; None where it came of no adjudication."""
    return load_departures(session, [(study, number)]).get((study, number))


def load_departures(session: Session, revisions: Collection[RevisionKey]) -> dict[RevisionKey, Departures]:
    """Those of every revision that came of an adjudication. One query where none did, a constant number where some did."""
    lines = load_lines(session, {study for study, _ in revisions})
    return _compare(session, {key: lines[key] for key in revisions if key in lines})


def newest_departures(session: Session, adjudication: Adjudication) -> Departures:
    """Those of the newest revision that came of it, which is the one that was accepted with it where one was."""
    lines = load_lines(session, {adjudication.study_id})
    carrying = [number for (_, number), one in lines.items() if one.id == adjudication.id]
    key = (adjudication.study_id, max(carrying, default=adjudication.revision))
    return _compare(session, {key: adjudication})[key]


def _compare(session: Session, came_of: Mapping[RevisionKey, Adjudication]) -> dict[RevisionKey, Departures]:
    drafted = {(one.study_id, one.revision) for one in came_of.values()}
    figures = {key: part.model_dump(mode="json") for key, part in load_figures(session, {*came_of, *drafted}).items()}
    return {key: _departures(one, key[1], figures[one.study_id, one.revision], figures[key]) for key, one in came_of.items()}


def _departures(adjudication: Adjudication, number: int, decided: Json, holds: Json) -> Departures:
    found = differences_between(decided, holds)
    items = tuple({"pointer": one.pointer, "change": one.change, "decided": one.before, "holds": one.after} for one in found)
    return Departures(adjudication, number, items)
