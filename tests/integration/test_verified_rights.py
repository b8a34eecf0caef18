"""What the registry tells becomes our books: quantities, foreign freezes, versions; no older word over a newer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.rights.holds import ForeignHold
from domain.rights.rights import Right, RightStatus
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import unit_of_work
from tests.builders import NOW, a_right, tonnes
from tests.database_session import Database
from tests.filled_database import ENTERPRISE, as_told

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """Lend an engine as the application."""
    made = make_engine(database.app_url, pool_size=2)
    yield made
    await made.dispose()


async def _told(
    engine: AsyncEngine, *, later: int = 0, frozen: str = "0", taken: str = "0", **different: object
) -> Right:
    """Record what the registry tells some minutes later, after we took a quantity, and return the right."""
    right = a_right(as_of=NOW + timedelta(minutes=later), **different)
    async with unit_of_work(engine, ENTERPRISE) as uow:
        right_id = await uow.rights.record_verified(as_told(right, tonnes(frozen)), NOW)
        if Decimal(taken):
            assert await uow.rights.take(right_id, Decimal(taken))
        found = await uow.rights.find(right_id)
        await uow.commit()
    assert found is not None
    return found


async def test_a_right_is_one_right_however_often_it_is_verified(engine: AsyncEngine) -> None:
    first = await _told(engine)
    second = await _told(engine, later=1)
    assert second.id == first.id
    assert second.version == first.version


async def test_a_changed_right_has_a_new_version_and_an_older_word_changes_nothing(engine: AsyncEngine) -> None:
    await _told(engine, later=2, registry_version=2, quantity=tonnes("40"), status=RightStatus.REDUCED)
    stale = await _told(engine, later=1, registry_version=1)
    assert stale.quantity == tonnes("40")
    assert stale.status is RightStatus.REDUCED


async def test_what_the_registry_has_frozen_for_others_is_not_available(engine: AsyncEngine) -> None:
    right = await _told(engine, frozen="20")
    assert right.available == tonnes("30")  # 50 - 20
    async with unit_of_work(engine, ENTERPRISE) as uow:
        own, others = await uow.holds.of_right(right.id)
    assert own == []
    assert [(each.kind.value, each.quantity) for each in others] == [("administrative", tonnes("20"))]
    assert all(isinstance(each, ForeignHold) for each in others)


async def test_a_foreign_freeze_that_grows_and_goes_is_followed_and_never_counted_twice(engine: AsyncEngine) -> None:
    assert (await _told(engine, frozen="20")).available == tonnes("30")
    assert (await _told(engine, later=1, frozen="20")).available == tonnes("30")
    assert (await _told(engine, later=2, frozen="25")).available == tonnes("25")
    assert (await _told(engine, later=3, frozen="0")).available == tonnes("50")


async def test_a_court_may_take_more_than_is_free_and_available_stays_at_zero(engine: AsyncEngine) -> None:
    await _told(engine, taken="40")
    right = await _told(engine, later=1, frozen="30")
    assert right.taken == Decimal(70)  # 40 of ours and 30 of the court's
    assert right.overtaken == Decimal(20)  # 70 - 50
    assert right.available == tonnes("0")
    async with unit_of_work(engine, ENTERPRISE) as uow:
        assert not await uow.rights.take(right.id, Decimal("0.000001"))


async def test_what_was_overtaken_shrinks_as_quantities_come_back(engine: AsyncEngine) -> None:
    await _told(engine, taken="40")
    right = await _told(engine, later=1, frozen="30")
    async with unit_of_work(engine, ENTERPRISE) as uow:
        await uow.rights.give_back(right.id, Decimal(15))
        after = await uow.rights.find(right.id)
        assert after is not None
        assert (after.taken, after.overtaken) == (Decimal(55), Decimal(5))
        await uow.rights.give_back(right.id, Decimal(25))
        after = await uow.rights.find(right.id)
        assert after is not None
        assert (after.taken, after.overtaken, after.available) == (Decimal(30), Decimal(0), tonnes("20"))


async def test_a_reduction_below_what_is_taken_is_recorded_and_frees_nothing(engine: AsyncEngine) -> None:
    await _told(engine, taken="40")
    right = await _told(engine, later=1, registry_version=2, quantity=tonnes("30"), status=RightStatus.REDUCED)
    assert (right.taken, right.overtaken, right.available) == (Decimal(40), Decimal(10), tonnes("0"))


async def test_the_guard_takes_the_last_unit_and_not_a_millionth_more(engine: AsyncEngine) -> None:
    right = await _told(engine)
    async with unit_of_work(engine, ENTERPRISE) as uow:
        assert await uow.rights.take(right.id, Decimal("49.999999"))
        assert not await uow.rights.take(right.id, Decimal("0.000002"))
        assert await uow.rights.take(right.id, Decimal("0.000001"))
        assert not await uow.rights.take(right.id, Decimal("0.000001"))


async def test_nobody_takes_from_a_right_that_is_not_there_for_them(engine: AsyncEngine) -> None:
    right = await _told(engine)
    stranger = replace(ENTERPRISE, tenant="enterprise.other", uscc=None)
    async with unit_of_work(engine, stranger) as uow:
        assert await uow.rights.find(right.id) is None
        assert not await uow.rights.take(right.id, Decimal(1))
