"""The database that a command works on, and its migrations."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.actions.projection import fill_usable_results, lacks_usable_results
from app.cli.commands import Commands, complain
from app.database import HEAD_REVISION, make_engine, migration_revision, reading, transaction
from app.errors import Conflict
from app.settings import PROJECT_ROOT, get_settings

IN_THE_WAY = frozenset({"55P03", "40P01"})
"""PostgreSQL: a lock was not to be had in time; a deadlock."""
TRIES = 10
AGAIN_SECONDS = 1.0
"""In which those pass who had to wait behind a migration."""


STILL_IN_THE_WAY = (
    "a migration needs a table that another connection held each of the {} times that it was waited for, {:g} seconds each (what holds it "
    "is in pg_stat_activity, an open transaction mostly). Each migration is made wholly or not at all; run this again."
)

NEWER = "the database stands at migration {}, which is newer than this version ({}): use the version that made it, or a later one"


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
        if stands_at is not None and stands_at > HEAD_REVISION:
            complain(NEWER.format(stands_at, HEAD_REVISION))
            raise SystemExit(1)
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
    if revision == "head" and current is not None and current > HEAD_REVISION:
        raise Conflict(NEWER.format(current, HEAD_REVISION))
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
    up = revision == "head" or (revision != "base" and (current or "") <= revision)
    for left in reversed(range(TRIES)):
        try:
            (command.upgrade if up else command.downgrade)(config, revision)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in IN_THE_WAY:
                raise
            if not left:
                raise Conflict(STILL_IN_THE_WAY.format(TRIES, get_settings().migration_lock_seconds)) from error
            time.sleep(AGAIN_SECONDS)
        else:
            return


def _migrate(options: argparse.Namespace) -> int:
    migrate_database(get_settings().database_url, options.to)
    return 0
