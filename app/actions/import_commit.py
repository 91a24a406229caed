"""The commit of an import: its new records become drafts of who sent the file, all of them in one transaction, or none.

What can be worked out beforehand is, outside the transaction. If studies were written since the dry run, the records are compared with
these again, inside it too; what has become a duplicate, or may be one, is reported and left out. Of a record no more is held than
what tells it; its document is read again when the draft is written, so that memory does not grow with the file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.api_keys import refuse_changed_key
from app.actions.import_ledger import made_pin
from app.actions.import_matching import (
    FileRecords,
    clash,
    each_study,
    has_changed,
    taken_identifiers,
    unique_identifiers,
    write_comparisons,
)
from app.actions.imports import import_pin, log_import
from app.actions.jobs import HeldJob
from app.actions.study_drafts import PreparedDraft, prepare_draft, write_drafts
from app.actions.study_keys import key_stem
from app.actor import Actor
from app.database import reading, transaction
from app.identifiers import uuid7
from app.models import ImportRecord, ReferenceImport, Study
from app.models.base import utc_now
from app.queries.study_records import visible_to
from app.schemas.study import StudyDocument
from app.vocabulary import ImportDecision, ImportState, ImportStatus

CHUNK = 1000
DECISION = "decision"
"""The `field` of a problem that a commit found with what a person decided."""


@dataclass(slots=True)
class _Record:
    """A record that is to become a draft; `decided` by a person, and not by the dry run alone."""

    number: int
    decided: bool
    sha256: str
    draft_id: str
    stem: str
    identifiers: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Plan:
    """What the commit will write, and what it found that stands against it."""

    import_id: str
    by: Actor
    records: dict[int, _Record] = field(default_factory=dict)
    compared: FileRecords = field(default_factory=FileRecords)
    left_out: set[int] = field(default_factory=set)

    def compare(self, session: Session, after: int) -> None:
        """With the studies that ledger entries behind this one speak of."""
        if not has_changed(session, after):
            return
        if not self.compared.records:
            for number, text in _documents(session, self.import_id, list(self.records)):
                self.compared.add(number, StudyDocument.model_validate_json(text))
        for study in each_study(session, self.by, after=after):
            numbers = self.compared.compare_with(study)
            self.left_out.update(number for number in numbers if not self.records[number].decided)

    def refuse_clashes(self, session: Session) -> None:
        """An identifier that a study has, or an earlier record of this commit, cannot be had twice, whoever decided it."""
        decided = {pair for record in self.records.values() if record.decided for pair in record.identifiers}
        taken = taken_identifiers(session, decided)
        visible = set(session.execute(select(col(Study.id)).where(col(Study.id).in_(set(taken.values())), visible_to(self.by))).scalars())
        seen: dict[tuple[str, str], int] = {}
        for record in self.records.values():
            for pair in record.identifiers:
                if record.decided and pair in taken:
                    study = taken[pair]
                    self._leave_out(record.number, clash(pair[0], study=study if study in visible else None))
                elif pair in seen and seen[pair] not in self.left_out:
                    self._leave_out(record.number, clash(pair[0], record=seen[pair]))
                else:
                    seen[pair] = record.number

    def _leave_out(self, number: int, match: dict[str, Any]) -> None:
        self.compared.found[number].append(match)
        self.left_out.add(number)

    def made(self) -> list[_Record]:
        return [record for number, record in self.records.items() if number not in self.left_out]


def carry_out_commit(engine: Engine, job: HeldJob, *, by: Actor) -> None:
    """Make the drafts of an import."""
    with reading(engine) as session:
        row = session.get_one(ReferenceImport, job.subject)
        sequence = ledger.tail_of(session)[0]
        plan = _Plan(row.id, by)
        for record in _wanted(session, row.id):
            plan.records[record.number] = record
            job.report(len(plan.records))
        plan.compare(session, row.read_sequence or 0)
        plan.refuse_clashes(session)
    job.report(len(plan.records), len(plan.records), at_once=True)
    with transaction(engine, first=partial(refuse_changed_key, by=by)) as session:
        job.note(session, len(plan.records), len(plan.records))
        if has_changed(session, sequence):
            plan.compare(session, sequence)
            plan.refuse_clashes(session)
        _write(session, plan)
        job.succeed(session, len(plan.records))


def _wanted(session: Session, import_id: str) -> Iterator[_Record]:
    """New records about which nobody has said otherwise, and those that a person called new."""
    columns = (col(ImportRecord.number), col(ImportRecord.decision), col(ImportRecord.document))
    by_itself = (col(ImportRecord.status) == ImportStatus.NEW) & (col(ImportRecord.decision) == ImportDecision.UNDECIDED)
    waiting = select(*columns).where(
        col(ImportRecord.import_id) == import_id,
        col(ImportRecord.study_id).is_(None),
        col(ImportRecord.document).is_not(None),
        by_itself | (col(ImportRecord.decision) == ImportDecision.NEW),
    )
    for number, decision, document in session.execute(waiting.order_by(col(ImportRecord.number)).execution_options(yield_per=CHUNK)):
        text = str(document)
        read = StudyDocument.model_validate_json(text)
        yield _Record(number, decision == ImportDecision.NEW, ledger.hash_of(text), str(uuid7()), key_stem(read), unique_identifiers(read))


def _documents(session: Session, import_id: str, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Number and text of these records, which are in their order; a part of the file at a time."""
    for start in range(0, len(numbers), CHUNK):
        wanted = set(numbers[start : start + CHUNK])
        of_part = (col(ImportRecord.import_id) == import_id, col(ImportRecord.number).between(min(wanted), max(wanted)))
        rows = select(col(ImportRecord.number), col(ImportRecord.document)).where(*of_part, col(ImportRecord.document).is_not(None))
        for number, text in session.execute(rows.order_by(col(ImportRecord.number))).all():
            if number in wanted:
                yield number, str(text)


