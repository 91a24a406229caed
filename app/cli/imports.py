"""`evidence import`: a file of references, read and reported; with --commit its new records become drafts."""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, or_, select
from sqlmodel import col

from app.actions.imports import commit_import, receive_file, upload_import
from app.actions.jobs import claim_job
from app.actor import Actor
from app.cli.commands import Commands, complain
from app.cli.database import migrated
from app.database import reading, transaction
from app.errors import FieldProblem, InvalidBody
from app.models import ApiKey, Job, ReferenceImport
from app.queries.imports import RECORDS, import_members, list_records
from app.settings import get_settings
from app.vocabulary import ImportDecision, ImportStatus, JobState, Role
from app.workers.jobs import run_job

SHOWN = 200
PAGE = "200"
LOOK_SECONDS = 0.2
BAR = 30
OPTIONS = {"conditions": "--condition", "intervention": "--intervention"}
PLAIN_EVERY = 10  # per cent between two lines, where no terminal shows a bar


def add_to(commands: Commands) -> None:
    text = "Read a file of references and report every record; exit 1 if one could not be read."
    add = commands.add("import", _import, text)
    add.add_argument("file", type=Path)
    add.add_argument("--as", dest="holder", required=True, metavar="KEY", help="name or prefix of the key of the person who imports")
    add.add_argument("--commit", action="store_true", help="make drafts of the new records, all or none")
    add.add_argument("--intervention", metavar="SLUG", help="of every record that names none")
    add.add_argument("--condition", metavar="SLUG", action="append", default=[], help="of every record that names none; may be repeated")


