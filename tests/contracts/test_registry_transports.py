"""What an order may rely on whatever carries it: one body of tests for the interface, files, clerks, and the fake.

Over files and by hand an order is accepted first, and the answer comes when somebody has worked; the rest is the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from domain.ports.registry import HolderMatch, OrderStatus, RegistryClosed, RegistryRightNotFound, RegistryUnavailable
from domain.ports.tenants import Tenant
from domain.values.identifiers import RegistryNo
from integrations.database.postmaster import SUPERUSER
from integrations.database.provisioning import register
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_USCC,
    SHAOXING_COD_RIGHT,
)
from tests.contracts.registry_worlds import FAKE, TODAY, a_freeze, a_release, tonnes
from tests.contracts.transport_worlds import HTTP, TRANSPORTS, Transported, answered, transported
from tests.database_session import Database

pytestmark = pytest.mark.anyio


PLATFORM = Tenant(id="greenlien", kind="platform", name="平台", uscc=None, division=None)


@pytest.fixture(scope="module")
def desk(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    with new_database() as database:
        asyncio.run(register(database.owner_url, [PLATFORM], []))
        yield database


@pytest.fixture(params=TRANSPORTS)
async def world(request: pytest.FixtureRequest, tmp_path: Path, desk: Database) -> AsyncIterator[Transported]:
    with psycopg.connect(desk.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute("delete from registry_tasks")
    async with transported(request.param, tmp_path / "zhejiang", desk) as lent:
        yield lent


async def test_an_order_is_answered_with_reference_and_time_and_executed_once(world: Transported) -> None:
    answer = await answered(world, a_freeze())

    assert answer.status is OrderStatus.EXECUTED
    assert answer.registry_ref
    assert answer.executed_at is not None
    assert world.executed() == [("order_1", "freeze")]


async def test_the_same_order_again_at_any_moment_is_one_order(world: Transported) -> None:
    await world.registry.send_order(a_freeze())
    first = await answered(world, a_freeze())
    await world.worked()
    again = await answered(world, a_freeze())

    assert (again.status, again.registry_ref) == (OrderStatus.EXECUTED, first.registry_ref)
    assert world.executed() == [("order_1", "freeze")]


async def test_another_order_under_its_id_is_refused_and_changes_nothing(world: Transported) -> None:
    await answered(world, a_freeze())

    other = await answered(world, a_freeze(quantity=tonnes("11")))

    assert (other.status, other.reason) == (OrderStatus.REFUSED, "ORDER_ID_REUSED")
    assert world.executed() == [("order_1", "freeze")]


async def test_a_refusal_has_a_reason_and_stays(world: Transported) -> None:
    refused = await answered(world, a_freeze(expected_version=2))
    await world.worked()
    known = await world.registry.query_order("zhejiang", "order_1")

    assert (refused.status, refused.registry_ref) == (OrderStatus.REFUSED, None)
    assert refused.reason
    assert refused.message
    assert known is not None
    assert known.status is OrderStatus.REFUSED
    assert world.executed() == []


async def test_a_release_names_the_freeze_by_the_registrys_reference(world: Transported) -> None:
    frozen = await answered(world, a_freeze())

    released = await answered(world, a_release("order_2", frozen.registry_ref))

    assert released.status is OrderStatus.EXECUTED
    assert world.executed() == [("order_1", "freeze"), ("order_2", "release")]


async def test_what_was_never_sent_is_none_and_an_unknown_registry_takes_nothing(world: Transported) -> None:
    assert await world.registry.query_order("zhejiang", "order_9") is None
    with pytest.raises(RegistryUnavailable):
        await world.registry.query_order("atlantis", "order_1")
    with pytest.raises(RegistryClosed):
        await world.registry.send_order(replace(a_freeze(), registry="atlantis"))


async def test_a_right_its_holder_and_the_days_balances_are_told(world: Transported) -> None:
    (right,) = await world.registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
    balances = await world.registry.daily_balances("zhejiang", TODAY)

    assert (right.registry_no, right.holder_uscc) == (SHAOXING_COD_RIGHT, ENTERPRISE_SHAOXING_USCC)
    assert right.quantity == tonnes("50")
    verify = world.registry.verify_holder
    assert await verify("zhejiang", SHAOXING_COD_RIGHT, ENTERPRISE_SHAOXING_USCC) is HolderMatch.MATCH
    assert await verify("zhejiang", SHAOXING_COD_RIGHT, ENTERPRISE_HUANGSHI_USCC) is HolderMatch.MISMATCH
    assert balances.control_total == len(balances.rows) > 1
    with pytest.raises(RegistryRightNotFound):
        await world.registry.lookup_right("zhejiang", registry_no=RegistryNo("PWQ-ZJ-330602-99999"))


async def test_before_anybody_has_worked_an_order_is_accepted_or_done(
    world: Transported, request: pytest.FixtureRequest
) -> None:
    first = await world.registry.send_order(a_freeze())

    at_once = request.node.callspec.params["world"] in {FAKE, HTTP}
    assert first.status is (OrderStatus.EXECUTED if at_once else OrderStatus.ACCEPTED)
