"""The database that a command works on, and its migrations."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from app.actions.projection import fill_usable_results, lacks_usable_results
from app.cli.commands import Commands, complain
from app.database import HEAD_REVISION, make_engine, migration_revision, reading, transaction
from app.settings import PROJECT_ROOT, get_settings


def add_to(commands: Commands) -> None:
    migrate = commands.add("migrate", _migrate, "Bring the database to the newest migration (or to --to REVISION).")
    migrate.add_argument("--to", default="head")


@contextmanager
def migrated() -> Iterator[Engine]:
    """The database of the settings, if it stands at the newest migration; else say what to do."""
    engine = make_engine(get_settings().database_url)
    try:
        with reading(engine) as session:
            stands_at = migration_revision(session)
        if stands_at != HEAD_REVISION:
            complain(f"the database stands at migration {stands_at}, this version needs {HEAD_REVISION}; run `evidence migrate`")
            raise SystemExit(1)
        with reading(engine) as session:
            whole = not lacks_usable_results(session)
        if not whole:
            complain("the last upgrade was not finished by `evidence migrate`; run it")
            raise SystemExit(1)
        yield engine
    finally:
        engine.dispose()


def migrate_database(url: str, revision: str = "head") -> None:
    """Run the migrations up or down to a revision; at the newest, fill what only the code of this version can work out.

    The filling goes on where it was broken off, also when no migration is left to run.
    """
    target = HEAD_REVISION if revision == "head" else revision
    engine = make_engine(url)
    with reading(engine) as session:
        current = migration_revision(session)
    engine.dispose()
    if current != target:
        _run_migrations(url, current, revision)
    if target == HEAD_REVISION:
        engine = make_engine(url)
        filling = True
        while filling:
            with transaction(engine) as session:
                filling = fill_usable_results(session)
        engine.dispose()


def _run_migrations(url: str, current: str | None, revision: str) -> None:
    """Alembic is imported here alone: a service that only serves need not load it."""
    from alembic import command
    from alembic.config import Config

    config = Config(str(PROJECT_ROOT / "alembic.ini"))
    config.attributes["url"] = url
    if revision == "head" or (revision != "base" and (current or "") <= revision):
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)


def _migrate(options: argparse.Namespace) -> int:
    migrate_database(get_settings().database_url, options.to)
    return 0
