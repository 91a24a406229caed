"""add domain appraisal

Revision: 2026112403
Follows: 2026112402
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112403"
down_revision = "2026112402"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "domain_appraisal",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("intervention", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("comparator_group", sa.String(), nullable=False),
        sa.Column("horizon", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("computed_levels", sa.Integer(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("judgement_hash", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.Column("replaced_by", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_domain_appraisal_condition_condition")),
        sa.ForeignKeyConstraint(["intervention"], ["intervention.slug"], name=op.f("fk_domain_appraisal_intervention_intervention")),
        sa.ForeignKeyConstraint(["outcome"], ["outcome.slug"], name=op.f("fk_domain_appraisal_outcome_outcome")),
        sa.ForeignKeyConstraint(["replaced_by"], ["domain_appraisal.id"], name=op.f("fk_domain_appraisal_replaced_by_domain_appraisal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_appraisal")),
    )
    with op.batch_alter_table("domain_appraisal", schema=None) as batch_op:
        batch_op.create_index("ix_domain_appraisal_body", ["body"], unique=False)
        batch_op.create_index("ix_domain_appraisal_condition_intervention", ["condition", "intervention"], unique=False)
        batch_op.create_index(
            "uq_domain_appraisal_in_force", ["body", "domain"], unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE
        )


def downgrade() -> None:
    op.drop_table("domain_appraisal")
