"""workflow

Revision: 2026112903
Follows: 2026112902
"""

revision = "2026112903"
down_revision = "2026112902"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
