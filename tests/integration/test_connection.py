"""A connection's one transaction: what is sent in either way belongs to it, and nothing of it outlives it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import psycopg
import pytest
from sqlalchemy import any_, bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from integrations.database.connection import Connection, Prepared, transaction
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.tables import EVENTS, RIGHTS, TEXTS
from integrations.database.unit_of_work import unit_of_work
from tests.database_session import Database
from tests.filled_database import ENTERPRISE

pytestmark = pytest.mark.anyio

NOTE = Prepared(text("select set_config('greenlien.note', :note, true)"))
NOTED = Prepared(text("select coalesce(current_setting('greenlien.note', true), '')"))
BACKEND = Prepared(text("select pg_backend_pid()"))
SLEEP = Prepared(text("select pg_sleep(10)"))
TENANT = Prepared(text("select current_tenant()"))


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """Lend an engine with a single connection, so that whoever comes next gets the same one."""
    made = make_engine(database.app_url, pool_size=1)
    yield made
    await made.dispose()


async def end_backend(database: Database, backend: int) -> None:
    """Let the server end a connection, and return when it has."""

    def end() -> None:
        with psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as administrator:
            administrator.execute("select pg_terminate_backend(%s, 5000)", [backend])

    await asyncio.to_thread(end)


async def noted(connection: Connection) -> str:
    """Return what was noted in this transaction; a savepoint that is undone takes the note back."""
    return str(await connection.value(NOTED, {}))


async def test_both_ways_of_sending_share_one_transaction_whichever_comes_first(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await connection.value(NOTE, {"note": "first"})
        again = await connection.execute(text("select current_setting('greenlien.note')"))
        assert again.scalar_one() == "first"
    async with transaction(engine) as connection:
        await connection.execute(text("select set_config('greenlien.note', 'second', true)"))
        assert await noted(connection) == "second"


async def test_what_was_not_committed_is_gone_and_the_next_one_begins_anew(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        backend = await connection.value(BACKEND, {})
        await connection.value(NOTE, {"note": "left behind"})
    async with transaction(engine) as connection:
        assert await connection.value(BACKEND, {}) == backend
        assert await noted(connection) == ""


async def test_nothing_is_sent_after_the_commit(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await connection.commit()
        with pytest.raises(AttributeError):
            await connection.value(NOTE, {"note": "too late"})
        with pytest.raises(RuntimeError):
            await connection.execute(text("select 1"))
    async with transaction(engine) as connection:
        assert await noted(connection) == ""


async def test_a_savepoint_undoes_itself_and_nothing_before(engine: AsyncEngine) -> None:
    async def fail(connection: Connection) -> None:
        async with connection.savepoint():
            await connection.value(NOTE, {"note": "within"})
            raise ZeroDivisionError

    async with transaction(engine) as connection:
        await connection.value(NOTE, {"note": "before"})
        with pytest.raises(ZeroDivisionError):
            await fail(connection)
        assert await noted(connection) == "before"
        async with connection.savepoint(), connection.savepoint():
            await connection.value(NOTE, {"note": "within"})
        assert await noted(connection) == "within"


async def test_a_caller_s_name_does_not_stay_on_the_connection(engine: AsyncEngine) -> None:
    async with unit_of_work(engine, ENTERPRISE) as uow:
        assert await uow.connection.value(TENANT, {}) == ENTERPRISE.tenant
        await uow.commit()
    async with unit_of_work(engine, None) as uow:
        assert await uow.connection.value(TENANT, {}) is None


async def test_a_connection_that_the_server_ended_meanwhile_is_replaced(
    engine: AsyncEngine, database: Database
) -> None:
    async with transaction(engine) as connection:
        backend = await connection.value(BACKEND, {})
    await end_backend(database, backend)
    async with transaction(engine) as connection:
        assert await connection.value(BACKEND, {}) != backend


async def test_a_connection_that_the_server_ends_in_between_is_thrown_away(
    engine: AsyncEngine, database: Database
) -> None:
    async def cut_off() -> None:
        async with transaction(engine) as connection, connection.savepoint():
            backend = await connection.value(BACKEND, {})
            await end_backend(database, backend)
            await connection.value(BACKEND, {})

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await cut_off()
    async with transaction(engine) as connection:
        assert await noted(connection) == ""


async def test_a_transaction_that_is_cancelled_leaves_a_clean_connection(engine: AsyncEngine) -> None:
    async def slow() -> None:
        async with unit_of_work(engine, ENTERPRISE) as uow:
            await uow.connection.value(NOTE, {"note": "cancelled"})
            await uow.connection.value(SLEEP, {})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(slow(), 0.2)
    async with unit_of_work(engine, None) as uow:
        assert await noted(uow.connection) == ""
        assert await uow.connection.value(TENANT, {}) is None


def test_a_prepared_statement_writes_json_and_keeps_the_values_it_was_written_with() -> None:
    events = Prepared(insert(EVENTS), ["id", "data"])
    assert events.arguments({"id": "evt_1", "data": {"a": 1}}) == ["evt_1", '{"a": 1}']
    moved = Prepared(update(EVENTS).where(EVENTS.c.id == bindparam("of"), EVENTS.c.type == "price.stale"), ["subject"])
    assert moved.arguments({"of": "evt_1", "subject": "s"}) == ["s", "evt_1", "price.stale"]
    with pytest.raises(KeyError):
        moved.arguments({"of": "evt_1"})


def test_a_statement_whose_text_depends_on_its_values_cannot_be_prepared() -> None:
    with pytest.raises(TypeError):
        Prepared(select(RIGHTS).where(RIGHTS.c.id.in_(["a", "b"])))
    assert "ANY" in Prepared(select(RIGHTS).where(RIGHTS.c.id == any_(bindparam("ids", type_=TEXTS)))).sql
