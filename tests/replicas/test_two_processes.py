"""Two processes of the service on one primary and its replica: what a client was told holds wherever it asks next."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import make_url

from tests.conftest import Keys
from tests.factories import a_body
from tests.postgres import SETTINGS
from tests.replicas.acts import NECK, add_study
from tests.replicas.cluster import Replica, Service, Slow, ask, becomes, ready, running

STALE_SECONDS = 10
"""Far more than it takes: the measured number is in docs/operations.md."""
LATE_SECONDS = 1.5


class Two(NamedTuple):
    patient: Service
    """Reads the replica however late it is."""
    strict: Service
    """Leaves it soon."""


@pytest.fixture(scope="module")
def two(folder: Path, database: str, replica: Replica) -> Iterator[Two]:
    replica_url = replica.url_of(database)
    with (
        running(folder, database, replica_url, replica_late_seconds="3600") as patient,
        running(folder, database, replica_url, replica_late_seconds=str(LATE_SECONDS)) as strict,
    ):
        yield Two(ready(patient), ready(strict))
        for service in (patient, strict):
            assert [line for line in service.log.read_text().splitlines() if '"crash"' in line] == []


@pytest.fixture(autouse=True)
def replica_is_read(two: Two) -> None:
    for service in two:
        assert becomes(service.reads_replica), service.replica()


@pytest.fixture
def paused(replica: Replica, database: str) -> Iterator[None]:
    replica.pause(database)
    yield
    replica.resume(database)


class TestWhatWasTold:
    def test_holds_in_the_other_process_when_it_is_sent_back(self, two: Two, keys: Keys) -> None:
        for number in range(4):
            writer, reader = (two.patient, two.strict) if number % 2 else (two.strict, two.patient)
            study, told = add_study(writer, keys, f"Read at once, {number}")
            answer = reader.get(f"/v1/studies/{study}", Min_Evidence_Revision=str(told))
            assert answer.status_code == 200, answer.text
            assert int(answer.headers["Evidence-Revision"]) >= told
            listed = reader.get(f"{NECK}/studies?limit=200", Min_Evidence_Revision=str(told)).json()["items"]
            assert study in [one["id"] for one in listed]

    def test_holds_for_whoever_sends_a_key_without_more(self, two: Two, keys: Keys, paused: None) -> None:
        study, told = add_study(two.strict, keys, "Read with a key")
        answer = two.patient.get(f"/v1/studies/{study}", Authorization=f"Bearer {keys.contributor}")
        assert answer.status_code == 200
        assert int(answer.headers["Evidence-Revision"]) >= told

    def test_is_soon_seen_by_all_and_what_they_kept_is_let_go(self, two: Two, keys: Keys) -> None:
        path = f"{NECK}/studies?limit=200"
        for number in range(3):
            before = [service.get(path).json()["items"] for service in two]  # now they keep it
            study, _ = add_study(two[number % 2], keys, f"Seen by all, {number}")
            committed = time.monotonic()
            assert study not in str(before)
            for service in two:
                assert becomes(partial(shows, service, path, study))
            assert time.monotonic() - committed < STALE_SECONDS

    def test_a_ledger_that_never_came_so_far_says_so(self, two: Two) -> None:
        answer = two.patient.get(NECK, Min_Evidence_Revision="999999")
        assert answer.status_code == 412
        assert answer.json()["type"] == "/problems/revision-not-reached"
        assert answer.json()["newest"] == int(answer.headers["Evidence-Revision"]) < 999999


def shows(service: Service, path: str, study: str) -> bool:
    return study in service.get(path).text


class TestPausedReplica:
    def test_gives_old_answers_that_say_so_and_new_ones_to_who_asks(self, two: Two, keys: Keys, paused: None) -> None:
        service = two.patient
        service.get(NECK)
        study, told = add_study(two.strict, keys, "While the replica stands still")
        old = service.get(f"/v1/studies/{study}")
        assert (old.status_code, int(old.headers["Evidence-Revision"]) < told) == (404, True)
        kept = service.get(NECK)
        assert int(kept.headers["Evidence-Revision"]) < told
        assert kept.json()["meta"]["sequence"] <= int(kept.headers["Evidence-Revision"])
        new = service.get(NECK, Min_Evidence_Revision=str(told))
        assert int(new.headers["Evidence-Revision"]) == new.json()["meta"]["sequence"] == told
        assert service.get(f"/v1/studies/{study}", Min_Evidence_Revision=str(told)).status_code == 200
        assert service.get(NECK).headers["ETag"] == kept.headers["ETag"]
        assert becomes(lambda: service.number("evidence_replica_lag_entries") == told - int(old.headers["Evidence-Revision"]))
        assert service.reads_replica()

    def test_is_left_when_it_is_late_and_read_again_when_it_has_come(
        self, two: Two, keys: Keys, replica: Replica, database: str, paused: None
    ) -> None:
        service = two.strict
        study, told = add_study(service, keys, "While the replica is late")
        assert becomes(lambda: not service.reads_replica())
        answer = service.get(f"/v1/studies/{study}")
        assert (answer.status_code, int(answer.headers["Evidence-Revision"]) >= told) == (200, True)
        ready_answer = service.get("/health/ready")
        assert ready_answer.status_code == 200
        assert "late" in ready_answer.json()["details"]["replica"]["reason"]
        assert service.number("evidence_replica_read") == 0
        replica.resume(database)
        assert becomes(service.reads_replica)
        assert service.number("evidence_replica_lag_entries") == 0
        assert service.get(f"/v1/studies/{study}").status_code == 200


class TestReplicaThatEnds:
    def test_reads_go_on_and_return_to_it_when_it_is_back(self, two: Two, keys: Keys, replica: Replica) -> None:
        service = two.patient
        paths = [NECK, f"{NECK}/studies?limit=3", "/v1/changes?limit=2", "/v1/evidence?condition=neck-pain"]
        replica.stop()
        try:
            seen = [service.get(f"{path}{'&' if '?' in path else '?'}fields=meta") for _ in range(3) for path in paths[1:]]
            seen += [service.get(path) for _ in range(3) for path in paths]
            assert {answer.status_code for answer in seen} <= {200, 400}
            assert {service.get(path).status_code for path in paths} == {200}
            study, told = add_study(service, keys, "While the replica is away")
            assert service.get(f"/v1/studies/{study}").status_code == 200
            assert becomes(lambda: "does not answer" in str(service.replica()["reason"]))
            assert service.get("/health/ready").status_code == 200
            assert service.number("evidence_replica_lag_entries") is None
        finally:
            replica.start()
        assert becomes(service.reads_replica)
        answer = service.get(f"/v1/studies/{study}")
        assert (answer.status_code, int(answer.headers["Evidence-Revision"]) >= told) == (200, True)


class TestPrimaryThatIsAway:
    def test_reads_go_on_from_the_replica_and_writes_say_that_they_cannot(
        self, two: Two, primary: str, replica: Replica, keys: Keys
    ) -> None:
        service = two.patient
        study, told = add_study(service, keys, "Before the primary went")
        assert becomes(service.reads_replica)
        assert becomes(lambda: service.stands_at() == told)
        folder = str(make_url(primary).query["host"])
        run = replica.launcher.run
        run("pg_ctl", "-w", "-D", f"{folder}/cluster", "-m", "immediate", "stop")
        try:
            for path in (NECK, f"/v1/studies/{study}", f"{NECK}/studies?limit=7"):
                answer = service.get(path, Min_Evidence_Revision=str(told))
                assert (answer.status_code, answer.headers["Evidence-Revision"]) == (200, str(told)), path
            refused = service.post("/v1/studies", keys.contributor, a_body(title="Lost?"))
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/service-unavailable")
            assert service.get(NECK, Min_Evidence_Revision=str(told + 1)).status_code == 503
            assert service.get("/v1/review-queue", Authorization=f"Bearer {keys.curator}").status_code == 503
            assert becomes(lambda: "does not answer" in service.get("/health/ready").json()["details"]["primary"])
            assert service.get("/health/ready").status_code == 200
            assert service.number("evidence_database_up") == 0
        finally:
            options = " ".join(f"-c {key}={value}" for key, value in SETTINGS.items())
            run(
                "pg_ctl",
                "-w",
                "-D",
                f"{folder}/cluster",
                "-l",
                replica.launcher.folder / "primary-log",
                "-o",
                f"{options} -k {folder}",
                "start",
            )
        assert becomes(lambda: service.get("/health/ready").json()["details"]["primary"] == "ok")
        study, told = add_study(service, keys, "After it came back")
        assert service.get(f"/v1/studies/{study}", Min_Evidence_Revision=str(told)).status_code == 200
        assert becomes(lambda: service.get(f"/v1/studies/{study}").status_code == 200)
        assert becomes(service.reads_replica)


class TestQueryInTheWayOfReplay:
    def test_is_asked_again_on_the_primary(self, two: Two, database: str, replica: Replica) -> None:
        """On the replica alone `outcome` is slow to read, and the primary changes the table while it is read there."""
        service = two.patient
        ask(database, SLOW_ON_THE_REPLICA)
        try:
            assert becomes(lambda: ask(replica.url_of(database), "SELECT to_regclass('outcome_row')") is not None)
            with_answer = Slow(lambda: service.get("/v1/outcomes"))
            assert becomes(lambda: ask(replica.url_of(database), IS_READ) > 0)
            ask(database, "ALTER TABLE outcome_row ADD COLUMN of_a_test integer")
            assert with_answer.answer().status_code == 200
            assert [line for line in service.log.read_text().splitlines() if "asked again" in line and '"40001"' in line]
            assert service.reads_replica()
        finally:
            ask(database, AS_IT_WAS)


IS_READ = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
SLOW_ON_THE_REPLICA = """
ALTER TABLE outcome RENAME TO outcome_row;
CREATE VIEW outcome AS SELECT * FROM outcome_row WHERE CASE WHEN pg_is_in_recovery() THEN (SELECT count(*) FROM pg_sleep(40)) ELSE 1 END = 1
"""
AS_IT_WAS = """
DROP VIEW outcome;
ALTER TABLE outcome_row DROP COLUMN IF EXISTS of_a_test;
ALTER TABLE outcome_row RENAME TO outcome
"""
