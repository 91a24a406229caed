"""How the literature services fare, kept in the database for all processes together, without a write for every question.

A process writes when a service begins to fail, fails in another way or answers again, and otherwise at most every `WRITE_EVERY` seconds.
What stands there is thus at most that much older than the truth, and the failures in between are counted in at the next write.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.database import transaction
from app.errors import SourceProblem
from app.models import SourceHealth
from app.models.base import utc_now

WRITE_EVERY = 60.0
log = structlog.get_logger("evidence.sources")


@dataclass(slots=True)
class _Seen:
    """What one service did in this process since it was handed over to be written."""

    kind: str | None = None
    """How it failed last, None where it answered."""
    success_at: datetime | None = None
    failure_at: datetime | None = None
    failure: SourceProblem | None = None
    failures: int = 0
    """Failures since the last answer, or since it was handed over last where there was none."""
    answered: bool = False
    """Did it answer since it was handed over last?"""
    handed_over_at: float | None = None


class HealthKeeper:
    """One for a process; `tell` may be called from many threads. One thread of its own writes: no question waits for the database."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="source-health")
        self._last: Future[None] | None = None

    def tell(self, service: str, problem: SourceProblem | None) -> None:
        """A service was asked and answered (None), or failed."""
        with self._lock:
            seen = self._seen.setdefault(service, _Seen())
            kind = problem.slug if problem is not None else None
            due = seen.handed_over_at is None or kind != seen.kind or self._clock() - seen.handed_over_at >= WRITE_EVERY
            _remember(seen, kind, problem)
            if due:
                self._hand_over(service, seen)

    def settle(self) -> None:
        """Wait until what was handed over is written."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        """Write what was not written yet; for the end of the process."""
        with self._lock:
            for service, seen in self._seen.items():
                if seen.answered or seen.failures:
                    self._hand_over(service, seen)
        self._writer.shutdown(wait=True)

    def _hand_over(self, service: str, seen: _Seen) -> None:
        seen.handed_over_at = self._clock()
        self._last = self._writer.submit(self._write, service, replace(seen))
        seen.answered, seen.failures = False, 0

    def _write(self, service: str, seen: _Seen) -> None:
        try:
            with transaction(self._engine) as session:
                row = session.get(SourceHealth, service)
                if row is None:
                    row = SourceHealth(source=service, consecutive_failures=0)
                    session.add(row)
                _bring_up_to_date(row, seen)
        except SQLAlchemyError as error:  # the database is busy or away: what the service does next is written in its place
            log.warning("health of a source was not kept", source=service, error=type(error).__name__)


def _remember(seen: _Seen, kind: str | None, problem: SourceProblem | None) -> None:
    seen.kind = kind
    if problem is None:
        seen.success_at, seen.answered, seen.failures = utc_now(), True, 0
    else:
        seen.failure_at, seen.failure = utc_now(), problem
        seen.failures += 1


def _bring_up_to_date(row: SourceHealth, seen: _Seen) -> None:
    if seen.answered:
        row.last_success_at, row.consecutive_failures = seen.success_at, 0
    newer = seen.failure_at is not None and (row.last_failure_at is None or seen.failure_at > row.last_failure_at)
    if seen.failure is not None and newer:
        row.last_failure_at, row.last_failure_kind, row.last_failure = seen.failure_at, seen.failure.slug, seen.failure.detail
    row.consecutive_failures += seen.failures
