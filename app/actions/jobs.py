"""Long work: asked for in a transaction, done once by whichever worker claims it, taken up again when its process died.

A worker holds a job by its `attempt`: whoever claims a job raises the number, and every write of the one before then finds nothing
to change. A job is lost when its worker has not been heard of for a while; after `MAX_ATTEMPTS` it fails for good.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.database import bookkeeping, reading
from app.errors import InternalError, NotAllowed, Problem
from app.identifiers import uuid7
from app.models import ApiKey, Job
from app.models.base import utc_now
from app.queries.api_keys import key_state
from app.queries.people import as_actor
from app.vocabulary import JobKind, JobState, KeyState

MAX_ATTEMPTS = 3
REPORT_SECONDS = 1.0
"""A worker that reports more often is heard once in that time."""
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


class JobTaken(Exception):
    """Another worker holds the job: this one was given up for dead, and stops."""


class JobStopped(Exception):
    """The process is to end: the job goes back into the queue."""


@dataclass(slots=True)
class HeldJob:
    """A job that this worker has claimed."""

    engine: Engine
    id: str
    kind: JobKind
    subject: str
    actor: str
    attempt: int
    stopping: threading.Event | None = None
    _reported_at: float = field(default=0.0, init=False)

    def report(self, done: int, total: int | None = None, *, at_once: bool = False) -> None:
        """Say how far the work is; JobTaken if the job is no longer this worker's."""
        self._stop_if_told()
        now = time.monotonic()
        if not at_once and now - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = now
        try:
            with bookkeeping(self.engine) as session:
                self.note(session, done, total)
        except OperationalError:  # the database is busy: it will be said next time
            return

    def note(self, session: Session, done: int, total: int | None = None) -> None:
        """The same within a write of the work itself, which holds the job's row until it is committed."""
        self._stop_if_told()
        self._set(session, done=done, total=total, heartbeat_at=utc_now())

    def succeed(self, session: Session, done: int) -> None:
        self._set(session, state=JobState.SUCCEEDED.value, done=done, total=done, finished_at=utc_now())

    def fail(self, session: Session, problem: Problem) -> None:
        self._set(session, state=JobState.FAILED.value, error=problem_json(problem), finished_at=utc_now())

    def put_back(self, session: Session, *, stopped: bool = False) -> None:
        """For another try; a stop of the process does not count as one."""
        self._set(session, state=JobState.QUEUED.value, attempt=self.attempt - stopped)

    def _stop_if_told(self) -> None:
        if self.stopping is not None and self.stopping.is_set():
            raise JobStopped(self.id)

    def _set(self, session: Session, **values: Any) -> None:
        mine = (col(Job.id) == self.id, col(Job.attempt) == self.attempt, col(Job.state) == JobState.RUNNING)
        done = session.execute(update(Job).where(*mine).values(**values).execution_options(synchronize_session=False))
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise JobTaken(self.id)


def ask_for(session: Session, kind: JobKind, subject: str, *, by: str) -> Job:
    """A job that waits for a worker."""
    job = Job(id=str(uuid7()), kind=kind, subject=subject, state=JobState.QUEUED, actor=by, created_at=utc_now())
    session.add(job)
    session.flush()
    return job


def claim_job(engine: Engine, *, lost_after: timedelta, only: str | None = None) -> HeldJob | None:
    """The job that has waited longest, or one whose worker died; None if there is none."""
    wanted = [_waits(lost_after), *([col(Job.id) == only] if only is not None else [])]
    with reading(engine) as session:
        if session.execute(select(col(Job.id)).where(*wanted).limit(1)).first() is None:
            return None
    with bookkeeping(engine) as session:
        oldest = select(Job).where(*wanted).order_by(col(Job.id)).limit(1).with_for_update(skip_locked=True)
        job = session.execute(oldest).scalar_one_or_none()
        if job is None:
            return None
        if job.attempt >= MAX_ATTEMPTS:
            job.state, job.finished_at = JobState.FAILED, utc_now()
            job.error = problem_json(InternalError(f"the work was begun {job.attempt} times and its process died each time"))
            return None
        job.attempt += 1
        job.state, job.done = JobState.RUNNING, 0
        job.started_at = job.heartbeat_at = utc_now()
        return HeldJob(engine, job.id, JobKind(job.kind), job.subject, job.actor, job.attempt)


def actor_of(session: Session, job: HeldJob) -> Actor:
    """Who asked for the job; refused if his key was revoked or has expired since."""
    key = session.get(ApiKey, job.actor)
    state = key_state(key, utc_now()) if key is not None else KeyState.REVOKED
    if key is None or state is not KeyState.ACTIVE:
        raise NotAllowed(f"the key that asked for this {'has expired' if state is KeyState.EXPIRED else 'was revoked'} before it was done")
    return as_actor(key)


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as it is kept with a job (RFC 9457)."""
    told = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": problem.detail}
    return {**told, "errors": [error.as_json() for error in problem.errors], **problem.members}


def _waits(lost_after: timedelta) -> ColumnElement[bool]:
    lost = and_(col(Job.state) == JobState.RUNNING, col(Job.heartbeat_at) < utc_now() - lost_after)
    return or_(col(Job.state) == JobState.QUEUED, lost)
