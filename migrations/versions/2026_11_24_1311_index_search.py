"""index search

FTS5 over `search_entry`, kept by triggers, on SQLite; a generated tsvector with a GIN index on PostgreSQL. Both fold
diacritics and stem English words; the short prefixes that people type are indexed on SQLite.

Revision: 2026112402
Follows: 2026112401
"""

from alembic import op

revision = "2026112402"
down_revision = "2026112401"
branch_labels = None
depends_on = None

SQLITE_UP = (
    """CREATE VIRTUAL TABLE search_index USING fts5(
        title, words, content='search_entry', content_rowid='id',
        tokenize="porter unicode61 remove_diacritics 2", prefix='2 3')""",
    """CREATE TRIGGER search_entry_insert AFTER INSERT ON search_entry BEGIN
        INSERT INTO search_index(rowid, title, words) VALUES (new.id, new.title, new.words); END""",
    """CREATE TRIGGER search_entry_delete AFTER DELETE ON search_entry BEGIN
        INSERT INTO search_index(search_index, rowid, title, words) VALUES ('delete', old.id, old.title, old.words); END""",
    """CREATE TRIGGER search_entry_update AFTER UPDATE ON search_entry BEGIN
        INSERT INTO search_index(search_index, rowid, title, words) VALUES ('delete', old.id, old.title, old.words);
        INSERT INTO search_index(rowid, title, words) VALUES (new.id, new.title, new.words); END""",
    "INSERT INTO search_index(search_index) VALUES ('rebuild')",
)
SQLITE_DOWN = (
    "DROP TRIGGER search_entry_update",
    "DROP TRIGGER search_entry_delete",
    "DROP TRIGGER search_entry_insert",
    "DROP TABLE search_index",
)
POSTGRESQL_UP = (
    "CREATE EXTENSION IF NOT EXISTS unaccent",
    # unaccent() itself is only STABLE (its dictionary can change), which a generated column refuses; this wrapper is the usual way
    # punctuation parts words, as it does in FTS5: PostgreSQL's parser would keep "HIT-6" and "deficit/hyperactivity" whole
    r"""CREATE FUNCTION search_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$ SELECT regexp_replace(public.unaccent('public.unaccent', $1), '[!-/:-@\[-`{-~]+', ' ', 'g') $$""",
    """ALTER TABLE search_entry ADD COLUMN document_vector tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', search_fold(title)), 'A') || setweight(to_tsvector('english', search_fold(words)), 'B')) STORED""",
    "CREATE INDEX search_index_document_vector ON search_entry USING gin (document_vector)",
)
POSTGRESQL_DOWN = (
    "DROP INDEX search_index_document_vector",
    "ALTER TABLE search_entry DROP COLUMN document_vector",
    "DROP FUNCTION search_fold(text)",
)


def upgrade() -> None:
    for statement in SQLITE_UP if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in SQLITE_DOWN if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_DOWN:
        op.execute(statement)
