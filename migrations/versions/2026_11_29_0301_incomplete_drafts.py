"""a draft may leave its kind and its design open, be edited by another hand, and be withdrawn; pins of drafts are salted

The salts stay on the way down: without them nothing that the ledger pinned meanwhile could be checked again.

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
SALTED = ("study_revision", "review")
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
    for table in SALTED:
        if all(column["name"] != "salt" for column in sa.inspect(op.get_bind()).get_columns(table)):
            op.add_column(table, sa.Column("salt", sa.String(), nullable=True))


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
