"""Reference records: plain rows with a version. Each edit is a ledger entry with the record before and after.

A record is written from its validated shape and read back into the same shape, so that the ledger, the row and the seed
files say the same thing in the same words.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions import ledger
from app.actions.search_index import index_studies_of, write_entry
from app.actor import Actor
from app.models import (
    AdverseEffect,
    Change,
    Claim,
    Condition,
    ConditionOutcome,
    Contraindication,
    Instrument,
    Intervention,
    Outcome,
    Position,
    Reading,
    Source,
)
from app.schemas.base import Shape
from app.schemas.reference import (
    ClaimRecord,
    ConditionOutcomeRecord,
    ConditionRecord,
    InstrumentRecord,
    InterventionRecord,
    OutcomeRecord,
    PositionRecord,
    ReadingRecord,
    ReferencedSource,
)

INTERVENTION_PARTS = ("adverse_effects", "contraindications")


@dataclass(frozen=True, slots=True)
class RecordKind:
    """How one kind of record is stored: its shape, its table, its key, and whether ratings depend on it."""

    name: str
    shape: type[Shape]
    table: type[SQLModel]
    key: str
    rates: bool
    columns: Callable[[Shape], dict[str, Any]]


def _plain(record: Shape) -> dict[str, Any]:
    return record.model_dump(mode="json")


def _instrument_columns(record: Shape) -> dict[str, Any]:
    row = record.model_dump(mode="json")
    group = row.pop("linear_group") or {"name": None, "factor": None}
    return row | {"linear_group_name": group["name"], "linear_group_factor": group["factor"]}


def _intervention_columns(record: Shape) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude=set(INTERVENTION_PARTS))


KINDS: Mapping[str, RecordKind] = {
    kind.name: kind
    for kind in (
        RecordKind("condition", ConditionRecord, Condition, "slug", True, _plain),
        RecordKind("intervention", InterventionRecord, Intervention, "slug", True, _intervention_columns),
        RecordKind("outcome", OutcomeRecord, Outcome, "slug", True, _plain),
        RecordKind("instrument", InstrumentRecord, Instrument, "slug", True, _instrument_columns),
        RecordKind("source", ReferencedSource, Source, "slug", False, _plain),
        RecordKind("claim", ClaimRecord, Claim, "id", False, _plain),
        RecordKind("reading", ReadingRecord, Reading, "id", False, _plain),
        RecordKind("position", PositionRecord, Position, "id", False, _plain),
    )
}
"""In the order in which records may point at each other."""


def put_record(session: Session, kind: RecordKind, record: Shape, *, by: Actor, position: int | None = None) -> Change | None:
    """Write one record. Returns its ledger entry, or None when nothing differs from what is stored.

    A record whose kind is ordered keeps its place if none is given; a new one comes last. Rating again is the caller's.
    """
    columns = kind.columns(record)
    row: Any = session.get(kind.table, columns[kind.key])
    if "position" in kind.table.model_fields:
        position = position if position is not None else _place_of(session, kind, row)
        columns["position"] = position
    after = record.model_dump(mode="json") | ({"position": position} if position is not None else {})
    before = read_record(session, kind, row) if row is not None else None
    if before == after:
        return None
    if row is None:
        row = kind.table(**columns, version=1)
        session.add(row)
    else:
        for name, value in columns.items():
            setattr(row, name, value)
        row.version += 1
    session.flush()
    if isinstance(record, InterventionRecord):
        _write_intervention_parts(session, record)
    _index(session, kind, record)
    if before is not None and isinstance(record, ConditionRecord | InterventionRecord):
        index_studies_of(session, kind.name, record.slug)
    return ledger.append(
        session,
        by=by,
        action=f"{kind.name}.{'changed' if before else 'added'}",
        subject=f"{kind.name}:{columns[kind.key]}",
        summary=f"{kind.name} {columns[kind.key]}: {'changed' if before else 'added'}",
        touches=_touches(record),
        details={"before": before, "after": after},
    )


def _place_of(session: Session, kind: RecordKind, row: Any) -> int:
    if row is not None:
        place: int = row.position
        return place
    last = session.execute(select(func.max(kind.table.position))).scalar()  # type: ignore[attr-defined]
    return 0 if last is None else last + 1


def put_condition_outcomes(session: Session, records: Iterable[ConditionOutcomeRecord], *, by: Actor) -> Change | None:
    """Set how much outcomes matter in conditions, all at once; other rows go."""
    after = sorted((r.condition, r.outcome, r.importance.value) for r in records)
    before = read_condition_outcomes(session)
    if before == after:
        return None
    session.execute(delete(ConditionOutcome))
    if after:
        session.execute(insert(ConditionOutcome), [dict(zip(("condition", "outcome", "importance"), row, strict=True)) for row in after])
    return ledger.append(
        session,
        by=by,
        action="condition-outcomes.changed",
        subject="condition-outcomes:all",
        summary=f"{len(after)} outcomes of conditions set",
        touches=[f"condition:{slug}" for slug in sorted({row[0] for row in (*before, *after)})],
        details={"before": [list(row) for row in before] or None, "after": [list(row) for row in after]},
    )


def read_condition_outcomes(session: Session) -> list[tuple[str, str, str]]:
    """(condition, outcome, importance) of every row, sorted."""
    columns = (col(ConditionOutcome.condition), col(ConditionOutcome.outcome), col(ConditionOutcome.importance))
    return sorted((condition, outcome, importance) for condition, outcome, importance in session.execute(select(*columns)).all())


def read_record(session: Session, kind: RecordKind, row: Any) -> dict[str, Any]:
    """The stored record in its own shape (and its position, where order matters): what the ledger's `after` should be."""
    columns = row.model_dump(exclude={"version"})
    position = {"position": columns.pop("position")} if "position" in columns else {}
    if kind.table is Instrument:
        name, factor = columns.pop("linear_group_name"), columns.pop("linear_group_factor")
        columns["linear_group"] = {"name": name, "factor": factor} if name is not None else None
    if kind.table is Intervention:
        columns |= _read_intervention_parts(session, columns["slug"])
    return {name: columns[name] for name in kind.shape.model_fields} | position


