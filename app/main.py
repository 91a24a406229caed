"""The application: settings in, one ASGI callable out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from sqlalchemy import Engine, text

from app.api import ROUTERS
from app.database import HEAD_REVISION, POOL_SIZE, make_engine, migration_revision, reading
from app.queries.ledger_clock import LedgerClock
from app.settings import Settings, get_settings
from app.sources.client import SourceClient
from app.web.dependencies import NO_BAD_KEY, NO_UNKNOWN_RECORD
from app.web.door import Door
from app.web.openapi import install_openapi, operation_id
from app.web.problems import install_problem_handlers
from app.web.request_context import configure_logging

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
    clock, sources = LedgerClock(read_engine), SourceClient(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = POOL_SIZE
        yield
        clock.close()
        sources.close()
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
    app.state.sources = sources
    app.state.readiness_checks = {"database": lambda: _database_answers(read_engine), "migrations": lambda: _stands_at_head(engine)}
    install_problem_handlers(app)
    install_openapi(app)
    for router in ROUTERS:
        app.include_router(router, dependencies=[NO_BAD_KEY, NO_UNKNOWN_RECORD] if router.prefix.startswith("/v1") else [])
    return Door(app, settings, clock.read)


def _database_answers(engine: Engine) -> str | None:
    with reading(engine) as session:
        session.execute(text("SELECT 1"))
    return None


def _stands_at_head(engine: Engine) -> str | None:
    with reading(engine) as session:
        stands_at = migration_revision(session)
    return None if stands_at == HEAD_REVISION else f"the database stands at {stands_at}, this version needs {HEAD_REVISION}"
