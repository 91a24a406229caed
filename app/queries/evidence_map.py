"""The evidence map: every condition by every intervention, and the outcomes of the interventions asked for."""

from datetime import date
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import BodyOfEvidence, Condition, Intervention, Rating
from app.queries.addresses import condition_href, evidence_href, intervention_href, rating_href
from app.queries.answer_meta import answer_meta
from app.queries.columns import Columns, members
from app.queries.evidence import BODY
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import SortKey
from app.queries.sign_offs import sign_off_status
from app.vocabulary import Certainty, SignOffStatus

Json = dict[str, Any]
CELL: Columns = (
    col(Rating.intervention), col(Rating.certainty), col(Rating.direction), col(Rating.eligible_studies),
    col(Rating.eligible_participants), col(Rating.sentence), sign_off_status().label("sign_off"),
)  # fmt: skip
ROW: Columns = (col(Condition.slug), col(Condition.name), col(Condition.body_system), col(Condition.age_group), col(Condition.broader))
EVIDENCE_MAP = FilterTable(
    fields=(
        Field("intervention", col(Rating.intervention), operators=("eq",), description="The columns; with it the map also holds `bodies`."),
        Field("certainty", col(Rating.certainty), Certainty, description="Cells of that certainty, and the rows that have one."),
        Field("body_system", col(Condition.body_system)),
        Field("sign_off", sign_off_status(), SignOffStatus, description="Cells that a curator signed off as they stand, or did not."),
    ),
    sort_keys=(),
    tie=SortKey("slug", col(Condition.slug), nullable=False),
)


def get_evidence_map(session: Session, asked: ListQuery) -> Json:
    """The whole map in four queries (three without `bodies`), whatever it holds."""
    wanted = asked.values.get("intervention")
    rows, days = _load_rows(session, asked)
    return {
        "columns": _load_columns(session, wanted),
        "rows": rows,
        "bodies": _load_bodies(session, asked) if wanted else None,
        "meta": answer_meta(session, as_of=days),
    }


def _load_columns(session: Session, wanted: list[str] | None) -> list[Json]:
    statement = select(col(Intervention.slug), col(Intervention.name)).order_by(col(Intervention.slug))
    if wanted:
        statement = statement.where(col(Intervention.slug).in_(wanted))
    return [{"slug": slug, "name": name, "href": intervention_href(slug)} for slug, name in session.execute(statement)]


def _load_rows(session: Session, asked: ListQuery) -> tuple[list[Json], set[date]]:
    """Conditions with their cells, both by slug, and the days that the cells speak of."""
    statement = select(*ROW, *CELL, col(Rating.as_of)).join(Rating, col(Rating.condition) == col(Condition.slug))
    found: dict[str, Json] = {}
    days: set[date] = set()
    for row in session.execute(asked.apply(statement).order_by(col(Condition.slug), col(Rating.intervention))):
        blank = members(row, ROW) | {"href": condition_href(row.slug), "cells": []}
        found.setdefault(row.slug, blank)["cells"].append(members(row, CELL) | {"href": rating_href(row.slug, row.intervention)})
        days.add(row.as_of)
    return list(found.values()), days


def _load_bodies(session: Session, asked: ListQuery) -> list[Json]:
    """The bodies behind the cells that the filters let through."""
    same_pair = and_(col(Rating.condition) == col(BodyOfEvidence.condition), col(Rating.intervention) == col(BodyOfEvidence.intervention))
    statement = (
        select(*BODY)
        .join(Rating, same_pair)
        .join(Condition, col(Condition.slug) == col(BodyOfEvidence.condition))
        .order_by(col(BodyOfEvidence.condition), col(BodyOfEvidence.intervention), col(BodyOfEvidence.position))
    )
    return [members(row, BODY) | {"href": evidence_href(row.id)} for row in session.execute(asked.apply(statement))]
