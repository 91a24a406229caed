"""The ledger's newest sequence number and what the entries up to it touch, read on a connection of its own.

It is what `Evidence-Revision` says on every answer, and what tells the kept replies that they are old.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

NEWEST = "SELECT coalesce(max(sequence), 0) FROM change"
TOUCHED = (
    "SELECT change.action, change.subject, change_subject.subject, change.sequence "
    "FROM change JOIN change_subject ON change_subject.sequence = change.sequence "
    "WHERE change.sequence > {0} AND change.sequence <= {0}"
)


class LedgerGap(Exception):
    """The database asked lacks entries that were seen elsewhere: a replica that began anew from an older state."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a stretch of the ledger is about."""

    touched: frozenset[str]
    """All subjects of its entries."""
    records: frozenset[str]
    """Those that an entry is about itself."""
    actions: frozenset[str] = frozenset()


def own_connection(engine: Engine) -> Any:
    """A connection of the driver, committing by itself, that is its holder's for good and never goes back to the pool."""
    fairy = engine.raw_connection()
    connection: Any = fairy.driver_connection
    fairy.detach()
    if engine.dialect.name == "postgresql":
        connection.autocommit = True
    return connection


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
        """The newest sequence."""
        newest: int = self._ask(NEWEST)[0][0]
        return newest

    def moved(self, after: int, until: int) -> Moved:
        """What the entries after the one up to the other are about; every entry has a subject, so each of them is among the rows."""
        rows = self._ask(self._touched, (after, until))
        if len({row[3] for row in rows}) != until - after:
            raise LedgerGap(f"entries between {after} and {until} are not there")
        actions, records, touched = (frozenset(row[place] for row in rows) for place in range(3))
        return Moved(touched, records, actions)

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection, self._held = self._connection, None, None
            connection.close()

    def _ask(self, statement: str, values: tuple[int, ...] = ()) -> list[Any]:
        """A broken connection is dropped and tried once anew."""
        try:
            rows: list[Any] = self._cursor().execute(statement, values).fetchall()
        except self._errors:
            self.close()
            rows = self._cursor().execute(statement, values).fetchall()
        return rows

    def _cursor(self) -> Any:
        """One cursor for good: to make a new one costs a third of the question."""
        if self._held is None:
            self._connection = own_connection(self._engine)
            self._held = self._connection.cursor()
        return self._held
