"""A researcher brings in what PubMed and Zotero exported: thousands of records, twice; a person decides what a machine cannot."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select, text
from sqlmodel import col

from app.database import reading, transaction
from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from app.models import Job, Study, StudyRevision
from app.schemas.bibliography import Bibliography
from app.vocabulary import JobKind, JobState
from tests.api.acting import header
from tests.api.importing import Json, commit, counts, decide, quick_client, read, records, send, wait_for
from tests.conftest import Keys
from tests.factories import differences

ROOT = Path(__file__).resolve().parent.parent.parent
STATUSES = ("new", "duplicate", "possible_duplicate", "problem")
MANY = 5_000
PATIENCE_SECONDS = 240
WORDS = (
    "acceptance", "adults", "anxiety", "asthma", "attention", "balance", "blinded", "breathing", "carers", "cervical",
    "children", "chronic", "clinics", "cohort", "colic", "comfort", "community", "concussion", "controlled", "craniosacral",
    "diaries", "disability", "dose", "exercise", "fatigue", "feasibility", "fibromyalgia", "function", "gentle", "growth",
    "headache", "hospital", "infants", "insomnia", "labour", "lumbar", "manual", "massage", "migraine", "mobility", "mothers",
    "neck", "nurses", "older", "osteopathic", "pain", "palpation", "pelvic", "pilot", "posture", "pregnancy", "preterm",
    "primary", "pulse", "quality", "randomised", "recovery", "relaxation", "school", "sham", "shoulder", "sleep", "spine",
    "stress", "students", "tension", "tinnitus", "touch", "treatment", "urban", "veterans", "workers",
)  # fmt: skip
FAMILIES = ("Berg", "Moreau", "Silva", "Huber", "Ashworth", "Kelly", "Laine", "Peeters", "Rossi", "Novak", "Kask", "Babic")


def trial(number: int) -> Bibliography:
    """The same each time, and no two alike."""
    words = " ".join(random.Random(number).sample(WORDS, 11))
    return Bibliography(
        title=words.capitalize(),
        authors=[f"{FAMILIES[number % 12]} A", f"{FAMILIES[number // 12 % 12]} B"],
        year=1995 + number % 30,
        journal="Journal of Imagined Manual Medicine",
        volume=str(number % 40 + 1),
        pages=f"{number % 900 + 1}",
        doi=f"10.5555/journey.{number}",
        pmid=str(99_000_000 + number),
        language="en",
        abstract="What was done, in whom, and what came of it. " * 8,
        publication_types=["Journal Article", "Randomized Controlled Trial"],
    )


def export(file_format: FileFormat, numbers: range) -> bytes:
    """What a program exports, in the dialect of the format."""
    parts = FORMATS[file_format].write(trial(number) for number in numbers)
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def client(engine_url: str) -> Iterator[TestClient]:
    with quick_client(engine_url) as client:
        yield client


def number_of(engine: Engine, table: type[Study] | type[StudyRevision]) -> int:
    with reading(engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


class TestAnExportOfPubMed:
    def test_of_five_thousand_records_lands_once_whatever_the_format(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        lines = export(FileFormat.NBIB, range(MANY)).split(b"\r\n\r\n")
        lines.insert(2_500, b"PMID- x\r\nDP  - 2020")  # neither a title nor an identifier
        content = b"\r\n\r\n".join(lines)
        chosen = {"intervention": "craniosacral-therapy", "condition": "neck-pain"}

        found = read(client, keys.contributor, content, "pubmed-export.nbib", **chosen)
        assert (found["format"], *counts(found, "records", *STATUSES)) == ("nbib", MANY + 1, MANY, 0, 0, 1)
        [bad] = records(client, keys.contributor, found["id"], status="problem")
        assert bad["line"] == content[: content.index(b"PMID- x")].count(b"\n") + 1
        assert number_of(engine, Study) == 0

        done = commit(client, keys.contributor, found["id"])
        assert counts(done, "created", "problem") == (MANY, 1)
        assert number_of(engine, Study) == number_of(engine, StudyRevision) == MANY
        [made] = records(client, keys.contributor, found["id"], number=1)
        shown = client.get(f"/v1/studies/{made['study']}", headers=header(keys.contributor)).json()
        assert shown["document"]["title"] == trial(0).title
        assert shown["document"]["design"] == "randomised-trial"
        assert [shown["document"]["intervention"], shown["document"]["conditions"]] == ["craniosacral-therapy", ["neck-pain"]]

        again = read(client, keys.contributor, export(FileFormat.PUBMED_XML, range(MANY)), "pubmed-export.xml")
        assert (again["format"], *counts(again, "records", *STATUSES)) == ("pubmed-xml", MANY, 0, MANY, 0, 0)
        assert counts(commit(client, keys.contributor, again["id"]), "created") == (0,)
        assert number_of(engine, Study) == MANY


class TestALibraryOfZotero:
    def test_imported_twice_is_here_once_and_a_person_decides_the_rest(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        library = export(FileFormat.RIS, range(40))
        first = read(client, keys.contributor, library, "My Library.ris")
        assert counts(first, *STATUSES) == (40, 0, 0, 0)
        commit(client, keys.contributor, first["id"])
        second = read(client, keys.contributor, library, "My Library.ris")
        assert counts(second, *STATUSES) == (0, 40, 0, 0)

        reported_again = trial(7).model_copy(update={"doi": None, "pmid": None, "year": 2003, "title": f"{trial(7).title}: the first year"})
        another_trial = trial(9).model_copy(update={"doi": "10.5555/other", "pmid": None, "title": f"{trial(9).title} abroad"})
        unclear = "".join(str(part) for part in FORMATS[FileFormat.RIS].write([reported_again, another_trial])).encode()
        found = read(client, keys.contributor, unclear, "two more.ris")
        assert counts(found, *STATUSES, "undecided") == (0, 0, 2, 0, 2)
        one, other = records(client, keys.contributor, found["id"])
        assert [80 <= record["matches"][0]["score"] < 100 for record in (one, other)] == [True, True], (one["matches"], other["matches"])
        assert one["matches"][0]["title"] == trial(7).title

        assert counts(commit(client, keys.contributor, found["id"]), "created", "undecided") == (0, 2)
        answer = decide(
            client,
            keys.contributor,
            found["id"],
            {"record": 1, "decision": "duplicate", "study": one["matches"][0]["study"], "reason": "The same people, after a year."},
            {"record": 2, "decision": "new", "reason": "Another town, other people."},
        )
        assert answer.status_code == 200
        assert counts(commit(client, keys.contributor, found["id"]), "created", "undecided") == (1, 0)
        assert number_of(engine, Study) == 41
        assert differences(engine) == []


@contextmanager
def stuck_in_the_middle(engine: Engine) -> Iterator[None]:
    """The database takes for ever over the first revisions of the studies: whoever writes them is in the middle of his transaction."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("LOCK TABLE study_revision IN SHARE MODE"))
            yield
        return
    slow = "SELECT count(*) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000000000) SELECT x FROM n)"
    with transaction(engine) as session:
        session.execute(text(f"CREATE TRIGGER slow AFTER INSERT ON study_revision BEGIN {slow}; END"))
    try:
        yield
    finally:
        with transaction(engine) as session:
            session.execute(text("DROP TRIGGER slow"))


