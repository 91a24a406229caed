"""Migrated databases for tests, on both engines: made by the migrations once, then copied for every test.

SQLite: a copy of a file. PostgreSQL: `CREATE DATABASE … TEMPLATE`. Every worker of pytest-xdist has a server of its own (or names
of its own on the server that TEST_DATABASE_URL gives), so that workers share nothing.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from app.cli.database import migrate_database
from app.database import make_engine
from app.seed import seed
from tests.conftest import Keys, make_keys
from tests.factories import write_vocabulary
from tests.postgres import find_or_run_server

EngineName = Literal["sqlite", "postgresql"]
ENGINES: tuple[EngineName, ...] = ("sqlite", "postgresql")
Content = Literal["empty", "small", "seeded", "empty with keys", "small with keys"]


def fill(url: str, content: Content) -> Keys | None:
    """Migrate, and load the founding data (`seeded`) or the vocabulary of the factories (`small`). Leaves no connection behind.

    Gives the keys that it made: their database knows no more than their hashes.
    """
    migrate_database(url)
    engine = make_engine(url)
    try:
        if content == "seeded":
            seed(engine)
        elif content.startswith("small"):
            write_vocabulary(engine)
        return make_keys(engine) if content.endswith("with keys") else None
    finally:
        engine.dispose()


class SqliteDatabases:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.templates: dict[Content, Path] = {}
        self.keys: dict[str, Keys] = {}

    def template(self, content: Content) -> Path:
        if content not in self.templates:
            path = self.folder / f"{content}.sqlite3"
            path.unlink(missing_ok=True)  # half-filled by an attempt that failed
            if made := fill(f"sqlite:///{path}", content):
                self.keys[str(path)] = made
            left = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm") if path.with_name(path.name + suffix).exists()]
            if left:
                raise RuntimeError(f"a connection to the template is still open: {left}")
            self.templates[content] = path
        return self.templates[content]

    @contextmanager
    def copy(self, content: Content) -> Iterator[str]:
        """The URL of a new database with this content, gone after the block."""
        folder = self.folder / uuid4().hex
        folder.mkdir()
        path = folder / "evidence.sqlite3"
        template = self.template(content)
        shutil.copyfile(template, path)
        if keys := self.keys.get(str(template)):
            self.keys[str(path)] = keys
        try:
            yield f"sqlite:///{path}"
        finally:
            shutil.rmtree(folder)


class PostgresDatabases:
    def __init__(self, server: str) -> None:
        self.server = make_url(server)
        self.prefix = f"evidence_test_{uuid4().hex[:8]}"
        self.templates: dict[Content, str] = {}
        self.keys: dict[str, Keys] = {}
        dsn = self.server.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection = psycopg.connect(dsn, autocommit=True)

    def close(self) -> None:
        for name in self.templates.values():
            self.drop(name)
        self.connection.close()

    def create(self, name: str, template: str = "template1") -> None:
        words = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")  # half the work of one that is logged block by block
        self.connection.execute(words.format(_identifier(name), _identifier(template)))

    def drop(self, name: str) -> None:
        self.connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(_identifier(name)))

    def url(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)

    def template(self, content: Content) -> str:
        if content not in self.templates:
            name = f"{self.prefix}_{content.replace(' ', '_')}"
            self.create(name)
            try:
                if made := fill(self.url(name), content):
                    self.keys[name] = made
            except BaseException:
                self.drop(name)
                raise
            self.templates[content] = name
        return self.templates[content]

    @contextmanager
    def copy(self, content: Content) -> Iterator[str]:
        """The URL of a new database with this content, gone after the block."""
        name = f"{self.prefix}_{uuid4().hex[:12]}"
        template = self.template(content)
        self.create(name, template)
        if keys := self.keys.get(template):
            self.keys[name] = keys
        try:
            yield self.url(name)
        finally:
            self.drop(name)


def _identifier(name: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(name)


class Databases:
    """The databases of one test session (of one worker): nothing is started or migrated before a test asks for it."""

    def __init__(self, folder: Path) -> None:
        self.stack = ExitStack()
        self.sqlite = SqliteDatabases(folder)
        self.postgres: PostgresDatabases | None = None
        self.shared: dict[EngineName, str] = {}

    def on(self, engine: EngineName) -> SqliteDatabases | PostgresDatabases:
        if engine == "sqlite":
            return self.sqlite
        if self.postgres is None:
            self.postgres = PostgresDatabases(self.stack.enter_context(find_or_run_server()))
            self.stack.callback(self.postgres.close)
        return self.postgres

    def keys_in(self, database: str | None) -> Keys | None:
        """The keys that a copy came with."""
        return (self.sqlite.keys | (self.postgres.keys if self.postgres else {})).get(database or "")

    def shared_seeded(self, engine: EngineName) -> str:
        """The one seeded database of this engine that all reading tests share."""
        if engine not in self.shared:
            self.shared[engine] = self.stack.enter_context(self.on(engine).copy("seeded"))
        return self.shared[engine]
