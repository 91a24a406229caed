"""imports

Jobs, and the files of references that wait to be read, with what was found in them.

Revision: 2026112902
Follows: 2026112901
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112902"
down_revision = "2026112901"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_state_id", "job", ["state", "id"])
    op.create_index("ix_job_subject", "job", ["subject"])
    op.create_table(
        "reference_import",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_sequence", sa.Integer(), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_by", sa.String(), nullable=True),
        sa.Column("salt", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_import")),
    )
    op.create_index("ix_reference_import_created_by_created_at", "reference_import", ["created_by", "created_at"])
    op.create_table(
        "import_file_part",
        sa.Column("import_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["reference_import.id"], name=op.f("fk_import_file_part_import_id_reference_import")),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_import_file_part")),
    )
    op.create_table(
        "import_record",
        sa.Column("import_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("matches", sa.JSON(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_study", sa.String(), nullable=True),
        sa.Column("decided_record", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_salt", sa.String(), nullable=True),
        sa.Column("study_id", sa.String(36), nullable=True),
        sa.Column("commit_sequence", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["reference_import.id"], name=op.f("fk_import_record_import_id_reference_import")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_import_record_study_id_study")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_record")),
    )
    op.create_index("ix_import_record_import_id_status_decision", "import_record", ["import_id", "status", "decision"])
    op.create_index("ix_import_record_commit_sequence", "import_record", ["commit_sequence"])


def downgrade() -> None:
    for table in ("import_record", "import_file_part", "reference_import", "job"):
        op.drop_table(table)
