"""Outcomes with the instruments that measure them, and how much they matter in which condition."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Condition, ConditionOutcome, Instrument, Outcome
from app.queries.addresses import condition_href
from app.queries.answer_meta import answer_meta
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.search import matching_references
from app.queries.unknown_slug import unknown_slug
from app.schemas.outcome import InstrumentItem
from app.vocabulary import Better, Importance

Json = dict[str, Any]
OUTCOME: tuple[Any, ...] = (
    col(Outcome.slug), col(Outcome.name), col(Outcome.description), col(Outcome.better), col(Outcome.importance_default),
)  # fmt: skip


def _has_words(values: list[Any]) -> ColumnElement[bool]:
    return col(Outcome.slug).in_(matching_references("outcome", values[0]))


OUTCOMES = FilterTable(
    fields=(
        Field("better", col(Outcome.better), Better),
        Field("importance_default", col(Outcome.importance_default), Importance),
        Field("q", None, str, ("eq",), _has_words, whole=True, description="All words must occur; the last may be unfinished."),
    ),
    sort_keys=(SortKey("position", col(Outcome.position), int, nullable=False), SortKey("name", col(Outcome.name), nullable=False)),
    tie=SortKey("slug", col(Outcome.slug), nullable=False),
    default_sort="position",
)


def outcome_href(slug: str) -> str:
    return f"/v1/outcomes/{slug}"


def list_outcomes(session: Session, asked: ListQuery) -> Page[Json]:
    """A page of outcomes with their instruments; two queries."""
    page = paginate(session, asked.apply(select(*OUTCOME)), asked.sort, asked.page)
    instruments = _load_instruments(session, [row.slug for row in page.items])
    return Page([_item(row, instruments[row.slug]) for row in page.items], page.limit, page.next, page.total)


def get_outcome(session: Session, slug: str) -> Json:
    """One outcome with its instruments and the conditions in which it matters more or less than usual."""
    outcome = session.get(Outcome, slug)
    if outcome is None:
        raise unknown_slug(session, col(Outcome.slug), "outcome", slug)
    instruments = _load_instruments(session, [slug])[slug]
    subjects = [f"outcome:{slug}", "condition-outcomes:all", *(f"instrument:{one['slug']}" for one in instruments)]
    return _item(outcome, instruments) | {
        "version": outcome.version,
        "conditions": _load_conditions(session, slug),
        "links": {
            "self": outcome_href(slug),
            "studies": f"/v1/studies?outcome={slug}",
            "evidence": f"/v1/evidence?outcome={slug}",
            "changes": f"/v1/changes?subject=outcome:{slug}",
        },
        "meta": answer_meta(session, subjects=subjects),
    }


def get_instrument(session: Session, slug: str) -> Json:
    """One instrument with the outcome it measures."""
    row = session.execute(select(Instrument, col(Outcome.name)).join(Outcome).where(col(Instrument.slug) == slug)).one_or_none()
    if row is None:
        raise unknown_slug(session, col(Instrument.slug), "instrument", slug)
    instrument, outcome_name = row
    meta = answer_meta(session, subjects=[f"instrument:{slug}", f"outcome:{instrument.outcome}"])
    return _instrument(instrument) | {"outcome_name": outcome_name, "version": instrument.version, "meta": meta}


def _load_instruments(session: Session, outcomes: Collection[str]) -> dict[str, list[Json]]:
    """Outcome to its instruments, the preferred one first. One query."""
    order = (col(Instrument.outcome), col(Instrument.position))
    rows = session.execute(select(Instrument).where(col(Instrument.outcome).in_(outcomes)).order_by(*order)).scalars()
    found: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        found[row.outcome].append(_instrument(row))
    return found


def _load_conditions(session: Session, outcome: str) -> list[Json]:
    rows = session.execute(
        select(col(ConditionOutcome.condition), col(Condition.name), col(ConditionOutcome.importance))
        .join(Condition, col(Condition.slug) == col(ConditionOutcome.condition))
        .where(col(ConditionOutcome.outcome) == outcome)
        .order_by(col(ConditionOutcome.condition))
    )
    return [
        {"condition": condition, "condition_name": name, "importance": importance, "href": condition_href(condition)}
        for condition, name, importance in rows
    ]


def _item(row: Any, instruments: list[Json]) -> Json:
    return {column.key: getattr(row, column.key) for column in OUTCOME} | {"instruments": instruments, "href": outcome_href(row.slug)}


def _instrument(row: Instrument) -> Json:
    return {name: getattr(row, name) for name in InstrumentItem.model_fields if name != "href"} | {"href": f"/v1/instruments/{row.slug}"}
