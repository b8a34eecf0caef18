"""What a registry tells of a freeze under its own reference: one body of tests for the fake and for the client."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.ports.registry import OrderAnswer, RegistryUnavailable
from integrations.registry.demo_rights import ENTERPRISE_SHAOXING_USCC, SHAOXING_COD_RIGHT, SHAOXING_COD_RIGHT_BOUGHT
from tests.contracts.registry_worlds import BANK, OTHER_BANK, WORLDS, World, a_freeze, a_release, opened, tonnes

pytestmark = pytest.mark.anyio


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with opened(request.param) as lent:
        yield lent


def reference_of(answer: OrderAnswer) -> str:
    assert answer.registry_ref is not None
    return answer.registry_ref


async def test_a_freeze_is_told_with_its_holder_beneficiary_quantity_time_and_place(world: World) -> None:
    answer = await world.registry.send_order(a_freeze("order_1"))
    told = await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT, reference_of(answer))
    assert told is not None
    assert (told.registry_no, told.registry_ref) == (SHAOXING_COD_RIGHT, answer.registry_ref)
    assert (told.holder_uscc, told.beneficiary) == (ENTERPRISE_SHAOXING_USCC, BANK)
    assert (told.quantity, told.registered_at, told.rank) == (a_freeze("order_1").quantity, answer.executed_at, 1)


async def test_what_is_left_after_a_release_is_told_and_nothing_after_the_last(world: World) -> None:
    frozen = reference_of(await world.registry.send_order(a_freeze("order_1")))
    whole = a_freeze("order_1").quantity
    part = tonnes("1")
    await world.registry.send_order(replace(a_release("order_2", frozen), quantity=part))
    told = await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT, frozen)
    assert told is not None
    assert told.quantity == whole - part
    await world.registry.send_order(replace(a_release("order_3", frozen), quantity=whole - part))
    assert await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT, frozen) is None


async def test_an_unknown_reference_or_another_right_s_is_no_freeze(world: World) -> None:
    frozen = reference_of(await world.registry.send_order(a_freeze("order_1")))
    assert await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT, "NEVER") is None
    assert await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT_BOUGHT, frozen) is None


async def test_another_bank_s_freeze_is_told_as_another_bank_s(world: World) -> None:
    order = replace(a_freeze("order_1"), beneficiary=OTHER_BANK)
    frozen = reference_of(await world.registry.send_order(order))
    told = await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT, frozen)
    assert told is not None
    assert told.beneficiary == OTHER_BANK


@pytest.mark.parametrize("kind", ["error", "garbage"])
async def test_a_useless_answer_is_no_answer(world: World, kind: str) -> None:
    world.arm("standing_freeze", kind)
    with pytest.raises(RegistryUnavailable):
        await world.registry.lookup_freeze("zhejiang", SHAOXING_COD_RIGHT, "ANY")
