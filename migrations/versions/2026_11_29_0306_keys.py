"""keys expire, are rotated, and say when they were used

Revision: 2026112906
Follows: 2026112905
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112906"
down_revision = "2026112905"
branch_labels = None
depends_on = None

MOMENTS = ("expires_at", "previous_valid_until", "last_used_at")


def upgrade() -> None:
    with op.batch_alter_table("api_key") as batch_op:
        for name in MOMENTS:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("previous_hash", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.execute(sa.text("UPDATE api_key SET version = 2 WHERE revoked_at IS NOT NULL"))


def downgrade() -> None:
    with op.batch_alter_table("api_key") as batch_op:
        for name in (*MOMENTS, "previous_hash", "version"):
            batch_op.drop_column(name)
