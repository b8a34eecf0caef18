"""Filled by the next change."""

revision = "syndicates"
down_revision = "parties"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
