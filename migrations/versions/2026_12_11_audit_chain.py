"""Filled by the next change."""

revision = "audit_chain"
down_revision = "clients"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
