"""Filled by the next change."""

revision = "clients"
down_revision = "syndicates"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
