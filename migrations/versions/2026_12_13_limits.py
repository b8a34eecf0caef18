"""Filled by the next change."""

revision = "limits"
down_revision = "webhooks"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
