"""Bring a database to a revision of the schema, as its owner."""

from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def _config(owner_url: str) -> Config:
    config = Config(attributes={"owner_url": owner_url}, stdout=StringIO())
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the database at `owner_url` up to `revision`."""
    command.upgrade(_config(owner_url), revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Take the database at `owner_url` back to `revision`; `base` empties it."""
    command.downgrade(_config(owner_url), revision)
