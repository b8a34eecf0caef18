"""Filled by the next change."""

revision = "webhooks"
down_revision = "audit_chain"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
