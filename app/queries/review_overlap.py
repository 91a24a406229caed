"""The published reviews of a condition and intervention: which primary studies each includes, how much they overlap, whether they agree.

Only what the accepted records say is known: a review whose included studies are not recorded stands in no matrix, and a list that is
shorter than the number its authors give is told as such. Studies that are not about the condition are left aside.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Study, StudyCondition
from app.queries.addresses import study_href
from app.queries.answer_meta import answer_meta
from app.queries.condition_page import short_label
from app.queries.published_reviews import StandingBeside, load_beside, review_row
from app.queries.ratings import get_stored_rating
from app.schemas.study import ReviewSynthesis
from app.synthesis.not_computed import NotComputed
from app.synthesis.published_reviews import compare_certainty
from app.synthesis.review_overlap import Overlap, ReviewColumn, StudyRow, cell_of, measure_overlap, measure_pairs
from app.vocabulary import Certainty, CertaintyComparison, Finding, PublicationStatus, StudyKind

Json = dict[str, Any]
RETRACTED = "The review was retracted; its certainty is not weighed."
CAVEATS = (
    "The matrix rests on the included studies that are recorded here; where a review's list is incomplete, overlap may be more or less.",
    "A study published after a review cannot be in it; the adjusted share leaves those cells out, by year of publication.",
    "Reviews without a recorded list, retracted reviews, and reviews without an included study on this condition stand in no matrix.",
)
PRIMARY = (
    col(Study.id), col(Study.key), col(Study.authors), col(Study.title), col(Study.year), col(Study.publication_status),
    col(Study.intervention),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: list[ReviewColumn]
    rows: list[StudyRow]


def get_review_overlap(session: Session, condition: str, intervention: str) -> Json:
    """The whole answer. Five queries."""
    stored = get_stored_rating(session, condition, intervention)
    reviews = [row for row in load_beside(session, condition, [StudyKind.SYNTHESIS]) if row.document.intervention == intervention]
    studies = _load_studies(session, condition, intervention, {key for row in reviews for key in _included(row)})
    matrix = _matrix(reviews, studies)
    direction = Finding(stored.content["direction"]) if stored.content["direction"] is not None else None
    conclusion = (Certainty(stored.content["certainty"]), direction)
    return {
        "condition": condition,
        "intervention": intervention,
        "certainty": conclusion[0],
        "direction": conclusion[1],
        "reviews": [_review(row, {intervention: conclusion}, matrix, studies) for row in reviews],
        "studies": [_study(studies[row.key], row, matrix) for row in matrix.rows],
        "overlap": _overlap(measure_overlap(matrix.columns, matrix.rows)),
        "pairwise": [_pairwise(one) for one in measure_pairs(matrix.columns, matrix.rows)],
        "not_in_any_review": _unreviewed(stored.content, intervention, studies, reviews),
        "caveats": list(CAVEATS),
        "meta": answer_meta(session, subjects=[f"condition:{condition}"], as_of=[stored.as_of], at_least=stored.sequence),
    }


def matrix_lines(answer: Mapping[str, Any]) -> list[list[str]]:
    """The matrix as a table: a study a line, a review a column."""
    columns = [cell["review"] for cell in answer["studies"][0]["cells"]] if answer["studies"] else []
    return [
        ["study", "year", "publication_status", *columns],
        *(
            [study["key"], str(study["year"] or ""), study["publication_status"], *(cell["cell"] for cell in study["cells"])]
            for study in answer["studies"]
        ),
    ]


def _included(review: StandingBeside) -> Sequence[str]:
    return review.document.synthesis.included if review.document.synthesis is not None else []


def _is_retracted(review: StandingBeside) -> bool:
    return review.document.publication_status is PublicationStatus.RETRACTED


def _load_studies(session: Session, condition: str, intervention: str, included: Collection[str]) -> dict[str, Any]:
    """Accepted primary studies about the condition that are of the intervention or in one of the reviews. One query."""
    about = and_(col(StudyCondition.study_id) == col(Study.id), col(StudyCondition.condition) == condition)
    rows = session.execute(
        select(*PRIMARY)
        .join(StudyCondition, about)
        .where(
            col(Study.kind) == StudyKind.PRIMARY,
            col(Study.live_revision).is_not(None),
            (col(Study.intervention) == intervention) | col(Study.key).in_(sorted(included)),
        )
        .order_by(col(Study.year).asc().nulls_last(), col(Study.key))
    )
    return {row.key: row for row in rows}


def _matrix(reviews: Sequence[StandingBeside], studies: Mapping[str, Any]) -> Matrix:
    """The reviews that are not retracted and include a study about the condition, the oldest first, and those studies."""
    columns = [
        ReviewColumn(row.key, row.document.year, frozenset(_included(row)) & studies.keys())
        for row in reversed(reviews)
        if not _is_retracted(row)
    ]
    columns = [column for column in columns if column.included]
    inside = {key for column in columns for key in column.included}
    return Matrix(columns, [StudyRow(key, row.year) for key, row in studies.items() if key in inside])


def _review(review: StandingBeside, conclusions: Mapping[str, Any], matrix: Matrix, studies: Mapping[str, Any]) -> Json:
    synthesis = review.document.synthesis or ReviewSynthesis()
    known, said = len(synthesis.included), synthesis.n_studies
    if _is_retracted(review):
        comparison, reason = CertaintyComparison.NOT_COMPARABLE, RETRACTED
    else:
        comparison, reason = compare_certainty(synthesis.certainty, conclusions[review.document.intervention or ""][0])
    retracted = [key for key in synthesis.included if key in studies and studies[key].publication_status == PublicationStatus.RETRACTED]
    return review_row(review, conclusions) | {
        "certainty_comparison": comparison,
        "certainty_reason": reason,
        "in_matrix": any(column.key == review.key for column in matrix.columns),
        "included_here": [key for key in studies if key in synthesis.included],
        "included_elsewhere": sum(key not in studies for key in synthesis.included),
        "included_not_recorded": None if said is None or said < known else said - known,
        "included_complete": None if said is None else said == known,
        "includes_retracted": retracted,
    }


def _study(row: Any, study: StudyRow, matrix: Matrix) -> Json:
    return _named(row) | {
        "publication_status": row.publication_status,
        "cells": [{"review": column.key, "cell": cell_of(column, study)} for column in matrix.columns],
    }


def _named(row: Any) -> Json:
    label = short_label(row.authors, row.year, row.title)
    return {"id": row.id, "key": row.key, "label": label, "title": row.title, "year": row.year, "href": study_href(row.id)}


def _overlap(found: Overlap | NotComputed) -> Json:
    if isinstance(found, NotComputed):
        return dict.fromkeys(Overlap.__slots__) | {"reason": found.reason}
    return asdict(found) | {"reason": None}


def _pairwise(pair: Any) -> Json:
    return {"reviews": [pair.one, pair.other], "shared": pair.shared, "overlap": _overlap(pair.overlap)}


def _unreviewed(content: Mapping[str, Any], intervention: str, studies: Mapping[str, Any], reviews: Sequence[StandingBeside]) -> list[Json]:
    """Eligible studies of the rating that no review is known to include; `newer` than every one of them, by year.

    A retracted review covers nothing.
    """
    passed = {row["study"] for row in content["ineligible"]}
    reviews = [review for review in reviews if not _is_retracted(review)]
    included = {key for review in reviews for key in _included(review)}
    years = [review.document.year for review in reviews if review.document.year is not None]
    return [
        _named(row) | {"newer_than_all_reviews": None if row.year is None or not years else row.year > max(years)}
        for key, row in studies.items()
        if row.intervention == intervention and key not in passed | included
    ]
