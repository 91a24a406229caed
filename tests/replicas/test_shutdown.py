"""SIGTERM: what was begun is ended and answered, nothing new is begun, and a load balancer is told in time."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from app.database import make_engine, transaction
from tests.conftest import Keys
from tests.factories import a_body
from tests.replicas.acts import NECK
from tests.replicas.cluster import Service, Slow, ask, becomes, ready, running

SLOW_LEDGER = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2.5); RETURN NEW; END $$;
CREATE TRIGGER dawdle BEFORE INSERT ON change FOR EACH ROW EXECUTE FUNCTION dawdle();
"""
SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture
def slow_ledger(database: str) -> Iterator[None]:
    """Every write takes some seconds."""
    engine = make_engine(database)
    with transaction(engine) as session:
        session.connection().exec_driver_sql(SLOW_LEDGER)
    yield
    with transaction(engine) as session:
        session.connection().exec_driver_sql("DROP TRIGGER dawdle ON change; DROP FUNCTION dawdle()")
    engine.dispose()


def refuses(service: Service) -> bool:
    try:
        service.get("/health/live")
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


class Both(NamedTuple):
    draining: Service
    impatient: Service


@pytest.fixture(scope="module")
def both(folder: Path, database: str) -> Iterator[Both]:
    """Started at once, since that takes longest."""
    with running(folder, database, drain_seconds="1") as draining, running(folder, database, shutdown_seconds="1") as impatient:
        yield Both(ready(draining), ready(impatient))


class TestTerm:
    def test_what_is_under_way_is_ended_and_a_load_balancer_is_told_first(
        self, both: Both, database: str, keys: Keys, slow_ledger: None
    ) -> None:
        service = both.draining
        writing = Slow(lambda: service.post("/v1/studies", keys.contributor, a_body(title="Slowly written")))
        assert becomes(lambda: ask(database, SLEEPS) == 1)
        service.process.send_signal(signal.SIGTERM)
        assert becomes(lambda: service.get("/health/ready").status_code == 503)
        assert service.get("/health/ready").json()["detail"] == "process: it is shutting down"
        assert (service.get(NECK).status_code, service.get("/health/live").status_code) == (200, 200)
        assert becomes(lambda: refuses(service))
        answer = writing.answer()
        assert answer.status_code == 201
        service.end()
        assert ask(database, "SELECT count(*) FROM study WHERE id = %s", answer.json()["id"]) == 1

    def test_what_takes_longer_than_allowed_is_broken_off_and_nothing_of_it_stays(
        self, both: Both, database: str, keys: Keys, slow_ledger: None
    ) -> None:
        before = ask(database, "SELECT count(*) FROM change")
        service = both.impatient
        writing = Slow(lambda: service.post("/v1/studies", keys.contributor, a_body(title="Slowly, too slowly")))
        assert becomes(lambda: ask(database, SLEEPS) == 1)
        service.end()
        assert not writing.is_answered()
        assert becomes(lambda: ask(database, SLEEPS) == 0)
        assert ask(database, "SELECT count(*) FROM change") == before
