"""The parts of a condition's page that are not its ratings. Each `load_` is one query, whatever the condition holds."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Claim, Condition, Intervention, Position, Rating, Source, Study, StudyCondition
from app.queries.addresses import claim_href, condition_href, intervention_href, study_href
from app.queries.columns import Columns, leading_members, members
from app.queries.prepared import ask_prepared
from app.queries.published_reviews import Conclusion, StandingBeside
from app.queries.ratings import SUMMARY, summary_row
from app.queries.study_inputs import surname
from app.synthesis.verdict import judge_claim
from app.vocabulary import Certainty, ClaimKind, Finding

Json = dict[str, Any]
STUDIES_SHOWN = 25
NOT_RATED: Conclusion = (Certainty.NO_EVIDENCE, None)
STUDY: Columns = (
    col(Study.id), col(Study.key), col(Study.title), col(Study.authors), col(Study.year), col(Study.design), col(Study.kind),
    col(Study.status), col(Study.publication_status), col(Study.intervention),
    func.coalesce(col(Study.n_analysed), col(Study.n_randomised)).label("n"),
)  # fmt: skip
CLAIM: Columns = (
    col(Claim.id), col(Claim.text), col(Claim.kind), col(Claim.condition), col(Claim.intervention), col(Claim.asserted_direction),
    col(Claim.source), col(Source.title).label("source_title"), col(Source.url).label("source_url"), col(Claim.locator),
)  # fmt: skip
POSITION = (
    "id", "intervention", "organisation", "title", "year", "country", "language", "kind", "subject", "fidelity", "population", "stance",
    "summary", "safety_statement", "sources", "confidence",
)  # fmt: skip


def make_summary(ratings: Iterable[Mapping[str, Any]]) -> str:
    """One paragraph for people: the sentence of every rating, in the order of the interventions."""
    return " ".join(_sentence(rating) for rating in ratings) or "This condition has not been rated yet."


def _sentence(rating: Mapping[str, Any]) -> str:
    """The sentence of a rating without evidence does not say which treatment it speaks of; here that must be said."""
    sentence: str = rating["sentence"]
    if rating["certainty"] != Certainty.NO_EVIDENCE:
        return sentence
    return f"{rating['intervention_name']}: {sentence[0].lower()}{sentence[1:]}"


def load_relatives(session: Session, condition: str, broader: str | None) -> dict[str, list[Json]]:
    """The broader and the narrower conditions, each with its own headlines."""
    rows: Any = ask_prepared(session, RELATIVES, condition=condition, broader=broader)
    found: dict[str, dict[str, Json]] = {"broader": {}, "narrower": {}}
    for row in rows:
        blank = {"slug": row.slug, "name": row.name, "ratings": [], "href": condition_href(row.slug)}
        relative = found["broader" if row.slug == broader else "narrower"].setdefault(row.slug, blank)
        if row.intervention is not None:
            relative["ratings"].append(summary_row(row))
    return {side: list(relatives.values()) for side, relatives in found.items()}


def related_interventions(rows: Iterable[tuple[str, list[Json]]]) -> list[Json]:
    """What each rated intervention is related to; `rows` are slugs with their relations."""
    return [
        {**relation, "to": slug, "href": intervention_href(relation["intervention"])} for slug, relations in rows for relation in relations
    ]


def load_claims(session: Session, condition: str, conclusions: Mapping[str, Conclusion]) -> list[Json]:
    """What is claimed of the condition, each with its verdict from the rating of the intervention it names."""
    rows = ask_prepared(session, CLAIMS, condition=condition)
    return [_claim(row, conclusions) for row in rows]


def _claim(row: Any, conclusions: Mapping[str, Conclusion]) -> Json:
    asserted = Finding(row.asserted_direction) if row.asserted_direction is not None else None
    verdict = judge_claim(ClaimKind(row.kind), asserted, True, *conclusions.get(row.intervention, NOT_RATED))
    return members(row, CLAIM) | {"verdict": verdict.verdict.value, "verdict_reason": verdict.reason, "href": claim_href(row.id)}


def load_newest_studies(session: Session, condition: str) -> tuple[list[Json], int]:
    """The newest accepted studies of the condition, and how many there are in all: none but accepted studies are linked to it."""
    rows: Any = ask_prepared(session, NEWEST_STUDIES, condition=condition).all()
    return [_study(row) for row in rows], rows[0].total if rows else 0


def _study(row: Any) -> Json:
    columns = {column.key: getattr(row, column.key) for column in STUDY if column.key != "authors"}
    return columns | {"label": short_label(row.authors, row.year, row.title), "href": study_href(row.id)}


def short_label(authors: list[str], year: int | None, title: str) -> str:
    """`Haller 2016`, as `study_inputs.study_label` gives it for a document."""
    written = str(year) if year is not None else "undated"
    return f"{surname(authors[0])} {written}" if authors else f"{title[:40].strip(' []')} {written}"


def registration_row(registration: StandingBeside, reports: Mapping[str, list[str]]) -> Json:
    document = registration.document
    return {
        "id": registration.id,
        "key": registration.key,
        "title": document.title,
        "registration": document.registration,
        "intervention": document.intervention,
        "publication_status": document.publication_status.value,
        "completed_on": document.completed_on,
        "n": document.n_randomised,
        "reported_by": reports.get(document.registration or "", []),
        "href": study_href(registration.id),
    }


def load_positions(session: Session, condition: str) -> list[Json]:
    """Statements that name the condition, newest first. A slug holds nothing that LIKE or JSON would read as a sign."""
    rows = ask_prepared(session, POSITIONS, named=f'%"{condition}"%')
    return [leading_members(row, POSITION) for row in rows]


def _newest_studies() -> Any:
    of_condition = col(StudyCondition.condition) == bindparam("condition")
    total = select(func.count()).select_from(StudyCondition).where(of_condition).correlate(None).scalar_subquery()
    return (
        select(*STUDY, total.label("total"))
        .join(StudyCondition, col(StudyCondition.study_id) == col(Study.id))
        .where(of_condition)
        .order_by(col(StudyCondition.year).desc().nulls_last(), col(StudyCondition.study_id))
        .limit(STUDIES_SHOWN)
    )


NEWEST_STUDIES = _newest_studies()
RELATIVES = (
    select(*SUMMARY, col(Condition.slug), col(Condition.name))
    .outerjoin(Rating, col(Rating.condition) == col(Condition.slug))
    .outerjoin(Intervention, col(Intervention.slug) == col(Rating.intervention))
    .where(or_(col(Condition.slug) == bindparam("broader"), col(Condition.broader) == bindparam("condition")))
    .order_by(col(Condition.slug), col(Rating.intervention))
)
CLAIMS = (
    select(*CLAIM)
    .join(Source, col(Source.slug) == col(Claim.source))
    .where(col(Claim.condition) == bindparam("condition"))
    .order_by(col(Claim.id))
)
POSITIONS = (
    select(*(getattr(Position, name) for name in POSITION))
    .where(cast(col(Position.conditions), Text).like(bindparam("named")))
    .order_by(col(Position.year).desc().nulls_last(), col(Position.id))
)
