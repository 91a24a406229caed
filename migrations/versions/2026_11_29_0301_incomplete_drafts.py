"""a draft may leave its kind and its design open, be edited by another hand, and be withdrawn

Revision: 2026112901
Follows: 2026112404
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112901"
down_revision = "2026112404"
branch_labels = None
depends_on = None

OPEN_MEMBERS = ("kind", "design")
LEFT_OPEN = ""
"""What stands for null where the column allows none."""
STUDY = sa.table("study", *(sa.column(name, sa.String()) for name in OPEN_MEMBERS))


def upgrade() -> None:
    _let_be_null(True)
    for column in STUDY.c:
        op.execute(sa.update(STUDY).where(column == LEFT_OPEN).values({column: None}))
    with op.batch_alter_table("study_revision") as batch_op:
        batch_op.add_column(sa.Column("drafted_for", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("withdrawal_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("study_revision") as batch_op:
        batch_op.drop_column("withdrawal_reason")
        batch_op.drop_column("drafted_for")
    for column in STUDY.c:
        op.execute(sa.update(STUDY).where(column.is_(None)).values({column: LEFT_OPEN}))
    _let_be_null(False)


def _let_be_null(nullable: bool) -> None:
    with op.batch_alter_table("study") as batch_op:
        for name in OPEN_MEMBERS:
            batch_op.alter_column(name, existing_type=sa.String(), nullable=nullable)
