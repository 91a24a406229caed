"""Is this publication here already? The studies that may be it, the certain first."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.matching import IDENTIFIERS, Match, MatchRecord, find_matches
from app.models import Study
from app.queries.addresses import study_href
from app.queries.search import matching_references
from app.queries.study_records import visible_to
from app.schemas.bibliography import Bibliography
from app.schemas.lookup import KnownStudy

MAX_FOUND = 10
UNIQUE = ("doi", "pmid", "pmcid")
MAX_CANDIDATES = 500
"""Titles of nothing but common words match many; those of the same year come first."""


def find_known_studies(session: Session, sought: Bibliography, *, by: Actor) -> list[KnownStudy]:
    """Studies that `by` may see and that are, or may be, the publication. One query.

    Compared are those with one of its identifiers, all words of its title, or its first author in a year at most one apart.
    """
    record = MatchRecord.of("", sought)
    columns = (col(Study.id), col(Study.key), col(Study.title), col(Study.authors), col(Study.year), col(Study.status))
    identifiers = tuple(getattr(Study, name) for name in (*IDENTIFIERS, "kind", "publication_status"))
    near = func.abs(func.coalesce(col(Study.year), 0) - (sought.year or 0))
    rows = session.execute(
        select(*columns, *identifiers)
        .where(_may_be(sought, record), visible_to(by))
        .order_by(_same_identifier(sought).desc(), near, col(Study.id))
        .limit(MAX_CANDIDATES)
    ).all()
    known = {row.key: row for row in rows}
    matches = find_matches(record, (MatchRecord.of(row.key, row) for row in rows))
    return [_known(known[match.key], match) for match in matches[:MAX_FOUND]]


def find_taken(session: Session, sought: Bibliography, *, by: Actor) -> list[str]:
    """Of the identifiers that one study alone can have, those of a record that `by` may not see: nobody types in what cannot be added."""
    said = {name: value for name in UNIQUE if (value := getattr(sought, name)) is not None}
    columns = [getattr(Study, name) for name in said]
    same = or_(false(), *(column == value for column, value in zip(columns, said.values(), strict=True)))
    rows = session.execute(select(*columns).where(same, ~visible_to(by))).all() if said else []
    return [name for place, name in enumerate(said) if any(row[place] == said[name] for row in rows)]


def _may_be(sought: Bibliography, record: MatchRecord) -> ColumnElement[bool]:
    clauses: list[ColumnElement[bool]] = [_same_identifier(sought)]
    if sought.title is not None:
        clauses.append(col(Study.id).in_(matching_references("study", sought.title)))
    if record.family and sought.year is not None:
        years = [sought.year - 1, sought.year, sought.year + 1]
        stem = record.family.replace(" ", "-").replace("%", "").replace("_", "")
        clauses.append(col(Study.year).in_(years) & col(Study.key).like(f"{stem}-%"))
    return or_(*clauses)


def _same_identifier(sought: Bibliography) -> ColumnElement[bool]:
    said = {name: getattr(sought, name) for name in IDENTIFIERS}
    return or_(false(), *(getattr(Study, name) == value for name, value in said.items() if value is not None))


def _known(row: object, match: Match) -> KnownStudy:
    members: Sequence[str] = ("id", "key", "title", "year", "status")
    return KnownStudy(
        **{name: getattr(row, name) for name in members},
        href=study_href(row.id),  # type: ignore[attr-defined]
        score=match.score,
        reason=match.reason,
        certain=match.certain,
    )
