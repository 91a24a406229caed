"""The command, inside this process and as a real one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, delete, select, update

from app.actions.api_keys import authenticate
from app.database import make_engine, reading, transaction
from app.models import ApiKey, Rating, RatingHistory, RatingInput, Result
from tests.command_line import Run, command_line
from tests.databases import Databases
from tests.factories import an_accepted_study, row_counts

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN_SECONDS = 60


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    yield from command_line(monkeypatch, capsys)


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "EVIDENCE_DATABASE_URL": url}


def as_process(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-W", "error", "-m", "app.cli", *arguments]
    return subprocess.run(line, cwd=ROOT, env=environment(url), capture_output=True, text=True, timeout=STARTS_WITHIN_SECONDS, check=False)


@pytest.fixture
def unmigrated(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'new.sqlite3'}"


class TestMigrate:
    def test_makes_the_folder_and_the_tables(self, run: Run, unmigrated: str) -> None:
        assert run(unmigrated, "migrate") == (0, "", "")
        assert run(unmigrated, "verify") == (0, "nothing differs\n", "")

    def test_goes_down_and_up(self, run: Run, small_url: str) -> None:
        for revision in ("2026112401", "base", "head"):
            assert run(small_url, "migrate", "--to", revision)[0] == 0
        assert run(small_url, "verify")[:2] == (0, "nothing differs\n")


class TestReaderLeaves:
    def test_a_command_whose_reader_leaves_ends_without_a_word(self, unmigrated: str) -> None:
        assert as_process(unmigrated, "migrate").returncode == 0
        reads, writes = os.pipe()
        os.close(reads)
        line = [sys.executable, "-W", "error", "-m", "app.cli", "audit"]
        ended = subprocess.run(
            line, cwd=ROOT, env=environment(unmigrated), stdout=writes, stderr=subprocess.PIPE, timeout=STARTS_WITHIN_SECONDS, check=False
        )
        os.close(writes)
        assert (ended.returncode, ended.stderr) == (141, b"")


class TestUnmigrated:
    @pytest.mark.parametrize(
        "command",
        [
            ("seed",),
            ("verify",),
            ("recompute",),
            ("check-retractions",),
            ("check-registrations", "--offline"),
            ("reproduce",),
            ("key", "create", "Anna", "--role", "admin"),
            ("key", "revoke", "el_0"),
            ("serve",),
        ],
    )
    def test_says_what_to_do(self, run: Run, unmigrated: str, command: tuple[str, ...]) -> None:
        status, out, err = run(unmigrated, *command)
        assert (status, out) == (1, "")
        assert "run `evidence migrate`" in err

    @pytest.mark.parametrize("command", [("verify",), ("serve",)])
    def test_an_upgrade_that_was_broken_off_is_to_be_finished_first(
        self, run: Run, vocabulary: Engine, small_url: str, command: tuple[str, ...]
    ) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
            session.execute(update(Result).values(usable=None))
        status, out, err = run(small_url, *command)
        assert (status, out) == (1, "")
        assert "was not finished by `evidence migrate`" in err
        assert run(small_url, "migrate")[0] == 0
        assert run(small_url, "verify")[0] == 0

    def test_a_database_that_does_not_answer_is_said_in_one_line(self, run: Run) -> None:
        status, _, err = run("postgresql+psycopg://nobody@/nothing?host=/nowhere", "verify")
        assert status == 1
        assert err.startswith("evidence: the database does not answer")


class TestKey:
    def test_create_prints_the_key_alone_on_the_last_line(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        status, out, _ = run(small_url, "key", "create", "Anna", "--role", "curator", "--orcid", "https://orcid.org/0000-0002-1825-0097")
        assert status == 0
        key = out.splitlines()[-1]
        with reading(vocabulary) as session:
            actor = authenticate(session, key)
        assert (actor.name, actor.role, actor.orcid) == ("Anna", "curator", "0000-0002-1825-0097")

    def test_a_mistyped_orcid_is_told_and_nothing_is_made(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        before = row_counts(vocabulary)
        status, out, err = run(small_url, "key", "create", "Anna", "--role", "curator", "--orcid", "0000-0002-1825-0098")
        assert (status, out) == (1, "")
        assert "its last character does not fit the others" in err
        assert row_counts(vocabulary) == before

    def test_a_name_that_is_taken(self, run: Run, small_url: str) -> None:
        run(small_url, "key", "create", "Anna", "--role", "admin")
        status, _, err = run(small_url, "key", "create", "Anna", "--role", "admin")
        assert status == 1
        assert "a key named 'Anna' exists" in err

    def test_revoke(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        prefix = run(small_url, "key", "create", "Anna", "--role", "curator")[1].splitlines()[-1][:11]
        assert run(small_url, "key", "revoke", prefix) == (0, f"{prefix} (Anna) is revoked\n", "")
        with reading(vocabulary) as session:
            assert session.execute(select(ApiKey)).scalar_one().revoked_at is not None
        assert run(small_url, "key", "revoke", "el_nothing")[0] == 1

    @pytest.mark.parametrize("command", [(), ("key",), ("key", "create"), ("key", "create", "A", "--role", "owner"), ("nothing",)])
    def test_a_command_that_is_none_is_explained(self, run: Run, small_url: str, command: tuple[str, ...]) -> None:
        status, _, err = run(small_url, *command)
        assert status == 2
        assert "usage: evidence" in err


class TestVerify:
    def test_exits_1_and_names_what_differs(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        assert run(small_url, "verify") == (0, "nothing differs\n", "")
        with transaction(vocabulary) as session:
            session.execute(update(Rating).values(certainty="high"))
        status, out, _ = run(small_url, "verify")
        assert status == 1
        assert "rating neck-pain/craniosacral-therapy, column certainty: is 'high'" in out
        assert out.endswith("2 differences\n")


class TestRecompute:
    def test_says_how_many_ratings_moved(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        assert run(small_url, "recompute")[:2] == (0, "0 ratings moved\n")
        assert run(small_url, "verify")[0] == 0

    def test_mends_what_somebody_changed_behind_the_ledger(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        with transaction(vocabulary) as session:
            for rating in session.execute(select(Rating)).scalars():
                rating.content = rating.content | {"sentence": "It works."}
        assert run(small_url, "verify")[0] == 1
        assert run(small_url, "recompute")[1].startswith("2 ratings moved\n")
        assert run(small_url, "verify")[0] == 0


class TestReproduce:
    PAIR = "neck-pain/craniosacral-therapy"

    def test_every_row_of_the_history_comes_out_the_same(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
        status, out, _ = run(small_url, "reproduce")
        assert status == 0
        assert [line.rpartition(": ")[2] for line in out.splitlines()] == ["comes out the same"] * 3
        assert len(run(small_url, "reproduce", self.PAIR)[1].splitlines()) == 2

    def test_one_rating_is_printed_whole(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session)
            sequence = session.get_one(Rating, tuple(self.PAIR.split("/"))).sequence
        status, out, _ = run(small_url, "reproduce", self.PAIR, "--sequence", str(sequence))
        past = json.loads(out)
        assert (status, past["reproduced"], past["rating"]["eligible_studies"]) == (0, True, 1)

    def test_exits_1_when_a_past_rating_comes_out_otherwise(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            session.execute(update(RatingHistory).values(certainty="high"))
        status, out, _ = run(small_url, "reproduce", self.PAIR)
        assert status == 1
        assert "comes out otherwise" in out

    def test_what_was_not_kept_is_said_and_is_no_failure(self, run: Run, vocabulary: Engine, small_url: str) -> None:
        with transaction(vocabulary) as session:
            session.execute(delete(RatingInput))
        status, out, _ = run(small_url, "reproduce", self.PAIR)
        assert status == 0
        assert "cannot be computed again. Its inputs were not kept" in out

    def test_a_rating_that_is_not_there(self, run: Run, small_url: str) -> None:
        assert run(small_url, "reproduce", "gout/craniosacral-therapy") == (1, "", "evidence: the history of ratings has no such row\n")


class TestSeed:
    def test_twice_is_once(self, run: Run, databases: Databases) -> None:
        with databases.sqlite.copy("seeded") as url:
            engine = make_engine(url)
            before = row_counts(engine)
            status, out, _ = run(url, "seed")
            assert (status, out) == (0, "0 reference records written, 0 studies added, 0 amended, 0 ratings moved\n")
            assert row_counts(engine) == before
            engine.dispose()

    def test_a_folder_that_is_not_there(self, run: Run, small_url: str, tmp_path: Path) -> None:
        status, _, err = run(small_url, "seed", "--folder", str(tmp_path / "nothing"))
        assert status == 1
        assert "nothing" in err


class TestHealth:
    def test_a_service_that_does_not_answer(self, run: Run, small_url: str) -> None:
        status, _, err = run(small_url, "health", "--url", f"http://127.0.0.1:{free_port()}")
        assert status == 1
        assert "does not answer" in err


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


class TestAsAProcess:
    """Each command once as people run it."""

    def test_migrate_key_recompute_verify(self, unmigrated: str) -> None:
        assert as_process(unmigrated, "migrate").returncode == 0
        made = as_process(unmigrated, "key", "create", "Anna", "--role", "admin")
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout.splitlines()[-1].startswith("el_")
        assert as_process(unmigrated, "recompute").stdout == "0 ratings moved\n"
        assert as_process(unmigrated, "verify").stdout == "nothing differs\n"

    def test_serve_prepares_answers_and_ends_when_told(self, unmigrated: str) -> None:
        address = f"http://127.0.0.1:{free_port()}"
        line = [sys.executable, "-m", "app.cli", "serve", "--prepare", "--port", address.rsplit(":", 1)[1]]
        with subprocess.Popen(line, cwd=ROOT, env=environment(unmigrated), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(address, process)
                assert as_process(unmigrated, "health", "--url", address).returncode == 0
                answer = httpx.get(f"{address}/v1/conditions/neck-pain")
                assert answer.status_code == 200
                assert int(answer.headers["evidence-revision"]) > 100
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STARTS_WITHIN_SECONDS)

    def test_serve_with_two_workers_through_the_installed_command(self, unmigrated: str) -> None:
        address = f"http://127.0.0.1:{free_port()}"
        command = str(ROOT / ".venv" / "bin" / "evidence")
        line = [command, "serve", "--prepare", "--workers", "2", "--port", address.rsplit(":", 1)[1]]
        with subprocess.Popen(line, cwd="/", env=environment(unmigrated), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(address, process)
                assert [httpx.get(f"{address}/v1/conditions/migraine").status_code for _ in range(8)] == [200] * 8
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STARTS_WITHIN_SECONDS)


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service ended"
        try:
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the service did not become ready")
