from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from app.models.base import UTCDateTime


class Comment(SQLModel, table=True):
    """What somebody said about a revision of a study. It is never edited; its author may take it back, and its text is gone then.

    `text_sha256` is the hash of `salt` and text together. The salt goes with the text, so that nobody can try guesses against what
    is left; the ledger's pin of the row still holds.
    """

    __table_args__ = (Index("ix_comment_study_id_created_at", "study_id", "created_at"),)

    id: str = Field(primary_key=True, max_length=36)
    study_id: str = Field(foreign_key="study.id")
    revision: int
    audience: str
    pointer: str | None = None
    reply_to: str | None = Field(default=None, foreign_key="comment.id", max_length=36)
    text: str | None = Field(default=None, sa_type=Text)
    salt: str | None = None
    text_sha256: str
    author: str
    created_at: datetime = Field(sa_type=UTCDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawn_by: str | None = None
