"""Valuations keep their inputs and every deal that was excluded, so that anyone can make them again."""

from migrations.rows import run

revision = "valuation_inputs"
down_revision = "appraisals"


def upgrade() -> None:
    """Add what a valuation was made of; older ones have none, and say so by their absence."""
    run(
        "alter table valuations add column inputs jsonb",
        "alter table valuations add column exclusions jsonb not null default '[]'",
    )


def downgrade() -> None:
    """Drop the columns."""
    run("alter table valuations drop column inputs, drop column exclusions")
