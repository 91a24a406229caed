"""The ledger's newest sequence number, read on a connection of its own: what `Evidence-Revision` says on every answer."""

from typing import Any

from sqlalchemy import Engine

NEWEST = "SELECT coalesce(max(sequence), 0) FROM change"


class LedgerClock:
    """Holds one autocommitting driver connection; asked in the event loop, so it must cost next to nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def read(self) -> int:
        """The newest sequence; a broken connection is dropped and tried once anew."""
        try:
            return self._ask()
        except self._engine.dialect.loaded_dbapi.Error:
            self.close()
            return self._ask()

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _ask(self) -> int:
        if self._connection is None:
            self._connection = self._open()
        row = self._connection.execute(NEWEST).fetchone()
        return int(row[0])

    def _open(self) -> Any:
        fairy = self._engine.raw_connection()
        connection: Any = fairy.driver_connection
        fairy.detach()  # it is ours for good and never goes back to the pool
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True
        return connection
