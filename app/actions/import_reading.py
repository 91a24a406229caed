"""The dry run: every record of a file is read, compared with the others and with the studies, and reported. No study is written."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from pydantic import ValidationError
from sqlalchemy import Engine, delete, insert, select
from sqlmodel import col

from app.actions.import_matching import FileRecords, each_study, write_comparisons
from app.actions.imports import unreadable
from app.actions.jobs import HeldJob
from app.actions.ledger import tail_of
from app.actor import Actor
from app.database import bookkeeping, reading
from app.formats.read_record import FileRefused, ReadRecord
from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from app.models import ImportFilePart, ImportRecord, ReferenceImport
from app.models.base import utc_now
from app.queries.vocabulary_check import KnownSlugs, find_unknown_slugs, load_known_slugs
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument
from app.sources.merging import document_of
from app.vocabulary import ImportDecision, ImportState, ImportStatus

BATCH = 1000
NOT_KEPT = {
    "abstract": "abstracts are not kept (records that have one: {:,})",
    "keywords": "keywords are not kept (records that have some: {:,})",
}
"""What a file may say and a study record has no place for: told once for the whole file."""
Json = dict[str, Any]


@dataclass(slots=True)
class _DryRun:
    """What is known while one file is read."""

    row: ReferenceImport
    known: KnownSlugs
    records: FileRecords = field(default_factory=FileRecords)
    count: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    of_file: list[str] = field(default_factory=list)

    def row_of(self, record: ReadRecord) -> Json:
        """The row of `import_record`."""
        self.count = record.position
        self.of_file += [remark for remark in record.of_file if remark not in self.of_file]
        document, problems = self._document_of(record)
        if document is not None:
            self.records.compare_and_add(record.position, document)
        status = self.records.status_of(record.position) if document is not None else ImportStatus.PROBLEM
        read = record.document or record.bibliography
        return {
            "import_id": self.row.id,
            "number": record.position,
            "line": record.line,
            "status": status.value,
            "title": read.title if read is not None else None,
            "document": document.model_dump_json(exclude_defaults=True) if document is not None else None,
            "problems": problems,
            "matches": self.records.matches_of(record.position),
            "raw": record.raw if document is None else None,
            "decision": ImportDecision.UNDECIDED.value,
        }

    def _document_of(self, record: ReadRecord) -> tuple[StudyDocument | None, list[Json]]:
        problems = [asdict(problem) for problem in record.problems]
        document: StudyDocument | None = None
        try:
            if record.document is not None:
                document = self._with_defaults(record.document)
            elif record.bibliography is not None:
                self.dropped.update(member for member in NOT_KEPT if getattr(record.bibliography, member))
                document = self._draft_of(record.bibliography)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False, include_input=False):
                member = "/".join(map(str, fault["loc"])) or None
                problems.append(_problem(record, member, fault["msg"].removeprefix("Value error, ")))
        if document is not None and (unknown := find_unknown_slugs(document, self.known)):
            problems += [_problem(record, problem.pointer, problem.detail) for problem in unknown]
            document = None
        if document is None and not any(problem["severity"] == "error" for problem in problems):
            problems.append(_problem(record, "title", "the record has no title, which a study needs"))
        return document, problems

    def _draft_of(self, bibliography: Bibliography) -> StudyDocument | None:
        if bibliography.title is None:
            return None
        members = document_of(bibliography)
        return StudyDocument.model_validate({"intervention": self.row.intervention, "conditions": self.row.conditions, **members})

    def _with_defaults(self, document: StudyDocument) -> StudyDocument:
        missing: Json = {}
        if document.intervention is None and self.row.intervention is not None:
            missing["intervention"] = self.row.intervention
        if not document.conditions and self.row.conditions:
            missing["conditions"] = list(self.row.conditions)
        return document.model_copy(update=missing) if missing else document


def read_import(engine: Engine, job: HeldJob, *, by: Actor) -> None:
    """Read the file of an import. When it cannot be read to its end, the import says so and holds no record."""
    with reading(engine) as session:
        run = _DryRun(session.get_one(ReferenceImport, job.subject), load_known_slugs(session, at_once=True))
    with bookkeeping(engine) as session:
        job.note(session, 0)
        session.execute(delete(ImportRecord).where(col(ImportRecord.import_id) == job.subject))  # of a worker that died
    try:
        with TemporaryFile() as stream:
            _fetch(engine, job.subject, cast(BinaryIO, stream))
            _store_records(engine, job, run, cast(BinaryIO, stream))
    except FileRefused as refused:
        _refuse(engine, job, refused)
        return
    changed, sequence = _compare_with_studies(engine, job, run, by)
    _finish(engine, job, run, sorted(changed), sequence)


def _fetch(engine: Engine, import_id: str, stream: BinaryIO) -> None:
    """The file, a part at a time, to where a reader can seek in it."""
    position = 0
    while True:
        wanted = select(col(ImportFilePart.content)).where(
            col(ImportFilePart.import_id) == import_id, col(ImportFilePart.position) == position
        )
        with reading(engine) as session:
            content = session.execute(wanted).scalar()
        if content is None:
            stream.seek(0)
            return
        stream.write(content)
        position += 1


def _store_records(engine: Engine, job: HeldJob, run: _DryRun, stream: BinaryIO) -> None:
    batch: list[Json] = []
    for record in FORMATS[FileFormat(run.row.format)].read(stream, run.row.encoding):
        batch.append(run.row_of(record))
        job.report(run.count, _estimate(run, stream))
        if len(batch) == BATCH:
            _write(engine, job, run, batch, _estimate(run, stream))
            batch = []
    _write(engine, job, run, batch, run.count)


def _estimate(run: _DryRun, stream: BinaryIO) -> int | None:
    """How many records the file will have, by the bytes that are read; in a workbook the bytes say nothing."""
    return max(run.count, run.count * run.row.size // max(stream.tell(), 1)) if run.row.format != FileFormat.XLSX else None


def _write(engine: Engine, job: HeldJob, run: _DryRun, batch: list[Json], total: int | None) -> None:
    with bookkeeping(engine) as session:
        job.note(session, run.count, total)
        if batch:
            session.execute(insert(ImportRecord), batch)


def _compare_with_studies(engine: Engine, job: HeldJob, run: _DryRun, by: Actor) -> tuple[set[int], int]:
    """The numbers of the records that may be a study which is here, and the ledger entry at which that was so."""
    changed: set[int] = set()
    with reading(engine) as session:
        sequence = tail_of(session)[0]
        if run.records.records:
            for place, study in enumerate(each_study(session, by)):
                changed.update(run.records.compare_with(study))
                if place % 200 == 0:
                    job.report(run.count, run.count)
    return changed | run.records.those_that_lead_to(changed), sequence


def _finish(engine: Engine, job: HeldJob, run: _DryRun, changed: list[int], sequence: int) -> None:
    with bookkeeping(engine) as session:
        job.note(session, run.count, run.count)
        write_comparisons(session, job.subject, run.records, changed)
        session.execute(delete(ImportFilePart).where(col(ImportFilePart.import_id) == job.subject))
        row = session.get_one(ReferenceImport, job.subject)
        row.state, row.read_at, row.read_sequence = ImportState.READ, utc_now(), sequence
        dropped = [NOT_KEPT[member].format(run.dropped[member]) for member in NOT_KEPT if run.dropped[member]]
        row.notices = [*row.notices, *run.of_file, *dropped]
        row.version += 1
        session.flush()
        job.succeed(session, run.count)


def _refuse(engine: Engine, job: HeldJob, refused: FileRefused) -> None:
    problem = unreadable(refused)
    with bookkeeping(engine) as session:
        job.fail(session, problem)
        session.execute(delete(ImportRecord).where(col(ImportRecord.import_id) == job.subject))
        session.execute(delete(ImportFilePart).where(col(ImportFilePart.import_id) == job.subject))
        row = session.get_one(ReferenceImport, job.subject)
        row.state, row.problem = ImportState.REFUSED, {"detail": problem.detail, "line": refused.line}
        row.version += 1


def _problem(record: ReadRecord, member: str | None, detail: str) -> Json:
    return {"line": record.line, "field": member, "detail": detail, "severity": "error"}
