"""From which state of the ledger a request is answered: what `Min-Evidence-Revision` asks for and `Evidence-Revision` says.

A client sends back as `Min-Evidence-Revision` the `Evidence-Revision` that it was told, and is answered from that state or a later one,
from whichever server. A request reads in one place throughout. The replica of the database is that place only for anonymous reads that
may be as old as it is; whoever sends a key reads on the primary, and so sees what he wrote.
"""

import re
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from app.database import reading
from app.errors import InvalidHeader, RevisionNotReached, ServiceUnavailable
from app.queries.ledger_clock import NEWEST
from app.queries.read_source import ReadSource
from app.web.server_timing import Timing

LEAST = b"min-evidence-revision"
_FORM = re.compile(rb"\d{1,18}")
CANCELLED = frozenset({"40001", "40P01", "57014"})
"""What PostgreSQL says of a query that stood in the way of what a replica had to replay; the replica is well."""
PASSING = frozenset({"08", "40", "53", "55", "57", "58"})
"""Classes of PostgreSQL's codes that say nothing against the query: no connection, conflict, no room, locked, shut down, system."""

log = structlog.get_logger("evidence.replica")

Scope = MutableMapping[str, Any]


class AskedAgain(Exception):
    """The replica could not answer: the request, of which nothing was sent yet, goes to the primary."""


@dataclass(slots=True)
class ReadPoint:
    least: int = 0
    """The entry of the ledger that the answer must not be older than."""
    begun_at: int | None = None
    """The newest entry when the request came: its view of the database begins later, and so holds this one."""
    answered_from: int | None = None
    """The newest entry of that view, where it was asked for."""
    engine: Engine | None = None
    """Where the request reads, once that is settled."""
    must_ask: bool = False
    """Whether its view is asked what it holds, because nothing else tells it well enough."""
    again: bool = False
    """Whether the replica was tried and could not answer."""

    def settle(self, source: ReadSource, *, is_get: bool, has_key: bool) -> Engine:
        """Whoever has a key may have written a moment ago, and a replica may not know of it yet."""
        if self.engine is None:
            reached = self.least <= (self.begun_at or 0)
            self.must_ask = source.replica is not None or not is_get or not reached
            self.engine = source.engine if is_get and not has_key and reached and not self.again else source.primary
        return self.engine

    def start_again(self) -> None:
        self.engine, self.answered_from, self.again = None, None, True


def read_point_of(scope: Scope) -> ReadPoint:
    """The point of this request; where no door stands in front, one that asks for nothing."""
    state: dict[str, Any] = scope.setdefault("state", {})
    point: ReadPoint | None = state.get("read_point")
    if point is None:
        point = state["read_point"] = ReadPoint()
    return point


def least_revision(values: list[bytes]) -> int:
    """What a header Min-Evidence-Revision asks for; InvalidHeader where it says no number."""
    if not values:
        return 0
    if len(values) > 1 or not _FORM.fullmatch(values[0]):
        raise InvalidHeader("Min-Evidence-Revision is one whole number: an Evidence-Revision that an answer of this service carried.")
    return int(values[0])


@contextmanager
def view(point: ReadPoint, source: ReadSource, engine: Engine, timing: Timing | None = None) -> Iterator[Session]:
    """One consistent view of the database for this request, and never an older one than it asks for."""
    on_replica = engine is not source.primary
    try:
        with reading(engine) as session:
            if timing is not None:
                timing.listen_to(session)
            if point.must_ask:
                _see(point, session, on_replica=on_replica)
            yield session
    except (DBAPIError, NoConnection) as error:
        if on_replica:
            log.warning("a read is asked again on the primary", error=type(error.__cause__ or error).__name__, sqlstate=sqlstate_of(error))
            _leave(source, error)
            raise AskedAgain from error
        if is_passing(error):
            raise ServiceUnavailable("the database could not be read") from error
        raise


def _see(point: ReadPoint, session: Session, *, on_replica: bool) -> None:
    """What this view holds. A replica may begin anew from an older state than it had."""
    newest: int = session.connection().exec_driver_sql(NEWEST).scalar_one()
    if on_replica and newest < max(point.least, point.begun_at or 0):
        raise AskedAgain
    point.answered_from = newest
    if newest < point.least:
        asked = f"Min-Evidence-Revision asks for {point.least}"
        raise RevisionNotReached(f"{asked}; the newest entry of this ledger is {newest}.", newest=newest)


def _leave(source: ReadSource, error: DBAPIError | NoConnection) -> None:
    if is_passing(error) and sqlstate_of(error) not in CANCELLED:
        source.leave(f"a read failed there: {type(error).__name__}")


def is_passing(error: DBAPIError | NoConnection) -> bool:
    """Whether the same question may well be answered a moment later."""
    if isinstance(error, NoConnection) or error.connection_invalidated:
        return True
    state = sqlstate_of(error)
    no_connection = state is None and type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ == "OperationalError"
    return no_connection or (state is not None and state[:2] in PASSING)


def sqlstate_of(error: DBAPIError | NoConnection) -> str | None:
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state
