"""Appends a second at the ledger's single append point: alone, in groups, and as what accepting a study costs end to end.

    .venv/bin/python benchmarks/appends.py                                       # SQLite, `synchronous=FULL`, a file of its own
    .venv/bin/python benchmarks/appends.py --postgresql postgresql+psycopg://…   # and an empty database of PostgreSQL, with fsync

One writer is all there is, so more clients do not raise the first two rows: they are the bound. Acceptances come from eight clients on the
other core, each of another study; what is counted was answered with 201, after the commit.
"""

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from sqlalchemy import Engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.actions import ledger
from app.actions.api_keys import authenticate, create_key
from app.actions.reference_records import KINDS, put_record
from app.actions.studies import create_study, submit_study
from app.actor import MAINTENANCE, SEEDING
from app.cli.database import migrate_database
from app.database import make_engine, reading, transaction
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study import StudyDocument
from app.seed import seed
from app.vocabulary import Role
from benchmarks.serving import LOAD_CORE, SERVER_CORE, Server, serve_product
from benchmarks.synthetic import STUDIES_A_CONDITION, body, condition

GROUP = 100
CLIENTS = 8
CONDITIONS = 40
NO_LIMIT = {"EVIDENCE_RATE_LIMIT_WRITES": "off"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postgresql", help="an empty database")
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--submissions", type=int, default=400)
    given = options.parse_args()
    say("| | acts a second | ledger entries a second | CPU of our process for one | p50 / p99 of one |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite:///{folder}/appends.sqlite3", *filter(None, [given.postgresql])):
            measure(url, given.seconds, given.submissions)
    return 0


def measure(url: str, seconds: float, submissions: int) -> None:
    migrate_database(url)
    engine = make_engine(url)
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine.dialect.name]
    seed(engine)
    studies, curators = submit(engine, submissions)
    os.sched_setaffinity(0, {SERVER_CORE})
    tell(f"{name}: one entry a transaction", engine, repeated(lambda: append_one(engine), seconds), time.process_time)
    tell(f"{name}: {GROUP} entries a transaction", engine, repeated(lambda: append_group(engine), seconds), time.process_time)
    with serve_product(url, NO_LIMIT) as server:
        os.sched_setaffinity(0, {LOAD_CORE})
        tell(f"{name}: accepting a study over HTTP, {CLIENTS} clients", engine, accepting(server, studies, curators), server.cpu)
    engine.dispose()


def tell(what: str, engine: Engine, act: Callable[[], list[float]], cpu: Callable[[], float]) -> None:
    before, begun, used = newest(engine), time.perf_counter(), cpu()
    times = sorted(act())
    spent, used = time.perf_counter() - begun, cpu() - used
    p50, p99 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99))
    acts, entries = len(times) / spent, (newest(engine) - before) / spent
    say(f"| {what} | {acts:,.0f} | {entries:,.0f} | {used / len(times) * 1000:.2f} ms | {p50:.1f} / {p99:.1f} ms |")


def newest(engine: Engine) -> int:
    with reading(engine) as session:
        return ledger.tail_of(session)[0]


def repeated(act: Callable[[], None], seconds: float) -> Callable[[], list[float]]:
    """The act again and again, and how long each took."""

    def run() -> list[float]:
        times, until = [], time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            act()
            times.append(time.perf_counter() - begun)
        return times

    return run


def append_one(engine: Engine) -> None:
    with transaction(engine) as session:
        ledger.append(session, by=MAINTENANCE, action="ledger.measured", subject="ledger:benchmark", summary="Measured")


def append_group(engine: Engine) -> None:
    entry = ledger.Entry("ledger.measured", "ledger:benchmark", "Measured")
    with transaction(engine) as session:
        ledger.append_all(session, itertools.repeat(entry, GROUP), by=MAINTENANCE)


def submit(engine: Engine, count: int) -> tuple[list[str], list[str]]:
    """Studies that wait for a decision, spread over conditions of their own, and the keys of those who may decide."""
    with transaction(engine) as session:
        for number in range(CONDITIONS):
            put_record(session, KINDS["condition"], KINDS["condition"].shape.model_validate(condition(number)), by=SEEDING)
        author = authenticate(session, create_key(session, name="Author", role=Role.CONTRIBUTOR))
        curators = [create_key(session, name=f"Curator {number}", role=Role.CURATOR) for number in range(CLIENTS)]
    studies = []
    with transaction(engine) as session:
        known = load_known_slugs(session)
        for document in itertools.islice(documents(), count):
            study = create_study(session, document, by=author)
            submit_study(session, study, by=author, known=known)
            studies.append(study.id)
    return studies, curators


def documents() -> Iterator[StudyDocument]:
    """Trials with results, one condition after the other in turn."""
    for round_ in range(STUDIES_A_CONDITION):
        for number in range(CONDITIONS):
            place = number * STUDIES_A_CONDITION + round_
            made = body(place, random.Random(place)) | {"same_participants_as": [], "linked_registration": None}
            if made["results"]:
                yield StudyDocument.model_validate(made)


def accepting(server: Server, studies: list[str], curators: list[str]) -> Callable[[], list[float]]:
    """Every study accepted once, by eight clients at once."""

    def run() -> list[float]:
        waiting, times = iter(studies), []
        threads = [threading.Thread(target=accept_all, args=(server, waiting, key, times)) for key in curators]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(times) != len(studies):
            raise RuntimeError(f"{len(times)} of {len(studies)} studies were accepted")
        return times

    return run


def accept_all(server: Server, waiting: Iterator[str], key: str, times: list[float]) -> None:
    decision = json.dumps({"decision": "accept", "conflict_of_interest": "none"})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=60) as client:
        for study in waiting:
            begun = time.perf_counter()
            answer = client.post(f"/v1/studies/{study}/reviews", content=decision)
            if answer.status_code != httpx.codes.CREATED:
                raise RuntimeError(f"{answer.status_code}: {answer.text}")
            times.append(time.perf_counter() - begun)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
