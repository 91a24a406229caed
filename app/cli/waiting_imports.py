"""`evidence imports`: files of references that wait in the database, seen, decided about, committed or thrown away."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.actions.imports import commit_import, decide_records, delete_import, read_again
from app.actor import MAINTENANCE, Actor
from app.cli.commands import Commands
from app.cli.database import migrated
from app.cli.import_progress import see_through
from app.cli.import_report import UNDECIDED, records_of, report_import
from app.cli.imports import holder_of
from app.database import reading, transaction
from app.errors import FieldProblem, InvalidBody
from app.models import Job, ReferenceImport
from app.queries.imports import IMPORTS, get_import, list_imports, newest_job
from app.queries.study_page import find_visible_study
from app.schemas.imports import MAX_DECISIONS, RecordDecision
from app.vocabulary import ImportDecision, ImportState, JobKind, JobState

PAGE = "200"
ALL = "all"
ANSWERS = [ImportDecision.NEW.value, ImportDecision.DUPLICATE.value, ImportDecision.SKIP.value]


def add_to(commands: Commands) -> None:
    imports = commands.family("imports", "See and go on with files of references that wait in the database.")
    listed = imports.add("list", _list, "List the imports, the newest first.")
    listed.add_argument("--as", dest="holder", metavar="KEY", help="only those of this person")
    listed.add_argument("--state", choices=[state.value for state in ImportState])
    show = _of_one(imports, "show", _show, "Report one import, as after its dry run.", acts=False)
    show.add_argument(
        "--all", action="store_true", help="every record that needs a look, however many there are, and every remark on the others"
    )
    decide = _of_one(
        imports, "decide", _decide, "Say whether records are new, duplicates (of what), or to be skipped: all are taken, or none."
    )
    decide.add_argument("answer", choices=ANSWERS)
    decide.add_argument(
        "records", nargs="+", type=_record, metavar="RECORD", help="its number in the file, or `all` that are to be decided"
    )
    decide.add_argument("--study", metavar="STUDY", help="with `duplicate`: of which; its key, id, doi:… or pmid:…")
    decide.add_argument("--of-record", type=_number, metavar="RECORD", help="with `duplicate`: of which record of the file")
    decide.add_argument("--reason", help="why; kept with the record")
    _of_one(imports, "commit", _commit, "Make drafts of its new records, all or none.")
    _of_one(imports, "read", _read, "Read a file that waits, or whose reading failed.")
    _of_one(imports, "withdraw", _withdraw, "Throw away an import of which nothing was made.")


def _of_one(imports: Commands, name: str, command: Any, text: str, *, acts: bool = True) -> argparse.ArgumentParser:
    parser = imports.add(name, command, text)
    parser.add_argument("import_id", metavar="IMPORT", help="its id")
    if acts:
        parser.add_argument("--as", dest="holder", required=True, metavar="KEY", help="name or prefix of the key of the person who does it")
    return parser


def _record(text: str) -> int | str:
    return ALL if text == ALL else _number(text)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a record; they are counted from 1")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    with migrated() as engine:
        by = holder_of(engine, options.holder) if options.holder else MAINTENANCE
        rows = list(_imports(engine, by, options))
    for row in rows:
        when = row["created_at"].strftime("%Y-%m-%d %H:%M")
        print(f"{row['id']}  {row['state']:<9}  {when}  {row['created_by']}  {row['format']}  {row['file_name']}")
    if not rows:
        print("there is no import")
    return 0


def _imports(engine: Engine, by: Actor, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    chosen = [("state", options.state)] if options.state else []
    while True:
        asked = IMPORTS.parse("/v1/imports", [*chosen, ("limit", PAGE), *([("cursor", cursor)] if cursor else [])])
        with reading(engine) as session:
            page = list_imports(session, asked, by, own=options.holder is not None)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _show(options: argparse.Namespace) -> int:
    with migrated() as engine:
        with reading(engine) as session:
            row = get_import(session, options.import_id, MAINTENANCE)
        print(f"{row.file_name}: {row.format}, {row.size:,} bytes, sent by {row.created_by}")
        return report_import(engine, row.id, everything=options.all)


def _decide(options: argparse.Namespace) -> int:
    with migrated() as engine:
        by = holder_of(engine, options.holder)
        with reading(engine) as session:
            import_id = get_import(session, options.import_id, by).id
            study = find_visible_study(session, options.study, by).id if options.study else None
        try:
            decisions = list(_decisions(engine, import_id, options, study))
        except ValidationError as error:
            problems = [FieldProblem(f"--{fault['loc'][0]}".replace("_", "-"), fault["msg"]) for fault in error.errors()]
            raise InvalidBody("the decision cannot be taken", errors=problems) from error
        with transaction(engine) as session:
            row = get_import(session, import_id, by)
            for start in range(0, len(decisions), MAX_DECISIONS):
                part = decisions[start : start + MAX_DECISIONS]
                try:
                    decide_records(session, row, part, by=by)
                except InvalidBody as refused:
                    raise _by_record(refused, part) from None
        print(f"decided about: {len(decisions):,}")
        report_import(engine, import_id)
    return 0


def _decisions(engine: Engine, import_id: str, options: argparse.Namespace, study: str | None) -> Iterator[RecordDecision]:
    """A duplicate of nothing that is named is one of the only thing that it was found to be like."""
    answer, named = ImportDecision(options.answer), study is not None or options.of_record is not None
    alike: dict[int, list[dict[str, Any]]] = {}
    if ALL in options.records or (answer is ImportDecision.DUPLICATE and not named):
        alike = {record["number"]: record["matches"] for record in records_of(engine, import_id, **UNDECIDED)}
    numbers = [number for number in options.records if number != ALL] + (list(alike) if ALL in options.records else [])
    for number in dict.fromkeys(numbers):
        of_study, of_record = study, options.of_record
        if answer is ImportDecision.DUPLICATE and not named:
            of_study, of_record = _only_match(number, alike.get(number, []))
        yield RecordDecision(record=number, decision=answer, study=of_study, of_record=of_record, reason=options.reason)


def _only_match(number: int, matches: Sequence[dict[str, Any]]) -> tuple[str | None, int | None]:
    if len(matches) != 1:
        problem = FieldProblem(f"record {number}", "say of what, with --study or --of-record")
        raise InvalidBody("what the record is a duplicate of is not clear", errors=[problem])
    return matches[0]["study"], matches[0]["record"]


def _by_record(refused: InvalidBody, decisions: Sequence[RecordDecision]) -> InvalidBody:
    """The same, with the numbers of the records in the place of members of a body."""
    told = []
    for one in refused.errors:
        parts = one.pointer.split("/") if isinstance(one, FieldProblem) else []
        place = int(parts[2]) if len(parts) > 2 and parts[1] == "decisions" else None
        told.append(FieldProblem(f"record {decisions[place].record}", one.detail) if place is not None else one)
    return InvalidBody(refused.detail, errors=told)


def _commit(options: argparse.Namespace) -> int:
    def ask(session: Session, row: ReferenceImport, by: Actor) -> Job:
        return waiting_job(session, row, JobKind.COMMIT_IMPORT) or commit_import(session, row, by=by)

    return _go_on(options, ask, "writing")


def _read(options: argparse.Namespace) -> int:
    def ask(session: Session, row: ReferenceImport, by: Actor) -> Job:
        return waiting_job(session, row, JobKind.READ_IMPORT) or read_again(session, row, by=by)

    return _go_on(options, ask, "reading")


def _go_on(options: argparse.Namespace, ask: Any, doing: str) -> int:
    with migrated() as engine:
        by = holder_of(engine, options.holder)
        with transaction(engine) as session:
            row = get_import(session, options.import_id, by)
            job = ask(session, row, by)
        done = see_through(engine, job, doing)
        reported = report_import(engine, row.id, committed=done and job.kind == JobKind.COMMIT_IMPORT)
        return reported if done else 1


def waiting_job(session: Session, row: ReferenceImport, kind: JobKind) -> Job | None:
    """The job of this kind that was asked for and has not ended."""
    job = newest_job(session, row)
    return job if job is not None and job.kind == kind and job.state in (JobState.QUEUED, JobState.RUNNING) else None


def _withdraw(options: argparse.Namespace) -> int:
    with migrated() as engine:
        by = holder_of(engine, options.holder)
        with transaction(engine) as session:
            row = get_import(session, options.import_id, by)
            delete_import(session, row, by=by)
        print(f"import {row.id} is thrown away; its entries in the ledger stay")
    return 0
