"""What every registry behind the port promises when answers fail: one body of tests, run like test_registry.py."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import pytest

from domain.ports.registry import (
    OrderAnswer,
    OrderStatus,
    RegistryClosed,
    RegistryOrder,
    RegistrySilent,
    RegistryUnavailable,
)
from integrations.registry.demo_rights import (
    ENTERPRISE_SHAOXING_USCC,
    SHAOXING_COD_RIGHT,
)
from tests.contracts.registry_worlds import TODAY, WORLDS, World, a_freeze, a_release, opened, shaoxing, tonnes

pytestmark = pytest.mark.anyio

FAULTS: Final = ("lose_reply", "error", "garbage", "duplicate", "late", "closed")


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with opened(request.param) as lent:
        yield lent


# Asking what became of an order


async def test_an_order_that_was_never_seen_is_none(world: World) -> None:
    assert await world.registry.query_order("zhejiang", "order_1") is None


async def test_a_query_tells_what_the_order_was_answered(world: World) -> None:
    answer = await world.registry.send_order(a_freeze())

    known = await world.registry.query_order("zhejiang", "order_1")

    assert known is not None
    assert replace(known, evidence_sha256=answer.evidence_sha256) == answer


async def test_a_late_order_is_accepted_first_and_executed_by_the_time_of_the_query(world: World) -> None:
    world.arm("freeze", "late")

    accepted = await world.registry.send_order(a_freeze())
    assert (accepted.status, accepted.registry_ref, accepted.executed_at) == (OrderStatus.ACCEPTED, None, None)
    assert world.executed() == []

    known = await world.registry.query_order("zhejiang", "order_1")
    assert known is not None
    assert known.status is OrderStatus.EXECUTED
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_a_late_order_can_still_be_refused(world: World) -> None:
    world.arm("freeze", "late")
    await world.registry.send_order(a_freeze())
    world.change(SHAOXING_COD_RIGHT, "suspend")

    known = await world.registry.query_order("zhejiang", "order_1")

    assert known is not None
    assert (known.status, known.reason) == (OrderStatus.REFUSED, "SUSPENDED")


# Silence and refusal to serve


@pytest.mark.parametrize("fault", ["lose_reply", "garbage"])
async def test_an_answer_that_never_came_is_a_silence_behind_which_the_order_was_executed(
    world: World, fault: str
) -> None:
    world.arm("freeze", fault)

    with pytest.raises(RegistrySilent):
        await world.registry.send_order(a_freeze())

    known = await world.registry.query_order("zhejiang", "order_1")
    assert known is not None
    assert known.status is OrderStatus.EXECUTED
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_an_error_of_theirs_is_a_silence_and_the_order_may_be_sent_again(world: World) -> None:
    world.arm("freeze", "error")

    with pytest.raises(RegistrySilent):
        await world.registry.send_order(a_freeze())

    assert await world.registry.query_order("zhejiang", "order_1") is None
    assert (await world.registry.send_order(a_freeze())).status is OrderStatus.EXECUTED
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_a_slow_order_was_never_seen_when_asked_for_and_still_arrives_once(world: World) -> None:
    world.arm("freeze", "slow")

    with pytest.raises(RegistrySilent):
        await world.registry.send_order(a_freeze())

    assert await world.registry.query_order("zhejiang", "order_1") is None
    await world.deliver_slow(messages=1)
    assert (await world.registry.send_order(a_freeze())).status is OrderStatus.EXECUTED
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_a_resent_order_and_its_slow_twin_make_one_freeze(world: World) -> None:
    world.arm("freeze", "slow")
    with pytest.raises(RegistrySilent):
        await world.registry.send_order(a_freeze())

    resent = await world.registry.send_order(a_freeze())
    assert resent.status is OrderStatus.EXECUTED
    await world.deliver_slow(messages=2)

    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_a_closed_registry_takes_nothing_and_says_so(world: World) -> None:
    world.arm("freeze", "closed")

    with pytest.raises(RegistryClosed) as closed:
        await world.registry.send_order(a_freeze())

    assert not isinstance(closed.value, RegistrySilent)
    assert await world.registry.query_order("zhejiang", "order_1") is None
    assert world.executed() == []


async def test_a_duplicated_message_makes_one_freeze(world: World) -> None:
    world.arm("freeze", "duplicate")

    answer = await world.registry.send_order(a_freeze())

    assert answer.status is OrderStatus.EXECUTED
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_a_lost_release_is_found_executed_once(world: World) -> None:
    frozen = await world.registry.send_order(a_freeze())
    world.arm("release", "lose_reply")

    with pytest.raises(RegistrySilent):
        await world.registry.send_order(a_release("order_2", frozen.registry_ref))

    known = await world.registry.query_order("zhejiang", "order_2")
    assert known is not None
    assert known.status is OrderStatus.EXECUTED
    assert (await shaoxing(world)).frozen == tonnes("0")


@pytest.mark.parametrize("fault", ["lose_reply", "garbage", "error", "slow", "closed"])
async def test_a_question_without_a_usable_answer_is_unavailable_and_may_be_put_again(world: World, fault: str) -> None:
    world.arm("any", fault)
    with pytest.raises(RegistryUnavailable):
        await world.registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
    world.arm("query", fault)
    with pytest.raises(RegistryUnavailable):
        await world.registry.query_order("zhejiang", "order_1")
    world.arm("verify_holder", fault)
    with pytest.raises(RegistryUnavailable):
        await world.registry.verify_holder("zhejiang", SHAOXING_COD_RIGHT, ENTERPRISE_SHAOXING_USCC)
    world.arm("balances", fault)
    with pytest.raises(RegistryUnavailable):
        await world.registry.daily_balances("zhejiang", TODAY)

    assert (await shaoxing(world)).registry_no == SHAOXING_COD_RIGHT


# Everything at once


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_fails_each_order_takes_effect_at_most_once_and_all_are_settled(world: World, seed: int) -> None:
    chance = random.Random(seed)
    outcomes = []
    for number in range(30):
        for _ in range(chance.randrange(3)):
            world.arm(chance.choice(("freeze", "query", "any")), chance.choice(FAULTS))
        outcomes.append(await settled(world, a_freeze(f"order_{number}", quantity=tonnes("2"))))

    executed = [order_id for order_id, _, _ in world.executed()]
    assert len(executed) == len(set(executed)) == 50 // 2
    assert [answer.order_id for answer in outcomes if answer.status is OrderStatus.EXECUTED] == executed
    assert {answer.reason for answer in outcomes[50 // 2 :]} == {"INSUFFICIENT_AVAILABLE"}


async def settled(world: World, order: RegistryOrder) -> OrderAnswer:
    """Query and send again under the same id, as our own worker does, until the registry has decided."""
    answer: OrderAnswer | None = None
    for _ in range(100):
        try:
            answer = answer or await world.registry.send_order(order)
        except RegistryUnavailable:
            answer = None
        try:
            if answer is None or answer.status is OrderStatus.ACCEPTED:
                answer = await world.registry.query_order(order.registry, order.order_id)
        except RegistryUnavailable:
            continue
        if answer is not None and answer.status is not OrderStatus.ACCEPTED:
            return answer
    pytest.fail(f"{order.order_id} was never settled")
