"""source checks

Revision: 2026112905
Follows: 2026112904
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "2026112905"
down_revision = "2026112904"
branch_labels = None
depends_on = None

BATCH = 1000
DOCUMENTS = sa.text(
    "SELECT study.id, study_revision.document FROM study JOIN study_revision ON study_revision.study_id = study.id"
    " AND study_revision.number = coalesce(study.live_revision, study.newest_revision)"
    " WHERE study.id > :after ORDER BY study.id LIMIT :batch"
)
SET_COMPLETION = sa.text("UPDATE study SET completed_on = :completed_on WHERE id = :id")


def upgrade() -> None:
    op.create_table(
        "publication_notice",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("asserted_by", sa.String(), nullable=True),
        sa.Column("dated", sa.String(), nullable=True),
        sa.Column("notice_doi", sa.String(), nullable=True),
        sa.Column("notice_pmid", sa.String(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("record_url", sa.Text(), nullable=False),
        sa.Column("record_sha256", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("found_status", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closing_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_publication_notice_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_notice")),
    )
    op.create_index("ix_publication_notice_study_id", "publication_notice", ["study_id"])
    op.create_index("ix_publication_notice_status_id", "publication_notice", ["status", "id"])
    op.create_table(
        "source_check",
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_source_check_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "source", name=op.f("pk_source_check")),
    )
    op.create_table(
        "source_health",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_kind", sa.String(), nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("consecutive_failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_health")),
    )
    op.add_column("study", sa.Column("completed_on", sa.String(), nullable=True))
    _fill_completion()
    # what a result gives only the engine of the day can tell: `evidence migrate` asks it for every null
    op.add_column("result", sa.Column("usable", sa.Boolean(), nullable=True))


def _fill_completion() -> None:
    """The column is projected from documents: those that are stored already say what stands in it."""
    connection, after = op.get_bind(), ""
    while rows := connection.execute(DOCUMENTS, {"after": after, "batch": BATCH}).all():
        after = rows[-1][0]
        days = [{"id": study_id, "completed_on": json.loads(text).get("completed_on")} for study_id, text in rows]
        known = [row for row in days if row["completed_on"] is not None]
        if known:
            connection.execute(SET_COMPLETION, known)


def downgrade() -> None:
    op.drop_column("result", "usable")
    op.drop_column("study", "completed_on")
    op.drop_table("source_health")
    op.drop_table("source_check")
    op.drop_table("publication_notice")
