"""Interventions: the list, the record, and what was written on them: readings and positions."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Intervention, Position, Rating, Reading, Study
from app.queries.addresses import intervention_href
from app.queries.answer_meta import answer_meta
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.search import matching_references
from app.queries.study_page import RELATED, related_row
from app.queries.unknown_slug import unknown_slug
from app.schemas.base import Shape
from app.schemas.intervention import PositionItem, ReadingItem
from app.vocabulary import Certainty, Stance

Json = dict[str, Any]
ITEM: tuple[Any, ...] = (col(Intervention.slug), col(Intervention.name), col(Intervention.synonyms), col(Intervention.description))
RECORD = (
    "slug", "name", "synonyms", "codes", "description", "proposed_mechanism", "providers", "session", "sensations",
    "fidelities", "sources", "version",
)  # fmt: skip


def _has_words(values: list[Any]) -> ColumnElement[bool]:
    return col(Intervention.slug).in_(matching_references("intervention", values[0]))


INTERVENTIONS = FilterTable(
    fields=(Field("q", None, str, ("eq",), _has_words, whole=True, description="All words must occur; the last may be unfinished."),),
    sort_keys=(SortKey("name", col(Intervention.name), nullable=False),),
    tie=SortKey("slug", col(Intervention.slug), nullable=False),
)
READINGS = FilterTable(
    fields=(Field("id", col(Reading.id)), Field("type", col(Reading.type)), Field("year", col(Reading.year), int, ("eq", "gte", "lte"))),
    sort_keys=(SortKey("year", col(Reading.year), int), SortKey("title", col(Reading.title), nullable=False)),
    tie=SortKey("id", col(Reading.id), nullable=False),
)
POSITIONS = FilterTable(
    fields=(
        Field("id", col(Position.id)),
        Field("stance", col(Position.stance), Stance),
        Field("kind", col(Position.kind)),
        Field("country", col(Position.country)),
        Field("year", col(Position.year), int, ("eq", "gte", "lte")),
    ),
    sort_keys=(SortKey("year", col(Position.year), int), SortKey("organisation", col(Position.organisation), nullable=False)),
    tie=SortKey("id", col(Position.id), nullable=False),
)


def list_interventions(session: Session, asked: ListQuery) -> Page[Json]:
    """A page of interventions with how they are rated; two queries."""
    page = paginate(session, asked.apply(select(*ITEM)), asked.sort, asked.page)
    overviews = _load_overviews(session, [row.slug for row in page.items])
    return Page([_item(row, overviews[row.slug]) for row in page.items], page.limit, page.next, page.total)


def find_intervention(session: Session, slug: str) -> Intervention:
    """The intervention of that slug; NotFound names the nearest ones."""
    intervention = session.get(Intervention, slug)
    if intervention is None:
        raise unknown_slug(session, col(Intervention.slug), "intervention", slug)
    return intervention


def get_intervention(session: Session, slug: str) -> Json:
    """The whole record, with how it is rated and the studies on its mechanism: four queries."""
    intervention = find_intervention(session, slug)
    mechanism = _load_mechanism_studies(session, intervention.mechanism_studies)
    subjects = [f"intervention:{slug}", *(f"study:{row['id']}" for row in mechanism)]
    href = intervention_href(slug)
    return {name: getattr(intervention, name) for name in RECORD} | {
        "mechanism_studies": mechanism,
        "related": [relation | {"href": intervention_href(relation["intervention"])} for relation in intervention.related],
        "ratings": _overview(slug, _load_overviews(session, [slug])[slug]),
        "links": {
            "self": href,
            **{name: f"{href}/{name}" for name in ("safety", "claims", "readings", "positions")},
            "studies": f"/v1/studies?intervention={slug}",
            "changes": f"/v1/changes?subject=intervention:{slug}",
        },
        "meta": answer_meta(session, subjects=subjects),
    }


def list_readings(session: Session, slug: str, asked: ListQuery) -> Page[Json]:
    """Books and articles on an intervention."""
    return _list_written(session, Reading, ReadingItem, slug, asked)


def list_positions(session: Session, slug: str, asked: ListQuery) -> Page[Json]:
    """What organisations state on an intervention."""
    return _list_written(session, Position, PositionItem, slug, asked)


def _list_written(session: Session, table: Any, shape: type[Shape], slug: str, asked: ListQuery) -> Page[Json]:
    find_intervention(session, slug)
    page = paginate(session, asked.apply(select(table).where(table.intervention == slug)), asked.sort, asked.page)
    return Page([{name: getattr(row, name) for name in shape.model_fields} for row in page.items], page.limit, page.next, page.total)


def _load_overviews(session: Session, slugs: Collection[str]) -> dict[str, dict[str, int]]:
    """Intervention to certainty to the number of conditions. One query."""
    columns = (col(Rating.intervention), col(Rating.certainty))
    rows = session.execute(select(*columns, func.count()).where(columns[0].in_(slugs)).group_by(*columns))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for slug, certainty, number in rows:
        counts[slug][certainty] = number
    return counts


def _load_mechanism_studies(session: Session, keys: Sequence[str]) -> list[Json]:
    accepted = (col(Study.key).in_(keys), col(Study.live_revision).is_not(None))
    return [related_row(row) for row in session.execute(select(*RELATED).where(*accepted).order_by(col(Study.key)))]


def _item(row: Any, counts: dict[str, int]) -> Json:
    columns = {column.key: getattr(row, column.key) for column in ITEM}
    return columns | {"ratings": _overview(row.slug, counts), "href": intervention_href(row.slug)}


def _overview(slug: str, counts: dict[str, int]) -> Json:
    by_certainty = {certainty: counts.get(certainty, 0) for certainty in Certainty}
    return {"conditions": sum(counts.values()), "by_certainty": by_certainty, "href": f"/v1/conditions?intervention={slug}"}
