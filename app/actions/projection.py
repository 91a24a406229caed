"""The rows that queries use, written from a study document; the document stays the truth."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.search_index import index_study
from app.models import Comparison, IncludedStudy, Result, RiskOfBias, SharedParticipants, Study, StudyCondition, StudyRevision
from app.queries.study_inputs import study_input
from app.schemas.study import StudyDocument, StudyResult, conditions_of
from app.synthesis.usable_result import is_usable_result

BATCH = 500
CHILD_TABLES: tuple[type[SQLModel], ...] = (StudyCondition, Comparison, Result, RiskOfBias, SharedParticipants)
COPIED = (
    "title", "kind", "design", "authors", "year", "journal", "doi", "pmid", "pmcid", "registration", "linked_registration",
    "completed_on", "country", "language", "publication_status", "intervention", "fidelity", "age_group", "n_randomised",
    "n_analysed", "confidence",
)  # fmt: skip


def study_columns(document: StudyDocument) -> dict[str, Any]:
    """The columns of `study` that come from the document."""
    dumped = document.model_dump(mode="json", include=set(COPIED))
    return {name: dumped[name] for name in COPIED}


def describe(study: Study, document: StudyDocument) -> None:
    """Set the study's own columns from the document."""
    for name, value in study_columns(document).items():
        setattr(study, name, value)


def write_projection(session: Session, study: Study, document: StudyDocument) -> None:
    """Replace every row projected from the study by those of `document`."""
    describe(study, document)
    for table in CHILD_TABLES:
        session.execute(delete(table).where(table.study_id == study.id))  # type: ignore[attr-defined]
    session.execute(delete(IncludedStudy).where(col(IncludedStudy.review_id) == study.id))
    session.flush()
    for table, rows in projected_rows(session, study.id, document).items():
        if rows:
            session.execute(insert(table), rows)
    index_study(session, study, document)


def projected_rows(session: Session, study_id: str, document: StudyDocument) -> dict[type[SQLModel], list[dict[str, Any]]]:
    """Table to the rows that the document gives; what `evidence verify` compares with what is stored."""
    conditions = sorted(conditions_of(document))
    included = document.synthesis.included if document.synthesis is not None else []
    ids = _ids_of(session, {*included, *document.same_participants_as})
    return {
        StudyCondition: [{"study_id": study_id, "condition": slug, "year": document.year} for slug in conditions],
        Comparison: [
            {"study_id": study_id, "position": position, "kind": comparator.kind.value, "label": comparator.label}
            for position, comparator in enumerate(document.comparators)
        ],
        Result: _result_rows(study_id, document),
        RiskOfBias: list(_risk_of_bias_rows(study_id, document)),
        SharedParticipants: [{"study_id": study_id, "other_id": ids[key]} for key in document.same_participants_as],
        IncludedStudy: [{"review_id": study_id, "study_id": ids[key]} for key in dict.fromkeys(included)],
    }


def _ids_of(session: Session, keys: set[str]) -> dict[str, str]:
    if not keys:
        return {}
    return dict(session.execute(select(col(Study.key), col(Study.id)).where(col(Study.key).in_(keys))).all())


def _risk_of_bias_rows(study_id: str, document: StudyDocument) -> Iterator[dict[str, Any]]:
    for position, judgement in enumerate(document.risk_of_bias):
        row = judgement.model_dump(mode="json", include={"tool", "score", "outcome", "judged_by", "source"})
        overall = judgement.counted.value if judgement.counted is not None else None
        yield {"study_id": study_id, "position": position, **row, "overall": overall}


def _result_rows(study_id: str, document: StudyDocument) -> list[dict[str, Any]]:
    usable = usable_results(document)
    return [
        {"study_id": study_id, "position": i, "usable": usable[i], **_result_columns(result)} for i, result in enumerate(document.results)
    ]


def usable_results(document: StudyDocument) -> list[bool]:
    """Of each result whether a body can use it: the engine is asked, so that a list and a rating never say different things."""
    if not document.results:
        return []
    study = study_input("", document)
    return [is_usable_result(study, row) for row in study.results]


def lacks_usable_results(session: Session) -> bool:
    """Whether some result waits to be asked about: migrations were run by Alembic alone, or the filling was broken off."""
    return session.execute(select(col(Result.study_id)).where(col(Result.usable).is_(None)).limit(1)).first() is not None


def fill_usable_results(session: Session) -> bool:
    """Ask the engine about some of the results that were stored before their column was; false when none was left.

    `evidence migrate` does so behind every upgrade, each batch in a transaction of its own, so that no writer waits for all of them.
    """
    wanted = select(col(Result.study_id)).where(col(Result.usable).is_(None)).distinct().order_by(col(Result.study_id)).limit(BATCH)
    waiting = session.execute(wanted).scalars().all()
    live = and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision))
    documents = select(col(Study.id), col(StudyRevision.document)).join(StudyRevision, live).where(col(Study.id).in_(waiting))
    filled = False
    for study_id, text in session.execute(documents).all():
        answers = enumerate(usable_results(StudyDocument.model_validate_json(text)))
        rows = [{"study_id": study_id, "position": position, "usable": answer} for position, answer in answers]
        session.execute(update(Result), rows)
        filled = True
    return filled


def _result_columns(result: StudyResult) -> dict[str, Any]:
    plain = (
        "condition", "outcome", "instrument", "comparator", "timepoint_weeks", "since_end_of_treatment_weeks", "within_group", "direction",
    )  # fmt: skip
    row = result.model_dump(mode="json", include=set(plain))
    for side in ("treatment", "control"):
        arm = getattr(result, side)
        row |= {f"{side}_{name}": getattr(arm, name) for name in ("n", "mean", "sd", "events")}
    names = ("measure", "value", "ci_low", "ci_high", "se", "p", "p_is_upper_bound")
    estimate = result.estimate.model_dump(mode="json", include=set(names)) if result.estimate is not None else dict.fromkeys(names)
    return row | estimate
