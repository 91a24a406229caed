"""Servers to measure: each a process of its own on one core, asked for its CPU time; and what drives them, on the other core."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
SERVER_CORE, LOAD_CORE = 0, 1
STARTS_WITHIN = 120
TICKS = os.sysconf("SC_CLK_TCK")
UVICORN = "import uvicorn, sys; uvicorn.run(sys.argv[1], host='127.0.0.1', port=int(sys.argv[2]), access_log=False, log_config=None)"


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Seconds of user and system time of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Driven:
    """One stretch of load: answers, the server's CPU time for each, and how long they took for the client."""

    answers: int
    cpu_us: float
    wall_seconds: float
    p50_ms: float
    p99_ms: float
    statuses: Mapping[str, int]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(command: Sequence[str], environment: Mapping[str, str], port: int, path: str = "/") -> Iterator[Server]:
    """The server as long as the block runs, on its core; ended by its pid."""
    full = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    process = subprocess.Popen(["taskset", "-c", str(SERVER_CORE), *command], env=full, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _await_answer(process, f"http://127.0.0.1:{port}{path}")
        yield Server(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def serve_peer(app: str, environment: Mapping[str, str], path: str = "/") -> AbstractContextManager[Server]:
    port = free_port()
    return serve([sys.executable, "-c", UVICORN, app, str(port)], environment, port, path)


def serve_product(database: str, environment: Mapping[str, str] | None = None) -> AbstractContextManager[Server]:
    """The service as `evidence serve` starts it; only its limits are off, which a load from one address would reach at once."""
    port = free_port()
    command = [sys.executable, "-c", "import sys; from app.cli.main import main; sys.exit(main())", "serve", "--port", str(port)]
    own = {"EVIDENCE_DATABASE_URL": database, "EVIDENCE_RATE_LIMIT": "off", **(environment or {})}
    return serve(command, own, port, "/health/ready")


def drive(
    server: Server, paths: Sequence[str], *, seconds: float, connections: int = 16, headers: Mapping[str, str] | None = None
) -> Driven:
    """Ask for the paths in turn, as fast as the server answers, on keep-alive connections."""
    asked = json.dumps(
        {"port": server.port, "paths": list(paths), "seconds": seconds, "connections": connections, "headers": dict(headers or {})}
    )
    before = server.cpu()
    command = ["taskset", "-c", str(LOAD_CORE), sys.executable, str(ROOT / "benchmarks" / "load.py")]
    told = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    spent = server.cpu() - before
    found = json.loads(told.stdout)
    answers = found["answers"]
    return Driven(answers, spent / answers * 1e6, found["seconds"], found["p50_ms"], found["p99_ms"], found["statuses"])


def cost_of(server: Server, paths: Sequence[str], seconds: float, headers: Mapping[str, str]) -> float:
    """Microseconds of the server's CPU for one answer; ends the benchmark where one is not 200 or 304."""
    driven = drive(server, paths, seconds=seconds, headers=headers)
    if set(driven.statuses) - {"200", "304"}:
        raise SystemExit(f"{paths[0]} answered {dict(driven.statuses)}")
    return driven.cpu_us


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _await_answer(process: subprocess.Popen[bytes], address: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        try:
            httpx.get(address, timeout=2)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{address} did not answer within {STARTS_WITHIN} seconds")
