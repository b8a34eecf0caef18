"""What a statement may cost: how long it waits for a row that another holds, how long it runs, how long it idles."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ports.unit_of_work import Busy
from integrations.database.connection import Prepared
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import unit_of_work
from tests.database_session import Database

pytestmark = pytest.mark.anyio

LIMITS = {"lock_timeout": "2s", "statement_timeout": "5s", "idle_in_transaction_session_timeout": "15s"}
HOLD = Prepared(text("select pg_advisory_xact_lock(7)"))
SHORTER = Prepared(text("select set_config('statement_timeout', '50ms', true)"))
SLEEP = Prepared(text("select pg_sleep(5)"))


async def wait_for_it(engine: AsyncEngine) -> None:
    """Ask for the lock that another has."""
    async with unit_of_work(engine, None) as uow:
        await uow.connection.value(HOLD, {})


async def sleep_too_long(engine: AsyncEngine) -> None:
    """Send a statement that takes longer than it may."""
    async with unit_of_work(engine, None) as uow:
        await uow.connection.value(SHORTER, {})
        await uow.connection.value(SLEEP, {})


@pytest.mark.parametrize("role", ["app_url", "worker_url"])
async def test_every_connection_has_the_limits(database: Database, role: str) -> None:
    engine = make_engine(getattr(database, role), pool_size=1)
    async with unit_of_work(engine, None) as uow:
        for name, value in LIMITS.items():
            assert await uow.connection.value(Prepared(text(f"select current_setting('{name}')")), {}) == value
    await engine.dispose()


async def test_whoever_waits_for_a_lock_is_told_after_two_seconds_to_come_again(database: Database) -> None:
    engine = make_engine(database.app_url, pool_size=2)
    async with unit_of_work(engine, None) as uow:
        await uow.connection.value(HOLD, {})
        began = time.monotonic()
        with pytest.raises(Busy, match="55P03"):
            await wait_for_it(engine)
        assert 1.5 < time.monotonic() - began < 5
    await wait_for_it(engine)
    await engine.dispose()


async def test_a_statement_that_takes_too_long_is_ended_and_may_come_again(database: Database) -> None:
    engine = make_engine(database.app_url, pool_size=1)
    with pytest.raises(Busy, match="57014"):
        await sleep_too_long(engine)
    await wait_for_it(engine)
    await engine.dispose()
