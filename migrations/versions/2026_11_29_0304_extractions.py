"""extractions

Revision: 2026112904
Follows: 2026112903
"""

revision = "2026112904"
down_revision = "2026112903"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
