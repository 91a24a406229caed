"""The command that copies the whole database into another one."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from app.actions.bulk_load import bare_tables, make_bulk_engine
from app.actions.copy_database import Copied, compare_rows, copy_rows, count_rows, moved_since, number_on, place_of, refuse_filled
from app.cli.commands import Commands, complain, counted
from app.cli.database import migrate_database, migrated
from app.cli.progress import Progress
from app.cli.ratings import print_differences
from app.database import make_engine, reading, transaction
from app.errors import StateConflict

FORMS = "sqlite:////folder/file.sqlite3 or postgresql+psycopg://user@host/name"
ENGINES = ("sqlite", "postgresql")


def add_to(commands: Commands) -> None:
    copy = commands.add("copy-to", _copy_to, "Copy the whole database into an empty one, on either engine, and verify the copy.")
    copy.add_argument("url", metavar="URL", help=f"the new database: {FORMS}")
    copy.add_argument("--no-verify", action="store_true", help="leave `evidence verify` on the new database for later")


def _copy_to(options: argparse.Namespace) -> int:
    try:
        new = _address_of(options.url)
        url = new.render_as_string(hide_password=False)
        with migrated() as source:
            _prepare(source, url)
            copied = _copy(source, url)
            print(f"copied {counted(copied.rows, 'row', 'rows')} of {len(copied.tables)} tables to {new}, and read the same back")
            print(f"the newest entry of the ledger is {copied.sequence}, its hash {copied.hash}")
            with reading(source) as session:
                moved = moved_since(session, copied)
        differences = 0 if options.no_verify else _verify(url)
    except DatabaseError as error:
        return complain(f"one of the databases does not answer, or refuses: {error.orig}")
    if differences:
        complain("every row is as the old database gave it, so what differs there stands in the old one too: `evidence verify` names it")
    if moved:
        complain(
            f"the old database was written to meanwhile: {'; '.join(moved)}. The copy is whole, but lacks what came later: "
            "stop everything that writes, empty the new database, and copy again"
        )
    return 1 if differences or moved else 0


def _address_of(url: str) -> URL:
    """The address, if the ledger can live there; StateConflict if not."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StateConflict(f"This is no address of a database: write {FORMS}.") from error
    if parsed.get_backend_name() not in ENGINES:
        raise StateConflict(f"The ledger lives on SQLite and PostgreSQL only: write {FORMS}.")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StateConflict("A database in memory would be gone when the command ends: name a file.")
    return parsed


def _prepare(source: Engine, url: str) -> None:
    """Bring the new database to the newest migration, if it is another one and empty."""
    with _engine(url) as target, reading(source) as old, reading(target) as new:
        if (source.dialect.name, *place_of(old)) == (target.dialect.name, *place_of(new)):
            raise StateConflict("The new database is the old one itself; name another.")
        refuse_filled(new)
    migrate_database(url)


def _copy(source: Engine, url: str) -> Copied:
    """All or nothing: one transaction, from which everything vanishes when it is broken off."""
    target = make_bulk_engine(url)
    try:
        with transaction(target) as new:
            refuse_filled(new)
            with _shown("building indexes", "steps") as steps, bare_tables(new, steps.show):
                with reading(source) as old:
                    total = count_rows(old)
                    with _shown("copying", "rows") as rows:
                        rows.show(0, total)
                        copied = copy_rows(old, new, lambda done: rows.show(done, total))
                with _shown("comparing", "rows") as rows:
                    compare_rows(new, copied, lambda done: rows.show(done, total))
            number_on(new)
        return copied
    finally:
        target.dispose()


def _verify(url: str) -> int:
    print("verifying: every rating is worked out anew", file=sys.stderr, flush=True)
    with _engine(url) as target:
        return print_differences(target)


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _shown(doing: str, things: str) -> Iterator[Progress]:
    shown = Progress(doing, things)
    try:
        yield shown
    finally:
        shown.end()
