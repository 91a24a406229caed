"""Is a record of a file here already? The studies are led past the records, so that memory holds the file and not the library."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.matching import IDENTIFIERS, NAMES, Described, Match, MatchIndex, MatchRecord
from app.models import ChangeSubject, ImportRecord, Study
from app.queries.study_records import visible_to
from app.vocabulary import ImportStatus, StudyStatus

MAX_MATCHES = 5
UNIQUE = ("doi", "pmid", "pmcid")
"""The identifiers that only one study can have."""
TURNED_DOWN = frozenset({StudyStatus.REJECTED, StudyStatus.WITHDRAWN})
CHUNK = 500
Json = dict[str, Any]
Name = tuple[str, str]
"""An identifier: its member and its value."""


@dataclass(slots=True)
class FileRecords:
    """The records of a file that can be used, and for each what it may be the same as.

    Records that are certainly the same make a group, under its first record. A match is certain only if no member of the group which it
    leads to, a study or a record, has another identifier.
    """

    index: MatchIndex = field(default_factory=MatchIndex)
    records: dict[int, MatchRecord] = field(default_factory=dict)
    found: dict[int, list[Json]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[int, int] = field(default_factory=dict)
    named: dict[int | str, set[Name]] = field(default_factory=dict)
    """The identifiers of a group, or of a study."""

    def add(self, number: int, described: Described) -> None:
        record = MatchRecord.of(str(number), described)
        self.records[number] = record
        self.index.add(record)

    def compare_and_add(self, number: int, described: Described) -> None:
        """Compare a record with those before it in the file."""
        for match in self.index.find(MatchRecord.of(str(number), described))[:MAX_MATCHES]:
            self.found[number].append(_as_json(match, record=int(match.key)))
        self.add(number, described)
        first = next((match["record"] for match in self._settled(number) if match["certain"]), None)
        if first is not None:
            group = self.groups[number] = self.groups.get(first, first)
            self.named.setdefault(group, _names_of(self.records[group])).update(_names_of(self.records[number]))

    def compare_with(self, study: Any) -> list[int]:
        """Compare a row of `each_study` with all records; the numbers of those that it may be."""
        numbers = []
        for match in self.index.find(MatchRecord.of(study.id, study)):
            number = int(match.key)
            if (seen := _as_seen(match, study, self.records[number])) is not None:
                self.found[number].append(seen)
                numbers.append(number)
                if seen["study"] is not None and seen["certain"]:
                    self.named[study.id] = _names_of(study)
                    group = self.groups.get(number, number)
                    self.named.setdefault(group, _names_of(self.records[group])).update(self.named[study.id])
        return numbers

    def those_that_lead_to(self, numbers: Collection[int]) -> set[int]:
        """Records of the groups of these: what holds for one may hold for the others no longer."""
        groups = {self.groups.get(number, number) for number in numbers}
        return {number for number, group in self.groups.items() if group in groups}

    def _settled(self, number: int) -> list[Json]:
        """The matches, certain only where the whole group agrees."""
        found = list({(one["study"], one["record"]): one for one in self.found.get(number, [])}.values())
        if number not in self.records or not any(one["certain"] for one in found):
            return found
        mine = _names_of(self.records[number])
        return [self._unless_contradicted(one, mine) if one["certain"] else one for one in found]

    def _unless_contradicted(self, match: Json, mine: set[Name]) -> Json:
        record = match["record"]
        key: int | str | None = match["study"] if record is None else self.groups.get(record, record)
        theirs = (self.named.get(key) if key is not None else None) or (
            _names_of(self.records[record]) if record in self.records else set()
        )
        known = dict(mine)
        other = next((name for name, value in theirs if known.get(name, value) != value), None)
        if other is None:
            return match
        return match | {"certain": False, "reason": f"{match['reason']}; but what is the same as that has another {NAMES[other]}"}

    def matches_of(self, number: int) -> list[Json]:
        """The certain first, studies before records of the file, the likest first; of records that are the same only one."""
        found = sorted(self._settled(number), key=lambda one: (not one["certain"], one["record"] is not None, -one["score"]))
        shown: dict[Any, Json] = {}
        for one in found:
            record = one["record"]
            shown.setdefault(self.groups.get(record, record) if record is not None else (one["study"], one["reason"]), one)
        return list(shown.values())[:MAX_MATCHES]

    def status_of(self, number: int) -> ImportStatus:
        matches = self.matches_of(number)
        if not matches:
            return ImportStatus.NEW
        return ImportStatus.DUPLICATE if matches[0]["certain"] else ImportStatus.POSSIBLE_DUPLICATE


def _names_of(described: Any) -> set[Name]:
    return {(name, value) for name in IDENTIFIERS if (value := getattr(described, name)) is not None}


def unique_identifiers(described: Described) -> tuple[Name, ...]:
    """The identifiers that only one study can have."""
    return tuple((name, value) for name in UNIQUE if (value := getattr(described, name)) is not None)


def each_study(session: Session, by: Actor, *, after: int | None = None) -> Iterator[Any]:
    """Every study with what is compared, and whether `by` may see it; with `after`, those alone that later ledger entries speak of."""
    identifiers = tuple(getattr(Study, name) for name in (*UNIQUE, "registration"))
    seen = visible_to(by).label("visible")
    described = (col(Study.title), col(Study.authors), col(Study.year), col(Study.kind), col(Study.publication_status))
    columns = (col(Study.id), col(Study.status), *described, *identifiers, seen)
    wanted = select(*columns)
    if after is not None:
        wanted = wanted.where(col(Study.id).in_(select(func.substr(col(ChangeSubject.subject), len("study:") + 1)).where(*_later(after))))
    yield from session.execute(wanted.execution_options(yield_per=1000))


def has_changed(session: Session, after: int) -> bool:
    """Whether a ledger entry behind this one speaks of a study."""
    return session.execute(select(col(ChangeSubject.sequence)).where(*_later(after)).limit(1)).first() is not None


def taken_identifiers(session: Session, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of these identifiers, those that a study has already: (member, value) to the study."""
    taken: dict[tuple[str, str], str] = {}
    for name in UNIQUE:
        values = sorted({value for member, value in wanted if member == name})
        for start in range(0, len(values), CHUNK):
            column = getattr(Study, name)
            rows = session.execute(select(column, col(Study.id)).where(column.in_(values[start : start + CHUNK])))
            taken |= {(name, value): study for value, study in rows}
    return taken


