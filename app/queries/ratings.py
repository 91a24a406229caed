"""Ratings: the headlines of many conditions at once, and the whole of one. Nothing is computed, but for `published_until`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Condition, Intervention, Rating, RatingHistory
from app.queries.addresses import condition_href, intervention_href, rating_href
from app.queries.answer_meta import answer_meta
from app.queries.columns import Columns, members
from app.queries.filters import FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.pair_inputs import load_pair_inputs
from app.queries.published_reviews import StandingBeside, load_beside, review_row
from app.queries.unknown_slug import unknown_slug
from app.schemas.meta import Meta
from app.synthesis.body import PairInput, StudyInput
from app.synthesis.rating import rate_pair, to_json
from app.vocabulary import Certainty, Finding, StudyKind

Json = dict[str, Any]
HISTORY_SHOWN = 25
SUMMARY: Columns = (
    col(Rating.condition), col(Rating.intervention), col(Intervention.name).label("intervention_name"), col(Rating.certainty),
    col(Rating.direction), col(Rating.sentence), col(Rating.headline_comparator), col(Rating.eligible_studies),
    col(Rating.eligible_participants), col(Rating.as_of),
)  # fmt: skip
ON_PAGE = (
    "method", "as_of", "intervention", "certainty", "direction", "sentence", "headline_comparator", "tier", "reasons", "eligible_studies",
    "eligible_participants", "outcomes", "harms", "measured_not_usable",
)  # fmt: skip
MOVE: Columns = (
    col(RatingHistory.sequence), col(RatingHistory.changed_at), col(RatingHistory.as_of), col(RatingHistory.method),
    col(RatingHistory.inputs_hash), col(RatingHistory.certainty), col(RatingHistory.direction), col(RatingHistory.sentence),
    col(RatingHistory.headline_comparator), col(RatingHistory.eligible_studies), col(RatingHistory.eligible_participants),
    col(RatingHistory.cause),
)  # fmt: skip
HISTORY = FilterTable(
    fields=(), sort_keys=(), tie=SortKey("sequence", col(RatingHistory.sequence), int, nullable=False), default_sort="-sequence"
)


def certainty_rank(column: Any) -> ColumnElement[int]:
    """0 for high to 4 for no-evidence: the order of strength, which the alphabet does not know."""
    return case({certainty.value: rank for rank, certainty in enumerate(Certainty)}, value=column, else_=len(Certainty))


def load_summaries(session: Session, conditions: Collection[str]) -> dict[str, list[Json]]:
    """Condition to the headlines of all its interventions, by slug. One query, whatever the number of conditions."""
    rows = session.execute(
        select(*SUMMARY)
        .join(Intervention, col(Intervention.slug) == col(Rating.intervention))
        .where(col(Rating.condition).in_(conditions))
        .order_by(col(Rating.condition), col(Rating.intervention))
    )
    found: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        found[row.condition].append(summary_row(row))
    return found


def summary_row(row: Any) -> Json:
    return {
        "intervention": row.intervention,
        "intervention_name": row.intervention_name,
        "certainty": row.certainty,
        "direction": row.direction,
        "sentence": row.sentence,
        "headline_comparator": row.headline_comparator,
        "eligible_studies": row.eligible_studies,
        "eligible_participants": row.eligible_participants,
        "as_of": row.as_of,
        "href": rating_href(row.condition, row.intervention),
    }


def on_page(content: Mapping[str, Any], intervention_name: str) -> Json:
    """A stored rating as the page of its condition shows it."""
    row = {name: content[name] for name in ON_PAGE}
    return row | {"intervention_name": intervention_name, "href": rating_href(content["condition"], content["intervention"])}


def get_rating(session: Session, condition: str, intervention: str) -> Json:
    """The whole rating of one condition and intervention, as it is stored. Four queries."""
    stored = _stored(session, condition, intervention)
    reviews = load_beside(session, condition, [StudyKind.SYNTHESIS])
    moves = session.execute(
        select(*MOVE, func.count().over().label("total"))
        .where(*_of_pair(condition, intervention))
        .order_by(col(RatingHistory.sequence).desc())
        .limit(HISTORY_SHOWN)
    ).all()
    return _answer(stored, stored.content, reviews) | {
        "published_until": None,
        "left_out": None,
        "history": [members(move, MOVE) for move in moves],
        "history_total": moves[0].total if moves else 0,
        "meta": _meta(session, stored, stored.as_of),
    }


def get_rating_until(session: Session, condition: str, intervention: str, year: int) -> Json:
    """The rating as the literature stood at the end of a year, computed from the studies published by then; nothing is stored."""
    stored = _stored(session, condition, intervention)
    as_of = min(stored.as_of, date(year, 12, 31))
    pair = load_pair_inputs(session, [(condition, intervention)], as_of=as_of)[0]
    content = to_json(rate_pair(published_until(pair, year)))
    reviews = [row for row in load_beside(session, condition, [StudyKind.SYNTHESIS]) if row.document.intervention == intervention]
    years = [*((study.key, study.year) for study in pair.studies), *((row.key, row.document.year) for row in reviews)]
    return _answer(stored, content, [row for row in reviews if _is_by(row.document.year, year)]) | {
        "published_until": year,
        "left_out": left_out(years, year),
        "history": None,
        "history_total": None,
        "meta": _meta(session, stored, as_of),
    }


def list_rating_history(session: Session, condition: str, intervention: str, asked: ListQuery) -> Page[Json]:
    """How the rating moved, newest first."""
    _stored(session, condition, intervention)
    page = paginate(session, select(*MOVE).where(*_of_pair(condition, intervention)), asked.sort, asked.page)
    return Page([members(row, MOVE) for row in page.items], page.limit, page.next, page.total)


def published_until(pair: PairInput, year: int) -> PairInput:
    """The pair as the literature stood: studies of that year and earlier, also among those that report a registration."""
    registrations = tuple(replace(row, linked=_by_then(row.linked, year)) for row in pair.registrations)
    return replace(pair, studies=_by_then(pair.studies, year), registrations=registrations)


def left_out(years: Collection[tuple[str, int | None]], until: int) -> Json:
    """Which studies and reviews, given by key and year, the year leaves out."""
    return {
        "later": sorted(key for key, year in years if year is not None and year > until),
        "unknown_year": sorted(key for key, year in years if year is None),
    }


def _by_then(studies: Iterable[StudyInput], year: int) -> tuple[StudyInput, ...]:
    return tuple(study for study in studies if _is_by(study.year, year))


def _is_by(published: int | None, year: int) -> bool:
    return published is not None and published <= year


def _stored(session: Session, condition: str, intervention: str) -> Any:
    """The stored rating with the names of its two parts; NotFound names what is missing and what is near."""
    row = session.execute(
        select(
            col(Rating.condition), col(Rating.intervention), col(Rating.content), col(Rating.sequence), col(Rating.as_of),
            col(Condition.name).label("condition_name"), col(Intervention.name).label("intervention_name"),
        )
        .join(Condition, col(Condition.slug) == col(Rating.condition))
        .join(Intervention, col(Intervention.slug) == col(Rating.intervention))
        .where(col(Rating.condition) == condition, col(Rating.intervention) == intervention)
    ).first()  # fmt: skip
    if row is not None:
        return row
    if session.get(Condition, condition) is None:
        raise unknown_slug(session, col(Condition.slug), "condition", condition)
    if session.get(Intervention, intervention) is None:
        raise unknown_slug(session, col(Intervention.slug), "intervention", intervention)
    raise NotFound(f"{condition} and {intervention} have not been rated yet.")


def _answer(stored: Any, content: Mapping[str, Any], reviews: Iterable[StandingBeside]) -> Json:
    """What a stored rating and one computed for a year have in common."""
    condition, intervention = stored.condition, stored.intervention
    direction = Finding(content["direction"]) if content["direction"] is not None else None
    conclusions = {intervention: (Certainty(content["certainty"]), direction)}
    return {
        **content,
        "condition_name": stored.condition_name,
        "intervention_name": stored.intervention_name,
        "published_reviews": [review_row(row, conclusions) for row in reviews if row.document.intervention == intervention],
        "href": rating_href(condition, intervention),
        "links": {
            "self": rating_href(condition, intervention),
            "condition": condition_href(condition),
            "intervention": intervention_href(intervention),
            "evidence": f"/v1/evidence?condition={condition}&intervention={intervention}",
            "history": f"{rating_href(condition, intervention)}/history",
        },
    }


def _of_pair(condition: str, intervention: str) -> tuple[ColumnElement[bool], ...]:
    return col(RatingHistory.condition) == condition, col(RatingHistory.intervention) == intervention


def _meta(session: Session, stored: Any, as_of: date) -> Meta:
    """Reviews and studies of the condition count, of the intervention only its name."""
    subjects, records = [f"condition:{stored.condition}"], [f"intervention:{stored.intervention}"]
    return answer_meta(session, subjects=subjects, records=records, as_of=[as_of], at_least=stored.sequence)
