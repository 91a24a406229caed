"""The clock on PostgreSQL: told of every commit, sure where it must be, and never wrong for long when the line is cut."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.actions import ledger
from app.actor import MAINTENANCE
from app.database import HEAD_REVISION, make_engine, transaction
from app.queries.read_source import ReadSource
from app.workers.ledger_follower import TRUSTED_SECONDS, LedgerFollower
from tests.databases import Databases

PATIENCE_SECONDS = 60


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.on("postgresql").copy("empty") as url:
        opened = make_engine(url)
        yield opened
        opened.dispose()


@pytest.fixture
def follower(engine: Engine) -> Iterator[LedgerFollower]:
    follower = LedgerFollower(ReadSource(engine))
    follower.start()
    yield follower
    follower.close()
    assert [thread.name for thread in threading.enumerate() if thread.name == "evidence-ledger"] == []


def append(engine: Engine, entries: int = 1) -> int:
    """The sequence of the newest of some entries, written in one transaction."""
    with transaction(engine) as session:
        for number in range(entries):
            change = ledger.append(
                session, by=MAINTENANCE, action="study.noted", subject=f"study:{number}", summary="noted", touches=["study:x"]
            )
        return change.sequence


def becomes_true(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def hears(follower: LedgerFollower, sequence: int) -> bool:
    return follower.read() == sequence


def listeners(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE application_name = 'evidence ledger' AND datname = current_database()")
        )
        return list(found.scalars())


class TestFollower:
    def test_hears_of_what_others_commit(self, engine: Engine, follower: LedgerFollower) -> None:
        for _ in range(5):
            assert becomes_true(partial(hears, follower, append(engine, 3)))

    def test_is_sure_at_once_where_it_must_be_and_stays_there(self, engine: Engine, follower: LedgerFollower) -> None:
        for _ in range(20):
            newest = append(engine)
            assert follower.read(sure=True) == newest
            assert follower.read() == newest

    def test_says_what_the_entries_between_are_about(self, engine: Engine, follower: LedgerFollower) -> None:
        before = append(engine)
        after = append(engine, 2)
        moved = follower.moved(before, after)
        assert moved.touched == {"study:0", "study:1", "study:x"}
        assert moved.records == {"study:0", "study:1"}

    def test_tells_nobody_of_what_is_rolled_back(self, engine: Engine, follower: LedgerFollower) -> None:
        newest = append(engine)
        with engine.connect() as connection:
            session = Session(connection)
            ledger.append(session, by=MAINTENANCE, action="study.noted", subject="study:1", summary="noted")
            session.rollback()
        assert follower.read(sure=True) == newest

    def test_a_line_that_is_cut_is_laid_anew(self, engine: Engine, follower: LedgerFollower) -> None:
        assert becomes_true(lambda: len(listeners(engine)) == 1)
        (cut,) = listeners(engine)
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": cut})
        newest = append(engine)
        assert follower.read(sure=True) == newest
        assert becomes_true(lambda: listeners(engine) not in ([], [cut]))
        assert becomes_true(partial(hears, follower, append(engine)))

    def test_follows_a_replica_by_what_the_primary_tells(self, engine: Engine) -> None:
        """The replica is played by a second engine on the same database: it is asked apart from the primary, and has what it has."""
        replica = make_engine(engine.url.render_as_string(hide_password=False))
        follower = LedgerFollower(ReadSource(engine, replica))
        follower.start()
        try:
            for _ in range(3):
                newest = append(engine)
                assert becomes_true(partial(hears, follower, newest))
            time.sleep(1.5 * TRUSTED_SECONDS)
            assert becomes_true(follower.is_trusted)
        finally:
            follower.close()
            replica.dispose()

    def test_before_it_has_heard_anything_it_asks(self, engine: Engine) -> None:
        newest = append(engine)
        follower = LedgerFollower(ReadSource(engine))
        assert follower.read() == newest
        follower.close()


class TestReplicaThatMustNotBeRead:
    """The replica is played by another database, which holds what a test lets it hold."""

    @pytest.fixture
    def other(self, databases: Databases) -> Iterator[Engine]:
        with databases.on("postgresql").copy("empty") as url:
            opened = make_engine(url)
            yield opened
            opened.dispose()

    @pytest.fixture
    def source(self, engine: Engine, other: Engine) -> Iterator[ReadSource]:
        source = ReadSource(engine, other)
        follower = LedgerFollower(source, late_seconds=600)
        self.follower = follower
        for one in (engine, other):
            append(one, 3)
        follower.start()
        yield source
        follower.close()

    def test_one_at_an_older_migration_is_read_when_it_has_come_to_this_one(self, other: Engine, engine: Engine) -> None:
        set_migration(other, "2026112901")
        source = ReadSource(engine, other)
        follower = LedgerFollower(source)
        follower.start()
        try:
            assert becomes_true(lambda: "stands at migration 2026112901" in source.reason)
            assert source.engine is engine
            set_migration(other, HEAD_REVISION)
            assert becomes_true(lambda: source.engine is other)
        finally:
            follower.close()

    def test_one_that_follows_another_ledger_is_left(self, source: ReadSource, engine: Engine, other: Engine) -> None:
        assert becomes_true(lambda: source.engine is other)
        append(other, 4)
        assert becomes_true(lambda: source.engine is engine)
        assert "follows another ledger" in source.reason

    def test_one_that_begins_anew_from_an_older_state_is_left_until_it_has_come_again(
        self, source: ReadSource, engine: Engine, other: Engine
    ) -> None:
        assert becomes_true(lambda: source.engine is other)
        take_back(other, 1)
        assert becomes_true(lambda: source.engine is engine)
        assert becomes_true(lambda: self.follower.read() == 3)
        append(other)
        assert becomes_true(lambda: source.engine is other)

    def test_its_clock_never_goes_back(self, source: ReadSource, engine: Engine, other: Engine) -> None:
        seen = []
        for number in range(40):
            append(engine)
            if number % 3:
                append(other)
            seen.append(self.follower.read())
            if number % 10 == 0:
                source.leave("a test says so")
        assert seen == sorted(seen)


def set_migration(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def take_back(engine: Engine, entries: int) -> None:
    with engine.begin() as connection:
        newest = connection.execute(text("SELECT max(sequence) FROM change")).scalar_one()
        for table in ("change_subject", "change"):
            connection.execute(text(f"DELETE FROM {table} WHERE sequence > :kept"), {"kept": newest - entries})  # noqa: S608
