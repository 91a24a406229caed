"""The ledger's clock on PostgreSQL: a thread that is told of every commit, so that the event loop need not ask for each answer.

Writers notify in the transaction that appends (`app/actions/ledger.py`) and PostgreSQL delivers at the commit: what is read here is old by
the way of one notification, some milliseconds on one machine. A question every half second stands behind it. When nothing was heard for
`TRUSTED_SECONDS`, the database is asked for every answer again, as it is for what a writer of this process is told.

With a streaming replica the primary tells (a replica in recovery takes no LISTEN) and the replica is asked until it has come as far. The
number is always that of where anonymous reads go: the replica, or the primary as long as the replica cannot be read. It never goes back
when that changes, because a replica is read again only when it has come to the number that was given last.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.actions.ledger import CHANNEL
from app.queries.ledger_clock import NEWEST, LedgerClock, LedgerGap, Moved, own_connection
from app.queries.read_source import ReadSource
from app.workers.replica_watch import ReplicaWatch

ASKED_EVERY = 0.5
TRUSTED_SECONDS = 2.0
REPLICA_ASKED_EVERY = 0.005
REPLICA_AWAITED_SECONDS = 1.0
"""How long the replica is asked in short turns for what the primary told of."""
ENTRY_TRIES = 5
AGAIN_SECONDS = 1.0
STOP_SECONDS = 5.0
LATE_SECONDS = 5.0
NAME = "evidence ledger"
WENT_BACK = "it went back to an older state"
Answer = TypeVar("Answer")
log = structlog.get_logger("evidence.ledger")


class LedgerUnheard(Exception):
    """The database does not answer; the thread asks again and again, so the event loop need not wait for it."""


class LedgerFollower:
    """`source`: where answers are read from; its primary is listened to."""

    def __init__(self, source: ReadSource, *, late_seconds: float = LATE_SECONDS) -> None:
        self._source = source
        self._primary = source.primary
        self._asked = LedgerClock(source.primary)
        self._asked_replica = LedgerClock(source.replica) if source.replica is not None else None
        """These two are asked in the event loop, when it must be sure."""
        self._watch = ReplicaWatch(source, late_seconds) if source.replica is not None else None
        self._errors = (source.primary.dialect.loaded_dbapi.Error, SQLAlchemyError)
        self._newest = 0
        self._lower: int | None = None
        self._noting = threading.Lock()
        self._heard = float("-inf")
        self._unheard = False
        self._awaited = 0
        self._stood_at: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="evidence-ledger", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def read(self, *, sure: bool = False) -> int:
        """The newest sequence that was heard of, or, where it must be sure, the newest there is. Of a replica nobody is ever sure."""
        if self.is_trusted() and not (sure and not self._source.reads_replica):
            return self._newest
        if self._unheard:
            raise LedgerUnheard
        with self._noting:
            newest = self._ask(LedgerClock.read)
            if self._source.reads_replica and newest < self._newest:
                self._source.leave(WENT_BACK)
                newest = self._asked.read()
            self._newest = newest
        return newest

    def is_trusted(self) -> bool:
        """Whether the thread has heard from the database lately, so that it need not be asked for each answer."""
        return time.monotonic() - self._heard < TRUSTED_SECONDS

    def moved(self, after: int, until: int) -> Moved:
        return self._ask(lambda clock: clock.moved(after, until))

    def close(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        self._asked.close()
        if self._asked_replica is not None:
            self._asked_replica.close()

    def _ask(self, question: Callable[[LedgerClock], Answer]) -> Answer:
        """Where reads go; a replica that cannot answer is left for the primary."""
        if self._asked_replica is not None and self._source.reads_replica:
            try:
                return question(self._asked_replica)
            except (*self._errors, LedgerGap) as error:
                self._source.leave(f"it does not answer: {type(error).__name__}")
        return question(self._asked)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except self._errors as error:
                self._heard = float("-inf")
                self._source.primary_trouble = f"it does not answer: {type(error).__name__}"
                log.warning("the ledger is not followed", error=type(error).__name__)
                self._follow_replica_alone()
                self._stopping.wait(AGAIN_SECONDS)
        if self._watch is not None:
            self._watch.close()

    def _follow(self) -> None:
        listening = self._connect()
        try:
            listening.execute(f"SET application_name = '{NAME}'")  # as PostgreSQL's own views show it
            listening.execute(f"LISTEN {CHANNEL}")
            while not self._stopping.is_set():
                self._hear(listening.execute(NEWEST).fetchone()[0])
                list(listening.notifies(timeout=ASKED_EVERY, stop_after=1))  # while it is not at its end it holds the connection
        finally:
            self._heard = float("-inf")
            listening.close()

    def _connect(self) -> Any:
        try:
            return own_connection(self._primary)
        except self._errors:
            self._unheard = True
            raise

    def _hear(self, told: int) -> None:
        """The primary stands at `told`."""
        self._source.primary_trouble = None
        stands_at = self._look(told)
        if stands_at is not None and self._source.reads_replica:
            self._await_replica(told, stands_at)
        if not self._source.reads_replica:
            self._note(told)
            self._try_to_enter(told, stands_at)

    def _await_replica(self, told: int, stands_at: int | None) -> None:
        """Ask the replica in short turns until it has what the primary told of, once for every number; a late one is read as it is."""
        until = time.monotonic() + (REPLICA_AWAITED_SECONDS if told != self._awaited else 0)
        self._awaited = told
        while stands_at is not None and self._source.reads_replica:
            self._note(stands_at)
            if stands_at >= told or time.monotonic() > until or self._stopping.wait(REPLICA_ASKED_EVERY):
                return
            stands_at = self._look(told)

    def _try_to_enter(self, told: int, stands_at: int | None) -> None:
        """A replica that moves is given a moment to come to what the primary told of."""
        tries = ENTRY_TRIES if stands_at != self._stood_at else 1
        self._stood_at = stands_at
        while stands_at is not None and not self._enter(told, stands_at):
            tries -= 1
            if not tries or self._stopping.wait(REPLICA_ASKED_EVERY):
                return
            stands_at = self._look(told)

    def _look(self, told: int | None) -> int | None:
        return self._watch.look(told) if self._watch is not None else None

    def _enter(self, told: int | None, stands_at: int) -> bool:
        if self._watch is None or not self._watch.may_enter(told, stands_at):
            return False
        with self._noting:
            if stands_at < self._newest:
                return False
            self._newest = stands_at
            self._source.enter()
        self._heard = time.monotonic()
        return True

    def _follow_replica_alone(self) -> None:
        """While the primary is away the replica is read on; nobody knows how old it is."""
        stands_at = self._look(None)
        if stands_at is not None and (self._source.reads_replica or self._enter(None, stands_at)):
            self._note(stands_at)

    def _note(self, newest: int) -> None:
        """A writer of this process may have been told of a later entry meanwhile, so a lower number counts only the second time:
        then the ledger is another one, put back from a copy, or a replica began anew from an older state, and is left."""
        with self._noting:
            second_time = self._lower is not None and newest <= self._lower
            if newest < self._newest and second_time and self._source.reads_replica:
                self._source.leave(WENT_BACK)
            elif newest >= self._newest or second_time:
                self._newest, self._lower = newest, None
            else:
                self._lower = newest
        self._heard, self._unheard = time.monotonic(), False
