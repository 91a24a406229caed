"""`Server-Timing` for whoever asks with `Prefer: server-timing` (RFC 7240): where the time of an answer went, shown by browsers' tools.

A timed read is made anew: kept replies are passed by. Timing the statements costs their listeners, so nobody pays who did not ask.
"""

import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

PREFER = b"prefer"
PREFERENCE = b"server-timing"

Scope = MutableMapping[str, Any]


@dataclass(slots=True)
class Timing:
    """One for each request that asked."""

    begun: float = field(default_factory=time.perf_counter)
    statements: int = 0
    database: float = 0.0
    _sent: float = 0.0

    def listen_to(self, session: Session) -> None:
        """Count and time what the session sends; fetching rows is not in it."""
        event.listen(session, "after_begin", self._listen_to_connection)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """As it stands now, which is when the answer begins to leave."""
        total, database = (1000 * seconds for seconds in (time.perf_counter() - self.begun, self.database))
        told = f'total;dur={total:.2f}, db;dur={database:.2f};desc="{self.statements} statements"'
        return [(b"server-timing", told.encode()), (b"preference-applied", PREFERENCE)]

    def _listen_to_connection(self, _session: Session, _transaction: object, connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", self._before)
        event.listen(connection, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self._sent = time.perf_counter()

    def _after(self, *_: Any) -> None:
        self.database += time.perf_counter() - self._sent
        self.statements += 1


def begin_timing(scope: Scope) -> Timing | None:
    """The timing of this request, which from then on stands in its scope; None where nobody asked."""
    for name, value in scope["headers"]:
        if name == PREFER and PREFERENCE in (part.strip().lower() for part in value.split(b",")):
            timing = scope.setdefault("state", {})["timing"] = Timing()
            return timing
    return None


def timing_of(scope: Scope) -> Timing | None:
    found: Timing | None = scope.get("state", {}).get("timing")
    return found
