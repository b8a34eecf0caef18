"""Alembic's entry: one synchronous connection as the owner, one transaction for each revision.

The owner's address comes from the caller (`integrations.database.migrate`) or from MIGRATION_DATABASE_URL.
"""

import os

from alembic import context
from sqlalchemy import create_engine, make_url, pool

from integrations.database.tables import METADATA


def owner_url() -> str:
    """Return the owner's address with the synchronous driver, whatever driver it named."""
    given = context.config.attributes.get("owner_url") or os.environ["MIGRATION_DATABASE_URL"]
    return make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def migrate() -> None:
    """Run the asked revisions; the advisory lock lets only one migrator in at a time."""
    engine = create_engine(owner_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=METADATA, transaction_per_migration=True)
        with context.begin_transaction():
            connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('greenlien.migrate'))")
            context.run_migrations()
    engine.dispose()


migrate()
