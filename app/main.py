"""The application: settings in, one ASGI callable out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from sqlalchemy import Engine, text

from app.actions.source_health import HealthKeeper
from app.api import ROUTERS
from app.database import HEAD_REVISION, POOL_SIZE, make_engine, migration_revision, reading
from app.errors import SourceProblem
from app.models.base import utc_now
from app.queries.ledger_clock import LedgerClock
from app.queries.source_health import health_to_json, load_source_health
from app.settings import Settings, get_settings
from app.sources.client import SourceClient
from app.web.dependencies import NO_BAD_KEY, NO_UNKNOWN_RECORD
from app.web.door import Door
from app.web.key_use import KeyUse
from app.web.metrics import Metrics
from app.web.openapi import install_openapi, operation_id
from app.web.problems import install_problem_handlers
from app.web.request_context import configure_logging
from app.workers.jobs import JobWorker
from app.workers.ledger_follower import LedgerFollower

VERSION = "0.1.0"
DESCRIPTION = (
    "What the studies say about a treatment for a condition, how sure one can be, and why: every rating carries its explanation, "
    "its inputs, its method version and its history. Reading is open; writing needs an API key. This is not medical advice."
)


def create_app(settings: Settings | None = None) -> Door:
    """The whole service behind its one door."""
    settings = settings or get_settings()
    configure_logging(settings)
    engine = make_engine(settings.database_url)
    read_engine = make_engine(settings.database_read_url) if settings.database_read_url else engine
    clock, worker = _make_clock(engine, read_engine), JobWorker(engine, settings)
    metrics, health = Metrics(read_engine), HealthKeeper(engine)
    sources = SourceClient(settings, tell=lambda source, problem: _tell(metrics, health, source, problem))
    key_use = KeyUse(engine)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = POOL_SIZE
        if settings.workers:
            worker.start()
        clock.start()
        yield
        await anyio.to_thread.run_sync(worker.stop)
        clock.close()
        sources.close()
        await anyio.to_thread.run_sync(health.close)
        key_use.close()
        for one in {engine, read_engine}:
            one.dispose()

    app = FastAPI(
        title="Evidence Ledger",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
    )
    app.state.settings, app.state.engine, app.state.read_engine = settings, engine, read_engine
    app.state.sources, app.state.metrics, app.state.source_health = sources, metrics, health
    app.state.readiness_details = {"sources": lambda: _source_health(read_engine)}
    app.state.key_use = key_use
    app.state.readiness_checks = {"database": lambda: _database_answers(read_engine), "migrations": lambda: _stands_at_head(engine)}
    install_problem_handlers(app)
    install_openapi(app)
    for router in ROUTERS:
        app.include_router(router, dependencies=[NO_BAD_KEY, NO_UNKNOWN_RECORD] if router.prefix.startswith("/v1") else [])
    return Door(app, settings, clock, metrics.observe_request)


def _make_clock(engine: Engine, read_engine: Engine) -> LedgerClock | LedgerFollower:
    """SQLite is asked for every answer, which costs some microseconds; PostgreSQL tells."""
    return LedgerFollower(engine, read_engine) if engine.dialect.name == "postgresql" else LedgerClock(read_engine)


def _tell(metrics: Metrics, health: HealthKeeper, source: str, problem: SourceProblem | None) -> None:
    metrics.observe_source(source, problem)
    health.tell(source, problem)


def _source_health(engine: Engine) -> list[dict[str, Any]]:
    with reading(engine) as session:
        return [health_to_json(row, utc_now()) for row in load_source_health(session)]


def _database_answers(engine: Engine) -> str | None:
    with reading(engine) as session:
        session.execute(text("SELECT 1"))
    return None


def _stands_at_head(engine: Engine) -> str | None:
    with reading(engine) as session:
        stands_at = migration_revision(session)
    return None if stands_at == HEAD_REVISION else f"the database stands at {stands_at}, this version needs {HEAD_REVISION}"
