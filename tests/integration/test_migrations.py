"""The schema's history: one line, up and down on a filled database, and the tables that the statements believe in."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, pool

import api.wiring  # noqa: F401 - whoever wires the product has imported every table
from integrations.database import migrate
from integrations.database.migrate import MIGRATIONS
from integrations.database.postmaster import SUPERUSER
from integrations.database.tables import METADATA
from tests.database_session import Database
from tests.filled_database import fill

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def test_the_history_is_one_line() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1
    assert len(REVISIONS) == len(set(REVISIONS))


def test_each_revision_goes_down_and_up_again_on_a_filled_database(database: Database) -> None:
    fill(database)
    before = _objects(database)
    for revision in [*REVISIONS[1:], "base"]:
        migrate.downgrade(database.owner_url, revision)
        migrate.upgrade(database.owner_url)
        assert _objects(database) == before, revision
        if revision != "base":
            migrate.downgrade(database.owner_url, revision)
    fill(database)


def test_nothing_of_ours_is_left_at_the_base(database: Database) -> None:
    migrate.downgrade(database.owner_url, "base")
    assert [name for name in _objects(database) if not name[1].startswith("alembic_version")] == []


def test_the_tables_that_the_statements_name_are_the_tables_that_there_are(database: Database) -> None:
    url = make_url(database.owner_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _named})
        differences = [each for each in compare_metadata(context, METADATA) if _matters(each)]
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize("address", ["postgresql+asyncpg", "postgresql"])
def test_an_owners_address_is_taken_with_any_driver(database: Database, address: str) -> None:
    url = make_url(database.owner_url).set(drivername=address).render_as_string(hide_password=False)
    migrate.upgrade(url)


def _named(_object: object, name: str | None, kind: str, _reflected: object, _other: object) -> bool:
    return kind in {"table", "column"} and not (name or "").startswith("procrastinate") and name != "alembic_version"


def _matters(difference: object) -> bool:
    """Nullability and defaults are the migration's alone; the statements only need names and types."""
    kinds = {each[0] for each in difference} if isinstance(difference, list) else {difference[0]}  # type: ignore[index]  # alembic gives lists or tuples
    return not kinds <= {"modify_nullable", "modify_default"}


def _objects(database: Database) -> list[tuple[str, str]]:
    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        relations = connection.execute(
            "select 'relation', relname from pg_class where relnamespace = 'public'::regnamespace"
        ).fetchall()
        functions = connection.execute(
            "select 'function', oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace"
        ).fetchall()
        policies = connection.execute("select 'policy', tablename || '.' || policyname from pg_policies").fetchall()
    return sorted([*relations, *functions, *policies])
