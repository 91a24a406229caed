"""What is known of an intervention's harms: listed, never averaged, and never inferred from silence."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import String
from sqlmodel import col

from app.models import AdverseEffect, Contraindication, Position, Study, StudyRevision
from app.queries.answer_meta import answer_meta
from app.queries.interventions import find_intervention
from app.queries.study_page import RELATED, related_row
from app.schemas.base import Shape
from app.schemas.intervention import AdverseEffectItem, ContraindicationItem, SafetyStatement
from app.vocabulary import StudyKind, StudyStatus

Json = dict[str, Any]
NOTE = (
    "Silence is not safety: a study that does not mention harms has not shown that there were none. "
    "Counts are not added across kinds of sources, because one event may stand in several."
)
HARM: tuple[Any, ...] = (*RELATED, col(Study.fidelity), func.coalesce(col(Study.n_analysed), col(Study.n_randomised)).label("n"))


class AdverseEventsOf(FunctionElement[str]):
    """The member `adverse_events` of a stored document, as text: the database reads the document and hands out this part alone."""

    inherit_cache = True
    type = String()
    name = "adverse_events_of"


@compiles(AdverseEventsOf, "sqlite")
def _by_json_extract(element: AdverseEventsOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **options)}, '$.adverse_events')"


@compiles(AdverseEventsOf, "postgresql")
def _by_arrow(element: AdverseEventsOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"(({compiler.process(element.clauses, **options)})::json ->> 'adverse_events')"


def get_safety(session: Session, slug: str) -> Json:
    """Contraindications, adverse effects, harms in studies and statements on safety: six queries."""
    intervention = find_intervention(session, slug)
    studies = _load_studies(session, slug, (StudyKind.PRIMARY, StudyKind.SAFETY))
    primary = [row for row in studies if row.kind == StudyKind.PRIMARY]
    about_harm = [row for row in studies if row.kind == StudyKind.SAFETY]
    subjects = {f"intervention:{slug}", *(f"study:{row.id}" for row in studies)}
    return {
        "intervention": slug,
        "name": intervention.name,
        "note": NOTE,
        "contraindications": _rows_of(session, Contraindication, ContraindicationItem, slug),
        "adverse_effects": _rows_of(session, AdverseEffect, AdverseEffectItem, slug),
        "reported_harms": _reported_harms(primary),
        "safety_studies": [_with_harms(row) for row in about_harm],
        "statements": _load_statements(session, slug),
        "meta": answer_meta(session, subjects=subjects),
    }


def _rows_of(session: Session, table: Any, shape: type[Shape], slug: str) -> list[Json]:
    rows = session.execute(select(table).where(table.intervention == slug).order_by(table.position)).scalars()
    return [{name: getattr(row, name) for name in shape.model_fields} for row in rows]


def _load_studies(session: Session, slug: str, kinds: Collection[StudyKind]) -> list[Any]:
    """Accepted studies of the intervention that were not retracted, newest first. One query."""
    live = and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision))
    told: ColumnElement[str] = AdverseEventsOf(col(StudyRevision.document))
    statement = select(*HARM, told.label("adverse_events")).join(StudyRevision, live)
    wanted = (col(Study.intervention) == slug, col(Study.kind).in_(kinds), col(Study.status) == StudyStatus.ACCEPTED)
    return list(session.execute(statement.where(*wanted).order_by(col(Study.year).desc().nulls_last(), col(Study.key))).all())


def _reported_harms(primary: Collection[Any]) -> Json:
    told = [_with_harms(row) for row in primary if _harms(row)["reported"]]
    counts = [study["serious"] for study in told if study["serious"] is not None]
    return {
        "primary_studies": len(primary),
        "reporting": len(told),
        "silent": len(primary) - len(told),
        "counting_serious": len(counts),
        "serious_events": sum(counts) if counts else None,
        "studies": told,
    }


def _harms(row: Any) -> Json:
    harms: Json = json.loads(row.adverse_events)
    return harms


def _with_harms(row: Any) -> Json:
    harms = _harms(row)
    return related_row(row) | {"fidelity": row.fidelity, "n": row.n, "serious": harms["serious"], "text": harms["text"]}


def _load_statements(session: Session, slug: str) -> list[Json]:
    spoke = (col(Position.intervention) == slug, col(Position.safety_statement).is_not(None))
    rows = session.execute(select(Position).where(*spoke).order_by(col(Position.year).desc().nulls_last(), col(Position.id))).scalars()
    return [{name: getattr(row, name) for name in SafetyStatement.model_fields} for row in rows]
