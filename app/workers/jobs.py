"""The worker: a thread beside the requests of one process, which does the long work that was asked for.

Every process may have one; they share the work through the rows of `job`. On a graceful stop the job at hand goes back into the queue.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.actions.import_commit import carry_out_commit
from app.actions.import_reading import read_import
from app.actions.jobs import HeldJob, JobStopped, JobTaken, actor_of, claim_job
from app.database import bookkeeping, reading
from app.errors import InternalError, Problem
from app.settings import Settings
from app.vocabulary import JobKind

STOP_SECONDS = 15
WORK: dict[JobKind, Callable[..., None]] = {JobKind.READ_IMPORT: read_import, JobKind.COMMIT_IMPORT: carry_out_commit}
log = structlog.get_logger("evidence.jobs")


class JobWorker:
    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._poll_seconds = settings.job_poll_seconds
        self._lost_after = timedelta(seconds=settings.job_lost_seconds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="evidence-jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the job at hand stop at its next step, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                job = claim_job(self._engine, lost_after=self._lost_after)
            except SQLAlchemyError as error:  # not migrated yet, busy, or away: the health check says so, and it may come back
                log.warning("jobs cannot be read", error=type(error).__name__)
                self._stopping.wait(10 * self._poll_seconds)
                continue
            if job is None:
                self._stopping.wait(self._poll_seconds)
            else:
                log.info("job begun", job=job.id, kind=job.kind, attempt=job.attempt)
                run_job(self._engine, job, self._stopping)
                log.info("job ended", job=job.id, kind=job.kind)


def run_job(engine: Engine, job: HeldJob, stopping: threading.Event | None = None) -> None:
    """Do one claimed job; whatever happens, its row says so."""
    job.stopping = stopping
    try:
        with reading(engine) as session:
            by = actor_of(session, job)
        WORK[job.kind](engine, job, by=by)
    except JobTaken:
        log.warning("job taken over by another worker", job=job.id)
    except JobStopped:
        _end(engine, partial(job.put_back, stopped=True))
    except OperationalError:
        log.warning("job put back: the database is busy", job=job.id)
        _end(engine, job.put_back)
    except Problem as problem:
        _end(engine, partial(job.fail, problem=problem))
    except Exception:
        log.exception("job crashed", job=job.id)
        _end(engine, partial(job.fail, problem=InternalError()))


def _end(engine: Engine, write: Callable[[Session], None]) -> None:
    """Say how a job ended. If even that cannot be written, the job counts as lost after a while and is taken up again."""
    try:
        with bookkeeping(engine) as session:
            write(session)
    except (SQLAlchemyError, JobTaken) as error:
        log.warning("the end of a job was not noted", error=type(error).__name__)
