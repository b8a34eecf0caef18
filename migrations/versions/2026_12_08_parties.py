"""Filled by the next change."""

revision = "parties"
down_revision = "estimates"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
