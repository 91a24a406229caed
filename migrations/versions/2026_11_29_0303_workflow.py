"""workflow

Revision: 2026112903
Follows: 2026112902
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112903"
down_revision = "2026112902"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    _create_comment()
    _create_assignment()
    _create_sign_off()
    _add_interests_to_appraisals()


def downgrade() -> None:
    for name in ("appraiser_made_some", "conflict_of_interest"):
        op.drop_column("domain_appraisal", name)
    op.drop_table("sign_off")
    op.drop_table("assignment")
    op.drop_table("comment")


def _create_comment() -> None:
    op.create_table(
        "comment",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("pointer", sa.String(), nullable=True),
        sa.Column("reply_to", sa.String(36), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("text_sha256", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_comment_study_id_study")),
        sa.ForeignKeyConstraint(["reply_to"], ["comment.id"], name=op.f("fk_comment_reply_to_comment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index("ix_comment_study_id_created_at", ["study_id", "created_at"], unique=False)


def _create_assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("curator", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_how", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_assignment_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index("ix_assignment_study_id", ["study_id"], unique=False)
        batch_op.create_index("ix_assignment_curator", ["curator"], unique=False)
        batch_op.create_index("uq_assignment_in_force", ["study_id"], unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE)


def _create_sign_off() -> None:
    op.create_table(
        "sign_off",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("certainty", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("conflict_of_interest", sa.Text(), nullable=False),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stands_at", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_sign_off_condition_condition")),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_sign_off_intervention_intervention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_off")),
    )
    with op.batch_alter_table("sign_off", schema=None) as batch_op:
        batch_op.create_index("ix_sign_off_condition_intervention", ["condition", "intervention"], unique=False)


def _add_interests_to_appraisals() -> None:
    """Null in those that were made before anybody was asked."""
    op.add_column("domain_appraisal", sa.Column("conflict_of_interest", sa.Text(), nullable=True))
    op.add_column("domain_appraisal", sa.Column("appraiser_made_some", sa.Boolean(), nullable=True))
