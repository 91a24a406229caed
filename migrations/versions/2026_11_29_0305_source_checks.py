"""source checks

Revision: 2026112905
Follows: 2026112904
"""

revision = "2026112905"
down_revision = "2026112904"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
