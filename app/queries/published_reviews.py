"""What stands beside a rating and never enters it: published reviews and registrations, read from their accepted documents."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Study, StudyCondition, StudyRevision
from app.queries.addresses import study_href
from app.queries.prepared import ask_prepared, in_list
from app.schemas.study import ReviewSynthesis, StudyDocument
from app.synthesis.published_reviews import compare_conclusion
from app.vocabulary import Agreement, Certainty, Finding, PublicationStatus, StudyKind

Json = dict[str, Any]
Conclusion = tuple[Certainty, Finding | None]
"""Certainty and direction of a rating."""


BESIDE = (
    select(col(Study.id), col(Study.key), col(StudyRevision.document))
    .join(StudyCondition, col(StudyCondition.study_id) == col(Study.id))
    .join(StudyRevision, and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision)))
    .where(col(StudyCondition.condition) == bindparam("condition"), in_list(col(Study.kind), "kinds"))
    .order_by(col(Study.year).desc().nulls_last(), col(Study.key))
)


@dataclass(frozen=True, slots=True)
class StandingBeside:
    id: str
    key: str
    document: StudyDocument


def load_beside(session: Session, condition: str, kinds: Collection[StudyKind]) -> list[StandingBeside]:
    """Accepted documents of these kinds that are about the condition, newest first, unknown years last. One query."""
    rows = ask_prepared(session, BESIDE, condition=condition, kinds=kinds)
    beside = [StandingBeside(study_id, key, StudyDocument.model_validate_json(text)) for study_id, key, text in rows]
    return sorted(beside, key=lambda one: one.document.publication_status is PublicationStatus.RETRACTED)  # retracted ones last


def review_row(review: StandingBeside, conclusions: Mapping[str, Conclusion]) -> Json:
    """A published review beside the rating of its intervention; `conclusions` holds intervention to conclusion."""
    document = review.document
    synthesis = document.synthesis or ReviewSynthesis()
    agreement, reason = _agreement(document, synthesis, conclusions)
    return {
        "id": review.id,
        "key": review.key,
        "title": document.title,
        "year": document.year,
        "publication_status": document.publication_status.value,
        "intervention": document.intervention,
        "conclusion": document.conclusion,
        "conclusion_direction": synthesis.conclusion_direction,
        "certainty": synthesis.certainty,
        "included_studies": synthesis.n_studies,
        "included_participants": synthesis.n_participants,
        "included_known": len(synthesis.included),
        "agreement": agreement.value,
        "agreement_reason": reason,
        "href": study_href(review.id),
    }


def _agreement(document: StudyDocument, synthesis: ReviewSynthesis, conclusions: Mapping[str, Conclusion]) -> tuple[Agreement, str]:
    if document.publication_status is PublicationStatus.RETRACTED:
        return Agreement.NOT_COMPARABLE, "The review was retracted; its conclusion is not weighed."
    conclusion = conclusions.get(document.intervention or "")
    if conclusion is None:
        return Agreement.NOT_COMPARABLE, "The review is not about one intervention that is rated here."
    return compare_conclusion(synthesis.conclusion_direction, *conclusion)
