"""The seed files as records, each read once; `canonical` writes one back as the files are written."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

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
from app.schemas.study import StudyDocument, StudyResult
from app.vocabulary import RATIO_MEASURES, Comparator

SEED_DATA = Path(__file__).resolve().parents[2] / "seed_data"
STUDIES = SEED_DATA / "studies"
REFERENCE_FILES: dict[str, TypeAdapter[Any]] = {
    "conditions": TypeAdapter(list[ConditionRecord]),
    "interventions": TypeAdapter(list[InterventionRecord]),
    "outcomes": TypeAdapter(list[OutcomeRecord]),
    "instruments": TypeAdapter(list[InstrumentRecord]),
    "condition_outcomes": TypeAdapter(list[ConditionOutcomeRecord]),
    "sources": TypeAdapter(list[ReferencedSource]),
    "claims": TypeAdapter(list[ClaimRecord]),
    "readings": TypeAdapter(list[ReadingRecord]),
    "positions": TypeAdapter(list[PositionRecord]),
}
STUDY: TypeAdapter[StudyDocument] = TypeAdapter(StudyDocument)


class SeedResult(NamedTuple):
    """One result row with the study it stands in and its place there."""

    key: str
    place: int
    study: StudyDocument
    row: StudyResult

    def __str__(self) -> str:
        return f"{self.key}[{self.place}]"


def canonical(adapter: TypeAdapter[Any], text: str) -> str:
    value = adapter.dump_python(adapter.validate_json(text), mode="json")
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


@cache
def _reference_records(name: str) -> list[Any]:
    records: list[Any] = REFERENCE_FILES[name].validate_json((SEED_DATA / f"{name}.json").read_bytes())
    return records


def conditions() -> list[ConditionRecord]:
    return _reference_records("conditions")


def interventions() -> list[InterventionRecord]:
    return _reference_records("interventions")


def outcomes() -> list[OutcomeRecord]:
    return _reference_records("outcomes")


def instruments() -> dict[str, InstrumentRecord]:
    return {record.slug: record for record in _reference_records("instruments")}


def condition_outcomes() -> list[ConditionOutcomeRecord]:
    return _reference_records("condition_outcomes")


def sources() -> list[ReferencedSource]:
    return _reference_records("sources")


def claims() -> list[ClaimRecord]:
    return _reference_records("claims")


def readings() -> list[ReadingRecord]:
    return _reference_records("readings")


def positions() -> list[PositionRecord]:
    return _reference_records("positions")


@cache
def studies() -> dict[str, StudyDocument]:
    return {path.stem: STUDY.validate_json(path.read_bytes()) for path in sorted(STUDIES.glob("*.json"))}


def results() -> Iterator[SeedResult]:
    for key, study in studies().items():
        for place, row in enumerate(study.results):
            yield SeedResult(key, place, study, row)


def null_of(row: StudyResult) -> float:
    """The value of the row's estimate that says: no difference."""
    return 1.0 if row.estimate is not None and row.estimate.measure in RATIO_MEASURES else 0.0


def compares_groups(row: StudyResult) -> bool:
    return not row.within_group and row.comparator not in (Comparator.NONE, Comparator.MIXED)


def has_numbers(row: StudyResult) -> bool:
    """An effect with its interval, or both arms with n, mean and SD, or both arms with counts."""
    estimate, arms = row.estimate, (row.treatment, row.control)
    if estimate is not None and estimate.value is not None and (estimate.ci_low is not None or estimate.se is not None):
        return True
    if all(arm.n is not None and arm.mean is not None and arm.sd is not None for arm in arms):
        return True
    return all(arm.n is not None and arm.events is not None for arm in arms)
