"""`meta`: which method, which entry of the ledger and which day an answer rests on."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Change, ChangeSubject
from app.schemas.meta import Meta
from app.synthesis.rating import METHOD_VERSION


def answer_meta(session: Session, *, subjects: Collection[str] | None = None, as_of: date | None = None) -> Meta:
    """One query. `subjects` are the ledger subjects that the answer is made from; None means that any entry may change it."""
    return Meta(method=METHOD_VERSION, sequence=newest_sequence(session, subjects), as_of=as_of)


def newest_sequence(session: Session, subjects: Collection[str] | None) -> int:
    """The newest entry of the ledger, or the newest that touches one of the subjects; 0 where there is none."""
    statement = select(func.max(col(Change.sequence)))
    if subjects is not None:
        statement = select(func.max(col(ChangeSubject.sequence))).where(col(ChangeSubject.subject).in_(sorted(set(subjects))))
    return session.execute(statement).scalar() or 0
