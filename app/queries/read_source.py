"""Where anonymous reads are answered from: the streaming replica as long as it can be read, else the primary.

One of an application, asked by every request. Only who follows the ledger (`app/workers/ledger_follower.py`) lets the replica in; whoever
meets trouble there may leave it.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Engine

log = structlog.get_logger("evidence.replica")


@dataclass(slots=True)
class ReadSource:
    primary: Engine
    replica: Engine | None = None
    reads_replica: bool = False
    reason: str = "it was not asked yet"
    """Why the replica is not read; of no meaning while it is."""
    primary_trouble: str | None = None
    """Why the primary is not heard of, as far as is known."""
    lag_entries: int | None = None
    """Entries of the ledger that the replica lacked when it was last asked; None where it did not answer, or the primary did not."""
    lag_seconds: float | None = None
    """For how long it has lacked the oldest of them."""

    @property
    def engine(self) -> Engine:
        """Where an anonymous read that may be a little old is answered from now."""
        return self.replica if self.reads_replica and self.replica is not None else self.primary

    def enter(self) -> None:
        self.reads_replica = True
        log.info("the replica is read")

    def leave(self, reason: str) -> None:
        if self.reads_replica:
            log.warning("the replica is not read any more: reads go to the primary", reason=reason)
        self.reads_replica, self.reason = False, reason

    def dispose(self) -> None:
        for engine in (self.primary, self.replica):
            if engine is not None:
                engine.dispose()

    def as_json(self) -> dict[str, Any] | None:
        """For whoever operates the service; None where no replica is configured."""
        if self.replica is None:
            return None
        return {
            "read": self.reads_replica,
            "reason": None if self.reads_replica else self.reason,
            "lag_entries": self.lag_entries,
            "lag_seconds": None if self.lag_seconds is None else round(self.lag_seconds, 1),
        }
