"""A file of references: received, decided about record by record, committed, or thrown away."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.import_ledger import reason_sha256
from app.actions.import_matching import taken_identifiers, unique_identifiers
from app.actions.import_originals import find_lost_originals
from app.actions.jobs import UNFINISHED, ask_for
from app.actor import Actor
from app.errors import FieldProblem, InvalidBody, NotAllowed, StateConflict, UnreadableFile
from app.formats.read_record import FileRefused
from app.formats.registry import read_file
from app.formats.sniff import SniffedFile
from app.identifiers import uuid7
from app.matching import NAMES
from app.models import ImportFilePart, ImportRecord, Job, ReferenceImport, Study
from app.models.base import utc_now
from app.queries.people import same_person
from app.queries.study_records import visible_to
from app.queries.vocabulary_check import KnownSlugs, find_unknown_slugs, load_known_slugs
from app.schemas.imports import RecordDecision
from app.schemas.study import StudyDocument
from app.vocabulary import ImportDecision, ImportState, ImportStatus, JobKind

PART = 1_000_000
MAX_NAME = 255
PINNED = ("id", "file_name", "size", "sha256", "format", "encoding", "intervention", "conditions", "created_at", "created_by", "salt")
"""What of an import never changes."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that can be read, as far as its beginning tells."""

    stream: BinaryIO
    name: str
    size: int
    sha256: str
    sniffed: SniffedFile


def receive_file(stream: BinaryIO, name: str, *, max_bytes: int) -> ReceivedFile:
    """Look at a file before anything is stored: its format, its encoding, its first record. UnreadableFile says what is wrong."""
    try:
        sniffed, records = read_file(stream, name, max_bytes=max_bytes)
        if next(records, None) is None:
            raise FileRefused("the file holds no record")
    except FileRefused as refused:
        raise unreadable(refused) from None
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    return ReceivedFile(stream, name, stream.tell(), digest, sniffed)


def unreadable(refused: FileRefused) -> UnreadableFile:
    place = f", at line {refused.line:,}" if refused.line is not None else ""
    return UnreadableFile(f"{refused.reason}{place}", line=refused.line)


def upload_import(
    session: Session, file: ReceivedFile, *, by: Actor, intervention: str | None = None, conditions: Sequence[str] = ()
) -> tuple[ReferenceImport, Job]:
    """Keep the file and ask for the dry run. `intervention` and `conditions` stand for every record that names none itself."""
    refuse_unknown_defaults(load_known_slugs(session), intervention, conditions)
    row = ReferenceImport(
        id=str(uuid7()),
        version=1,
        state=ImportState.UPLOADED,
        file_name=file.name[-MAX_NAME:] or "references",
        size=file.size,
        sha256=file.sha256,
        format=file.sniffed.format,
        encoding=file.sniffed.encoding,
        intervention=intervention,
        conditions=list(conditions),
        notices=list(file.sniffed.notices),
        created_at=utc_now(),
        created_by=by.id,
        salt=ledger.new_salt(),
    )
    session.add(row)
    session.flush()
    for position, content in enumerate(_parts(file.stream)):
        session.execute(insert(ImportFilePart), [{"import_id": row.id, "position": position, "content": content}])
    job = ask_for(session, JobKind.READ_IMPORT, row.id, by=by.id)
    log_import(session, row, by=by, action="import.created", summary="A file of references was received", import_pin=import_pin(row))
    return row, job


def decide_records(session: Session, row: ReferenceImport, decisions: Sequence[RecordDecision], *, by: Actor) -> None:
    """What a person says of records: all of the decisions are taken, or none."""
    _refuse_unless_idle(session, row)
    if row.state not in (ImportState.READ, ImportState.COMMITTED):
        raise StateConflict(f"the import is {row.state}; it can be decided about once it was read")
    numbers = [one.record for one in decisions]
    mine = select(ImportRecord).where(col(ImportRecord.import_id) == row.id, col(ImportRecord.number).in_(numbers))
    records = {record.number: record for record in session.execute(mine).scalars()}
    studies = {one.study for one in decisions if one.study is not None}
    there = set(session.execute(select(col(Study.id)).where(col(Study.id).in_(studies), visible_to(by))).scalars()) if studies else set()
    problems = [problem for place, one in enumerate(decisions) for problem in _faults(place, one, records, there)]
    problems += [*find_lost_originals(session, row.id, decisions), *_impossible(session, decisions, records)]
    problems += [FieldProblem(f"/decisions/{i}/record", "comes twice") for i, number in enumerate(numbers) if number in numbers[:i]]
    if problems:
        raise InvalidBody("some of the decisions cannot be taken, so none was", errors=problems)
    moment = utc_now()
    for one in decisions:
        record = records[one.record]
        record.decision, record.decided_study, record.decided_record = one.decision, one.study, one.of_record
        record.reason, record.reason_salt = one.reason, ledger.new_salt() if one.reason is not None else None
        record.decided_by, record.decided_at = by.id, moment
    row.version += 1
    session.flush()
    salts = {one.record: records[one.record].reason_salt for one in decisions}
    told = [[one.record, one.decision, one.study, one.of_record, reason_sha256(one.reason, salts[one.record])] for one in decisions]
    summary = f"Records of an import decided about: {len(told)}"
    log_import(session, row, by=by, action="import.decided", summary=summary, moment=moment, decisions=told)


