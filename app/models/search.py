from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel


class SearchEntry(SQLModel, table=True):
    """One thing that can be found by its words. The full-text index over `title` and `words` is the engine's own:
    FTS5 kept by triggers on SQLite, a generated tsvector on PostgreSQL (see the migration that makes them)."""

    __tablename__ = "search_entry"
    __table_args__ = (Index("ix_search_entry_kind_reference", "kind", "reference", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    reference: str
    title: str = Field(sa_type=Text)
    words: str = Field(sa_type=Text)
