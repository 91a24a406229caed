"""Notes which keys are used, behind the back of the answers: no request waits for it, and none fails by it."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from threading import Lock

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.actions.key_use import WRITTEN_EVERY, record_use
from app.database import transaction
from app.models.base import utc_now

log = structlog.get_logger("evidence.key_use")


class KeyUse:
    """One thread writes; a key that was noted within the last minutes is not handed to it again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._noted: dict[str, datetime] = {}
        self._lock = Lock()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="key-use")
        self._last: Future[None] | None = None

    def note(self, prefix: str) -> None:
        """Called for every request that carries a key that is valid."""
        moment = utc_now()
        with self._lock:
            noted = self._noted.get(prefix)
            if noted is not None and moment - noted < WRITTEN_EVERY:
                return
            self._noted[prefix] = moment
            self._last = self._writer.submit(self._write, prefix, moment)

    def settle(self) -> None:
        """Wait until what was noted so far is written."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        self._writer.shutdown(wait=True)

    def _write(self, prefix: str, moment: datetime) -> None:
        try:
            with transaction(self._engine) as session:
                record_use(session, prefix, moment)
        except SQLAlchemyError as error:  # the database is busy or away: the next use is noted in its place
            log.warning("use of a key not noted", prefix=prefix, error=str(error))
            with self._lock:
                self._noted.pop(prefix, None)
