"""imports

Revision: 2026112902
Follows: 2026112901
"""

revision = "2026112902"
down_revision = "2026112901"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
