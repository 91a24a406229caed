"""The ledger stays gapless and chained, whoever writes, and from wherever."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.actions import ledger
from app.actor import MAINTENANCE
from app.database import make_engine, reading, transaction
from app.errors import Conflict
from app.models import Change, ChangeSubject, Study
from tests.databases import Databases
from tests.factories import a_submission, differences

WRITERS = 4
STUDIES_EACH = 6
PROCESSES = 3
STARTS_AND_WRITES_WITHIN_SECONDS = 60
ROOT = Path(__file__).resolve().parents[2]
WRITE_IN_A_PROCESS = """
import sys
from app.actions.studies import create_study
from app.database import make_engine, transaction
from tests.factories import ANNA, a_study

engine = make_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    with transaction(engine) as session:
        create_study(session, a_study(title=f"trial {sys.argv[2]}.{number}"), by=ANNA)
engine.dispose()
"""


def append(engine: Engine, subject: str = "ledger:test", **more: object) -> int:
    with transaction(engine) as session:
        change = ledger.append(session, by=MAINTENANCE, action="ledger.tested", subject=subject, summary="A test", **more)  # type: ignore[arg-type]
        return change.sequence


def entries(engine: Engine) -> list[Change]:
    with reading(engine) as session:
        return list(session.execute(select(Change).order_by(col(Change.sequence))).scalars())


def assert_chained(engine: Engine) -> None:
    found = entries(engine)
    assert [entry.sequence for entry in found] == list(range(1, len(found) + 1))
    assert [entry.previous_hash for entry in found] == [ledger.GENESIS_HASH, *(entry.hash for entry in found[:-1])]
    assert all(ledger.hash_of(entry.content) == entry.hash for entry in found)


class TestAppend:
    def test_the_first_entry_names_no_hash_before_it(self, engine: Engine) -> None:
        assert append(engine) == 1
        assert entries(engine)[0].previous_hash == "0" * 64

    def test_each_entry_holds_the_hash_of_the_one_before(self, engine: Engine) -> None:
        for _ in range(5):
            append(engine)
        assert_chained(engine)

    def test_an_entry_that_is_rolled_back_leaves_no_gap(self, engine: Engine) -> None:
        append(engine)
        with pytest.raises(Conflict):
            self.append_and_fail(engine)
        assert append(engine) == 2
        assert_chained(engine)

    def append_and_fail(self, engine: Engine) -> None:
        with transaction(engine) as session:
            ledger.append(session, by=MAINTENANCE, action="ledger.tested", subject="ledger:test", summary="Undone")
            raise Conflict

    def test_the_subject_and_what_it_touches_are_found_once_each(self, engine: Engine) -> None:
        append(engine, "study:1", touches=["condition:migraine", "study:1", "condition:migraine"])
        with reading(engine) as session:
            assert sorted(session.execute(select(col(ChangeSubject.subject))).scalars()) == ["condition:migraine", "study:1"]

    def test_the_content_says_who_did_what(self, engine: Engine) -> None:
        append(engine, details={"α": "×"})
        assert '"actor":{"id":"system:maintenance","name":"Maintenance","orcid":null,"role":"admin"}' in entries(engine)[0].content
        assert '"details":{"α":"×"}' in entries(engine)[0].content

    def test_not_a_number_cannot_enter_the_ledger(self, engine: Engine) -> None:
        with pytest.raises(ValueError, match="JSON compliant"):
            append(engine, details={"value": float("nan")})
        assert entries(engine) == []


class TestManyWriters:
    def test_threads_lose_nothing_and_leave_no_gap(self, vocabulary: Engine) -> None:
        start = threading.Barrier(WRITERS)

        def write(writer: int) -> None:
            start.wait()
            for number in range(STUDIES_EACH):
                with transaction(vocabulary) as session:
                    a_submission(session, title=f"trial {writer}.{number}", doi=f"10.1000/{writer}.{number}")

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with reading(vocabulary) as session:
            titles = set(session.execute(select(col(Study.title))).scalars())
        assert titles == {f"trial {writer}.{number}" for writer in range(WRITERS) for number in range(STUDIES_EACH)}
        assert_chained(vocabulary)
        assert differences(vocabulary) == []

    def test_the_order_of_the_ledger_is_the_order_of_the_commits(self, vocabulary: Engine) -> None:
        """A follower that has read up to N never finds a number up to N later."""
        stop = threading.Event()
        seen: list[tuple[int, int]] = []

        def follow() -> None:
            while not stop.is_set():
                with reading(vocabulary) as session:
                    newest, count = session.execute(select(func.max(col(Change.sequence)), func.count(col(Change.sequence)))).one()
                    seen.append((newest, count))

        follower = threading.Thread(target=follow)
        follower.start()
        writers = [threading.Thread(target=lambda: [append(vocabulary) for _ in range(STUDIES_EACH)]) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        stop.set()
        follower.join()
        assert seen
        assert all(newest == count for newest, count in seen)

    def test_processes_wait_for_each_other_on_one_sqlite_file(self, databases: Databases) -> None:
        with databases.sqlite.copy("small") as url:
            engine = make_engine(url)
            self.write_from_processes(url)
            with reading(engine) as session:
                keys = set(session.execute(select(col(Study.key))).scalars())
            assert len(keys) == PROCESSES * STUDIES_EACH
            assert_chained(engine)
            engine.dispose()

    def write_from_processes(self, url: str) -> None:
        command = [sys.executable, "-c", WRITE_IN_A_PROCESS, url]
        started = [
            subprocess.Popen([*command, str(number), str(STUDIES_EACH)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for number in range(PROCESSES)
        ]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.communicate("go\n", timeout=STARTS_AND_WRITES_WITHIN_SECONDS)
        assert [process.returncode for process in started] == [0] * PROCESSES
