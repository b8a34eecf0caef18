"""What every registry promises of a change of a freeze's parties: one body of tests, run like test_registry.py."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import OrderStatus, RegistryOrder, RegistrySilent
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_USCC,
    SHAOXING_COD_RIGHT,
)
from tests.contracts.registry_worlds import (
    OTHER_BANK,
    WORLDS,
    World,
    a_freeze,
    a_release,
    opened,
    shaoxing,
    tonnes,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with opened(request.param) as lent:
        yield lent


def an_amendment(order_id: str, registry_ref: str | None, **different: object) -> RegistryOrder:
    release = a_release(order_id, registry_ref)
    amended = replace(release, kind=OrderKind.AMEND, new_beneficiary=OTHER_BANK)
    return replace(amended, **different)  # type: ignore[arg-type]  # any field of an order


async def frozen(world: World) -> str:
    answer = await world.registry.send_order(a_freeze())
    assert answer.registry_ref is not None
    return answer.registry_ref


async def test_a_freeze_goes_on_in_another_pledgees_name_with_nothing_unfrozen(world: World) -> None:
    reference = await frozen(world)
    before = await shaoxing(world)

    answer = await world.registry.send_order(an_amendment("order_2", reference))

    assert (answer.status, answer.registry_ref != reference) == (OrderStatus.EXECUTED, True)
    after = await shaoxing(world)
    assert (after.frozen, after.quantity, after.version) == (before.frozen, before.quantity, before.version)
    formers = await world.registry.send_order(a_release("order_3", reference))
    assert (formers.status, formers.reason) == (OrderStatus.REFUSED, "NOT_BENEFICIARY")
    followers = await world.registry.send_order(replace(a_release("order_4", reference), beneficiary=OTHER_BANK))
    assert followers.status is OrderStatus.EXECUTED
    assert (await shaoxing(world)).frozen == tonnes("0")


async def test_an_amendment_can_be_amended_back(world: World) -> None:
    reference = await frozen(world)
    first = an_amendment("order_2", reference)
    await world.registry.send_order(first)
    back = replace(first, order_id="order_3", beneficiary=OTHER_BANK, new_beneficiary=first.beneficiary)

    assert (await world.registry.send_order(back)).status is OrderStatus.EXECUTED
    assert (await world.registry.send_order(a_release("order_4", reference))).status is OrderStatus.EXECUTED


async def test_a_new_holder_must_hold_the_right_already(world: World) -> None:
    reference = await frozen(world)
    succession = {"new_beneficiary": None, "new_holder": ENTERPRISE_HUANGSHI_USCC}

    early = await world.registry.send_order(an_amendment("order_2", reference, **succession))
    world.change(SHAOXING_COD_RIGHT, "transfer")
    in_time = await world.registry.send_order(an_amendment("order_3", reference, **succession))

    assert (early.status, early.reason) == (OrderStatus.REFUSED, "HOLDER_MISMATCH")
    assert in_time.status is OrderStatus.EXECUTED
    release = replace(a_release("order_4", reference), holder_uscc=ENTERPRISE_HUANGSHI_USCC)
    assert (await world.registry.send_order(release)).status is OrderStatus.EXECUTED


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({"beneficiary": OTHER_BANK}, "NOT_BENEFICIARY"),
        ({"holder_uscc": ENTERPRISE_HUANGSHI_USCC}, "HOLDER_MISMATCH"),
        ({"registry_ref": "DJ-none"}, "FREEZE_NOT_FOUND"),
        ({"quantity": tonnes("9")}, "AMOUNT_EXCEEDS"),
    ],
)
async def test_nothing_is_amended_but_the_whole_freeze_of_the_named_parties(
    world: World, different: dict[str, object], reason: str
) -> None:
    reference = await frozen(world)
    answer = await world.registry.send_order(replace(an_amendment("order_2", reference), **different))  # type: ignore[arg-type]  # any field of an order
    assert (answer.status, answer.reason) == (OrderStatus.REFUSED, reason)
    released = replace(a_release("order_3", reference), holder_uscc=ENTERPRISE_SHAOXING_USCC)
    assert (await world.registry.send_order(released)).status is OrderStatus.EXECUTED


async def test_an_amendment_whose_answer_was_lost_takes_effect_once(world: World) -> None:
    order = an_amendment("order_2", await frozen(world))
    world.arm("amend", "lose_reply")

    with pytest.raises(RegistrySilent):
        await world.registry.send_order(order)
    known = await world.registry.query_order("zhejiang", "order_2")
    again = await world.registry.send_order(order)

    assert known is not None
    assert (known.status, known.registry_ref) == (OrderStatus.EXECUTED, again.registry_ref)
    assert [each[:2] for each in world.executed()][1:] == [("order_2", "amend")]