@contextmanager
def service_process(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "EVIDENCE_DATABASE_URL": url, "EVIDENCE_JOB_POLL_SECONDS": "0.05"}
    line = [sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    with (folder / "service.log").open("wb") as log, subprocess.Popen(line, cwd=ROOT, env=environment, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


def await_job(engine: Engine, job: str) -> Job:
    """The job when its worker has everything ready and has begun to write."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with reading(engine) as session:
            row = session.get_one(Job, job)
        if row.state == JobState.RUNNING and row.total is not None and row.done == row.total:
            time.sleep(1)  # from the last report to the first rows is a matter of milliseconds
            return row
        time.sleep(0.05)
    raise AssertionError(f"the job is {row.state}, {row.done} of {row.total}")


class TestAProcessKilledInTheMiddle:
    def test_of_a_commit_leaves_nothing_and_the_next_one_does_it_all(
        self, engine_url: str, keys: Keys, engine: Engine, tmp_path: Path
    ) -> None:
        with quick_client(engine_url) as client:
            found = read(client, keys.contributor, export(FileFormat.NBIB, range(300)), "pubmed.nbib")
        with quick_client(engine_url, workers=False) as client:
            asked: Json = client.post(f"/v1/imports/{found['id']}/commit", headers=header(keys.contributor)).json()
        with stuck_in_the_middle(engine):
            with service_process(engine_url, tmp_path) as process:
                await_job(engine, asked["id"])
                process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE_SECONDS)
            assert (number_of(engine, Study), number_of(engine, StudyRevision)) == (0, 0)
        assert differences(engine) == []
        with quick_client(engine_url, job_lost_seconds=1) as client:
            ended = wait_for(client, keys.contributor, asked["id"])
            assert (ended["state"], ended["done"]) == ("succeeded", 300)
        assert number_of(engine, Study) == 300
        assert differences(engine) == []

    def test_of_a_dry_run_is_made_good_by_the_next_one(self, engine_url: str, keys: Keys, engine: Engine, tmp_path: Path) -> None:
        with quick_client(engine_url, workers=False) as client:
            sent: Json = send(client, keys.contributor, export(FileFormat.NBIB, range(MANY)), "pubmed.nbib").json()
        with service_process(engine_url, tmp_path) as process:
            until = time.monotonic() + PATIENCE_SECONDS
            while self._records_read(engine, sent["job"]["id"]) < 1 and time.monotonic() < until:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_SECONDS)
        with reading(engine) as session:
            left = session.execute(select(col(Job.state)).where(col(Job.kind) == JobKind.READ_IMPORT)).scalar_one()
        assert left == JobState.RUNNING
        with quick_client(engine_url, job_lost_seconds=1) as client:
            ended = wait_for(client, keys.contributor, sent["job"]["id"])
            assert ended["state"] == "succeeded"
            found = client.get(ended["import_href"], headers=header(keys.contributor)).json()
        assert counts(found, "records", *STATUSES) == (MANY, MANY, 0, 0, 0)

    def _records_read(self, engine: Engine, job: str) -> int:
        with reading(engine) as session:
            return session.get_one(Job, job).done
