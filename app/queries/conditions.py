"""Conditions: the list with its headlines, and the whole page of one in a constant number of queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Condition, Intervention, Rating
from app.queries.addresses import condition_href
from app.queries.answer_meta import answer_meta
from app.queries.columns import Columns, members
from app.queries.condition_page import (
    load_claims,
    load_newest_studies,
    load_positions,
    load_relatives,
    make_summary,
    registration_row,
    related_interventions,
)
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.prepared import ask_prepared
from app.queries.published_reviews import Conclusion, load_beside, review_row
from app.queries.ratings import certainty_rank, load_summaries, on_page
from app.queries.registrations import load_reports
from app.queries.search import matching_references
from app.queries.sign_offs import sign_off_status
from app.queries.unknown_slug import unknown_slug
from app.vocabulary import AgeGroup, Certainty, Finding, SignOffStatus, StudyKind

Json = dict[str, Any]


def _has_words(values: list[Any]) -> ColumnElement[bool]:
    return col(Condition.slug).in_(matching_references("condition", values[0]))


def _is_of_article(values: list[Any]) -> ColumnElement[bool]:
    term = col(Condition.article_term)
    return or_(*(term.is_not(None) if value else term.is_(None) for value in values))


ITEM: Columns = (
    col(Condition.slug), col(Condition.name), col(Condition.synonyms), col(Condition.description), col(Condition.body_system),
    col(Condition.age_group), col(Condition.broader), col(Condition.codes), col(Condition.article_term),
)  # fmt: skip
CONDITIONS = FilterTable(
    fields=(
        Field("q", operators=("eq",), condition=_has_words, whole=True, description="Words of a name, a code or the description."),
        Field("body_system", col(Condition.body_system)),
        Field("age_group", col(Condition.age_group), AgeGroup),
        Field("intervention", col(Rating.intervention), description="Whose rating `certainty`, `direction` and `sort` look at."),
        Field("certainty", col(Rating.certainty), Certainty),
        Field("direction", col(Rating.direction), Finding),
        Field("sign_off", sign_off_status(), SignOffStatus, description="Whether a curator signed the rating off as it stands."),
        Field("article", type=bool, operators=("eq",), condition=_is_of_article, description="Named by the founding article."),
    ),
    sort_keys=(
        SortKey("name", col(Condition.name), nullable=False),
        # columns of the sub-query `found` in `list_conditions`: of the ratings that the filters let through
        SortKey("certainty", literal_column("found.certainty_rank", Integer), int),
        SortKey("eligible_studies", literal_column("found.eligible_studies", BigInteger), int),
    ),
    tie=SortKey("slug", col(Condition.slug), nullable=False),
    default_sort="slug",
)


def list_conditions(session: Session, asked: ListQuery) -> Page[Json]:
    """A page of conditions with all their headlines. Sorted by certainty, the surest comes first."""
    found = (
        select(
            col(Condition.slug).label("slug"),
            func.min(certainty_rank(col(Rating.certainty))).label("certainty_rank"),
            func.sum(col(Rating.eligible_studies)).label("eligible_studies"),
        )
        .outerjoin(Rating, col(Rating.condition) == col(Condition.slug))
        .where(*asked.conditions)
        .group_by(col(Condition.slug))
        .subquery("found")
    )
    statement = select(*ITEM).join(found, found.c.slug == col(Condition.slug))
    page = paginate(session, statement, asked.sort, asked.page)
    ratings = load_summaries(session, [row.slug for row in page.items])
    items = [_item(row, ratings.get(row.slug, [])) for row in page.items]
    return Page(items, page.limit, page.next, page.total)


def _item(row: Any, ratings: Sequence[Json]) -> Json:
    return members(row, ITEM) | {"ratings": list(ratings), "href": condition_href(row.slug)}


def get_condition(session: Session, slug: str) -> Condition:
    """The condition of that slug; NotFound names the nearest ones."""
    condition = session.get(Condition, slug)
    if condition is None:
        raise unknown_slug(session, col(Condition.slug), "condition", slug)
    return condition


def get_condition_page(session: Session, slug: str) -> Json:
    """Everything about one condition, in nine queries."""
    condition: Any = ask_prepared(session, CONDITION, condition=slug).one_or_none()
    if condition is None:
        raise unknown_slug(session, col(Condition.slug), "condition", slug)
    rated: Any = ask_prepared(session, RATED, condition=slug).all()
    ratings = [on_page(row.content, row.intervention_name, row.sign_off) for row in rated]
    conclusions = {row["intervention"]: _conclusion(row) for row in ratings}
    relatives = load_relatives(session, slug, condition.broader)
    claims = load_claims(session, slug, conclusions)
    studies, studies_total = load_newest_studies(session, slug)
    beside = load_beside(session, slug, [StudyKind.SYNTHESIS, StudyKind.REGISTRATION])
    registrations = [row for row in beside if row.document.kind is StudyKind.REGISTRATION]
    reports = load_reports(session, {row.document.registration for row in registrations if row.document.registration is not None})
    positions = load_positions(session, slug)
    related = {"interventions": related_interventions((row.intervention, row.related) for row in rated), **relatives}
    newest = max((row.sequence for row in rated), default=0)
    return {
        **{name: getattr(condition, name) for name in Condition.model_fields},
        "summary": make_summary(ratings),
        "ratings": ratings,
        "related": related,
        "claims": claims,
        "studies": studies,
        "studies_total": studies_total,
        "published_reviews": [review_row(row, conclusions) for row in beside if row.document.kind is StudyKind.SYNTHESIS],
        "registrations": [registration_row(row, reports) for row in registrations],
        "positions": positions,
        "links": _links(slug),
        "meta": answer_meta(
            session,
            subjects=[f"condition:{one}" for one in (slug, *_slugs(related))],
            records=[*(f"intervention:{one}" for one in conclusions), *(f"source:{claim['source']}" for claim in claims)],
            as_of=[row.as_of for row in rated],
            at_least=newest,
        ),
    }


RATED = (
    select(
        col(Rating.intervention), col(Rating.content), col(Rating.sequence), col(Rating.as_of),
        col(Intervention.name).label("intervention_name"), col(Intervention.related), sign_off_status().label("sign_off"),
    )
    .join(Intervention, col(Intervention.slug) == col(Rating.intervention))
    .where(col(Rating.condition) == bindparam("condition"))
    .order_by(col(Rating.intervention))
)  # fmt: skip
"""The stored ratings of one condition with what their interventions are related to, by slug of the intervention."""
CONDITION = select(*Condition.__table__.c).where(col(Condition.slug) == bindparam("condition"))  # type: ignore[attr-defined]


def _conclusion(rating: Mapping[str, Any]) -> Conclusion:
    direction = Finding(rating["direction"]) if rating["direction"] is not None else None
    return Certainty(rating["certainty"]), direction


def _slugs(related: Mapping[str, list[Json]]) -> list[str]:
    return [row["slug"] for side in ("broader", "narrower") for row in related[side]]


def _links(slug: str) -> dict[str, str]:
    return {
        "self": condition_href(slug),
        "studies": f"{condition_href(slug)}/studies",
        "claims": f"{condition_href(slug)}/claims",
        "evidence": f"/v1/evidence?condition={slug}",
        "evidence_map": "/v1/evidence-map",
        "changes": f"/v1/changes?subject=condition:{slug}",
    }
