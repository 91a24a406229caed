"""How the literature services fare, and the other numbers by which an operator watches the service. Not about health, not in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Job, PublicationNotice, SourceHealth
from app.queries.answer_meta import newest_sequence
from app.schemas.lookup import SourceName
from app.vocabulary import NoticeStatus

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServiceNumbers:
    sequence: int
    open_notices: int
    jobs: Mapping[str, int]
    """State to the number of jobs in it."""
    sources: tuple[SourceHealth, ...]


def load_source_health(session: Session) -> tuple[SourceHealth, ...]:
    """One row for each service, also for one that was never asked. One query."""
    rows = {row.source: row for row in session.execute(select(SourceHealth)).scalars()}
    return tuple(rows.get(name) or SourceHealth(source=name) for name in SourceName)


def load_service_numbers(session: Session) -> ServiceNumbers:
    """Four queries."""
    waiting = select(func.count()).select_from(PublicationNotice).where(col(PublicationNotice.status) == NoticeStatus.OPEN)
    jobs = select(col(Job.state), func.count()).group_by(col(Job.state))
    return ServiceNumbers(
        sequence=newest_sequence(session, None),
        open_notices=session.execute(waiting).scalar_one(),
        jobs=dict(session.execute(jobs).all()),
        sources=load_source_health(session),
    )


def age_of(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since then; None where it never was."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _state_of(row: SourceHealth) -> str:
    if row.consecutive_failures:
        return "failing"
    return "ok" if row.last_success_at is not None else "unknown"


def health_to_json(row: SourceHealth, now: datetime) -> Json:
    age = age_of(row.last_success_at, now)
    return {
        "source": row.source,
        "state": _state_of(row),
        "last_success_at": row.last_success_at,
        "last_success_age_seconds": None if age is None else round(age),
        "last_failure_at": row.last_failure_at,
        "last_failure_kind": row.last_failure_kind,
        "last_failure": row.last_failure,
        "consecutive_failures": row.consecutive_failures,
    }
