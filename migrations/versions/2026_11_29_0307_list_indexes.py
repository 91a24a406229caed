"""indexes of the lists of studies

A list walks along an index that holds what it is filtered by, and behind it the order of the list: a page then costs the same among a
million studies as among a thousand. Only accepted studies are listed, so only they are indexed. The engines write the order of missing
years differently, which is why these indexes are made by hand; whoever makes the table anew in a later migration makes them anew too.

Revision: 2026112907
Follows: 2026112906
"""

from alembic import op

revision = "2026112907"
down_revision = "2026112906"
branch_labels = None
depends_on = None

FILTERS = ("intervention", "kind", "design", "publication_status", "status", "age_group", "country", "language")
REPLACED = {
    "ix_study_year_id": ("study", ["year", "id"]),
    "ix_study_intervention_year_id": ("study", ["intervention", "year", "id"]),
    "ix_study_kind_year_id": ("study", ["kind", "year", "id"]),
    "ix_study_condition_condition_year_study_id": ("study_condition", ["condition", "year", "study_id"]),
}


def indexes() -> dict[str, str]:
    """Name to table, columns and which rows."""
    last = " NULLS LAST" if op.get_bind().dialect.name == "postgresql" else ""  # SQLite has them last by itself, and no word for it
    accepted = "WHERE live_revision IS NOT NULL"
    return {
        "newest": f"study (year DESC{last}, id) {accepted}",
        "oldest": f"study (year, id) {accepted}",
        "largest": f"study (n_randomised DESC{last}, id) {accepted}",
        "smallest": f"study (n_randomised, id) {accepted}",
        "title": f"study (title, id) {accepted}",
        **{name: f"study ({name}, year DESC{last}, id) {accepted}" for name in FILTERS},
        "of_condition": f"study_condition (condition, year DESC{last}, study_id)",
    }


def upgrade() -> None:
    for name, what in indexes().items():
        op.execute(f"CREATE INDEX list_index_{name} ON {what}")
    for name, (table, _) in REPLACED.items():
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    for name, (table, columns) in REPLACED.items():
        op.create_index(name, table, columns)
    for name in indexes():
        op.execute(f"DROP INDEX list_index_{name}")
