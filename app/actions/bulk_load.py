"""Filling an empty, migrated database with rows as they were stored elsewhere, the fastest way that each engine has.

Indexes, triggers and foreign keys are taken off first and made again from their own definitions when the rows are there: an index over
sorted rows is built in a fraction of the time, and foreign keys are then checked all at once, so that no order of rows matters. On SQLite
that includes the full-text index. All of it happens in the caller's transaction; an end that comes too early leaves an empty database.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.database import make_engine
from app.errors import InternalError, StateConflict

StoredRow = tuple[Any, ...]
"""The columns of a table in their order, each as SQLite stores it: JSON and moments as text, truth as 0 or 1."""
Told = Callable[[int, int], None]
"""Told how many of how many steps are done."""

SQLITE_CACHE_KIB = 256 * 1024
POSTGRESQL_SORT_MEMORY = "256MB"
SQLITE_LIFTED = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name"
POSTGRESQL_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"""
POSTGRESQL_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1"""


def make_bulk_engine(url: str) -> Engine:
    """An engine for one transaction that fills the database.

    SQLite writes straight into its file instead of a log as large as everything: its journal then holds what was there before, which is
    next to nothing, and undoes a copy that was broken off. The next engine that opens the file puts it back to WAL.
    """
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("foreign_keys=OFF", "journal_mode=DELETE", f"cache_size=-{SQLITE_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def load(session: Session, table: Table, batches: Iterable[Sequence[StoredRow]]) -> None:
    """Put the rows into the table; InternalError if one cannot be read there or stored here."""
    connection = session.connection()
    try:
        if connection.dialect.name == "sqlite":
            _insert(connection, table, batches)
        else:
            _copy_in(connection, table, batches)
    except (DBAPIError, connection.dialect.loaded_dbapi.Error) as error:
        raise InternalError(f"Table {table.name} could not be copied: {str(getattr(error, 'orig', error)).strip()}") from error


def _insert(connection: Connection, table: Table, batches: Iterable[Sequence[StoredRow]]) -> None:
    places = ", ".join("?" for _ in table.columns)
    statement = f'INSERT INTO "{table.name}" ({_names(table)}) VALUES ({places})'  # noqa: S608  # names of our own
    for batch in batches:
        connection.exec_driver_sql(statement, list(batch))


def _copy_in(connection: Connection, table: Table, batches: Iterable[Sequence[StoredRow]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({_names(table)}) FROM STDIN') as copy:
        for batch in batches:
            for row in batch:
                copy.write_row(row)


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


@contextmanager
def bare_tables(session: Session, told: Told) -> Iterator[None]:
    """Within the block the tables have their primary keys and unique constraints alone; after it everything is back and holds."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        yield from _bare_on_sqlite(connection, told)
    else:
        yield from _bare_on_postgresql(connection, told)


def _bare_on_sqlite(connection: Connection, told: Told) -> Iterator[None]:
    lifted = connection.exec_driver_sql(SQLITE_LIFTED).all()
    for kind, name, _ in lifted:
        connection.exec_driver_sql(f'DROP {kind} "{name}"')
    yield
    _do_all(connection, [*(definition for _, _, definition in lifted), "INSERT INTO search_index(search_index) VALUES ('rebuild')"], told)
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if broken:
        places = "; ".join(f"row {row} of {table} names a row of {other} that is not there" for table, row, other, _ in broken)
        raise StateConflict(f"The old database breaks its own foreign keys: {places}.")


def _bare_on_postgresql(connection: Connection, told: Told) -> Iterator[None]:
    keys = connection.exec_driver_sql(POSTGRESQL_FOREIGN_KEYS).all()
    indexes = connection.exec_driver_sql(POSTGRESQL_INDEXES).all()
    for table, name, _ in keys:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{POSTGRESQL_SORT_MEMORY}'")
    made = [definition for _, definition in indexes]
    checked = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for table, name, definition in keys]
    _do_all(connection, [*made, "ANALYZE", *checked], told)


def _do_all(connection: Connection, statements: Sequence[str], told: Told) -> None:
    for done, statement in enumerate(statements):
        told(done, len(statements))
        connection.exec_driver_sql(statement)
    told(len(statements), len(statements))
