"""two people extract one study, a third adjudicates

Revision: 2026112904
Follows: 2026112903
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112904"
down_revision = "2026112903"
branch_labels = None
depends_on = None

STILL_OPEN = sa.text("closed_at IS NULL")
NOT_WITHDRAWN = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    _create_double_extraction()
    _create_study_extraction()
    _create_adjudication()


def downgrade() -> None:
    op.drop_table("adjudication")
    op.drop_table("study_extraction")
    op.drop_table("double_extraction")


def _create_double_extraction() -> None:
    op.create_table(
        "double_extraction",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("base_revision", sa.Integer(), nullable=False),
        sa.Column("asked_for", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_double_extraction_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_double_extraction")),
    )
    op.create_index(
        "uq_double_extraction_open",
        "double_extraction",
        ["study_id"],
        unique=True,
        sqlite_where=STILL_OPEN,
        postgresql_where=STILL_OPEN,
    )
    op.create_index("ix_double_extraction_study_id", "double_extraction", ["study_id"])


def _create_study_extraction() -> None:
    op.create_table(
        "study_extraction",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("double_extraction_id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("extractor", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["double_extraction_id"], ["double_extraction.id"], name=op.f("fk_study_extraction_double_extraction_id_double_extraction")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_extraction_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_extraction")),
    )
    op.create_index(
        "uq_study_extraction_extractor",
        "study_extraction",
        ["double_extraction_id", "extractor"],
        unique=True,
        sqlite_where=NOT_WITHDRAWN,
        postgresql_where=NOT_WITHDRAWN,
    )
    for name in ("study_id", "extractor", "status"):
        op.create_index(op.f(f"ix_study_extraction_{name}"), "study_extraction", [name])


def _create_adjudication() -> None:
    op.create_table(
        "adjudication",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("double_extraction_id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("first_id", sa.String(36), nullable=False),
        sa.Column("second_id", sa.String(36), nullable=False),
        sa.Column("base_revision", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("adjudicator", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["double_extraction_id"], ["double_extraction.id"], name=op.f("fk_adjudication_double_extraction_id_double_extraction")
        ),
        sa.ForeignKeyConstraint(["first_id"], ["study_extraction.id"], name=op.f("fk_adjudication_first_id_study_extraction")),
        sa.ForeignKeyConstraint(["second_id"], ["study_extraction.id"], name=op.f("fk_adjudication_second_id_study_extraction")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_adjudication_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudication")),
        sa.UniqueConstraint("double_extraction_id", name=op.f("uq_adjudication_double_extraction_id")),
    )
    op.create_index("ix_adjudication_study_id_revision", "adjudication", ["study_id", "revision"])
