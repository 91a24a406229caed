"""Replies of the services, kept on disk so that nobody is asked again and again for the same record; `service` says for how long.

One SQLite file of our own, apart from the database: it may be deleted at any time. An entry that does not fit its SHA-256 and a file
that SQLite cannot read are dropped. A store that cannot be written costs time and nothing else, and says so in the log.
"""

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

MAX_ENTRIES = 20_000
PRUNE_EVERY = 100  # writes
SCHEMA = """
CREATE TABLE IF NOT EXISTS reply (
  url TEXT PRIMARY KEY, fetched_at TEXT NOT NULL, etag TEXT, last_modified TEXT, sha256 TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reply_by_age ON reply (fetched_at);
"""
log = structlog.get_logger("evidence.sources")


@dataclass(frozen=True, slots=True)
class StoredReply:
    body: bytes
    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None


class ReplyStore:
    """Safe to use from many threads and processes: every call opens the file anew."""

    def __init__(self, path: Path, max_entries: int = MAX_ENTRIES) -> None:
        self._path = path
        self._max_entries = max_entries
        self._writes = 0
        self._lock = threading.Lock()

    def find(self, url: str) -> StoredReply | None:
        try:
            with self._open() as connection:
                row = connection.execute("SELECT body, sha256, fetched_at, etag, last_modified FROM reply WHERE url = ?", (url,)).fetchone()
                if row is None:
                    return None
                stored = _read(*row)
                if stored is None:
                    log.warning("stored reply is corrupt, dropped", url=url)
                    connection.execute("DELETE FROM reply WHERE url = ?", (url,))
                return stored
        except (sqlite3.Error, OSError) as error:
            self._recover(error)
            return None

    def keep(self, url: str, reply: StoredReply) -> None:
        row = (
            *(url, reply.fetched_at.isoformat(), reply.etag, reply.last_modified),
            *(hashlib.sha256(reply.body).hexdigest(), zlib.compress(reply.body)),
        )
        try:
            with self._open() as connection:
                connection.execute("INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?, ?)", row)
                self._prune(connection)
        except (sqlite3.Error, OSError) as error:
            self._recover(error)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as connection:
            connection.executescript(SCHEMA)
            yield connection

    def _prune(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._writes += 1
            due = self._writes % PRUNE_EVERY == 1
        if due:
            oldest_kept = "SELECT fetched_at FROM reply ORDER BY fetched_at DESC LIMIT 1 OFFSET ?"
            connection.execute(f"DELETE FROM reply WHERE fetched_at <= ({oldest_kept})", (self._max_entries,))  # noqa: S608 (a constant)

    def _recover(self, error: Exception) -> None:
        """A file that is no database, or a damaged one, is put out of the way; anything else (full, locked, read-only) only costs time."""
        log.warning("store of replies cannot be used", path=str(self._path), error=str(error))
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            for suffix in ("", "-journal", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)


def _read(body: object, sha256: object, fetched_at: object, etag: str | None, last_modified: str | None) -> StoredReply | None:
    """None if anything in the entry is not as it was written."""
    try:
        text = zlib.decompress(body)  # type: ignore[arg-type]  # what stands in a damaged file may be of any type
        moment = datetime.fromisoformat(fetched_at)  # type: ignore[arg-type]
    except (zlib.error, TypeError, ValueError):
        return None
    if hashlib.sha256(text).hexdigest() != sha256 or moment.tzinfo is None:
        return None
    return StoredReply(text, moment.astimezone(UTC), etag, last_modified)
