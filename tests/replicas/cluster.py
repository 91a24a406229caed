"""A primary and its streaming replica, both real, in temporary folders; and processes of the service that read from them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx
import psycopg
from sqlalchemy import make_url

from tests.postgres import SETTINGS, Launcher, fast_folder, find_binaries

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
REPLICA_SETTINGS = {**SETTINGS, "hot_standby_feedback": "off", "max_standby_streaming_delay": "0", "wal_receiver_status_interval": "1"}


def becomes(condition: Callable[[], Any], *, within: float = PATIENCE_SECONDS) -> bool:
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def driver_address(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def ask(url: str, statement: str, *values: Any) -> Any:
    """The first value of an answer, on a connection of its own."""
    with psycopg.connect(driver_address(url), autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@dataclass
class Replica:
    """Runs until it is stopped; `stop` and `start` may be repeated."""

    launcher: Launcher
    primary_folder: str
    cluster: Path = field(init=False)

    def __post_init__(self) -> None:
        self.cluster = self.launcher.folder / "cluster"

    def make(self) -> None:
        where = ("-h", self.primary_folder, "-U", "postgres")
        self.launcher.run("pg_basebackup", "-D", self.cluster, *where, "-R", "-X", "stream", "-c", "fast", "--no-sync")

    def start(self) -> None:
        options = " ".join(f"-c {key}={value}" for key, value in REPLICA_SETTINGS.items())
        log = self.launcher.folder / "log"
        self.launcher.run("pg_ctl", "-w", "-D", self.cluster, "-l", log, "-o", f"{options} -k {self.launcher.folder}", "start")

    def stop(self) -> None:
        self.launcher.run("pg_ctl", "-w", "-D", self.cluster, "-m", "immediate", "stop")

    def url_of(self, url: str) -> str:
        """The address on the replica of a database of the primary."""
        return make_url(url).update_query_dict({"host": str(self.launcher.folder)}).render_as_string(hide_password=False)

    def pause(self, url: str) -> None:
        """It receives what the primary writes, and does not show it."""
        ask(self.url_of(url), "SELECT pg_wal_replay_pause()")
        assert becomes(lambda: ask(self.url_of(url), "SELECT pg_get_wal_replay_pause_state()") == "paused")

    def resume(self, url: str) -> None:
        with suppress(psycopg.errors.SerializationFailure):  # what is replayed at once may cancel the very question
            ask(self.url_of(url), "SELECT pg_wal_replay_resume()")


@contextmanager
def replica_of(primary: str) -> Iterator[Replica]:
    binaries = find_binaries()
    assert binaries is not None
    with TemporaryDirectory(prefix="pg-replica-", dir=fast_folder(), ignore_cleanup_errors=True) as name:
        replica = Replica(Launcher(Path(name), binaries), str(make_url(primary).query["host"]))
        replica.make()
        replica.start()
        with replica.launcher.stopped_at_the_end():
            yield replica


@dataclass
class Service:
    """One process of the service, as `evidence serve` starts it."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.address + path, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=60)

    def post(self, path: str, key: str, body: Any) -> httpx.Response:
        return httpx.post(self.address + path, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def patch(self, path: str, key: str, body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", "If-Match": "*"}
        return httpx.patch(self.address + path, json=body, headers=headers, timeout=60)

    def stands_at(self) -> int:
        return int(self.get("/health/live").headers["Evidence-Revision"])

    def replica(self) -> dict[str, Any]:
        """What it tells of the replica."""
        told: dict[str, Any] = self.get("/health/ready").json()["details"]["replica"]
        return told

    def reads_replica(self) -> bool:
        return bool(self.replica()["read"])

    def number(self, metric: str) -> float | None:
        lines = [line.split() for line in self.get("/metrics").text.splitlines()]
        return next((float(line[1]) for line in lines if line and line[0] == metric), None)

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(folder: Path, database: str, replica: str | None = None, **settings: str) -> Iterator[Service]:
    """Starts at once and does not wait: see `ready`."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVIDENCE_")}
    environment |= {"EVIDENCE_DATABASE_URL": database, "EVIDENCE_RATE_LIMIT": "off", "EVIDENCE_SOURCE_CACHE": "", "PYTHONUNBUFFERED": "1"}
    environment |= {"EVIDENCE_DATABASE_READ_URL": replica} if replica else {}
    environment |= {f"EVIDENCE_{name.upper()}": value for name, value in settings.items()}
    log = folder / f"service-{port}.log"
    with log.open("wb") as written:
        line = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=written)
    service = Service(f"http://127.0.0.1:{port}", process, log)
    try:
        yield service
    finally:
        service.end()


def ready(service: Service) -> Service:
    assert becomes(lambda: is_ready(service)), service.log.read_text()[-2000:]
    return service


def is_ready(service: Service) -> bool:
    assert service.process.poll() is None, service.log.read_text()[-2000:]
    try:
        return service.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


class Slow:
    """A request that goes on in the background."""

    def __init__(self, asked: Callable[[], httpx.Response]) -> None:
        self._asked = asked
        self._found: list[httpx.Response] = []
        self._thread = Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        with suppress(httpx.TransportError):
            self._found.append(self._asked())

    def is_under_way(self) -> bool:
        return self._thread.is_alive()

    def is_answered(self) -> bool:
        """Whether it was, in the end."""
        self._thread.join(PATIENCE_SECONDS)
        return bool(self._found)

    def answer(self) -> httpx.Response:
        self._thread.join(PATIENCE_SECONDS)
        return self._found[0]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
