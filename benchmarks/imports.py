"""Fifty thousand records from file to drafts: how long the dry run and the commit take, and how much memory.

    .venv/bin/python benchmarks/imports.py                 # NBIB and RIS on SQLite, 50,000 records each, about three minutes
    .venv/bin/python benchmarks/imports.py --records 5000 --database postgresql+psycopg://…   # an empty database of one's own

Each format runs in a process of its own, so that the peak of its memory is its own. Exits 1 above the bounds that the service promises.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.actions.api_keys import authenticate, create_key
from app.actions.imports import commit_import, receive_file, upload_import
from app.actions.jobs import claim_job
from app.cli.database import migrate_database
from app.database import make_engine, reading, transaction
from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from app.main import create_app
from app.models import Job, ReferenceImport
from app.queries.imports import import_members
from app.schemas.bibliography import Bibliography
from app.settings import Settings
from app.vocabulary import Role
from app.workers.jobs import run_job

MAX_SECONDS = 60
MAX_MEGABYTES = 500
SYLLABLES = ("ba", "co", "di", "fe", "go", "hu", "ka", "lo", "mi", "na", "pe", "ri", "so", "tu", "va", "ze")
FIELD = ("pain", "therapy", "randomised", "trial", "patients", "chronic", "effect", "manual", "quality", "life", "controlled", "pilot")


def word(numbers: random.Random) -> str:
    return "".join(numbers.choices(SYLLABLES, k=numbers.randint(2, 4)))


def bibliographies(count: int) -> Iterator[Bibliography]:
    """Titles of 14 words, three of the field and the rest of a vocabulary of some thousands; abstracts of about 1,700 letters."""
    numbers = random.Random(50_000)
    vocabulary = [word(numbers) for _ in range(6_000)]
    for number in range(1, count + 1):
        words = [*numbers.choices(FIELD, k=3), *numbers.choices(vocabulary, k=11)]
        yield Bibliography.model_construct(
            title=" ".join(words).capitalize(),
            authors=[f"{word(numbers).capitalize()} {letter}" for letter in "ABCDE"],
            author_orcids=[],
            year=1990 + number % 36,
            journal=f"Journal of {word(numbers)}",
            volume=str(number % 60 + 1),
            pages=f"{number % 900 + 1}-{number % 900 + 9}",
            language="en",
            doi=f"10.5555/benchmark.{number}",
            pmid=str(90_000_000 + number),
            abstract=" ".join(numbers.choices(vocabulary, k=240)),
            keywords=numbers.sample(vocabulary, 5),
            publication_types=["Journal Article", "Randomized Controlled Trial"],
            urls=[],
        )


def write_file(path: Path, file_format: FileFormat, count: int) -> None:
    with path.open("wb") as file:
        for part in FORMATS[file_format].write(bibliographies(count)):
            file.write(part if isinstance(part, bytes) else part.encode())


def measure(url: str, path: Path) -> bool:
    """One file, sent, read and committed; whether it stayed within the bounds."""
    migrate_database(url)
    app = create_app(Settings(database_url=url, workers=False))  # what a server has in its memory beside the worker
    engine = make_engine(url)
    with transaction(engine) as session:
        by = authenticate(session, create_key(session, name="Benchmark", role=Role.CONTRIBUTOR))

    def send() -> tuple[ReferenceImport, Job]:
        with path.open("rb") as stream, transaction(engine) as session:
            return upload_import(session, receive_file(stream, path.name, max_bytes=10**9), by=by)

    def work() -> None:
        job = claim_job(engine, lost_after=timedelta(minutes=5))
        if job is None:
            raise RuntimeError("somebody else took the job: the database must be one's own")
        worker = threading.Thread(target=run_job, args=(engine, job))
        worker.start()
        worker.join()

    sent, _, (row, _) = timed(send)
    read, read_cpu, _ = timed(work)
    peak_of_reading = peak_megabytes()
    with transaction(engine) as session:
        commit_import(session, session.get_one(ReferenceImport, row.id), by=by)
    committed, committed_cpu, _ = timed(work)
    with reading(engine) as session:
        counts = import_members(session, session.get_one(ReferenceImport, row.id))["counts"]
    engine.dispose()
    peak = peak_megabytes()
    size = path.stat().st_size / 1e6
    sys.stdout.write(
        f"{path.suffix[1:]}: {counts['records']:,} records, {size:.0f} MB: sent in {sent:.1f} s; dry run {read:.1f} s, CPU {read_cpu:.1f}; "
        f"commit of {counts['created']:,} drafts {committed:.1f} s, CPU {committed_cpu:.1f}; "
        f"peak {peak_of_reading:.0f} MB after the dry run, {peak:.0f} MB after the commit, in a process with the "
        f"{len(app.app.routes)} routes of the service\n"
    )
    return max(read, committed) < MAX_SECONDS and peak < MAX_MEGABYTES


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def timed(act: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds on the clock, seconds of the processor (less where others use it too), and what the act gave."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    done = act()
    return time.perf_counter() - begun, time.process_time() - begun_cpu, done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--formats", nargs="+", choices=[one.value for one in FileFormat], default=["nbib", "ris"])
    parser.add_argument("--database", help="an empty database; without it a new SQLite file for each format")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)  # what a process of its own measures
    options = parser.parse_args()
    if options.file is not None:
        return 0 if measure(options.database, options.file) else 1
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.formats:
            path = Path(folder) / f"benchmark{FORMATS[FileFormat(name)].suffix}"
            write_file(path, FileFormat(name), options.records)
            url = options.database or f"sqlite:///{folder}/{name}.sqlite3"
            line = [sys.executable, __file__, "--database", url, "--file", str(path)]
            status |= subprocess.run(line, env=os.environ, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
