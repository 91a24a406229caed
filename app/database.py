"""Engines and transactions. Only `transaction()` commits; it takes the writer's place before it reads anything.

SQLite: WAL, `synchronous=FULL`, foreign keys on, `BEGIN IMMEDIATE` for writers (the driver's own transactions are off).
PostgreSQL: an advisory transaction lock first, so that the order of the ledger is the order of the commits.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

HEAD_REVISION = "2026112908"
"""The newest migration; a test holds it against `migrations/versions`."""
WRITER_LOCK = 7_214_083_001
"""PostgreSQL advisory lock of the one writer; any fixed number does."""
MIGRATION_LOCK = 7_214_083_002
"""The same of whoever migrates."""
POOL_SIZE = 12
BUSY_TIMEOUT_MS = 15_000
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3}
"""Of PostgreSQL's driver with a server that is not heard of any more: without it a lost line is waited for a quarter of an hour.
An address may name its own."""


def make_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL, set up the way the ledger needs it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, pool_size=POOL_SIZE, connect_args={"check_same_thread": False}, json_deserializer=from_json)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    patience = {name: value for name, value in PATIENCE.items() if name not in parsed.query}
    asked = {"options": "-c timezone=UTC", **patience}
    engine = create_engine(parsed, pool_size=POOL_SIZE, pool_pre_ping=True, connect_args=asked, json_deserializer=from_json)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}", "cache_size=-32000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("evidence_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("evidence_writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


@contextmanager
def transaction(engine: Engine, *, first: Callable[[Connection], None] | None = None) -> Iterator[Session]:
    """One write, committed when the block ends and rolled back when it raises.

    The writer's place is taken with the first statement, in the thread that does the work. Were it taken when the block is
    entered, requests that wait for it could fill the thread pool, and the one that holds it would wait for a thread for ever.
    `first` is asked as soon as the place is held, before that statement: what must still be true then.
    """
    with Session(engine.execution_options(evidence_writes=True), expire_on_commit=False) as session, session.begin():
        if first is not None:
            event.listen(session, "after_begin", lambda _session, _transaction, connection: first(connection), once=True)
        yield session


@contextmanager
def bookkeeping(engine: Engine) -> Iterator[Session]:
    """A short write that is nobody's act and of which the ledger says nothing: the progress of a job, what a dry run found.

    On PostgreSQL it needs no writer's place, so that it neither waits for writers nor holds them up.
    """
    bind = engine.execution_options(evidence_writes=True) if engine.dialect.name == "sqlite" else engine
    with Session(bind, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent view of the database: every query of the block sees the same commit."""
    bind = engine.execution_options(isolation_level="REPEATABLE READ") if engine.dialect.name == "postgresql" else engine
    with Session(bind, expire_on_commit=False, autoflush=False) as session:
        yield session


def migration_revision(session: Session) -> str | None:
    """The migration that the database stands at; None before the first."""
    connection = session.connection()
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
