"""`evidence copy-to`: the whole database on the other engine and back, refusals, and a copy that is broken off."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, text
from sqlmodel import SQLModel

from app.actions.copy_database import compare_rows, copy_rows
from app.cli import copying
from app.cli.database import migrate_database
from app.database import make_engine, reading, transaction
from app.main import create_app
from app.models import IdempotencyKey
from app.models.base import utc_now
from tests.actions.whole_database import AWKWARD_NUMBER, AWKWARD_TEXT, fill_every_table
from tests.command_line import Run, command_line
from tests.conftest import settings_for
from tests.databases import Databases, EngineName, PostgresDatabases
from tests.factories import an_accepted_study, differences, row_counts
from tests.require import require

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60
PIPE_BYTES = 4096
PAGES = (
    "/v1/conditions",
    "/v1/conditions/neck-pain",
    "/v1/conditions/migraine",
    "/v1/interventions/craniosacral-therapy",
    "/v1/studies?limit=50",
    "/v1/evidence?condition=neck-pain",
    "/v1/evidence/neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment",
    "/v1/evidence/neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment/forest.svg",
    "/v1/evidence-map",
    "/v1/claims",
    "/v1/changes?limit=50",
    "/v1/notices",
)
SEARCH = "/v1/search?q=migraine"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    yield from command_line(monkeypatch, capsys)


def as_process(source: str, target: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-W", "error", "-m", "app.cli", "copy-to", target]
    environment = {**os.environ, "EVIDENCE_DATABASE_URL": source}
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


@contextmanager
def nothing_yet(databases: Databases, engine_name: EngineName, folder: Path) -> Iterator[str]:
    """The address of a database without a table; on SQLite not even the file is there."""
    if engine_name == "sqlite":
        yield f"sqlite:///{folder / 'new folder' / 'new.sqlite3'}"
        return
    server = databases.on("postgresql")
    assert isinstance(server, PostgresDatabases)
    name = f"{server.prefix}_{uuid4().hex[:12]}"
    server.create(name)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


@pytest.fixture
def new_url(databases: Databases, engine_name: EngineName, tmp_path: Path) -> Iterator[str]:
    with nothing_yet(databases, engine_name, tmp_path) as url:
        yield url


@pytest.fixture
def small_source(databases: Databases) -> Iterator[str]:
    """What is copied where the source does not matter: a small database on SQLite."""
    with databases.sqlite.copy("small") as url:
        yield url


@pytest.fixture(scope="module")
def travelled(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Engine]]:
    """A full database on SQLite, its copy on PostgreSQL, and the copy of that on SQLite."""
    require("postgresql")
    back = f"sqlite:///{tmp_path_factory.mktemp('back') / 'back.sqlite3'}"
    with databases.sqlite.copy("seeded") as first, nothing_yet(databases, "postgresql", Path()) as second:
        with opened(first) as engine:
            fill_every_table(engine)
        for source, target in ((first, second), (second, back)):
            done = as_process(source, target)
            assert done.returncode == 0, done.stderr
            assert done.stdout.endswith("nothing differs\n")
            rounding(second, "SET extra_float_digits = -5")  # a server may be set up so; the second copy reads from this one
        rounding(second, "RESET extra_float_digits")
        with opened(first) as one, opened(second) as two, opened(back) as three:
            yield [one, two, three]


def rounding(url: str, setting: str) -> None:
    with opened(url) as engine, transaction(engine) as session:
        session.execute(text(f'ALTER DATABASE "{engine.url.database}" {setting}'))


def everything(engine: Engine) -> dict[str, list[Any]]:
    """Every value of every table as the application reads it."""
    with reading(engine) as session:
        return {
            name: list(session.execute(select(table).order_by(*table.primary_key.columns)).all())
            for name, table in SQLModel.metadata.tables.items()
        }


def shape(engine: Engine) -> list[tuple[Any, ...]]:
    """Indexes, triggers and foreign keys by their definitions."""
    statements = {
        "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE type != 'table' AND sql IS NOT NULL"],
        "postgresql": [
            "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid != 0",
        ],
    }
    with reading(engine) as session:
        return sorted(tuple(row) for statement in statements[engine.dialect.name] for row in session.execute(text(statement)))


class TestThereAndBack:
    def test_no_table_was_empty(self, travelled: list[Engine]) -> None:
        assert {name for name, rows in row_counts(travelled[0]).items() if rows == 0} == set()

    @pytest.mark.parametrize("place", [1, 2], ids=["postgresql", "sqlite-again"])
    def test_every_value_is_the_same(self, travelled: list[Engine], place: int) -> None:
        before, after = everything(travelled[0]), everything(travelled[place])
        assert after.keys() == before.keys()
        for name in before:
            assert after[name] == before[name], name

    @pytest.mark.parametrize("place", [1, 2], ids=["postgresql", "sqlite-again"])
    def test_what_is_easily_lost_came_along(self, travelled: list[Engine], place: int) -> None:
        with reading(travelled[place]) as session:
            assert session.execute(text("SELECT body FROM idempotency_key WHERE key = 'k'")).scalar_one() == AWKWARD_TEXT
            means = session.execute(text("SELECT treatment_mean FROM result WHERE treatment_sd = 17.1")).scalars()
            assert AWKWARD_NUMBER in set(means)

    def test_json_keeps_its_very_text(self, travelled: list[Engine]) -> None:
        texts = []
        for engine in travelled:
            with reading(engine) as session:
                statement = "SELECT condition, intervention, CAST(content AS TEXT) FROM rating ORDER BY condition, intervention"
                texts.append([tuple(row) for row in session.execute(text(statement))])
        assert texts[0] == texts[1] == texts[2]

    def test_pages_are_the_same_bytes_with_the_same_tags(self, travelled: list[Engine]) -> None:
        urls = [engine.url.render_as_string(hide_password=False) for engine in travelled]
        with ExitStack() as stack:
            # without workers, which would read the import that waits, in the one database before the other
            settings = [settings_for(url).model_copy(update={"workers": False}) for url in urls]
            clients = [stack.enter_context(TestClient(create_app(one))) for one in settings]
            for path in PAGES:
                replies = [client.get(path) for client in clients]
                assert replies[0].status_code == 200, path
                for reply in replies[1:]:
                    assert (reply.content, reply.headers.get("etag")) == (replies[0].content, replies[0].headers.get("etag")), path
            found = [{hit["href"] for hit in client.get(SEARCH).json()["items"]} for client in clients]
        assert found[0]
        assert found[0] == found[1] == found[2]

    def test_the_tables_are_those_of_the_migrations(self, travelled: list[Engine], databases: Databases) -> None:
        copies: list[tuple[Engine, EngineName]] = [(travelled[1], "postgresql"), (travelled[2], "sqlite")]
        for engine, name in copies:
            with databases.on(name).copy("empty") as url, opened(url) as fresh:
                assert shape(engine) == shape(fresh)


class TestCopy:
    def test_goes_on_where_the_old_one_stood(self, run: Run, small_source: str, new_url: str) -> None:
        assert run(small_source, "copy-to", new_url)[0] == 0
        with opened(new_url) as engine:
            with transaction(engine) as session:
                an_accepted_study(session)
            assert differences(engine) == []

    def test_fills_a_database_that_is_migrated_and_empty(self, run: Run, small_source: str, engine_url: str) -> None:
        status, out, _ = run(small_source, "copy-to", engine_url)
        assert status == 0
        assert f"rows of {len(SQLModel.metadata.tables)} tables" in out
        assert out.endswith("nothing differs\n")

    def test_brings_an_older_empty_one_to_the_newest_migration_first(self, run: Run, small_source: str, engine_url: str) -> None:
        migrate_database(engine_url, "2026112402")
        assert run(small_source, "copy-to", engine_url)[0] == 0

    def test_what_differs_in_the_source_differs_in_the_copy_and_is_told(self, run: Run, small_source: str, new_url: str) -> None:
        with opened(small_source) as engine, transaction(engine) as session:
            session.execute(text("UPDATE rating SET certainty = 'high'"))
        status, out, err = run(small_source, "copy-to", new_url)
        assert status == 1
        assert "rating neck-pain/craniosacral-therapy, column certainty: is 'high'" in out
        assert "what differs there stands in the old one too" in err

    def test_verifying_can_be_left_for_later(self, run: Run, small_source: str, new_url: str) -> None:
        status, out, _ = run(small_source, "copy-to", new_url, "--no-verify")
        assert status == 0
        assert "and read the same back" in out
        assert "nothing differs" not in out
        assert run(new_url, "verify")[:2] == (0, "nothing differs\n")


class TestRefuses:
    def test_a_database_that_holds_something_and_says_what(self, run: Run, small_source: str, small_url: str) -> None:
        with opened(small_url) as engine:
            before = everything(engine)
            status, out, err = run(small_source, "copy-to", small_url)
            assert (status, out) == (1, "")
            assert "is not empty: it holds rows in" in err
            assert "condition (2)" in err
            assert everything(engine) == before

    def test_a_database_with_tables_of_something_else(self, run: Run, small_source: str, new_url: str) -> None:
        with opened(new_url) as engine, transaction(engine) as session:
            session.execute(text("CREATE TABLE invoice (id integer)"))
        status, _, err = run(small_source, "copy-to", new_url)
        assert status == 1
        assert "tables of something else (invoice)" in err

    def test_a_database_of_a_newer_version(self, run: Run, small_source: str, engine_url: str) -> None:
        with opened(engine_url) as engine, transaction(engine) as session:
            session.execute(text("UPDATE alembic_version SET version_num = '2099010101'"))
        status, _, err = run(small_source, "copy-to", engine_url)
        assert status == 1
        assert "stands at migration 2099010101, which this version does not know" in err

    def test_itself_however_it_is_written(self, run: Run, engine_url: str, tmp_path: Path, engine_name: EngineName) -> None:
        other = f"{engine_url}&application_name=copy"
        if engine_name == "sqlite":
            (tmp_path / "link.sqlite3").symlink_to(engine_url.removeprefix("sqlite:///"))
            other = f"sqlite:///{tmp_path / 'link.sqlite3'}"
        for url in (engine_url, other):
            status, _, err = run(engine_url, "copy-to", url)
            assert (status, err) == (1, "evidence: The new database is the old one itself; name another.\n")

    def test_a_source_that_is_not_at_the_newest_migration(self, run: Run, small_url: str, tmp_path: Path) -> None:
        migrate_database(small_url, "2026112402")
        target = tmp_path / "new.sqlite3"
        status, _, err = run(small_url, "copy-to", f"sqlite:///{target}")
        assert status == 1
        assert "run `evidence migrate`" in err
        assert not target.exists()

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("somewhere", "This is no address of a database"),
            ("oracle+unknown://x/y", "This is no address of a database"),
            ("mysql://x/y", "SQLite and PostgreSQL only"),
            ("sqlite://", "name a file"),
            ("postgresql+psycopg://nobody@/nothing?host=/nowhere", "one of the databases does not answer"),
        ],
    )
    def test_an_address_that_cannot_be(self, run: Run, small_source: str, address: str, said: str) -> None:
        status, out, err = run(small_source, "copy-to", address)
        assert (status, out) == (1, "")
        assert said in err

    def test_a_file_that_is_no_database(self, run: Run, small_source: str, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("Dear reader, " * 100)
        status, _, err = run(small_source, "copy-to", f"sqlite:///{tmp_path / 'letter.txt'}")
        assert status == 1
        assert "file is not a database" in err
        assert (tmp_path / "letter.txt").read_text() == "Dear reader, " * 100


class TestMoved:
    @pytest.mark.parametrize("told", [True, False], ids=["in-the-ledger", "beside-the-ledger"])
    def test_a_source_that_was_written_to_meanwhile_is_told(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, small_url: str, tmp_path: Path, told: bool
    ) -> None:
        def write_during(*arguments: Any) -> Any:
            copied = copy_rows(*arguments)
            with opened(small_url) as engine, transaction(engine) as session:
                if told:
                    an_accepted_study(session)
                session.add(IdempotencyKey(actor="el_a", key="k", request_hash="", created_at=utc_now()))
            return copied

        monkeypatch.setattr(copying, "copy_rows", write_during)
        status, out, err = run(small_url, "copy-to", f"sqlite:///{tmp_path / 'new.sqlite3'}")
        assert status == 1
        assert "was written to meanwhile: " + ("the ledger stands at entry" if told else "table idempotency_key") in err
        assert "stop everything that writes, empty the new database, and copy again" in err
        assert out.endswith("nothing differs\n")


class TestBrokenOff:
    def test_nothing_is_left_when_a_value_cannot_be_stored(self, run: Run, databases: Databases, small_source: str, tmp_path: Path) -> None:
        require("postgresql")
        with opened(small_source) as engine, transaction(engine) as session:
            session.add(IdempotencyKey(actor="el_a", key="k", request_hash="", created_at=utc_now(), body="zero \0 byte"))
        with nothing_yet(databases, "postgresql", tmp_path) as url:
            status, _, err = run(small_source, "copy-to", url)
            assert status == 1
            assert "Table idempotency_key could not be copied: PostgreSQL text fields cannot contain NUL" in err
            with opened(url) as engine:
                assert set(row_counts(engine).values()) == {0}

    def test_a_source_that_breaks_its_own_foreign_keys_is_not_copied(self, run: Run, small_source: str, new_url: str) -> None:
        with sqlite3.connect(small_source.removeprefix("sqlite:///")) as connection:  # which does not look at foreign keys
            connection.execute("DELETE FROM condition WHERE slug = 'migraine'")
        connection.close()
        status, out, err = run(small_source, "copy-to", new_url)
        assert (status, out) == (1, "")
        assert "foreign key" in err
        with opened(new_url) as engine:
            assert set(row_counts(engine).values()) == {0}

    def test_values_that_arrive_otherwise_are_found(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, small_source: str, new_url: str
    ) -> None:
        def change_first(target: Any, *others: Any) -> None:
            target.execute(text("UPDATE condition SET name = 'Neck pains' WHERE slug = 'neck-pain'"))
            compare_rows(target, *others)

        monkeypatch.setattr(copying, "compare_rows", change_first)
        status, _, err = run(small_source, "copy-to", new_url)
        assert status == 1
        assert "reads back other values in table condition" in err
        with opened(new_url) as engine:
            assert set(row_counts(engine).values()) == {0}

    def test_a_killed_copy_leaves_an_empty_database_that_can_be_copied_to(
        self, run: Run, small_source: str, engine_url: str, engine_name: EngineName
    ) -> None:
        with opened(engine_url) as engine:
            before = shape(engine)
        kill_in_the_midst(small_source, engine_url, at_work_on_sqlite if engine_name == "sqlite" else at_work_on_postgresql)
        with opened(engine_url) as engine:
            assert set(row_counts(engine).values()) == {0}
            assert shape(engine) == before
        assert run(small_source, "copy-to", engine_url)[0] == 0


def kill_in_the_midst(source: str, target: str, is_at_work: Callable[[str], bool]) -> None:
    """The copy stops at its second line of progress, for which the pipe has no room, and is killed there."""
    reads, writes = os.pipe()
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.write(writes, b"." * (PIPE_BYTES - len("copying: 0 rows, 0%\n")))
    line = [sys.executable, "-m", "app.cli", "copy-to", target]
    environment = {**os.environ, "EVIDENCE_DATABASE_URL": source, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=writes) as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_at_work(target):
            assert process.poll() is None, "the copy has ended"
            assert time.monotonic() < deadline, "the copy does not begin"
            time.sleep(0.02)
        process.kill()
    os.close(writes)
    os.close(reads)


def at_work_on_sqlite(url: str) -> bool:
    return Path(url.removeprefix("sqlite:///") + "-journal").exists()


def at_work_on_postgresql(url: str) -> bool:
    """Somebody has the revisions for himself: only who takes foreign keys off needs that."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    held = f"SELECT count(*) FROM pg_locks WHERE {here} AND relation = to_regclass('study_revision') AND mode = 'AccessExclusiveLock'"  # noqa: S608
    with opened(url) as engine, reading(engine) as session:
        return bool(session.execute(text(held)).scalar_one())
