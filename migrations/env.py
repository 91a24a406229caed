"""Runs the migrations on the database that `evidence migrate` names (or EVIDENCE_DATABASE_URL, for the alembic command)."""

from alembic import context
from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

import app.models  # noqa: F401  registers the tables
from app.database import MIGRATION_LOCK, make_engine
from app.settings import get_settings


def include_object(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """The full-text tables of SQLite, the search column of PostgreSQL and the indexes of lists are made by hand in their migrations."""
    return not (name or "").startswith(("search_index", "list_index")) and not (
        kind == "column" and name in ("document_vector", "kind_word")
    )


def take_turns(connection: Connection) -> None:
    """One migration at a time; and none waits for a table longer than others may be made to wait behind it: PostgreSQL lets nobody
    read a table for which a change of it queues. Past SQLAlchemy, so that both hold for the connection and not for a transaction."""
    own = connection.connection
    with own.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
        cursor.execute(f"SET lock_timeout = {round(get_settings().migration_lock_seconds * 1000)}")
    own.commit()


def run() -> None:
    url = context.config.attributes.get("url") or get_settings().database_url
    engine = make_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()  # which also lets go of the turn


def migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            take_turns(connection)
        else:
            # past SQLAlchemy, which would begin a transaction first: within one the pragma does nothing
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=sqlite,
            compare_type=True,
            include_object=include_object,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration broke foreign keys: {broken[:5]}")


run()
