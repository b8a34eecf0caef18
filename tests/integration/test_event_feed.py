"""The feed: a reader who came while a transaction was open skips nothing, and foreign events are not there."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ports.trail import FeedEvent
from domain.values.actors import Actor
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import DatabaseUnitOfWork, unit_of_work
from tests.builders import NOW
from tests.database_session import Database
from tests.filled_database import ENTERPRISE, OFFICER

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """Lend an engine as the application."""
    made = make_engine(database.app_url, pool_size=4)
    yield made
    await made.dispose()


async def _publish(uow: DatabaseUnitOfWork, name: str, parties: tuple[str, ...] = OFFICER.parties) -> None:
    await uow.outbox.publish(name, "subject_1", {}, parties, NOW)


async def _read(engine: AsyncEngine, actor: Actor = OFFICER, after: str | None = None) -> list[FeedEvent]:
    async with unit_of_work(engine, actor) as uow:
        events = await uow.outbox.feed(after, 100)
        await uow.commit()
    assert events is not None
    return list(events)


async def test_an_event_that_commits_late_is_not_skipped_by_a_reader_who_came_early(engine: AsyncEngine) -> None:
    async with unit_of_work(engine, OFFICER) as slow:
        await _publish(slow, "drawn first")
        async with unit_of_work(engine, OFFICER) as fast:
            await _publish(fast, "committed first")
            await fast.commit()
        [seen] = await _read(engine)
        assert seen.type == "committed first"
        await slow.commit()
    assert [event.type for event in await _read(engine, after=seen.id)] == ["drawn first"]


async def test_nothing_of_a_rolled_back_transaction_reaches_the_feed(engine: AsyncEngine) -> None:
    async with unit_of_work(engine, OFFICER) as uow:
        await _publish(uow, "never happened")
    assert await _read(engine) == []


async def test_reading_again_from_a_cursor_gives_the_same_events_in_the_same_order(engine: AsyncEngine) -> None:
    for number in range(5):
        async with unit_of_work(engine, OFFICER) as uow:
            await _publish(uow, f"event {number}")
            await uow.commit()
    everything = await _read(engine)
    assert [event.type for event in everything] == [f"event {number}" for number in range(5)]
    assert [event.id for event in await _read(engine, after=everything[2].id)] == [event.id for event in everything[3:]]


async def test_anothers_event_is_neither_read_nor_a_cursor(engine: AsyncEngine) -> None:
    async with unit_of_work(engine, OFFICER) as uow:
        await _publish(uow, "ours")
        await uow.commit()
    [ours] = await _read(engine)
    assert await _read(engine, ENTERPRISE) == []
    async with unit_of_work(engine, ENTERPRISE) as uow:
        assert await uow.outbox.feed(ours.id, 100) is None