def _write_intervention_parts(session: Session, record: InterventionRecord) -> None:
    for table, rows in intervention_part_rows(record).items():
        session.execute(delete(table).where(table.intervention == record.slug))  # type: ignore[attr-defined]
        if rows:
            session.execute(insert(table), rows)


def intervention_part_rows(record: InterventionRecord) -> dict[type[SQLModel], list[dict[str, Any]]]:
    """Table to the rows that the record gives, in their order."""
    parts = record.model_dump(mode="json", include=set(INTERVENTION_PARTS))
    return {
        table: [{"intervention": record.slug, "position": position, **part} for position, part in enumerate(parts[name])]
        for table, name in ((AdverseEffect, "adverse_effects"), (Contraindication, "contraindications"))
    }


def _read_intervention_parts(session: Session, slug: str) -> dict[str, Any]:
    effects = session.execute(
        select(AdverseEffect).where(col(AdverseEffect.intervention) == slug).order_by(col(AdverseEffect.position))
    ).scalars()
    contra = session.execute(
        select(Contraindication).where(col(Contraindication.intervention) == slug).order_by(col(Contraindication.position))
    ).scalars()
    own = {"intervention", "position"}
    return {
        "adverse_effects": [row.model_dump(exclude=own) for row in effects],
        "contraindications": [row.model_dump(exclude=own) for row in contra],
    }


def _touches(record: Shape) -> list[str]:
    """The conditions and interventions whose answers show this record."""
    touched = []
    for name in ("condition", "intervention"):
        value = getattr(record, name, None)
        if value is not None:
            touched.append(f"{name}:{value}")
    return touched + [f"condition:{slug}" for slug in getattr(record, "conditions", ())]


def _index(session: Session, kind: RecordKind, record: Shape) -> None:
    entry = record_entry(record)
    if entry is not None:
        title, words = entry
        write_entry(session, kind.name, getattr(record, kind.key), title=title, words=words)


def record_entry(record: Shape) -> tuple[str, list[str | None]] | None:
    """The title and the words by which a record is found; None when the search does not find its kind."""
    if isinstance(record, ConditionRecord | InterventionRecord):
        codes = [record.codes.icd10, record.codes.icd11, record.codes.mesh, record.codes.mesh_term, record.codes.mondo]
        special = record.article_term if isinstance(record, ConditionRecord) else record.proposed_mechanism
        return record.name, [*record.synonyms, record.description, record.slug, *codes, special]
    if isinstance(record, OutcomeRecord):
        return record.name, [record.description, record.slug]
    if isinstance(record, ClaimRecord):
        return record.text, [record.condition, record.intervention, record.kind]
    if isinstance(record, ReadingRecord):
        return record.title, [*record.authors, record.about]
    if isinstance(record, PositionRecord):
        return record.title, [record.organisation, record.subject, record.summary]
    return None
