"""The whole database as another one: every table, row for row, from one engine to the other or to the same.

What is read is one consistent view of the old database, what is written is one transaction of the new one: it holds everything or nothing.
Before that transaction commits, every row is read back from the new database and compared with what the old one gave.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Integer,
    LargeBinary,
    Table,
    Text,
    cast,
    func,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType
from sqlmodel import SQLModel

from app.actions.bulk_load import StoredRow, load
from app.actions.ledger import tail_of
from app.database import HEAD_REVISION, migration_revision
from app.errors import InternalError, StateConflict
from app.models.base import UTCDateTime

TABLES: tuple[Table, ...] = tuple(SQLModel.metadata.sorted_tables)
"""Every table, those first that others refer to."""
BESIDE_THE_LEDGER = ("api_key", "idempotency_key", "job", "reference_import", "source_check", "source_health")
"""What is written without an entry of the ledger, too: that a key was used, how far a job is, whether a source answered."""
ROWS, LARGE_ROWS = 200, 8
"""How many rows are held in memory: an explanation has up to 300 kilobytes, a piece of a file a megabyte."""
POSTGRESQL_MOMENT, POSTGRESQL_DAY = "YYYY-MM-DD HH24:MI:SS.US", "YYYY-MM-DD"
POSTGRESQL_EXACT = {"TimeZone": "UTC", "extra_float_digits": "1"}
"""What a server or a role may have set otherwise; without it moments would be read in another zone and numbers rounded."""
WORD = 2**64

Told = Callable[[int], None]
"""Told how many rows are done."""


@dataclass(slots=True)
class Fingerprint:
    """How many rows, and the sum of their hashes: the same for the same rows in any order, within one process."""

    rows: int = 0
    total: int = 0

    def over(self, batches: Iterable[list[StoredRow]]) -> Iterator[list[StoredRow]]:
        """The same batches, counted in as they pass."""
        for batch in batches:
            self.rows += len(batch)
            self.total = (self.total + sum(map(hash, batch))) % WORD
            yield batch


@dataclass(frozen=True, slots=True)
class Copied:
    """What the old database held in the view that was copied: rows by table, and the ledger's newest entry."""

    sequence: int
    hash: str
    tables: Mapping[str, Fingerprint] = field(repr=False)

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.tables.values())


def refuse_filled(session: Session) -> None:
    """StateConflict if the database holds anything, or tables that are not ours; it says what."""
    found = {name for name in inspect(session.connection()).get_table_names() if not name.startswith("search_index")}
    foreign = sorted(found - {table.name for table in TABLES} - {"alembic_version"})
    if foreign:
        raise StateConflict(f"The new database is not empty: it has tables of something else ({', '.join(foreign)}). Name an empty one.")
    stands_at = migration_revision(session)
    if stands_at is not None and stands_at > HEAD_REVISION:
        raise StateConflict(f"The new database stands at migration {stands_at}, which this version does not know. Name an empty one.")
    rows = {table.name: _count(session, table) for table in TABLES if table.name in found}
    held = [f"{name} ({number:,})" for name, number in rows.items() if number]
    if held:
        raise StateConflict(f"The new database is not empty: it holds rows in {', '.join(held)}. Nothing was changed; name an empty one.")


def place_of(session: Session) -> tuple[Any, ...]:
    """Where the database is, however its address is written: a file, or a database of one server that runs."""
    if session.get_bind().dialect.name == "sqlite":
        path = session.execute(text("SELECT file FROM pragma_database_list WHERE name = 'main'")).scalar_one()
        found = Path(path).stat()
        return found.st_dev, found.st_ino
    place = "SELECT pg_postmaster_start_time(), oid, current_schema() FROM pg_database WHERE datname = current_database()"
    return tuple(session.execute(text(place)).one())


def count_rows(session: Session) -> int:
    """All rows of all tables."""
    return sum(_count(session, table) for table in TABLES)


def copy_rows(source: Session, target: Session, told: Told) -> Copied:
    """Every row of the old database into the new one, whose tables are bare."""
    _be_exact(source)
    _be_exact(target)
    sequence, tail = tail_of(source)
    found: dict[str, Fingerprint] = {}
    done = 0
    for table in TABLES:
        found[table.name] = Fingerprint()
        load(target, table, _reporting(found[table.name].over(read_rows(source, table)), told, done))
        done += found[table.name].rows
    return Copied(sequence, tail, found)


def compare_rows(target: Session, copied: Copied, told: Told) -> None:
    """Read everything back from the new database: the same rows in every table, the same newest entry of the ledger."""
    done = 0
    for table in TABLES:
        here = Fingerprint()
        for _ in _reporting(here.over(read_rows(target, table)), told, done):
            pass
        done += here.rows
        there = copied.tables[table.name]
        if here.rows != there.rows:
            raise InternalError(f"Table {table.name} has {here.rows:,} rows in the new database and {there.rows:,} in the old one.")
        if here.total != there.total:
            raise InternalError(f"The new database reads back other values in table {table.name} than the old one gave.")
    if tail_of(target) != (copied.sequence, copied.hash):
        raise InternalError("The newest entry of the ledger is another one in the new database.")


def number_on(target: Session) -> None:
    """Let PostgreSQL go on numbering where the copied rows end; SQLite does so by itself."""
    if target.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        if table.autoincrement_column is not None:
            column = table.autoincrement_column
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            newest = select(func.max(column)).scalar_subquery()
            target.execute(select(func.setval(sequence, func.coalesce(newest, 1), newest.is_not(None))))


def moved_since(source: Session, copied: Copied) -> list[str]:
    """What was written to the old database after the view that was copied, in words."""
    _be_exact(source)
    sequence, tail = tail_of(source)
    if (sequence, tail) != (copied.sequence, copied.hash):
        return [f"the ledger stands at entry {sequence}, the copy at {copied.sequence}"]
    moved = []
    for table in TABLES:
        if table.name in BESIDE_THE_LEDGER:
            now = Fingerprint()
            for _ in now.over(read_rows(source, table)):
                pass
            if now != copied.tables[table.name]:
                moved.append(f"table {table.name}")
    return moved


def read_rows(session: Session, table: Table) -> Iterator[list[StoredRow]]:
    """The rows of a table, a batch at a time, alike from both engines."""
    dialect = session.get_bind().dialect.name
    size = LARGE_ROWS if any(isinstance(column.type, LargeBinary) for column in table.columns) else ROWS
    wanted = select(*(_stored_form(column, dialect) for column in table.columns))
    for part in session.execute(wanted, execution_options={"yield_per": size}).partitions():
        yield [tuple(row) for row in part]


def _be_exact(session: Session) -> None:
    """For the rest of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(*(func.set_config(name, value, True) for name, value in POSTGRESQL_EXACT.items())))


def _stored_form(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """The column as SQLite stores it: JSON keeps its very text, a moment its microseconds in UTC, a number every digit."""
    if isinstance(column.type, JSON):
        return cast(column, Text)
    if dialect == "sqlite":
        return type_coerce(column, NullType())
    if isinstance(column.type, UTCDateTime):
        return func.to_char(func.timezone("UTC", column), POSTGRESQL_MOMENT)
    if isinstance(column.type, Date):
        return func.to_char(column, POSTGRESQL_DAY)
    return cast(column, Integer) if isinstance(column.type, Boolean) else column


def _reporting(batches: Iterable[list[StoredRow]], told: Told, done: int) -> Iterator[list[StoredRow]]:
    for batch in batches:
        yield batch
        done += len(batch)
        told(done)


def _count(session: Session, table: Table) -> int:
    return int(session.execute(select(func.count()).select_from(table)).scalar_one())
