"""The ledger's clock on PostgreSQL: a thread that is told of every commit, so that the event loop need not ask for each answer.

Writers notify in the transaction that appends (`app/actions/ledger.py`) and PostgreSQL delivers at the commit: what is read here is old by
the way of one notification, some milliseconds on one machine. A question every half second stands behind it. When nothing was heard for
`TRUSTED_SECONDS`, the database is asked for every answer again, as it is for what a writer of this process is told.

With a streaming replica the primary tells (a replica in recovery takes no LISTEN) and the replica is asked until it has come as far.
"""

import threading
import time

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.actions.ledger import CHANNEL
from app.queries.ledger_clock import NEWEST, LedgerClock, Moved, own_connection

ASKED_EVERY = 0.5
TRUSTED_SECONDS = 2.0
REPLICA_ASKED_EVERY = 0.005
REPLICA_LATE_SECONDS = 1.0
AGAIN_SECONDS = 1.0
STOP_SECONDS = 5.0
log = structlog.get_logger("evidence.ledger")


class LedgerFollower:
    """`primary` is listened to; `engine` is where the answers are read from, the same or its replica."""

    def __init__(self, primary: Engine, engine: Engine) -> None:
        self._primary = primary
        self._asked = LedgerClock(engine)
        """Asked in the event loop, when it must be sure."""
        self._follows = LedgerClock(engine)
        """Asked in the thread."""
        self._is_replica = engine is not primary
        self._newest = 0
        self._lower: int | None = None
        self._noting = threading.Lock()
        self._heard = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="evidence-ledger", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def read(self, *, sure: bool = False) -> int:
        """The newest sequence that was heard of, or, where it must be sure, the newest there is."""
        if not sure and self.is_trusted():
            return self._newest
        with self._noting:
            self._newest = newest = self._asked.read()
        return newest

    def is_trusted(self) -> bool:
        """Whether the thread has heard from the database lately, so that it need not be asked for each answer."""
        return time.monotonic() - self._heard < TRUSTED_SECONDS

    def moved(self, after: int, until: int) -> Moved:
        return self._asked.moved(after, until)

    def close(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        self._asked.close()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (self._primary.dialect.loaded_dbapi.Error, SQLAlchemyError) as error:
                self._heard = float("-inf")
                log.warning("the ledger is not followed", error=type(error).__name__)
                self._follows.close()
                self._stopping.wait(AGAIN_SECONDS)
        self._follows.close()

    def _follow(self) -> None:
        listening = own_connection(self._primary)
        try:
            listening.execute(f"LISTEN {CHANNEL}")
            while not self._stopping.is_set():
                self._note(self._follows.read())
                told = list(listening.notifies(timeout=ASKED_EVERY, stop_after=1))  # while it is not at its end it holds the connection
                if told and self._is_replica:
                    self._await_replica(listening.execute(NEWEST).fetchone()[0])
        finally:
            self._heard = float("-inf")
            listening.close()

    def _await_replica(self, told: int) -> None:
        """Ask the replica until it has what the primary told of; a replica that is late is read as it stands."""
        until = time.monotonic() + REPLICA_LATE_SECONDS
        while self._follows.read() < told and time.monotonic() < until and not self._stopping.wait(REPLICA_ASKED_EVERY):
            pass

    def _note(self, newest: int) -> None:
        """A writer of this process may have been told of a later entry meanwhile, so a lower number counts only the second time:
        then the ledger is another one, put back from a copy."""
        with self._noting:
            if newest >= self._newest or newest == self._lower:
                self._newest, self._lower = newest, None
            else:
                self._lower = newest
        self._heard = time.monotonic()
