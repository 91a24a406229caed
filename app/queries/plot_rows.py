"""What plots show beside the stored body: retracted studies where they would stand, and the judgements of risk of bias by domain."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Study, StudyCondition
from app.queries.pair_inputs import accepted_documents, load_pair_inputs
from app.schemas.study import StudyDocument
from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import Body, BodyStudy
from app.synthesis.display import finite
from app.synthesis.grade.risk_of_bias import study_level
from app.vocabulary import PublicationStatus, StudyKind

Json = dict[str, Any]
ANY_DAY = date.max  # the day decides about registrations, never about bodies
NUMBERS = ("effect", "se", "ci_low", "ci_high")


def load_retracted(session: Session, body: Json) -> list[Json]:
    """The retracted studies that would stand in a body had they not been retracted, as rows like those of `studies`, without a weight.

    They are put through the engine as if they counted, which needs the other studies of the pair; where the body would then
    stand on another scale, their numbers are left out. One query where nothing was retracted.
    """
    documents = _retracted_documents(session, body["condition"], body["intervention"])
    if not documents:
        return []
    restored = {key: document.model_copy(update={"publication_status": PublicationStatus.PUBLISHED}) for key, document in documents.items()}
    pair = load_pair_inputs(session, [(body["condition"], body["intervention"])], as_of=ANY_DAY, replacing=restored)[0]
    whole = next((one for one in assemble_bodies(pair).bodies if one.id == body["id"]), None)
    return [] if whole is None else [_row(whole, one, body) for one in whole.studies if one.study.key in restored]


def load_judgements(session: Session, keys: Collection[str]) -> dict[str, list[Json]]:
    """The judgements of risk of bias as the accepted documents hold them, or their answers give them, by study key. One query."""
    rows = session.execute(accepted_documents().where(col(Study.key).in_(sorted(keys)))).all()
    return {key: [one.as_counted() for one in StudyDocument.model_validate_json(text).risk_of_bias] for key, text in rows}


def _retracted_documents(session: Session, condition: str, intervention: str) -> dict[str, StudyDocument]:
    about = select(col(StudyCondition.study_id)).where(col(StudyCondition.condition) == condition)
    rows = session.execute(
        accepted_documents().where(
            col(Study.intervention) == intervention,
            col(Study.publication_status) == PublicationStatus.RETRACTED,
            col(Study.kind) == StudyKind.PRIMARY,
            col(Study.id).in_(about),
        )
    ).all()
    return {key: StudyDocument.model_validate_json(text) for key, text in rows}


def _row(whole: Body, one: BodyStudy, body: Json) -> Json:
    risk = study_level(one.study, whole.outcome.slug, whole.comparator_group)
    return {
        "study": one.study.key,
        "label": one.study.label,
        "year": one.study.year,
        "n": one.n,
        "n_known": one.n_known,
        "n_estimated": one.n_estimated,
        "direction": one.direction,
        "comparator": one.result.comparator.value,
        "risk_of_bias": {
            "level": risk.level.value,
            "tool": None if risk.tool is None else risk.tool.value,
            "assessed": risk.assessed,
            "reason": risk.reason,
        },
        **{name: finite(getattr(one, name)) if _same_scale(whole, body) else None for name in NUMBERS},
    }


def _same_scale(whole: Body, body: Json) -> bool:
    measure = None if whole.measure is None else whole.measure.value
    instrument = None if whole.instrument is None else whole.instrument.slug
    return (measure, instrument) == (body["measure"], body["instrument"])
