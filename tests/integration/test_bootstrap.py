"""Roles and databases: three roles that own nothing they should not, databases that strangers cannot enter."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from integrations.database import bootstrap
from integrations.database.bootstrap import APP, OWNER, ROLES, WORKER
from integrations.database.embedded import EmbeddedServer
from integrations.database.postmaster import SUPERUSER
from tests.database_session import FOLDER_VARIABLE, SETTINGS, Database

pytestmark = pytest.mark.anyio

NAME = "bootstrap_under_test"


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    """Lend a server of its own, because roles belong to a whole server and are spoilt here."""
    folder = Path(os.environ[FOLDER_VARIABLE]) / f"bootstrap-{secrets.token_hex(4)}"
    with EmbeddedServer.start(folder, SETTINGS) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def prepared(own_server: EmbeddedServer) -> AsyncIterator[Database]:
    url = own_server.superuser_url()
    await bootstrap.drop(url, NAME)
    await bootstrap.prepare(url, NAME)
    yield Database(own_server, NAME)
    await bootstrap.drop(url, NAME)
    await bootstrap.drop(url, f"{NAME}_copy")


def asked(database: Database, role: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.libpq(role)) as connection:
        return connection.execute(statement.encode()).fetchall()


async def test_no_role_is_a_superuser_or_passes_by_row_security(prepared: Database) -> None:
    facts = asked(
        prepared,
        SUPERUSER,
        "select rolname, rolcanlogin, rolsuper or rolbypassrls or rolcreatedb or rolcreaterole from pg_roles"
        " where rolname like 'greenlien%' order by rolname",
    )
    assert facts == [(role, True, False) for role in sorted(ROLES)]


async def test_the_owner_owns_the_database_and_may_build_in_it(prepared: Database) -> None:
    with psycopg.connect(prepared.libpq(OWNER)) as connection:
        connection.execute("create table built (note text)")

    owners = asked(prepared, SUPERUSER, f"select pg_get_userbyid(datdba) from pg_database where datname = '{NAME}'")
    assert owners == [(OWNER,)]


@pytest.mark.parametrize("role", [APP, WORKER])
async def test_application_and_worker_may_connect_and_build_nothing(prepared: Database, role: str) -> None:
    for statement in ("create table mine (note text)", "create schema mine", "create temporary table mine (note text)"):
        with psycopg.connect(prepared.libpq(role)) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())


async def test_a_stranger_cannot_connect(prepared: Database) -> None:
    with psycopg.connect(prepared.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute("create role stranger login")
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(prepared.libpq("stranger"))
        finally:
            connection.execute("drop role stranger")


async def test_preparing_again_changes_nothing_and_keeps_the_rows(prepared: Database) -> None:
    with psycopg.connect(prepared.libpq(OWNER)) as connection:
        connection.execute("create table kept as select 1 as number")

    await bootstrap.prepare(prepared.superuser_url, NAME)

    assert asked(prepared, OWNER, "select number from kept") == [(1,)]


async def test_a_role_that_was_given_too_much_is_put_right(prepared: Database) -> None:
    with psycopg.connect(prepared.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute(f"alter role {WORKER} bypassrls".encode())

    await bootstrap.prepare(prepared.superuser_url, NAME)

    assert asked(prepared, SUPERUSER, f"select rolbypassrls from pg_roles where rolname = '{WORKER}'") == [(False,)]


async def test_many_may_prepare_the_same_database_at_once(own_server: EmbeddedServer) -> None:
    url = own_server.superuser_url()
    await bootstrap.drop(url, NAME)

    await asyncio.gather(*(bootstrap.prepare(url, NAME) for _ in range(8)))

    await bootstrap.drop(url, NAME)


async def test_a_copy_holds_the_rows_and_is_as_closed_as_its_template(prepared: Database) -> None:
    with psycopg.connect(prepared.libpq(OWNER)) as connection:
        connection.execute("create table kept as select 1 as number")

    await bootstrap.clone(prepared.superuser_url, NAME, f"{NAME}_copy")

    copy = Database(prepared.server, f"{NAME}_copy")
    assert asked(copy, OWNER, "select number from kept") == [(1,)]
    assert asked(copy, APP, "select 1 as connected") == [(1,)]
    entitled = "select has_database_privilege('pg_monitor', current_database(), 'connect')"
    assert asked(copy, SUPERUSER, entitled) == [(False,)]


async def test_a_database_is_dropped_under_its_clients(prepared: Database) -> None:
    client = psycopg.connect(prepared.libpq(APP))

    await bootstrap.drop(prepared.superuser_url, NAME)

    with pytest.raises(psycopg.OperationalError):
        client.execute("select 1")
    client.close()


@pytest.mark.parametrize("name", ["", "a b", 'a"; drop role x; --', "A", "1a", "ａ", "a" * 64, "a\n"])
async def test_a_name_that_would_need_quotes_is_refused(own_server: EmbeddedServer, name: str) -> None:
    with pytest.raises(ValueError, match="not a plain database name"):
        await bootstrap.drop(own_server.superuser_url(), name)
