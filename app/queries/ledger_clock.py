"""The ledger's newest sequence number and what the entries up to it touch, read on a connection of its own.

It is what `Evidence-Revision` says on every answer, and what tells the kept replies that they are old.
"""

from collections.abc import Iterable
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
        self._connection: Any = None
        self._touched = TOUCHED.format("?" if engine.dialect.name == "sqlite" else "%s")

    def read(self) -> int:
        """The newest sequence; a broken connection is dropped and tried once anew."""
        ((newest,),) = self._ask(NEWEST)
        return int(newest)

    def moved(self, after: int, until: int) -> Moved:
        """What the entries after the one up to the other are about."""
        rows = list(self._ask(self._touched, (after, until)))
        return Moved(frozenset(touched for _, touched in rows), frozenset(record for record, _ in rows))

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _ask(self, statement: str, values: tuple[int, ...] = ()) -> Iterable[Any]:
        try:
            return self._execute(statement, values)
        except self._engine.dialect.loaded_dbapi.Error:
            self.close()
            return self._execute(statement, values)

    def _execute(self, statement: str, values: tuple[int, ...]) -> Iterable[Any]:
        if self._connection is None:
            self._connection = self._open()
        rows: Iterable[Any] = self._connection.execute(statement, values).fetchall()
        return rows

    def _open(self) -> Any:
        fairy = self._engine.raw_connection()
        connection: Any = fairy.driver_connection
        fairy.detach()  # it is ours for good and never goes back to the pool
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True
        return connection
