"""When a key was last used. The one thing about a key that is no entry of the ledger: it says nothing of what was done."""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ApiKey

WRITTEN_EVERY = timedelta(minutes=5)


def record_use(session: Session, prefix: str, moment: datetime) -> None:
    """Note the moment, unless one was noted within the last minutes, by this process or another."""
    stale = or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) <= moment - WRITTEN_EVERY)
    session.execute(update(ApiKey).where(col(ApiKey.prefix) == prefix, stale).values(last_used_at=moment))
