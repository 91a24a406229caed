"""What the dry run and the commits of an import found, as lines of text, and what can be done next."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from sqlalchemy import Engine

from app.database import reading
from app.models import ReferenceImport
from app.queries.imports import RECORDS, import_members, list_records
from app.vocabulary import ImportDecision, ImportState, ImportStatus

SHOWN = 200
PAGE = "200"
Json: TypeAlias = dict[str, Any]
SHOWN_DUPLICATES = 50
DUPLICATE = {"status": ImportStatus.DUPLICATE.value, "decision": ImportDecision.UNDECIDED.value}
CALLED_DUPLICATE = {"decision": ImportDecision.DUPLICATE.value}
UNDECIDED = {"status": ImportStatus.POSSIBLE_DUPLICATE.value, "decision": ImportDecision.UNDECIDED.value}
NEW = {"status": ImportStatus.NEW.value, "decision": ImportDecision.UNDECIDED.value, "created": "false"}
CALLED_NEW = {"decision": ImportDecision.NEW.value, "created": "false"}
ANSWERS = "{new|duplicate|skip}"


def report_import(engine: Engine, import_id: str, *, committed: bool = False, everything: bool = False) -> int:
    """Counts, then what could not be read, then what a person has to decide; `everything`: however long it is, and every remark."""
    with reading(engine) as session:
        told = import_members(session, session.get_one(ReferenceImport, import_id))
    if told["counts"] is None:
        return _report_unread(told)
    counts, committed = told["counts"], committed or told["state"] == ImportState.COMMITTED
    print("".join(f"{notice}\n" for notice in told["notices"]), end="")
    print(
        f"{counts['records']:,} records: {counts['new']:,} new, {counts['duplicate']:,} here already, "
        f"{counts['possible_duplicate']:,} possibly here, {counts['problem']:,} not readable"
    )
    if committed:
        print(f"drafts made: {counts['created']:,}")
    most = None if everything else SHOWN
    _list(engine, import_id, "not readable", {"status": ImportStatus.PROBLEM.value}, _print_problems, most)
    _list(engine, import_id, "to be decided", UNDECIDED, _print_pair, most)
    _list(engine, import_id, "called new, and not made", CALLED_NEW, _print_problems, most)
    most = None if everything else SHOWN_DUPLICATES
    _list(engine, import_id, "taken for duplicates", DUPLICATE, _print_duplicate, most)
    _list(engine, import_id, "called duplicates", CALLED_DUPLICATE, _print_called_duplicate, most)
    _tell_remarks(engine, import_id, everything=everything)
    print(f"import {import_id}: {_next_step(engine, import_id, counts, committed=committed)}")
    return 1 if counts["problem"] else 0


def records_of(engine: Engine, import_id: str, **filters: str) -> Iterator[Json]:
    """The records that these filters of `/v1/imports/{id}/records` leave, a page at a time."""
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


def number_of(engine: Engine, import_id: str, **filters: str) -> int:
    asked = RECORDS.parse("/v1/imports", [*filters.items(), ("limit", "1"), ("count", "true")])
    with reading(engine) as session:
        return list_records(session, session.get_one(ReferenceImport, import_id), asked).total or 0


def _report_unread(told: Json) -> int:
    """An import without a dry run: it waits, or it failed, or its file cannot be read."""
    again, away = f"evidence imports read {told['id']} --as KEY", f"evidence imports withdraw {told['id']} --as KEY"
    if told["state"] == ImportState.UPLOADED:
        job = told["job"]
        print(f"import {told['id']}: the file was not read yet (its job is {job['state']}, {job['done']:,} records): {again}")
    elif told["state"] == ImportState.FAILED:
        why = (told["job"]["error"] or {}).get("detail") or "nobody knows why"
        print(f"import {told['id']}: reading was given up: {why}\n  once more: {again}\n  throw away: {away}")
    else:
        print(f"import {told['id']}: {told['problem']['detail']}\n  throw away: {away}")
    return 1


def _next_step(engine: Engine, import_id: str, counts: dict[str, int], *, committed: bool) -> str:
    steps = [f"evidence imports decide {import_id} {ANSWERS} RECORD … --as KEY"] if counts["undecided"] else []
    called_new = sum(not _cannot_be_made(record) for record in records_of(engine, import_id, **CALLED_NEW))
    waiting = number_of(engine, import_id, **NEW) + called_new
    if waiting or counts["undecided"]:
        steps.append(f"evidence imports commit {import_id} --as KEY")
    if not steps:
        return "done" if committed else "nothing in it is new"
    before = "" if committed else "nothing is written yet; "
    return f"{before}{waiting:,} to be made" + "".join(f"\n  {step}" for step in steps)


def _list(engine: Engine, import_id: str, heading: str, filters: dict[str, str], show: Callable[[Json], None], most: int | None) -> None:
    for place, record in enumerate(records_of(engine, import_id, **filters)):
        if place == 0:
            print(f"\n{heading}:")
        if place == most:
            print(f"  ... and {number_of(engine, import_id, **filters) - most:,} more: evidence imports show {import_id} --all")
            return
        show(record)


def _print_problems(record: Json) -> None:
    errors = [problem for problem in record["problems"] if problem["severity"] == "error"]
    for problem in errors:
        field = f" {problem['field']}:" if problem["field"] else ""
        print(f"  line {problem['line']}, record {record['number']}:{field} {problem['detail']}")
    if not errors:
        print(f"  line {record['line']}, record {record['number']}: {record['title']}")


def _cannot_be_made(record: Json) -> bool:
    """A commit has found that another study or record has its identifier; once more it would find the same."""
    return any(problem["severity"] == "error" for problem in record["problems"])


def _tell_remarks(engine: Engine, import_id: str, *, everything: bool) -> None:
    """What was left out of records that can be used, or is in doubt: each of them, or how many there are."""
    told = [(record, each) for record in records_of(engine, import_id) for each in record["problems"] if each["severity"] != "error"]
    if told and not everything:
        number = "one remark" if len(told) == 1 else f"{len(told):,} remarks"
        print(f"\n{number} on records that can be used: evidence imports show {import_id} --all")
        return
    for place, (record, remark) in enumerate(told):
        if place == 0:
            print("\nremarks:")
        field = f" {remark['field']}:" if remark["field"] else ""
        print(f"  line {remark['line']}, record {record['number']}:{field} {remark['detail']}")


def _print_duplicate(record: Json) -> None:
    """The certain match, which stands first."""
    print(f"  line {record['line']}, record {record['number']}: {record['title']}")
    for match in record["matches"][:1]:
        print(f"    is {_named(match)}: {match['title'] or ''} ({match['reason']})")


def _print_called_duplicate(record: Json) -> None:
    decided = record["decided_study"]
    other = next((_named(match) for match in record["matches"] if decided is not None and match["study"] == decided), None)
    if other is None:
        by_number = f"record {record['decided_record']}" if record["decided_record"] else None
        other = by_number or record["decided_study"] or "a record that was not accepted yet"
    reason = f" ({record['reason']})" if record["reason"] else ""
    print(f"  line {record['line']}, record {record['number']}: {record['title']}\n    is {other}{reason}")


def _named(match: Json) -> str:
    return match["key"] or (f"record {match['record']}" if match["record"] else "a record that was not accepted yet")


def _print_pair(record: Json) -> None:
    print(f"  line {record['line']}, record {record['number']}: {record['title']}")
    for match in record["matches"]:
        print(f"    {match['score']:.1f}  {_named(match)}: {match['title'] or ''} ({match['reason']})")
