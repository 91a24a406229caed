"""incomplete drafts

Revision: 2026112901
Follows: 2026112404
"""

revision = "2026112901"
down_revision = "2026112404"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
