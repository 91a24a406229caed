"""Ratings: the headlines of many conditions at once, and the whole of one. Nothing is computed, but for what-ifs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Condition, Intervention, Rating, RatingHistory
from app.queries.addresses import condition_href, intervention_href, rating_href
from app.queries.answer_meta import answer_meta
from app.queries.columns import Columns, members
from app.queries.effective_certainty import load_effective_certainty
from app.queries.filters import FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.published_reviews import StandingBeside, load_beside, review_row
from app.queries.registrations import load_registrations
from app.queries.sign_offs import load_signers, sign_off_status
from app.queries.unknown_slug import unknown_rating
from app.queries.what_if import Asked, left_out, load_pair, records_behind, what_was_asked
from app.schemas.meta import Meta
from app.synthesis.rating import to_json
from app.synthesis.what_if import is_by, rate_on
from app.vocabulary import Certainty, Finding, PublicationStatus, SignOffStatus, StudyKind

Json = dict[str, Any]
HISTORY_SHOWN = 25
SUMMARY: Columns = (
    col(Rating.condition), col(Rating.intervention), col(Intervention.name).label("intervention_name"), col(Rating.certainty),
    col(Rating.direction), col(Rating.sentence), col(Rating.headline_comparator), col(Rating.eligible_studies),
    col(Rating.eligible_participants), col(Rating.as_of), sign_off_status().label("sign_off"),
)  # fmt: skip
ON_PAGE = (
    "method", "as_of", "intervention", "certainty", "direction", "sentence", "headline_comparator", "tier", "reasons", "eligible_studies",
    "eligible_participants", "outcomes", "harms", "measured_not_usable",
)  # fmt: skip
HEADLINE = (
    "certainty", "direction", "sentence", "headline_comparator", "eligible_studies", "eligible_participants", "method", "as_of",
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
        "sign_off": row.sign_off,
        "href": rating_href(row.condition, row.intervention),
    }


def on_page(content: Mapping[str, Any], intervention_name: str, sign_off: str) -> Json:
    """A stored rating as the page of its condition shows it."""
    row = {name: content[name] for name in ON_PAGE} | {"intervention_name": intervention_name, "sign_off": sign_off}
    return row | {"href": rating_href(content["condition"], content["intervention"])}


def get_rating(session: Session, condition: str, intervention: str) -> Json:
    """The whole rating of one condition and intervention, as it is stored. Seven queries; more where curators signed or appraised."""
    stored = get_stored_rating(session, condition, intervention)
    reviews = load_beside(session, condition, [StudyKind.SYNTHESIS])
    effective = load_effective_certainty(session, stored.content)
    moves = session.execute(
        select(*MOVE, func.count().over().label("total"))
        .where(*_of_pair(condition, intervention))
        .order_by(col(RatingHistory.sequence).desc())
        .limit(HISTORY_SHOWN)
    ).all()
    return _answer(stored, stored.content, reviews) | {
        "published_until": None,
        "left_out": None,
        "what_if": None,
        **effective,
        "sign_off": stored.sign_off,
        "signed_off_by": load_signers(session, condition, intervention) if stored.sign_off == SignOffStatus.SIGNED_OFF else [],
        "registrations": load_registrations(session, condition, intervention, stored.as_of),
        "history": [members(move, MOVE) for move in moves],
        "history_total": moves[0].total if moves else 0,
        "meta": _meta(session, stored, stored.as_of, stored.method),
    }


def get_rating_what_if(session: Session, condition: str, intervention: str, asked: Asked) -> Json:
    """The rating on other terms, such as the literature of an earlier year, computed from the accepted studies; nothing is stored."""
    stored = get_stored_rating(session, condition, intervention)
    pair = load_pair(session, condition, intervention, stored.as_of)
    found = rate_on(pair, asked.as_what_if(stored.method))
    content, year = to_json(found.rating), asked.published_until
    reviews = [row for row in load_beside(session, condition, [StudyKind.SYNTHESIS]) if row.document.intervention == intervention]
    studies = [(study.key, study.year) for study in pair.studies if study.publication_status is not PublicationStatus.RETRACTED]
    years = [*studies, *((row.key, row.document.year) for row in reviews)]
    return _answer(stored, content, [row for row in reviews if year is None or is_by(row.document.year, year)]) | {
        "published_until": year,
        "left_out": None if year is None else left_out(years, year),
        "what_if": what_was_asked(asked, studies, found.left_out_of()) | {"stored": {name: stored.content[name] for name in HEADLINE}},
        "effective_certainty": None,
        "appraised_bodies": None,
        "sign_off": None,
        "signed_off_by": None,
        "registrations": None,
        "history": None,
        "history_total": None,
        "meta": _meta(session, stored, found.rating.as_of, found.rating.method, records_behind(pair)),
    }


def list_rating_history(session: Session, condition: str, intervention: str, asked: ListQuery) -> Page[Json]:
    """How the rating moved, newest first."""
    get_stored_rating(session, condition, intervention)
    page = paginate(session, select(*MOVE).where(*_of_pair(condition, intervention)), asked.sort, asked.page)
    return Page([members(row, MOVE) for row in page.items], page.limit, page.next, page.total)


def get_stored_rating(session: Session, condition: str, intervention: str) -> Any:
    """The stored rating with the names of its two parts; NotFound names what is missing and what is near."""
    row = session.execute(
        select(
            col(Rating.condition), col(Rating.intervention), col(Rating.content), col(Rating.sequence), col(Rating.as_of),
            col(Rating.method), col(Condition.name).label("condition_name"), col(Intervention.name).label("intervention_name"),
            sign_off_status().label("sign_off"),
        )
        .join(Condition, col(Condition.slug) == col(Rating.condition))
        .join(Intervention, col(Intervention.slug) == col(Rating.intervention))
        .where(col(Rating.condition) == condition, col(Rating.intervention) == intervention)
    ).first()  # fmt: skip
    if row is not None:
        return row
    raise unknown_rating(session, condition, intervention)


def _answer(stored: Any, content: Mapping[str, Any], reviews: Iterable[StandingBeside]) -> Json:
    """What a stored rating and one computed on other terms have in common."""
    condition, intervention = stored.condition, stored.intervention
    direction = Finding(content["direction"]) if content["direction"] is not None else None
    conclusions = {intervention: (Certainty(content["certainty"]), direction)}
    return {
        **content,
        "concerns": content.get("concerns", []),
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
            "sign_offs": f"{rating_href(condition, intervention)}/sign-offs",
        },
    }


def _of_pair(condition: str, intervention: str) -> tuple[ColumnElement[bool], ...]:
    return col(RatingHistory.condition) == condition, col(RatingHistory.intervention) == intervention


def _meta(session: Session, stored: Any, as_of: date, method: str, computed_from: Iterable[str] = ()) -> Meta:
    """Reviews and studies of the condition count, of the intervention only its name, and what is computed from on reading."""
    subjects, records = [f"condition:{stored.condition}"], [f"intervention:{stored.intervention}", *computed_from]
    meta = answer_meta(session, subjects=subjects, records=records, as_of=[as_of], at_least=stored.sequence)
    return meta.model_copy(update={"method": method})
