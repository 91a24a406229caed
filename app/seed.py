"""The founding data, from `seed_data/`, through the same actions as anybody's study. Twice is the same as once."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.founding_studies import FoundingStudy, write_founding_studies
from app.actions.recompute import Cause, recompute_all
from app.actions.reference_records import KINDS, put_condition_outcomes, put_record
from app.actions.reviews import make_live
from app.actions.studies import amend_study, document_of, submit_study
from app.actor import SEEDING
from app.database import reading, transaction
from app.identifiers import deterministic_uuid7
from app.models import Change, Study, StudyRevision
from app.models.base import utc_now
from app.queries.rating_inputs import in_groups
from app.queries.study_records import shown_revision
from app.queries.vocabulary_check import KnownSlugs, load_known_slugs
from app.schemas.reference import ConditionOutcomeRecord
from app.schemas.study import StudyDocument

SEED_DATA = Path(__file__).resolve().parent.parent / "seed_data"
FOUNDED_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""The day the founding data were gathered: the `as_of` of the ratings made from them."""
SEEDED = "ledger.seeded"
FILES = {
    "condition": "conditions.json",
    "intervention": "interventions.json",
    "outcome": "outcomes.json",
    "instrument": "instruments.json",
    "source": "sources.json",
    "claim": "claims.json",
    "reading": "readings.json",
    "position": "positions.json",
}
ORDERED = frozenset({"outcome", "instrument"})
"""Kinds whose order in the file means something."""


@dataclass(slots=True)
class SeedReport:
    """What a seeding did."""

    records_written: int = 0
    records_left: list[str] = field(default_factory=list)
    studies_added: list[str] = field(default_factory=list)
    studies_amended: list[str] = field(default_factory=list)
    studies_left: list[str] = field(default_factory=list)
    ratings_moved: int = 0

    @property
    def wrote(self) -> bool:
        return bool(self.records_written or self.studies_added or self.studies_amended)


def seed(engine: Engine, folder: Path = SEED_DATA) -> SeedReport:
    """Load the folder in one transaction. A study or a record that people have since changed here is left as they made it."""
    report = SeedReport()
    fingerprint = fingerprint_of(folder)
    with reading(engine) as session:
        if newest_fingerprint(session) == fingerprint:
            return report
    with transaction(engine) as session:
        founding = session.execute(select(col(Change.sequence)).limit(1)).first() is None
        _seed_records(session, folder, report)
        known = load_known_slugs(session)
        _seed_studies(session, folder, known, report)
        if report.wrote or founding:
            change = _announce(session, report, fingerprint)
            as_of = FOUNDED_AT.date() if founding else change.occurred_at.date()
            cause = Cause(change, "the founding data were loaded", as_of=as_of)
            report.ratings_moved = len(recompute_all(session, by=SEEDING, cause=cause))
    return report


def _seed_records(session: Session, folder: Path, report: SeedReport) -> None:
    for name, file in FILES.items():
        kind = KINDS[name]
        for position, entry in enumerate(_records(folder, name, file)):
            record = kind.shape.model_validate(entry)
            if _edited_by_people(session, f"{name}:{entry[kind.key]}"):
                report.records_left.append(f"{name}:{entry[kind.key]}")
                continue
            changed = put_record(session, kind, record, by=SEEDING, position=position if name in ORDERED else None)
            report.records_written += changed is not None
        if name == "outcome":
            rows = [ConditionOutcomeRecord.model_validate(entry) for entry in _read(folder / "condition_outcomes.json")]
            if _edited_by_people(session, "condition-outcomes:all"):
                report.records_left.append("condition-outcomes:all")
            else:
                report.records_written += put_condition_outcomes(session, rows, by=SEEDING) is not None


def _edited_by_people(session: Session, subject: str) -> bool:
    """Is the newest entry about the record somebody else's? Then it is left as he made it."""
    actor = session.execute(
        select(col(Change.actor)).where(col(Change.subject) == subject).order_by(col(Change.sequence).desc()).limit(1)
    ).scalar()
    return actor not in (None, SEEDING.id)


def _records(folder: Path, name: str, file: str) -> list[dict[str, Any]]:
    """The records of a file, those that others point at first."""
    entries = _read(folder / file)
    return sorted(entries, key=lambda entry: entry["broader"] is not None) if name == "condition" else entries


def _seed_studies(session: Session, folder: Path, known: KnownSlugs, report: SeedReport) -> None:
    paths = sorted((folder / "studies").glob("*.json"))
    groups = in_groups([path.stem for path in paths])
    there = {study.key: study for keys in groups for study in session.execute(select(Study).where(col(Study.key).in_(keys))).scalars()}
    fresh, amended = [], []
    for path in paths:
        document, key = StudyDocument.model_validate_json(path.read_text("utf-8")), path.stem
        if key not in there:
            fresh.append(FoundingStudy(str(deterministic_uuid7(FOUNDED_AT, key)), key, document))
        elif (row := _amend(session, there[key], document, report)) is not None:
            amended.append((there[key], row))
    write_founding_studies(session, fresh, by=SEEDING, known=known)
    report.studies_added += [study.key for study in fresh]
    for study, _ in amended:
        submit_study(session, study, by=SEEDING, known=known)
    for study, row in amended:
        make_live(session, study, row, document_of(row), by=SEEDING, moment=utc_now())


def _amend(session: Session, study: Study, document: StudyDocument, report: SeedReport) -> StudyRevision | None:
    """The revision that corrects a founded study; None where there is nothing to correct, or people have changed it since."""
    shown = shown_revision(session, study)
    if document_of(shown) == document:
        return None
    if shown.created_by != SEEDING.id:
        report.studies_left.append(study.key)
        return None
    report.studies_amended.append(study.key)
    return amend_study(session, study, document, by=SEEDING, base=study.live_revision, reason="the founding data were corrected")


def fingerprint_of(folder: Path) -> str:
    """SHA-256 over the names and bytes of all files of the founding data."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.json")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def newest_fingerprint(session: Session) -> str | None:
    """The fingerprint of what was loaded last."""
    content = session.execute(
        select(col(Change.content)).where(col(Change.action) == SEEDED).order_by(col(Change.sequence).desc()).limit(1)
    ).scalar()
    return None if content is None else json.loads(content)["details"]["sha256"]


def _announce(session: Session, report: SeedReport, fingerprint: str) -> Change:
    counts = {"records": report.records_written, "studies_added": len(report.studies_added), "studies_amended": len(report.studies_amended)}
    return ledger.append(
        session,
        by=SEEDING,
        action=SEEDED,
        subject="ledger:founding-data",
        summary=f"Founding data: {counts['studies_added']} studies added, {counts['studies_amended']} amended",
        details=counts | {"sha256": fingerprint},
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
