"""What `/health/ready` asks: may requests be sent to this process? And what it tells besides."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.database import HEAD_REVISION, migration_revision, reading
from app.models.base import utc_now
from app.queries.read_source import ReadSource
from app.queries.source_health import health_to_json, load_source_health
from app.web.draining import Draining

Check = Callable[[], str | None]
"""Gives None when all is well, otherwise a sentence that says what is not."""


def readiness_checks(source: ReadSource, draining: Draining) -> Mapping[str, Check]:
    return {
        "process": lambda: "it is shutting down" if draining.begun else None,
        "database": lambda: _database_answers(source),
        "migrations": lambda: _stands_high_enough(source),
    }


def readiness_details(source: ReadSource) -> Mapping[str, Callable[[], Any]]:
    """None of this makes a process unready: without the replica reads go to the primary, without the primary to the replica."""
    details: dict[str, Callable[[], Any]] = {"sources": lambda: _source_health(source), "migrations": lambda: _migrations(source)}
    return details if source.replica is None else {**details, "primary": lambda: source.primary_trouble or "ok", "replica": source.as_json}


def _database_answers(source: ReadSource) -> str | None:
    if source.reads_replica:
        try:
            with reading(source.engine) as session:
                session.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            source.leave(f"it does not answer: {type(error).__name__}")
        else:
            return None
    with reading(source.primary) as session:
        session.execute(text("SELECT 1"))
    return None


def _stands_high_enough(source: ReadSource) -> str | None:
    """At the newest migration that this version knows, or beyond: a newer version was rolled out, whose migrations only add."""
    stands_at = _stands_at(source)
    enough = stands_at is not None and stands_at >= HEAD_REVISION
    return None if enough else f"the database stands at {stands_at}, this version needs {HEAD_REVISION}"


def _migrations(source: ReadSource) -> dict[str, Any]:
    stands_at = _stands_at(source)
    return {"database": stands_at, "version": HEAD_REVISION, "outdated": stands_at is not None and stands_at > HEAD_REVISION}


def _stands_at(source: ReadSource) -> str | None:
    with reading(source.engine) as session:
        return migration_revision(session)


def _source_health(source: ReadSource) -> list[dict[str, Any]]:
    with reading(source.engine) as session:
        return [health_to_json(row, utc_now()) for row in load_source_health(session)]
