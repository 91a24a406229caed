"""What a search found, with the address of each thing."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Position, Reading
from app.queries.addresses import claim_href, condition_href, intervention_href, study_href
from app.queries.outcomes import outcome_href
from app.queries.search import Found
from app.schemas.search import SearchKind

Json = dict[str, Any]
ADDRESS = {
    SearchKind.CONDITION: condition_href,
    SearchKind.INTERVENTION: intervention_href,
    SearchKind.STUDY: study_href,
    SearchKind.OUTCOME: outcome_href,
    SearchKind.CLAIM: claim_href,
}
WRITTEN = {SearchKind.READING: "readings", SearchKind.POSITION: "positions"}
"""Kinds that stand in a list of their intervention and have no address of their own."""


def search_hits(session: Session, found: Collection[Found]) -> list[Json]:
    """The hits as they are served, in their order; one query for readings and positions together."""
    written = [one.reference for one in found if one.kind in WRITTEN]
    interventions = _load_interventions(session, written) if written else {}
    return [_hit(one, interventions) for one in found]


def _load_interventions(session: Session, references: Collection[str]) -> dict[str, str]:
    sides = [select(table.id, table.intervention).where(col(table.id).in_(references)) for table in (Reading, Position)]  # type: ignore[call-overload]
    return dict(session.execute(union_all(*sides)).all())


def _hit(one: Found, interventions: dict[str, str]) -> Json:
    kind = SearchKind(one.kind)
    if kind in WRITTEN:
        href = f"{intervention_href(interventions[one.reference])}/{WRITTEN[kind]}?id={one.reference}"
    else:
        href = ADDRESS[kind](one.reference)
    snippet = {"text": one.snippet.text, "marked": one.snippet.marked} if one.snippet is not None else None
    return {"kind": kind, "id": one.reference, "title": one.title, "snippet": snippet, "score": one.score, "href": href}
