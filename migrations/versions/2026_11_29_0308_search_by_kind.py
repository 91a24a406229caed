"""the full-text index knows the kind of each entry, and titles are found whole

Nearly all entries are studies: whoever looks for a condition by a common word would go through all of these. The index of SQLite now
holds the kind as a word of its own, which nobody types. PostgreSQL has an index on it already. What bears exactly the title that was
typed comes first, and is found by an index on both.

Revision: 2026112908
Follows: 2026112907
"""

from collections.abc import Sequence

from alembic import op

revision = "2026112908"
down_revision = "2026112907"
branch_labels = None
depends_on = None

KIND = "kind_word"
TITLES = "search_index_title"
TRIGGERS = ("search_entry_insert", "search_entry_delete", "search_entry_update")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE search_entry ADD COLUMN {KIND} TEXT GENERATED ALWAYS AS ('kind9' || kind) VIRTUAL")
        _make_index(("title", "words", KIND))
        op.execute(f"CREATE INDEX {TITLES} ON search_entry (title COLLATE NOCASE)")
    else:
        op.execute(f"CREATE INDEX {TITLES} ON search_entry (lower(title))")


def downgrade() -> None:
    op.execute(f"DROP INDEX {TITLES}")
    if op.get_bind().dialect.name == "sqlite":
        _make_index(("title", "words"))
        op.execute(f"ALTER TABLE search_entry DROP COLUMN {KIND}")


def _make_index(columns: Sequence[str]) -> None:
    for trigger in TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger}")
    op.execute("DROP TABLE search_index")
    listed = ", ".join(columns)
    old, new = (", ".join(f"{side}.{column}" for column in ("id", *columns)) for side in ("old", "new"))
    put = f"INSERT INTO search_index(rowid, {listed}) VALUES ({new});"  # noqa: S608  names of columns, from above
    take = f"INSERT INTO search_index(search_index, rowid, {listed}) VALUES ('delete', {old});"  # noqa: S608  the same
    op.execute(
        f"""CREATE VIRTUAL TABLE search_index USING fts5(
        {listed}, content='search_entry', content_rowid='id',
        tokenize="porter unicode61 remove_diacritics 2", prefix='2 3')"""
    )
    op.execute(f"CREATE TRIGGER search_entry_insert AFTER INSERT ON search_entry BEGIN {put} END")
    op.execute(f"CREATE TRIGGER search_entry_delete AFTER DELETE ON search_entry BEGIN {take} END")
    op.execute(f"CREATE TRIGGER search_entry_update AFTER UPDATE ON search_entry BEGIN {take} {put} END")
    op.execute("INSERT INTO search_index(search_index) VALUES ('rebuild')")
