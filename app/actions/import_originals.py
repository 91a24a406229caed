"""Which record of a file a duplicate is one of: there, readable, and in the end something that is not a duplicate of it in turn."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import FieldProblem
from app.models import ImportRecord
from app.schemas.imports import RecordDecision
from app.vocabulary import ImportDecision, ImportStatus


def find_lost_originals(session: Session, import_id: str, decisions: Sequence[RecordDecision]) -> Iterator[FieldProblem]:
    """What is wrong with `of_record`: with a ring of duplicates, or one of what cannot be read, no draft would be made of any of them."""
    wanted = {one.of_record for one in decisions if one.of_record is not None}
    if not wanted:
        return
    of_import = (col(ImportRecord.import_id) == import_id, col(ImportRecord.number).in_(wanted))
    statuses = dict(session.execute(select(col(ImportRecord.number), col(ImportRecord.status)).where(*of_import)).all())
    leads_to = _originals(session, import_id)
    leads_to |= {one.record: one.of_record if one.decision is ImportDecision.DUPLICATE else None for one in decisions}
    for place, one in enumerate(decisions):
        if one.of_record is None or one.of_record == one.record:
            continue
        if one.of_record not in statuses:
            yield FieldProblem(f"/decisions/{place}/of_record", f"the file has no record {one.of_record}")
        elif statuses[one.of_record] == ImportStatus.PROBLEM:
            yield FieldProblem(f"/decisions/{place}/of_record", f"record {one.of_record} cannot be read, so no draft is made of it")
        elif ring := _ring(one.record, leads_to):
            said = " of ".join(map(str, [*ring, one.record]))
            yield FieldProblem(f"/decisions/{place}/of_record", f"record {said}: each a duplicate of the next, and no draft is made of any")


def _originals(session: Session, import_id: str) -> dict[int, int | None]:
    """By decision, or undecided by the dry run: a duplicate to the record that it is one of, None where that is a study."""
    columns = (col(ImportRecord.number), col(ImportRecord.decision), col(ImportRecord.decided_record), col(ImportRecord.matches))
    is_duplicate = or_(col(ImportRecord.decision) == ImportDecision.DUPLICATE, col(ImportRecord.status) == ImportStatus.DUPLICATE)
    found: dict[int, int | None] = {}
    duplicates = select(*columns).where(col(ImportRecord.import_id) == import_id, is_duplicate)
    for number, decision, decided, matches in session.execute(duplicates):
        if decision == ImportDecision.UNDECIDED:
            found[number] = matches[0]["record"] if matches else None
        else:
            found[number] = decided if decision == ImportDecision.DUPLICATE else None
    return found


def _ring(record: int, leads_to: Mapping[int, int | None]) -> list[int]:
    """The records from this one back to it; empty where they end elsewhere."""
    way, following = [record], leads_to.get(record)
    while following is not None and following not in way:
        way.append(following)
        following = leads_to.get(following)
    return way if following == record else []
