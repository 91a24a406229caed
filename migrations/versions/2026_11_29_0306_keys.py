"""keys

Revision: 2026112906
Follows: 2026112905
"""

revision = "2026112906"
down_revision = "2026112905"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