def _write(session: Session, plan: _Plan) -> None:
    row = session.get_one(ReferenceImport, plan.import_id)
    moment, made = utc_now(), plan.made()
    write_comparisons(session, row.id, plan.compared, sorted(plan.left_out))
    _tell_decided(session, plan)
    row.version += 1
    if made:
        row.state, row.committed_at, row.committed_by = ImportState.COMMITTED, moment, plan.by.id
        session.flush()
        pin = made_pin(row.salt, ((record.number, record.draft_id, record.sha256) for record in made))
        pins = {"import_pin": import_pin(row), "made": len(made), "made_pin": pin}
        summary = f"Drafts made from a file of references: {len(made):,}"
        log_import(session, row, by=plan.by, action="import.committed", summary=summary, moment=moment, **pins)
        sequence = ledger.tail_of(session)[0]
        write_drafts(session, [record.stem for record in made], _drafts(session, row.id, made), by=plan.by, moment=moment)
        _note_drafts(session, row.id, made, sequence)


def _drafts(session: Session, import_id: str, made: Sequence[_Record]) -> Iterator[PreparedDraft]:
    texts = _documents(session, import_id, [record.number for record in made])
    for record, (_, text) in zip(made, texts, strict=True):
        yield prepare_draft(StudyDocument.model_validate_json(text), draft_id=record.draft_id)


def _tell_decided(session: Session, plan: _Plan) -> None:
    """A record that a person called new and that cannot be made has a problem that says why; one that could be has none any more."""
    decided = {number: number in plan.left_out for number, record in plan.records.items() if record.decided}
    of_import = (col(ImportRecord.import_id) == plan.import_id, col(ImportRecord.decision) == ImportDecision.NEW)
    for record in session.execute(select(ImportRecord).where(*of_import)).scalars():
        if record.number not in decided:
            continue
        others = [problem for problem in record.problems if problem["field"] != DECISION]
        if decided[record.number]:
            others.append({"line": record.line, "field": DECISION, "detail": _why_not(plan, record.number), "severity": "error"})
        if others != record.problems:
            record.problems = others


def _why_not(plan: _Plan, number: int) -> str:
    match = plan.compared.found[number][-1]
    other = f"record {match['record']}" if match["record"] is not None else "a study that is here" if match["study"] is not None else ""
    behind = f" as {other}" if other else ""
    return f"decided to be new, and not made: {match['reason']}{behind}, and only one study can have it"


def _note_drafts(session: Session, import_id: str, made: list[_Record], sequence: int) -> None:
    statement = (
        update(ImportRecord)
        .where(col(ImportRecord.import_id) == import_id, col(ImportRecord.number) == bindparam("of_number"))
        .values(study_id=bindparam("made_id"), commit_sequence=sequence)
    )
    for start in range(0, len(made), CHUNK):
        rows = [{"of_number": record.number, "made_id": record.draft_id} for record in made[start : start + CHUNK]]
        session.connection().execute(statement, rows)
