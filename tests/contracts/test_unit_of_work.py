"""What the unit of work promises to whoever carries out orders: one body of tests, for PostgreSQL and for the memory.

The fault campaign runs on the memory (tests/fakes/unit_of_work.py), so whatever it relies on is said here.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest

from domain.pledges.alarms import AlarmKind
from domain.pledges.lifecycle import State
from domain.pledges.pledges import Register, RegistrationStatus
from domain.pledges.registry_orders import OrderKind, OrderState, PledgeOrder, StandingFreeze
from domain.rights.holds import BLOCKS, Hold, HoldKind, HoldState
from domain.rights.rights import RightStatus
from domain.use_cases.raise_alarm import raise_alarm_of
from domain.values.identifiers import new_id
from integrations.database.engine import make_engine
from integrations.database.provisioning import register
from integrations.database.unit_of_work import unit_of_work
from tests.builders import NOW, a_pledge, a_right, an_entry, an_item, an_order, tonnes
from tests.database_session import Database
from tests.fakes.memory import RIGHTS, Memory
from tests.filled_database import ENTERPRISE, TENANTS, as_told

pytestmark = pytest.mark.anyio

MEMORY, POSTGRESQL = "memory", "PostgreSQL"
PARTIES: Final = a_pledge().parties


@dataclass(frozen=True, slots=True)
class World:
    """A unit of work, and a right of 50 t/a that it knows."""

    open: Callable[[], AbstractAsyncContextManager[Any]]
    right_id: str


@pytest.fixture(params=[MEMORY, POSTGRESQL])
def own_database(request: pytest.FixtureRequest) -> Database | None:
    database: Database | None = None if request.param == MEMORY else request.getfixturevalue("database")
    return database


@pytest.fixture
async def world(own_database: Database | None) -> AsyncIterator[World]:
    async with _memory() if own_database is None else _postgresql(own_database) as lent:
        yield lent


async def test_what_is_not_committed_never_was(world: World) -> None:
    async with world.open() as uow:
        assert await uow.rights.take(world.right_id, Decimal(10))

    assert await _taken(world) == 0


async def test_a_savepoint_undoes_what_was_done_in_it_and_nothing_before(world: World) -> None:
    async with world.open() as uow:
        assert await uow.rights.take(world.right_id, Decimal(10))
        with suppress(RuntimeError):
            async with uow.savepoint():
                assert await uow.rights.take(world.right_id, Decimal(20))
                raise RuntimeError
        await uow.commit()

    assert await _taken(world) == 10


async def test_a_quantity_is_taken_only_as_far_as_it_is_free_and_can_be_given_back(world: World) -> None:
    async with world.open() as uow:
        assert await uow.rights.take(world.right_id, Decimal(30))
        assert not await uow.rights.take(world.right_id, Decimal("20.000001"))
        assert await uow.rights.lock_available(world.right_id) == 20
        await uow.rights.give_back(world.right_id, Decimal(10))
        await uow.commit()

    assert await _taken(world) == 20


async def test_what_the_registry_tells_replaces_what_was_known_unless_it_is_older(world: World) -> None:
    later = as_told(a_right(as_of=NOW + timedelta(hours=1), quantity=tonnes("25"), registry_version=3))
    async with world.open() as uow:
        assert await uow.rights.take(world.right_id, Decimal(30))
        assert await uow.rights.record_verified(replace(later, status=RightStatus.REDUCED), NOW) == world.right_id
        assert await uow.rights.record_verified(as_told(a_right(registry_version=2)), NOW) == world.right_id
        await uow.commit()

    async with world.open() as uow:
        right = await uow.rights.find(world.right_id)
        known = await uow.rights.known(right.registry, right.registry_no)
    assert (right.quantity, right.taken, right.overtaken) == (tonnes("25"), Decimal(30), Decimal(5))
    assert (right.status, right.registry_version) == (RightStatus.REDUCED, 3)
    assert (known.id, known.unit) == (world.right_id, right.quantity.unit)


async def test_a_hold_ends_once(world: World) -> None:
    hold_id = await _held(world)
    async with world.open() as uow:
        await uow.holds.change(hold_id, HoldState.POSTED, NOW)
        await uow.holds.shrink(hold_id, tonnes("4"))
        held = await uow.holds.lock(hold_id)
        assert (held.hold.state, held.hold.quantity, held.parties) == (HoldState.POSTED, tonnes("4"), PARTIES)
        await uow.holds.change(hold_id, HoldState.RELEASED, NOW)
        assert await uow.holds.lock(hold_id) is None
        with pytest.raises(RuntimeError):
            await uow.holds.change(hold_id, HoldState.RELEASED, NOW)
        with pytest.raises(RuntimeError):
            await uow.holds.shrink(hold_id, tonnes("3"))
        own, others = await uow.holds.of_right(world.right_id)
    assert (list(own), list(others)) == ([], [])


async def test_a_pledge_is_read_as_it_was_written(world: World) -> None:
    hold_id = await _held(world)
    async with world.open() as uow:
        pledge = await uow.pledges.find(a_pledge().id)
        registered = an_entry(
            status=RegistrationStatus.REGISTERED, reference="ZJDJ1", registered_at=NOW + timedelta(hours=1)
        )
        pending = an_entry(register=Register.NOTICE_REGISTRY)
        changed = replace(
            pledge,
            status=State.ACTIVE,
            reason="freeze_refused",
            order_round=2,
            version=7,
            items=(replace(pledge.items[0], hold_id=hold_id, expected_version=3),),
            registrations=(pending, registered),
        )
        await uow.pledges.save(changed)
        await uow.commit()

    async with world.open() as uow:
        assert await uow.pledges.lock(pledge.id) == replace(changed, registrations=(registered, pending))
        assert await uow.pledges.find("pledge_" + "0" * 32) is None


async def test_at_most_one_order_of_a_right_is_in_flight(world: World) -> None:
    hold_id = await _held(world)
    first, second = _order(world, hold_id), _order(world, hold_id)
    async with world.open() as uow:
        await uow.registry_orders.add(first)
        await uow.registry_orders.add(second)
        assert await uow.registry_orders.save(replace(first, state=OrderState.UNKNOWN, attempts=3), NOW)
        assert not await uow.registry_orders.save(replace(second, state=OrderState.SENT), NOW)
        assert await uow.registry_orders.save(replace(second, attempts=1), NOW)
        await uow.commit()

    async with world.open() as uow:
        waiting = await uow.registry_orders.lock(second.id)
        assert (waiting.state, waiting.attempts) == (OrderState.RECORDED, 1)
        refused = replace(first, state=OrderState.REFUSED, reason="SUSPENDED", message="暂停")
        assert await uow.registry_orders.save(refused, NOW)
        assert await uow.registry_orders.save(replace(second, state=OrderState.SENT), NOW)
        assert await uow.registry_orders.find(first.id) == refused


async def test_one_closure_of_a_registry_lasts_at_a_time_and_an_answer_ends_it(
    own_database: Database | None,
) -> None:
    registry, later = f"r{new_id('x')[-8:]}", NOW + timedelta(hours=1)
    async with _as_worker(own_database) as uow:
        assert await uow.estimates.newest_closure(registry) is None
        first = await uow.estimates.declare(registry, None, NOW)
        second = await uow.estimates.declare(registry, later, NOW + timedelta(minutes=1))
        assert (second.since, second.until, second.ended_at) == (first.since, later, None)

        await uow.estimates.answered(registry, later)

        ended = await uow.estimates.newest_closure(registry)
        assert ended is not None
        assert ended.ended_at == later


async def test_a_person_is_called_once_for_an_order_and_its_answer_ends_the_call(world: World) -> None:
    hold_id = await _held(world)
    order = _order(world, hold_id)
    async with world.open() as uow:
        await uow.registry_orders.add(order)
        pledge = await uow.pledges.find(order.pledge_id)
        silence = partial(raise_alarm_of, uow, pledge, AlarmKind.FREEZE_SILENT, order, "silent", NOW)
        assert [await silence(), await silence()] == [True, False]

        assert len(await uow.alarms.answered(order.id, NOW)) == 1
        assert await uow.alarms.answered(order.id, NOW) == []
        assert await silence() is False


async def test_the_orders_of_a_round_come_oldest_first(world: World) -> None:
    hold_id = await _held(world)
    later = _order(world, hold_id, created_at=NOW + timedelta(seconds=1))
    earlier, other_round = _order(world, hold_id), _order(world, hold_id, round=2)
    async with world.open() as uow:
        for order in (later, earlier, other_round):
            await uow.registry_orders.add(order)
        assert list(await uow.registry_orders.of_round(a_pledge().id, 1)) == [earlier, later]


async def test_what_stands_of_a_freeze_is_what_no_release_has_lifted(world: World) -> None:
    hold_id = await _held(world)
    rows = [
        (OrderKind.FREEZE, "10", OrderState.EXECUTED, "DJ1", None),
        (OrderKind.RELEASE, "4", OrderState.EXECUTED, "JD1", "DJ1"),
        (OrderKind.RELEASE, "1", OrderState.REFUSED, None, "DJ1"),
        (OrderKind.FREEZE, "3", OrderState.EXECUTED, "DJ2", None),
        (OrderKind.FREEZE, "2", OrderState.EXECUTED, "DJ3", None),
        (OrderKind.RELEASE, "2", OrderState.EXECUTED, "JD2", "DJ3"),
        (OrderKind.FREEZE, "7", OrderState.UNKNOWN, None, None),
    ]
    async with world.open() as uow:
        for number, (kind, amount, state, reference, freeze) in enumerate(rows):
            order = _order(world, hold_id, kind=kind, quantity=tonnes(amount), freeze_ref=freeze, round=number)
            executed_at = NOW + timedelta(minutes=number) if state is OrderState.EXECUTED else None
            await uow.registry_orders.add(order)
            done = replace(order, state=state, registry_ref=reference, executed_at=executed_at)
            assert await uow.registry_orders.save(done, NOW)
        standing = await uow.registry_orders.standing_freezes(a_pledge().id)
        newest = await uow.registry_orders.executed_freezes(a_pledge().id)

    left = [("DJ1", "6"), ("DJ2", "3")]
    assert list(standing) == [StandingFreeze(world.right_id, name, tonnes(amount)) for name, amount in left]
    assert newest == {world.right_id: "DJ3"}


@asynccontextmanager
async def _memory() -> AsyncIterator[World]:
    memory = Memory()
    right = a_right()
    memory.put(RIGHTS, right.id, right)
    memory.commit()
    yield World(partial(memory.open, ENTERPRISE), right.id)


@asynccontextmanager
async def _postgresql(database: Database) -> AsyncIterator[World]:
    await register(database.owner_url, TENANTS, [])
    engine = make_engine(database.app_url, pool_size=2)
    try:
        async with unit_of_work(engine, ENTERPRISE) as uow:
            right_id = await uow.rights.record_verified(as_told(a_right()), NOW)
            await uow.commit()
        yield World(partial(unit_of_work, engine, ENTERPRISE), right_id)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _as_worker(database: Database | None) -> AsyncIterator[Any]:
    """Open a unit of work as the worker, who alone writes what registries declare."""
    if database is None:
        async with Memory().open(None) as uow:
            yield uow
        return
    engine = make_engine(database.worker_url)
    try:
        async with unit_of_work(engine, None) as uow:
            yield uow
    finally:
        await engine.dispose()


async def _taken(world: World) -> Decimal:
    async with world.open() as uow:
        right = await uow.rights.find(world.right_id)
    assert right is not None
    return Decimal(right.taken)


async def _held(world: World) -> str:
    """Write a pledge with a pending hold of 10 t/a, and return the hold's id."""
    hold = Hold(
        id=new_id("hold"),
        right_id=world.right_id,
        kind=HoldKind.PLEDGE,
        blocks=BLOCKS[HoldKind.PLEDGE],
        quantity=tonnes("10"),
        state=HoldState.PENDING,
        since=NOW,
        until=None,
        reason="pledge_submitted",
        reference=a_pledge().id,
    )
    async with world.open() as uow:
        assert await uow.rights.take(world.right_id, hold.quantity.amount)
        await uow.holds.add(hold, PARTIES)
        item = an_item(right_id=world.right_id, hold_id=hold.id, valuation_id=None)
        await uow.pledges.add(a_pledge(items=(item,)))
        await uow.commit()
    return hold.id


def _order(world: World, hold_id: str, **different: object) -> PledgeOrder:
    return an_order(**{"id": new_id("order"), "right_id": world.right_id, "hold_id": hold_id, **different})