def _import(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        return complain(f"there is no file {options.file}")
    with migrated() as engine:
        by = _holder(engine, options.holder)
        with options.file.open("rb") as stream:
            file = receive_file(stream, options.file.name, max_bytes=get_settings().max_import_bytes)
            print(f"{file.name}: {file.sniffed.format}{f', {file.sniffed.encoding}' if file.sniffed.encoding else ''}, {file.size:,} bytes")
            with transaction(engine) as session:
                chosen = {"intervention": options.intervention, "conditions": tuple(dict.fromkeys(options.condition))}
                try:
                    row, job = upload_import(session, file, by=by, **chosen)
                except InvalidBody as refused:
                    raise _by_option(refused) from None
        done = _see_through(engine, job, "reading")
        if done and options.commit:
            with transaction(engine) as session:
                job = commit_import(session, session.get_one(ReferenceImport, row.id), by=by)
            done = _see_through(engine, job, "writing")
        return _report(engine, row.id, committed=options.commit) if done else 1


def _by_option(refused: InvalidBody) -> InvalidBody:
    """The same, with the names of the options in the place of the members."""
    told = [one for one in refused.errors if isinstance(one, FieldProblem)]
    problems = [replace(one, pointer=next((OPTIONS[name] for name in OPTIONS if name in one.pointer), one.pointer)) for one in told]
    return InvalidBody(refused.detail, errors=problems)


def _holder(engine: Engine, named: str) -> Actor:
    """Who imports: drafts have an author, so that somebody else can be asked to review them."""
    either = or_(col(ApiKey.name) == named, col(ApiKey.prefix) == named)
    with reading(engine) as session:
        key = session.execute(select(ApiKey).where(either, col(ApiKey.revoked_at).is_(None))).scalars().first()
    if key is None:
        raise InvalidBody(
            f"no key in force has the name or the prefix {named!r}", errors=[FieldProblem("--as", "a key of this installation")]
        )
    return Actor(key.prefix, key.name, Role(key.role), key.orcid)


def _see_through(engine: Engine, job: Job, doing: str) -> bool:
    """Do the job, or watch the service do it, and show how far it is. True when it succeeded."""
    held = claim_job(engine, lost_after=timedelta(seconds=get_settings().job_lost_seconds), only=job.id)
    stopping = threading.Event()
    if held is not None:
        threading.Thread(target=run_job, args=(engine, held, stopping), daemon=True).start()
    shown = _Progress(doing)
    try:
        while True:
            with reading(engine) as session:
                row = session.get_one(Job, job.id)
            shown.show(row.done, row.total)
            if row.state in (JobState.SUCCEEDED, JobState.FAILED):
                break
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        stopping.set()
        raise
    finally:
        shown.end()
    if row.error is not None:
        complain(row.error["detail"])
    return row.state == JobState.SUCCEEDED


class _Progress:
    """A bar where a terminal shows it, a line now and then elsewhere."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._terminal = sys.stderr.isatty()
        self._last = -1

    def show(self, done: int, total: int | None) -> None:
        share = min(done / total, 1.0) if total else 0.0
        if self._terminal:
            filled = round(BAR * share)
            of_total = f" of {total:,}" if total else ""
            print(
                f"\r{self._doing} [{'#' * filled}{'.' * (BAR - filled)}] {done:,}{of_total} records ", end="", file=sys.stderr, flush=True
            )
        elif (step := int(share * 100) // PLAIN_EVERY) != self._last:
            self._last = step
            print(f"{self._doing}: {done:,} records, {share:.0%}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print(file=sys.stderr)


def _report(engine: Engine, import_id: str, *, committed: bool) -> int:
    """Counts, then what could not be read, then what a person has to decide."""
    with reading(engine) as session:
        told = import_members(session, session.get_one(ReferenceImport, import_id))
    counts = told["counts"]
    print("; ".join(told["notices"]) + "\n" if told["notices"] else "", end="")
    print(
        f"{counts['records']:,} records: {counts['new']:,} new, {counts['duplicate']:,} here already, "
        f"{counts['possible_duplicate']:,} possibly here, {counts['problem']:,} not readable"
    )
    if committed:
        print(f"drafts made: {counts['created']:,}")
    _list(engine, import_id, "not readable", counts["problem"], _print_problem, status=ImportStatus.PROBLEM)
    asked = {"status": ImportStatus.POSSIBLE_DUPLICATE, "decision": ImportDecision.UNDECIDED}
    _list(engine, import_id, "to be decided", counts["undecided"], _print_pair, **asked)
    print(f"import {import_id}: {_next_step(import_id, counts, committed=committed)}")
    return 1 if counts["problem"] else 0


def _next_step(import_id: str, counts: dict[str, int], *, committed: bool) -> str:
    deciding = f"decide at POST /v1/imports/{import_id}/decisions, then commit there" if counts["undecided"] else ""
    if committed:
        return deciding or "done"
    return f"nothing is written yet: add --commit{f'; {deciding}' if deciding else ''}"


def _list(engine: Engine, import_id: str, heading: str, number: int, show: Any, **filters: str) -> None:
    if not number:
        return
    print(f"\n{heading}:")
    for place, record in enumerate(_records(engine, import_id, filters)):
        if place == SHOWN:
            print(f"  ... and {number - SHOWN:,} more: GET /v1/imports/{import_id}/records")
            return
        show(record)


def _records(engine: Engine, import_id: str, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        following = [("cursor", cursor)] if cursor is not None else []
        asked = RECORDS.parse("/v1/imports", [*filters.items(), ("limit", PAGE), *following])
        with reading(engine) as session:
            page = list_records(session, session.get_one(ReferenceImport, import_id), asked)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _print_problem(record: dict[str, Any]) -> None:
    for problem in record["problems"]:
        if problem["severity"] == "error":
            field = f" {problem['field']}:" if problem["field"] else ""
            print(f"  line {problem['line']}, record {record['number']}:{field} {problem['detail']}")


def _print_pair(record: dict[str, Any]) -> None:
    print(f"  line {record['line']}, record {record['number']}: {record['title']}")
    for match in record["matches"]:
        other = match["key"] or (f"record {match['record']}" if match["record"] else "a record that was not accepted yet")
        print(f"    {match['score']:.1f}  {other}: {match['title'] or ''} ({match['reason']})")
