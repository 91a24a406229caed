"""A job of an import, done here or watched while the service does it, and how far it is."""

import sys
import threading
import time
from datetime import timedelta

from sqlalchemy import Engine

from app.actions.jobs import claim_job
from app.cli.commands import complain
from app.database import reading
from app.models import Job
from app.settings import get_settings
from app.vocabulary import JobState
from app.workers.jobs import STOP_SECONDS, run_job

LOOK_SECONDS = 0.2
BAR = 30
PLAIN_EVERY = 10  # per cent between two lines, where no terminal shows a bar
ENDED = (JobState.SUCCEEDED, JobState.FAILED)


def see_through(engine: Engine, job: Job, doing: str) -> bool:
    """Do the job, or watch the service do it, and show how far it is. True when it succeeded.

    A job that was put back into the queue, or whose worker died, is claimed again.
    """
    stopping = threading.Event()
    worker: threading.Thread | None = None
    shown = _Progress(doing)
    try:
        while True:
            with reading(engine) as session:
                row = session.get_one(Job, job.id)
            shown.show(row.done, row.total)
            if row.state in ENDED:
                break
            if worker is None or not worker.is_alive():
                worker = _begin(engine, job.id, stopping)
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        stopping.set()
        if worker is not None:
            worker.join(STOP_SECONDS)  # the job goes back into the queue
        raise
    finally:
        shown.end()
    if row.error is not None:
        complain(row.error["detail"])
    return row.state == JobState.SUCCEEDED


def _begin(engine: Engine, job_id: str, stopping: threading.Event) -> threading.Thread | None:
    """The thread that does the job, if nobody else holds it."""
    held = claim_job(engine, lost_after=timedelta(seconds=get_settings().job_lost_seconds), only=job_id)
    if held is None:
        return None
    worker = threading.Thread(target=run_job, args=(engine, held, stopping), daemon=True)
    worker.start()
    return worker


class _Progress:
    """A bar where a terminal shows it, a line now and then elsewhere."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._terminal = sys.stderr.isatty()
        self._last = -1

    def show(self, done: int, total: int | None) -> None:
        share = min(done / total, 1.0) if total else 0.0
        if self._terminal:
            filled = round(BAR * share)
            of_total = f" of {total:,}" if total else ""
            print(
                f"\r{self._doing} [{'#' * filled}{'.' * (BAR - filled)}] {done:,}{of_total} records ", end="", file=sys.stderr, flush=True
            )
        elif (step := int(share * 100) // PLAIN_EVERY) != self._last:
            self._last = step
            print(f"{self._doing}: {done:,} records, {share:.0%}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print(file=sys.stderr)
