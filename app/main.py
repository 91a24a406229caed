"""The application: settings in, one ASGI callable out."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from app.actions.source_health import HealthKeeper
from app.api import ROUTERS
from app.api.short_ways import SHORT_WAYS
from app.database import POOL_SIZE, make_engine
from app.errors import SourceProblem
from app.queries.ledger_clock import LedgerClock
from app.queries.read_source import ReadSource
from app.settings import Settings, get_settings
from app.sources.client import SourceClient
from app.web.dependencies import NO_BAD_KEY, NO_UNKNOWN_RECORD
from app.web.door import Door
from app.web.draining import Draining
from app.web.key_use import KeyUse
from app.web.metrics import Metrics
from app.web.openapi import install_openapi, operation_id
from app.web.problems import install_problem_handlers
from app.web.readiness import readiness_checks, readiness_details
from app.web.request_context import configure_logging
from app.web.short_way import ShortWay
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
    source = ReadSource(engine, make_engine(settings.database_read_url) if settings.database_read_url else None)
    clock, worker = _make_clock(source, settings), JobWorker(engine, settings)
    metrics, health = Metrics(source), HealthKeeper(engine)
    sources = SourceClient(settings, tell=lambda source, problem: _tell(metrics, health, source, problem))
    key_use, draining = KeyUse(engine), Draining(settings.drain_seconds)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = POOL_SIZE
        if settings.workers:
            worker.start()
        clock.start()
        draining.await_signal(asyncio.get_running_loop())
        yield
        await anyio.to_thread.run_sync(worker.stop)
        clock.close()
        sources.close()
        await anyio.to_thread.run_sync(health.close)
        key_use.close()
        source.dispose()

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
    app.state.settings, app.state.engine, app.state.read_source = settings, engine, source
    app.state.sources, app.state.metrics, app.state.source_health = sources, metrics, health
    app.state.key_use = key_use
    app.state.readiness_checks = readiness_checks(source, draining)
    app.state.readiness_details = readiness_details(source)
    install_problem_handlers(app)
    install_openapi(app)
    for router in ROUTERS:
        app.include_router(router, dependencies=[NO_BAD_KEY, NO_UNKNOWN_RECORD] if router.prefix.startswith("/v1") else [])
    return Door(app, settings, clock, metrics.observe_request, ShortWay(SHORT_WAYS, source))


def create_served_app() -> Door:
    """The same for a process that serves until it ends: what its start has made is never garbage, so no collection looks at it again."""
    door = create_app()
    gc.collect()
    gc.freeze()
    return door


def _make_clock(source: ReadSource, settings: Settings) -> LedgerClock | LedgerFollower:
    """SQLite is asked for every answer, which costs some microseconds; PostgreSQL tells."""
    if source.primary.dialect.name == "sqlite":
        return LedgerClock(source.primary)
    return LedgerFollower(source, late_seconds=settings.replica_late_seconds)


def _tell(metrics: Metrics, health: HealthKeeper, source: str, problem: SourceProblem | None) -> None:
    metrics.observe_source(source, problem)
    health.tell(source, problem)
