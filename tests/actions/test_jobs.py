"""Jobs: each is done once, by one worker, and is not lost with it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlmodel import col

from app.actions.jobs import MAX_ATTEMPTS, HeldJob, JobStopped, JobTaken, ask_for, claim_job
from app.database import bookkeeping, reading, transaction
from app.errors import UnreadableFile
from app.models import Job
from app.models.base import utc_now
from app.vocabulary import JobKind, JobState

PATIENT = timedelta(minutes=1)
SILENT = timedelta(minutes=2)


def asked(engine: Engine, number: int = 1) -> list[str]:
    with transaction(engine) as session:
        return [ask_for(session, JobKind.READ_IMPORT, "an import", by="el_anna").id for _ in range(number)]


def claimed(engine: Engine) -> HeldJob:
    job = claim_job(engine, lost_after=PATIENT)
    assert job is not None
    return job


def stored(engine: Engine, job: str) -> Job:
    with reading(engine) as session:
        return session.get_one(Job, job)


def fall_silent(engine: Engine) -> None:
    """As if the worker had died a while ago."""
    with bookkeeping(engine) as session:
        session.execute(update(Job).values(heartbeat_at=utc_now() - SILENT))


class TestClaim:
    def test_takes_the_one_that_has_waited_longest(self, vocabulary: Engine) -> None:
        first, second = asked(vocabulary, 2)
        assert [claimed(vocabulary).id, claimed(vocabulary).id] == [first, second]
        assert claim_job(vocabulary, lost_after=PATIENT) is None

    def test_can_be_for_one_alone(self, vocabulary: Engine) -> None:
        _, second = asked(vocabulary, 2)
        job = claim_job(vocabulary, lost_after=PATIENT, only=second)
        assert job is not None
        assert job.id == second
        assert claim_job(vocabulary, lost_after=PATIENT, only=second) is None

    def test_by_many_workers_at_once_gives_each_job_to_one(self, vocabulary: Engine) -> None:
        jobs = asked(vocabulary, 40)
        taken: list[str] = []

        def work() -> None:
            while (job := claim_job(vocabulary, lost_after=PATIENT)) is not None or self._waiting(vocabulary):
                if job is not None:
                    taken.append(job.id)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(taken) == jobs

    def _waiting(self, engine: Engine) -> bool:
        with reading(engine) as session:
            return session.execute(select(func.count()).where(col(Job.state) == JobState.QUEUED)).scalar_one() > 0

    def test_takes_up_what_a_dead_worker_left(self, vocabulary: Engine) -> None:
        asked(vocabulary)
        dead = claimed(vocabulary)
        assert claim_job(vocabulary, lost_after=PATIENT) is None
        fall_silent(vocabulary)
        again = claimed(vocabulary)
        assert (again.id, again.attempt) == (dead.id, dead.attempt + 1)

    def test_gives_up_in_the_end_and_says_so(self, vocabulary: Engine) -> None:
        [job] = asked(vocabulary)
        for _ in range(MAX_ATTEMPTS):
            claimed(vocabulary)
            fall_silent(vocabulary)
        assert claim_job(vocabulary, lost_after=PATIENT) is None
        row = stored(vocabulary, job)
        assert row.state == JobState.FAILED
        assert row.error is not None
        assert f"{MAX_ATTEMPTS} times" in row.error["detail"]
        assert row.finished_at is not None


class TestHeldJob:
    @pytest.fixture
    def job(self, vocabulary: Engine) -> HeldJob:
        asked(vocabulary)
        return claimed(vocabulary)

    def test_says_how_far_it_is(self, vocabulary: Engine, job: HeldJob) -> None:
        job.report(3, 10)
        job.report(4, 10)  # within the same second: not worth a write
        row = stored(vocabulary, job.id)
        assert (row.state, row.done, row.total) == (JobState.RUNNING, 3, 10)

    def test_whose_worker_was_given_up_for_dead_writes_no_more(self, vocabulary: Engine, job: HeldJob) -> None:
        fall_silent(vocabulary)
        other = claimed(vocabulary)
        with pytest.raises(JobTaken):
            job.report(5, at_once=True)
        with pytest.raises(JobTaken), bookkeeping(vocabulary) as session:
            job.succeed(session, 5)
        assert stored(vocabulary, job.id).attempt == other.attempt
        assert stored(vocabulary, job.id).state == JobState.RUNNING

    def test_that_failed_says_why_as_a_problem(self, vocabulary: Engine, job: HeldJob) -> None:
        with bookkeeping(vocabulary) as session:
            job.fail(session, UnreadableFile("the sheet is damaged", line=7))
        row = stored(vocabulary, job.id)
        assert row.error is not None
        expected = {"type": "/problems/unreadable-file", "status": 422, "detail": "the sheet is damaged", "line": 7}
        assert expected.items() <= row.error.items()

    def test_that_is_told_to_stop_goes_back_and_has_not_lost_an_attempt(self, vocabulary: Engine, job: HeldJob) -> None:
        job.stopping = threading.Event()
        job.report(1, at_once=True)
        job.stopping.set()
        with pytest.raises(JobStopped):
            job.report(2)
        with bookkeeping(vocabulary) as session:
            job.put_back(session, stopped=True)
        assert claimed(vocabulary).attempt == job.attempt
