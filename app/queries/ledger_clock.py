"""The ledger's newest sequence number and what the entries up to it touch, read on a connection of its own.

It is what `Evidence-Revision` says on every answer, and what tells the kept replies that they are old.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

NEWEST = "SELECT coalesce(max(sequence), 0) FROM change"
TOUCHED = (
    "SELECT change.subject, change_subject.subject FROM change JOIN change_subject ON change_subject.sequence = change.sequence "
    "WHERE change.sequence > {0} AND change.sequence <= {0}"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a stretch of the ledger is about."""

    touched: frozenset[str]
    """All subjects of its entries."""
    records: frozenset[str]
    """Those that an entry is about itself."""


class LedgerClock:
    """Holds one autocommitting driver connection; asked in the event loop, so it must cost next to nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._errors = engine.dialect.loaded_dbapi.Error
        self._connection: Any = None
        self._held: Any = None
        self._touched = TOUCHED.format("?" if engine.dialect.name == "sqlite" else "%s")

    def start(self) -> None:
        """There is nothing to start."""

    def read(self, *, sure: bool = True) -> int:  # it always is
        """The newest sequence; a broken connection is dropped and tried once anew."""
        try:
            newest: int = self._cursor().execute(NEWEST).fetchone()[0]
        except self._errors:
            self.close()
            newest = self._cursor().execute(NEWEST).fetchone()[0]
        return newest

    def moved(self, after: int, until: int) -> Moved:
        """What the entries after the one up to the other are about."""
        try:
            rows = self._cursor().execute(self._touched, (after, until)).fetchall()
        except self._errors:
            self.close()
            rows = self._cursor().execute(self._touched, (after, until)).fetchall()
        return Moved(frozenset(touched for _, touched in rows), frozenset(record for record, _ in rows))

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection, self._held = self._connection, None, None
            connection.close()

    def _cursor(self) -> Any:
        """One cursor for good: to make a new one costs a third of the question."""
        if self._held is None:
            self._connection = self._open()
            self._held = self._connection.cursor()
        return self._held

    def _open(self) -> Any:
        fairy = self._engine.raw_connection()
        connection: Any = fairy.driver_connection
        fairy.detach()  # it is ours for good and never goes back to the pool
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True
        return connection
