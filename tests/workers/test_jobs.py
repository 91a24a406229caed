"""The worker beside the requests: what it begins is ended, put back, or said to have failed."""

import random
import time
from io import BytesIO

import pytest
from sqlalchemy import Engine, delete, select
from sqlmodel import col

from app.actions.imports import receive_file, upload_import
from app.actor import Actor
from app.database import make_engine, reading, transaction
from app.models import ApiKey, ImportRecord, Job, ReferenceImport
from app.settings import Settings
from app.vocabulary import JobState, Role
from app.workers.jobs import JobWorker
from tests.api.importing import NECK, ris
from tests.conftest import make_keys, settings_for

PATIENCE_SECONDS = 120
MANY = 6_000


@pytest.fixture
def settings(small_url: str) -> Settings:
    return settings_for(small_url).model_copy(update={"job_poll_seconds": 0.01})


def uploaded(engine: Engine, content: bytes) -> str:
    """The job that is to read the file."""
    make_keys(engine)
    with transaction(engine) as session:
        key = session.execute(select(ApiKey).where(col(ApiKey.name) == "Contributor")).scalar_one()
        by = Actor(key.prefix, key.name, Role(key.role))
        return upload_import(session, receive_file(BytesIO(content), "file.ris", max_bytes=10**8), by=by)[1].id


def when(engine: Engine, job: str, *, done: int = 0, states: tuple[JobState, ...]) -> Job:
    """The job as soon as it is in one of these states and so far."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with reading(engine) as session:
            row = session.get_one(Job, job)
        if row.state in states and row.done >= done:
            return row
        time.sleep(0.01)
    raise AssertionError(f"the job is {row.state}, {row.done} done")


class TestJobWorker:
    def test_that_is_told_to_stop_puts_its_job_back_and_the_next_one_ends_it(self, vocabulary: Engine, settings: Settings) -> None:
        many = [{"title": " ".join(f"{part:x}" for part in random.Random(number).sample(range(10**9), 9))} for number in range(MANY)]
        job = uploaded(vocabulary, ris(*many))
        worker = JobWorker(vocabulary, settings)
        worker.start()
        when(vocabulary, job, done=1, states=(JobState.RUNNING,))
        worker.stop()
        with reading(vocabulary) as session:
            row = session.get_one(Job, job)
        assert (row.state, row.attempt) == (JobState.QUEUED, 0)
        other = JobWorker(vocabulary, settings)
        other.start()
        ended = when(vocabulary, job, states=(JobState.SUCCEEDED, JobState.FAILED))
        other.stop()
        assert (ended.state, ended.done) == (JobState.SUCCEEDED, MANY)
        with reading(vocabulary) as session:
            assert len(session.execute(select(col(ImportRecord.number))).all()) == MANY

    def test_whose_work_crashes_says_so_and_goes_on(self, vocabulary: Engine, settings: Settings) -> None:
        job = uploaded(vocabulary, ris(NECK))
        with transaction(vocabulary) as session:  # what it is about has vanished, as it never should
            row = session.execute(select(ReferenceImport)).scalar_one()
            row.format = "unheard-of"
        worker = JobWorker(vocabulary, settings)
        worker.start()
        failed = when(vocabulary, job, states=(JobState.FAILED,))
        assert failed.error is not None
        assert failed.error["type"] == "/problems/internal-error"
        with transaction(vocabulary) as session:
            session.execute(delete(ApiKey))
        again = uploaded(vocabulary, ris(NECK))
        assert when(vocabulary, again, states=(JobState.SUCCEEDED,)).done == 1
        worker.stop()

    def test_on_a_database_without_tables_waits_and_ends_when_told(self, tmp_path: object) -> None:
        engine = make_engine(f"sqlite:///{tmp_path}/empty.sqlite3")
        worker = JobWorker(engine, Settings(job_poll_seconds=0.01))
        worker.start()
        time.sleep(0.2)
        worker.stop()
        engine.dispose()
