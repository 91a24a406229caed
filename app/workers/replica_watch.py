"""Whether the streaming replica may be read: it answers, stands at the schema that this version needs, and is not late.

Late is a replica that lacks an entry of the ledger which the primary has had for longer than the installation allows.
"""

import time
from collections import deque

from sqlalchemy.exc import SQLAlchemyError

from app.database import HEAD_REVISION, migration_revision, reading
from app.queries.ledger_clock import LedgerClock
from app.queries.read_source import ReadSource

AHEAD_SECONDS = 2.0
"""A replica may show a commit a moment before the primary does; for longer it stands beyond it only if it is another ledger's."""


class ReplicaWatch:
    """Used by one thread."""

    def __init__(self, source: ReadSource, late_seconds: float) -> None:
        if source.replica is None:
            raise ValueError("there is no replica to watch")
        self._source = source
        self._replica = source.replica
        self._late_seconds = late_seconds
        self._clock = LedgerClock(source.replica)
        self._errors = (source.replica.dialect.loaded_dbapi.Error, SQLAlchemyError)
        self._lacking: deque[tuple[int, float]] = deque()
        """What the primary had, and when that was first seen, as long as the replica has not come so far."""
        self._ahead_since: float | None = None

    def look(self, told: int | None) -> int | None:
        """The newest entry of the replica, None where it does not answer; `told`: that of the primary, None where nobody knows.

        Whatever speaks against the replica makes reads leave it here.
        """
        try:
            stands_at = self._clock.read()
        except self._errors as error:
            self.close()
            self._source.lag_entries = self._source.lag_seconds = None
            self._source.leave(f"it does not answer: {type(error).__name__}")
            return None
        if told is None:
            self._source.lag_entries = self._source.lag_seconds = None
        elif (reason := self._judge(told, stands_at)) is not None:
            self._source.leave(reason)
        return stands_at

    def may_enter(self, told: int | None, stands_at: int) -> bool:
        """Whether a replica that has come so far can be read again."""
        if told is not None and self._judge(told, stands_at) is not None:
            return False
        return not self._ahead_since and self._is_migrated()

    def close(self) -> None:
        self._clock.close()

    def _judge(self, told: int, stands_at: int) -> str | None:
        """What speaks against the replica."""
        now = time.monotonic()
        if self._lacking and told < self._lacking[-1][0]:  # the primary was put back from a copy
            self._lacking.clear()
        if not self._lacking or told > self._lacking[-1][0]:
            self._lacking.append((told, now))
        while self._lacking and self._lacking[0][0] <= stands_at:
            self._lacking.popleft()
        self._source.lag_entries = max(0, told - stands_at)
        self._source.lag_seconds = now - self._lacking[0][1] if self._lacking else 0.0
        self._ahead_since = (self._ahead_since or now) if stands_at > told else None
        if self._source.lag_seconds > self._late_seconds:
            return f"it is late: it lacks an entry that the primary has had for {self._source.lag_seconds:.1f} seconds"
        if self._ahead_since is not None and now - self._ahead_since > AHEAD_SECONDS:
            return "it stands beyond the primary, so it follows another ledger"
        return None

    def _is_migrated(self) -> bool:
        try:
            with reading(self._replica) as session:
                stands_at = migration_revision(session)
        except SQLAlchemyError as error:
            self._source.leave(f"it does not answer: {type(error).__name__}")
            return False
        if stands_at is None or stands_at < HEAD_REVISION:
            self._source.leave(f"it stands at migration {stands_at}, this version needs {HEAD_REVISION}")
            return False
        return True
