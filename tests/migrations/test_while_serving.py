"""Migrations while processes serve: they wait for nobody long, and processes of the version before go on."""

import threading
import time
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.cli import database as commands
from app.cli.database import migrate_database
from app.database import HEAD_REVISION, MIGRATION_LOCK, make_engine, migration_revision, reading
from app.errors import Conflict
from app.main import create_app
from app.settings import get_settings
from tests.api.acting import an_accepted_study
from tests.command_line import Run, command_line
from tests.conftest import make_keys, settings_for
from tests.databases import Databases

BEFORE_KEYS_EXPIRE = "2026112905"
"""The migration after it changes the table `api_key`."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    yield from command_line(monkeypatch, capsys)


def stands_at(engine: Engine) -> str | None:
    with reading(engine) as session:
        return migration_revision(session)


class TestOnPostgresql:
    @pytest.fixture
    def database(self, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
        """One that waits for the newest migrations, which wait a tenth of a second for a table."""
        monkeypatch.setenv("EVIDENCE_MIGRATION_LOCK_SECONDS", "0.1")
        monkeypatch.setattr(commands, "AGAIN_SECONDS", 0.1)
        get_settings.cache_clear()
        with databases.on("postgresql").copy("empty") as url:
            migrate_database(url, BEFORE_KEYS_EXPIRE)
            engine = make_engine(url)
            yield engine
            engine.dispose()
        get_settings.cache_clear()

    def test_a_long_read_is_waited_for_and_other_reads_go_on(self, database: Engine) -> None:
        url = database.url.render_as_string(hide_password=False)
        with database.connect() as reader:
            reader.execute(text("SELECT count(*) FROM api_key"))
            migrating = threading.Thread(target=migrate_database, args=[url])
            migrating.start()
            for _ in range(5):
                time.sleep(0.05)
                with database.connect() as other:
                    other.execute(text("SELECT count(*) FROM api_key"))
            assert migrating.is_alive()
        migrating.join()
        assert stands_at(database) == HEAD_REVISION

    def test_a_table_that_is_never_free_ends_it_with_a_reason_and_nothing_half_done(self, database: Engine) -> None:
        with database.connect() as reader:
            reader.execute(text("SELECT count(*) FROM api_key"))
            with pytest.raises(Conflict, match="held each of the 10 times"):
                migrate_database(database.url.render_as_string(hide_password=False))
        assert stands_at(database) == BEFORE_KEYS_EXPIRE
        migrate_database(database.url.render_as_string(hide_password=False))
        assert stands_at(database) == HEAD_REVISION

    def test_two_at_once_take_turns(self, database: Engine) -> None:
        with database.connect() as other:
            other.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
            migrating = threading.Thread(target=migrate_database, args=[database.url.render_as_string(hide_password=False)])
            migrating.start()
            migrating.join(0.5)
            assert migrating.is_alive()
            assert stands_at(database) == BEFORE_KEYS_EXPIRE
            other.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        migrating.join()
        assert stands_at(database) == HEAD_REVISION


class TestVersionBefore:
    """What a newer version adds is there; the process knows nothing of it."""

    @pytest.fixture
    def client(self, vocabulary: Engine, small_url: str) -> Iterator[TestClient]:
        with TestClient(create_app(settings_for(small_url))) as client:
            with vocabulary.begin() as connection:
                connection.execute(text("ALTER TABLE study ADD COLUMN of_a_newer_version integer"))
                connection.execute(text("CREATE TABLE of_a_newer_version (id integer PRIMARY KEY)"))
                connection.execute(text("UPDATE alembic_version SET version_num = '2999010101'"))
            yield client

    def test_is_ready_and_says_that_it_is_outdated(self, client: TestClient) -> None:
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["checks"]["migrations"]) == (200, "ok")
        assert answer.json()["details"]["migrations"] == {"database": "2999010101", "version": HEAD_REVISION, "outdated": True}

    def test_reads_and_writes_as_before(self, client: TestClient, vocabulary: Engine) -> None:
        keys = make_keys(vocabulary)
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert client.get(f"/v1/studies/{study}").status_code == 200

    def test_a_database_behind_the_version_is_not_ready(self, client: TestClient, vocabulary: Engine) -> None:
        with vocabulary.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '2026112905'"))
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["migrations"] == f"the database stands at 2026112905, this version needs {HEAD_REVISION}"


class TestOlderVersionStarted:
    @pytest.mark.parametrize("command", [("migrate",), ("serve",), ("serve", "--prepare"), ("verify",)])
    def test_is_refused_and_told_which_version_to_use(self, vocabulary: Engine, small_url: str, run: Run, command: tuple[str, ...]) -> None:
        with vocabulary.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '2999010101'"))
        status, _, said = run(small_url, *command)
        assert status == 1
        assert "2999010101, which is newer than this version" in said
        assert stands_at(vocabulary) == "2999010101"
