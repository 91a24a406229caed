from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.api.health import ReadinessCheck, router
from app.settings import Settings
from app.web.door import Door
from app.web.problems import install_problem_handlers
from tests.web.small_app import PlayedClock


def get(path: str, **checks: ReadinessCheck) -> tuple[int, dict[str, Any], str]:
    app = FastAPI(openapi_url=None)
    app.state.readiness_checks = checks
    install_problem_handlers(app)
    app.include_router(router)
    reply = TestClient(Door(app, Settings(), PlayedClock(lambda: 1))).get(path)
    return reply.status_code, reply.json(), reply.headers["Cache-Control"]


def unreachable() -> str | None:
    raise OperationalError("SELECT 1", {}, Exception("password of the database"))


class TestLive:
    def test_asks_nobody(self) -> None:
        assert get("/health/live", database=unreachable) == (200, {"status": "live"}, "no-store")


class TestReady:
    def test_all_checks_well_is_200(self) -> None:
        status, body, cache = get("/health/ready", database=lambda: None, migrations=lambda: None)
        assert (status, cache) == (200, "no-store")
        assert body == {"status": "ready", "checks": {"database": "ok", "migrations": "ok"}, "details": {}}

    def test_a_reason_is_503_and_named(self) -> None:
        status, body, _ = get("/health/ready", database=lambda: None, migrations=lambda: "stands at 1, not 2")
        assert status == 503
        assert body["type"] == "/problems/service-unavailable"
        assert body["detail"] == "migrations: stands at 1, not 2"
        assert body["checks"] == {"database": "ok", "migrations": "stands at 1, not 2"}

    def test_a_database_that_cannot_be_reached_is_503_without_its_secrets(self) -> None:
        status, body, _ = get("/health/ready", database=unreachable)
        assert status == 503
        assert body["checks"] == {"database": "OperationalError"}
        assert "password" not in str(body)