def clash(name: str, *, study: str | None = None, record: int | None = None) -> Json:
    """A match by an identifier that only one study can have."""
    behind = "" if study is not None or record is not None else " as a record that was not accepted yet"
    return {"study": study, "record": record, "score": 100.0, "reason": f"same {NAMES[name]}{behind}", "certain": True}


def write_comparisons(session: Session, import_id: str, records: FileRecords, numbers: Sequence[int]) -> None:
    """Outcome and matches of these records, as they are now."""
    for start in range(0, len(numbers), CHUNK):
        rows = [
            {"of_number": number, "status": records.status_of(number).value, "matches": records.matches_of(number)}
            for number in numbers[start : start + CHUNK]
        ]
        statement = update(ImportRecord).where(col(ImportRecord.import_id) == import_id, col(ImportRecord.number) == bindparam("of_number"))
        values: Json = {"status": bindparam("status"), "matches": bindparam("matches")}
        session.connection().execute(statement.values(values), rows)


def _later(after: int) -> tuple[ColumnElement[bool], ...]:
    subject = col(ChangeSubject.subject)
    return subject >= "study:", subject < "study;", col(ChangeSubject.sequence) > after  # `;` follows `:` in ASCII


def _as_seen(match: Match, study: Any, record: MatchRecord) -> Json | None:
    """Of a draft that is not his to see, a reader learns only that it has an identifier which he would need."""
    if not study.visible:
        shared = next((name for name in UNIQUE if getattr(study, name) and getattr(study, name) == getattr(record, name)), None)
        return clash(shared) if shared is not None else None
    told = _as_json(match, study=study.id)
    if study.status in TURNED_DOWN:
        told |= {"certain": False, "reason": f"{match.reason}; but it was {study.status}"}
    return told


def _as_json(match: Match, *, study: str | None = None, record: int | None = None) -> Json:
    return {"study": study, "record": record, "score": match.score, "reason": match.reason, "certain": match.certain}
