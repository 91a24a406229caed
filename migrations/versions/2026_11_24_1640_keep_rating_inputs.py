"""keep rating inputs

Nothing is moved: what stood before has no kept inputs, and every rating that is made from here on has.

Revision: 2026112404
Follows: 2026112403
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112404"
down_revision = "2026112403"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating_input",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("frame", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rating_input")),
    )
    op.create_table(
        "rating_input_part",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rating_input_part")),
    )


def downgrade() -> None:
    op.drop_table("rating_input_part")
    op.drop_table("rating_input")
