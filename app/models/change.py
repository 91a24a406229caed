from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class Change(SQLModel, table=True):
    """One entry of the ledger: append-only, numbered without gaps, each holding the hash of the one before.

    `content` is canonical JSON, the very text that was hashed: action, actor, subjects, before and after.
    """

    __table_args__ = (Index("ix_change_subject_sequence", "subject", "sequence"), Index("ix_change_action_sequence", "action", "sequence"))

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    occurred_at: datetime = Field(sa_type=UTCDateTime)
    actor: str
    action: str
    subject: str
    summary: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)
    previous_hash: str
    hash: str


class ChangeSubject(SQLModel, table=True):
    """What an entry touches, for feeds by subject: `condition:migraine`, `study:<id>`, `rating:<condition>/<intervention>`."""

    __tablename__ = "change_subject"

    subject: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, foreign_key="change.sequence")
