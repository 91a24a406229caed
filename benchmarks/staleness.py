"""Staleness: how long after a commit through one process another still gives the answer it kept.

    .venv/bin/python benchmarks/staleness.py --database postgresql+psycopg://user@host/name [--replica postgresql+psycopg://…]

The database is migrated and, where it is empty, filled with the founding data; each write leaves a draft in it. Two processes of the
service are started. A study is sent to the first; the second is asked without a pause for a page that it keeps, until its
`Evidence-Revision` has come to that of the write. Measured from the moment the writer's client has its answer (what a person could
notice), and from the moment it began to send (more than the truth by the whole write). Exits 1 when one takes longer than `--limit`.
"""

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.actions.api_keys import create_key
from app.cli.database import migrate_database
from app.database import make_engine, transaction
from app.seed import seed
from app.vocabulary import Role
from benchmarks.serving import LOAD_CORE, Server, serve_product

PAGE = "/v1/conditions/migraine"
GIVEN_UP_SECONDS = 30
DRAFT = {
    "title": "A study sent to see how long it takes to be heard of",
    "kind": "primary",
    "design": "randomised-trial",
    "intervention": "craniosacral-therapy",
    "conditions": ["migraine"],
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", required=True)
    options.add_argument("--replica")
    options.add_argument("--writes", type=int, default=200)
    options.add_argument("--limit", type=float, default=50, help="milliseconds")
    given = options.parse_args()
    key = prepare(given.database)
    os.sched_setaffinity(0, {LOAD_CORE})
    settings = {"EVIDENCE_DATABASE_READ_URL": given.replica} if given.replica else {}
    with serve_product(given.database, settings) as writer, serve_product(given.database, settings) as reader:
        time.sleep(3)  # a replica is taken into use within a second
        answered, sent = measure(writer, reader, key, given.writes)
    say(f"{given.writes} writes through one process, read through another; milliseconds until it is heard of")
    report("after the answer to the write", answered)
    report("after the write was sent", sent)
    return 1 if max(answered) > given.limit else 0


def prepare(database: str) -> str:
    """A key for the writer, on a database that has something to read."""
    migrate_database(database)
    engine = make_engine(database)
    try:
        seed(engine)
        with transaction(engine) as session:
            return create_key(session, name=f"Staleness {uuid4().hex}", role=Role.CONTRIBUTOR)
    finally:
        engine.dispose()


def measure(writer: Server, reader: Server, key: str, writes: int) -> tuple[list[float], list[float]]:
    asking = http.client.HTTPConnection("127.0.0.1", reader.port)
    sending = http.client.HTTPConnection("127.0.0.1", writer.port)
    answered, sent = [], []
    for number in range(-5, writes):  # the first ones only warm it all up
        stands_at(asking)
        begun = time.perf_counter()
        told = write(sending, key)
        had_answer = time.perf_counter()
        while stands_at(asking) < told:
            if time.perf_counter() - had_answer > GIVEN_UP_SECONDS:
                raise SystemExit(f"entry {told} was not heard of within {GIVEN_UP_SECONDS} seconds")
        heard = time.perf_counter()
        if number >= 0:
            answered.append((heard - had_answer) * 1000)
            sent.append((heard - begun) * 1000)
    return answered, sent


def stands_at(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", PAGE, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.client.OK:
        raise SystemExit(f"{PAGE} answered {answer.status}")
    return int(answer.headers["Evidence-Revision"])


def write(connection: http.client.HTTPConnection, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/studies", json.dumps({**DRAFT, "doi": f"10.5555/{uuid4().hex}"}), headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.client.CREATED:
        raise SystemExit(f"the write answered {answer.status}: {said[:500]!r}")
    return int(answer.headers["Evidence-Revision"])


def report(what: str, values: Sequence[float]) -> None:
    ordered = sorted(values)
    say(f"  {what:<32} median {median(ordered):6.2f}   99 % {ordered[int(len(ordered) * 0.99)]:6.2f}   max {ordered[-1]:6.2f}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
