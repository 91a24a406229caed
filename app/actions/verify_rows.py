"""What every check of a table against the ledger shares: rows in batches, none too many, none missing, each as it was told."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from app.actions.ledger import members_of, utc_text
from app.actions.ledger_state import UNREADABLE, Difference, guarded

BATCH = 500
Row = Any
Said = TypeVar("Said")


class Rows:
    """Rows of one table by what stands in one of its columns: read together, or singly where one of them cannot be read."""

    def __init__(self, session: Session, table: type[SQLModel], column: str, values: Sequence[str]) -> None:
        self._session = session
        self._column: Any = table.__table__.c[column]  # type: ignore[attr-defined]
        self._rows = select(table)
        self._read: dict[str, list[Row]] | None = {}
        try:
            for row in session.execute(self._rows.where(self._column.in_(values))).scalars():
                self._read.setdefault(getattr(row, column), []).append(row)
        except UNREADABLE:
            self._read = None

    def of(self, value: str) -> list[Row]:
        if self._read is not None:
            return self._read.get(value, [])
        return list(self._session.execute(self._rows.where(self._column == value)).scalars())


def verify_table(
    session: Session,
    table: type[SQLModel],
    name: str,
    said: Mapping[str, Said],
    verify_row: Callable[[str, Row, Said], Iterator[Difference]],
) -> Iterator[Difference]:
    """Every row is told of, every row that is told of is there, and `verify_row` finds what of it is otherwise than was told."""
    stored = identifiers(session, table)
    for part in batches(stored):
        rows = Rows(session, table, "id", part)
        for row_id in part:
            place = f"{name} {row_id}"
            if row_id in said:
                yield from guarded(place, _verify_one(place, rows, row_id, said[row_id], verify_row))
            else:
                yield Difference(place, "is in no ledger entry")
    for row_id in sorted(said.keys() - set(stored)):
        yield Difference(f"{name} {row_id}", "is in the ledger and not in its table")


def _verify_one(
    place: str, rows: Rows, row_id: str, said: Said, verify_row: Callable[[str, Row, Said], Iterator[Difference]]
) -> Iterator[Difference]:
    """A generator, so that what cannot be read is the row's own difference."""
    yield from verify_row(place, rows.of(row_id)[0], said)


def verify_members(place: str, row: SQLModel, said: Mapping[str, Any], *, but: Collection[str] = ()) -> Iterator[Difference]:
    """Every column holds what was told, but for those that are compared with something else."""
    holds = {name: as_told(value) for name, value in members_of(row).items() if name not in but}
    for name in sorted(holds.keys() | said.keys()):
        if holds.get(name) != said.get(name):
            yield Difference(f"{place}, column {name}", f"is {holds.get(name)!r}, the ledger says {said.get(name)!r}")


def as_told(value: Any) -> Any:
    """A value as an entry of the ledger writes it."""
    return utc_text(value) if isinstance(value, datetime) else value


def identifiers(session: Session, table: type[SQLModel]) -> list[str]:
    """Of every row, in their order."""
    column: Any = table.__table__.c["id"]  # type: ignore[attr-defined]
    return list(session.execute(select(column).order_by(column)).scalars())


def batches(identifiers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(identifiers), BATCH):
        yield identifiers[start : start + BATCH]
