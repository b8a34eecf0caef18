"""Row level security: forced on every table, roles that own nothing, a context without which nothing is seen."""

import psycopg
import pytest
from psycopg import sql

from integrations.database.bootstrap import APP, OWNER, WORKER
from integrations.database.postmaster import SUPERUSER
from tests.database_session import Database
from tests.filled_database import FOREIGN_BANK, OWN_BANK, fill

OURS = """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = 'public' and c.relkind = 'r'
            and c.relname not like 'procrastinate%' and c.relname <> 'alembic_version'
          order by 1"""
SHARED_BY_DESIGN = {"tenants"}
"""A signed-in tenant may look parties up by name; nothing else is everybody's."""


def _tables(connection: "psycopg.Connection[tuple[str]]") -> list[str]:
    return [name for (name,) in connection.execute(OURS)]


def _count(connection: "psycopg.Connection[tuple[int]]", table: str) -> int:
    row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return row[0]


def test_security_is_forced_on_every_table_of_ours(database: Database) -> None:
    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        for table in _tables(connection):
            enabled_and_forced = connection.execute(
                "select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass", [table]
            ).fetchone()
            assert enabled_and_forced == (True, True), table


@pytest.mark.parametrize("role", [APP, WORKER])
def test_the_serving_roles_own_nothing_and_bypass_nothing(database: Database, role: str) -> None:
    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        powers = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = %s", [role]
        ).fetchone()
        assert powers == (False, False, False, False)
        owned = connection.execute(
            "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = %s", [role]
        ).fetchone()
        assert owned == (0,)


def test_without_a_context_the_application_sees_nothing_at_all(database: Database) -> None:
    fill(database)
    with psycopg.connect(database.libpq(APP)) as connection:
        for table in _tables(connection):
            assert _count(connection, table) == 0, table
        for name in ("tenant", "uscc", "division", "client"):
            connection.execute("select set_config(%s, '', true)", [f"greenlien.{name}"])
        for table in _tables(connection):
            assert _count(connection, table) == 0, table


def test_a_bank_sees_its_own_rows_and_none_of_another_banks(database: Database) -> None:
    fill(database)
    with psycopg.connect(database.libpq(APP)) as connection:
        connection.execute("select set_config('greenlien.tenant', %s, true)", [OWN_BANK])
        own = {table: _count(connection, table) for table in _tables(connection)}
        connection.execute("select set_config('greenlien.tenant', %s, true)", ["bank-without-business"])
        none = {table: _count(connection, table) for table in _tables(connection) if table not in SHARED_BY_DESIGN}
    assert own["pledges"] == 1
    assert own["loans"] == 1
    assert own["holds"] == 1
    assert set(none.values()) == {0}, none


def test_a_context_ends_with_its_transaction(database: Database) -> None:
    fill(database)
    with psycopg.connect(database.libpq(APP)) as connection:
        connection.execute("select set_config('greenlien.tenant', %s, true)", [OWN_BANK])
        assert _count(connection, "pledges") == 1
        connection.commit()
        assert _count(connection, "pledges") == 0


def test_a_bank_cannot_write_a_row_into_another_banks_business(database: Database) -> None:
    fill(database)
    with psycopg.connect(database.libpq(APP)) as connection:
        connection.execute("select set_config('greenlien.tenant', %s, true)", [OWN_BANK])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into audit_entries (id, at, actor, tenant, action, subject, details, parties)"
                " values ('audit_x', now(), 'x', 'x', 'x', 'x', '{}', array[%s])",
                [FOREIGN_BANK],
            )


@pytest.mark.parametrize("table", ["audit_entries", "events", "valuations"])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_trail_cannot_be_rewritten_by_the_serving_roles(database: Database, table: str, verb: str) -> None:
    fill(database)
    statement = f"delete from {table}" if verb == "delete" else f"update {table} set parties = '{{}}'"
    for role in (APP, WORKER):
        with psycopg.connect(database.libpq(role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_the_application_can_enqueue_jobs_and_read_none(database: Database) -> None:
    with psycopg.connect(database.libpq(APP)) as connection:
        connection.execute("select enqueue_job('verify_right', 'x', '{}', null)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from procrastinate_jobs")


def test_a_right_is_shown_to_a_bank_only_by_a_party_of_a_pledge_to_that_bank(database: Database) -> None:
    right_id = fill(database)
    with psycopg.connect(database.libpq(APP)) as connection:
        connection.execute("select set_config('greenlien.tenant', %s, true)", [FOREIGN_BANK])
        connection.execute("select show_right(%s, %s)", [right_id, FOREIGN_BANK])
        assert _count(connection, "right_viewers") == 0


def test_the_check_constraint_refuses_to_take_more_than_there_is(database: Database) -> None:
    right_id = fill(database)
    with psycopg.connect(database.libpq(OWNER)) as connection, pytest.raises(psycopg.errors.CheckViolation) as refusal:
        connection.execute("update right_balances set taken = quantity + 0.000001 where right_id = %s", [right_id])
    assert refusal.value.diag.constraint_name == "taken_within_quantity"
