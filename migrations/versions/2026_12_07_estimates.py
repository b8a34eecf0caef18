"""Filled by the next change."""

revision = "estimates"
down_revision = "amendments"


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
