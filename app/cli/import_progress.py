"""A job of an import, done here or watched while the service does it, and how far it is."""

import threading
import time
from datetime import timedelta

from sqlalchemy import Engine

from app.actions.jobs import claim_job
from app.cli.commands import complain
from app.cli.progress import Progress
from app.database import reading
from app.models import Job
from app.settings import get_settings
from app.vocabulary import JobState
from app.workers.jobs import STOP_SECONDS, run_job

LOOK_SECONDS = 0.2
ENDED = (JobState.SUCCEEDED, JobState.FAILED)


def see_through(engine: Engine, job: Job, doing: str) -> bool:
    """Do the job, or watch the service do it, and show how far it is. True when it succeeded.

    A job that was put back into the queue, or whose worker died, is claimed again.
    """
    stopping = threading.Event()
    worker: threading.Thread | None = None
    shown = Progress(doing, "records")
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