def commit_import(session: Session, row: ReferenceImport, *, by: Actor) -> Job:
    """Ask for the drafts to be made. Only who sent the file can: they will be his."""
    if not same_person(session, by.id, row.created_by):
        raise NotAllowed("only who sent the file can commit it, for the drafts will be his")
    _refuse_unless_idle(session, row)
    if row.state not in (ImportState.READ, ImportState.COMMITTED):
        raise StateConflict(f"the import is {row.state}; it can be committed once it was read")
    return ask_for(session, JobKind.COMMIT_IMPORT, row.id, by=by.id)


def read_again(session: Session, row: ReferenceImport, *, by: Actor) -> Job:
    """Ask once more for the dry run, where it failed for no fault of the file."""
    if not same_person(session, by.id, row.created_by):
        raise NotAllowed("only who sent the file can have it read again")
    _refuse_unless_idle(session, row)
    if row.state != ImportState.UPLOADED:
        raise StateConflict(f"the import is {row.state}; only one whose reading failed is read again")
    return ask_for(session, JobKind.READ_IMPORT, row.id, by=by.id)


def delete_import(session: Session, row: ReferenceImport, *, by: Actor) -> None:
    """Throw away an import of which nothing was made."""
    _refuse_unless_idle(session, row)
    if row.state == ImportState.COMMITTED:
        raise StateConflict("the import was committed: it stands behind the drafts that were made of it")
    for table in (ImportRecord, ImportFilePart):
        session.execute(delete(table).where(col(table.import_id) == row.id))
    session.execute(delete(Job).where(col(Job.subject) == row.id))
    session.delete(row)
    session.flush()
    log_import(session, row, by=by, action="import.deleted", summary="An import was thrown away")


def refuse_unknown_defaults(known: KnownSlugs, intervention: str | None, conditions: Sequence[str]) -> None:
    try:
        document = StudyDocument(title="Any", intervention=intervention, conditions=list(conditions))
    except ValueError as error:
        raise InvalidBody("the conditions or the intervention are no slugs, or one comes twice") from error
    if problems := find_unknown_slugs(document, known):
        raise InvalidBody("the import names records that do not exist", errors=problems)


def import_pin(row: ReferenceImport) -> str:
    """The hash of what an import was when it came."""
    return ledger.pin_of({name: getattr(row, name) for name in PINNED})


def log_import(session: Session, row: ReferenceImport, *, by: Actor, action: str, summary: str, moment: Any = None, **details: Any) -> None:
    """The ledger is public: an entry says neither the name of the file nor what stood in it."""
    ledger.append(session, by=by, action=action, subject=f"import:{row.id}", summary=summary, details=details, moment=moment)


def _refuse_unless_idle(session: Session, row: ReferenceImport) -> None:
    busy = select(col(Job.state)).where(col(Job.subject) == row.id, col(Job.state).in_(UNFINISHED)).limit(1)
    if (state := session.execute(busy).scalar()) is not None:
        raise StateConflict(f"a job of this import is {state}; wait until it has ended")


def _faults(place: int, one: RecordDecision, records: dict[int, ImportRecord], studies: set[str]) -> Iterator[FieldProblem]:
    record = records.get(one.record)
    if record is None:
        yield FieldProblem(f"/decisions/{place}/record", f"the file has no record {one.record}")
    elif record.study_id is not None:
        yield FieldProblem(f"/decisions/{place}/record", f"record {one.record} is a draft already")
    elif record.status == ImportStatus.PROBLEM and one.decision is not ImportDecision.SKIP:
        yield FieldProblem(f"/decisions/{place}/decision", "the record could not be read: it can be skipped, and nothing else")
    if one.study is not None and one.decision is not ImportDecision.DUPLICATE:
        yield FieldProblem(f"/decisions/{place}/study", "belongs to the decision `duplicate` alone")
    elif one.study is not None and one.study not in studies:
        yield FieldProblem(f"/decisions/{place}/study", "no study has this id")
    yield from _original_faults(place, one, record)


def _original_faults(place: int, one: RecordDecision, record: ImportRecord | None) -> Iterator[FieldProblem]:
    """A duplicate is one of something that is named, unless that is a draft which the decider may not see."""
    if one.decision is not ImportDecision.DUPLICATE:
        if one.of_record is not None:
            yield FieldProblem(f"/decisions/{place}/of_record", "belongs to the decision `duplicate` alone")
        return
    if one.of_record is not None and one.study is not None:
        yield FieldProblem(f"/decisions/{place}/of_record", "name the study or the record, not both")
    elif one.of_record == one.record:
        yield FieldProblem(f"/decisions/{place}/of_record", "a record is no duplicate of itself")
    elif one.of_record is None and one.study is None and record is not None and not any(_is_hidden(match) for match in record.matches):
        yield FieldProblem(
            f"/decisions/{place}/study", "a duplicate names its `study`, or in `of_record` the record of the file that it is"
        )


def _is_hidden(match: dict[str, Any]) -> bool:
    return match["study"] is None and match["record"] is None


def _impossible(session: Session, decisions: Sequence[RecordDecision], records: dict[int, ImportRecord]) -> list[FieldProblem]:
    """What is called new and has an identifier of a study cannot be made."""
    called_new = {
        place: unique_identifiers(StudyDocument.model_validate_json(text))
        for place, one in enumerate(decisions)
        if one.decision is ImportDecision.NEW and one.record in records and (text := records[one.record].document) is not None
    }
    taken = taken_identifiers(session, {pair for pairs in called_new.values() for pair in pairs})
    detail = "its {} belongs to a study or a draft that is here, and only one can have it"
    return [
        FieldProblem(f"/decisions/{place}/decision", detail.format(NAMES[pair[0]]))
        for place, pairs in called_new.items()
        for pair in pairs
        if pair in taken and records[decisions[place].record].study_id is None
    ]


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while content := stream.read(PART):
        yield content
