"""What every registry promises of a transfer out of a freeze: one body of tests, run like test_registry.py."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import OrderStatus, RegistryOrder, RegistrySilent, RegistryStatus
from domain.values.identifiers import RegistryNo, Uscc, parse_permit_no
from domain.values.quantity import Quantity
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_NAME,
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_USCC,
    SHAOXING_COD_RIGHT,
)
from tests.contracts.registry_worlds import (
    OTHER_BANK,
    TODAY,
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


def a_transfer(
    order_id: str, registry_ref: str | None, quantity: str = "10", buyer: Uscc | None = ENTERPRISE_HUANGSHI_USCC
) -> RegistryOrder:
    release = a_release(order_id, registry_ref, quantity=tonnes(quantity))
    return replace(release, kind=OrderKind.TRANSFER, buyer=buyer)


async def frozen(world: World, quantity: str = "10") -> str:
    answer = await world.registry.send_order(a_freeze(quantity=tonnes(quantity)))
    assert answer.registry_ref is not None
    return answer.registry_ref


async def test_a_transfer_lifts_its_part_of_the_freeze_and_makes_it_the_buyers_in_one_act(world: World) -> None:
    answer = await world.registry.send_order(a_transfer("order_2", await frozen(world), "4"))

    assert answer.status is OrderStatus.EXECUTED
    seller = await shaoxing(world)
    assert (seller.quantity, seller.frozen, seller.version) == (tonnes("46"), tonnes("6"), 2)
    assert (seller.status, seller.holder_uscc) == (RegistryStatus.EFFECTIVE, ENTERPRISE_SHAOXING_USCC)
    permit = parse_permit_no(f"{ENTERPRISE_HUANGSHI_USCC}001P")
    bought = [each for each in await world.registry.lookup_right("zhejiang", permit_no=permit) if each.version == 1]
    assert [(each.quantity, each.frozen, each.acquired_on) for each in bought] == [(tonnes("4"), tonnes("0"), TODAY)]
    assert [each.holder_uscc for each in bought] == [ENTERPRISE_HUANGSHI_USCC]
    assert world.executed()[1:] == [("order_2", "transfer", tonnes("4"))]


async def test_the_buyers_permit_is_the_one_that_was_named(world: World) -> None:
    permit = parse_permit_no(f"{ENTERPRISE_HUANGSHI_USCC}007Q")
    order = replace(a_transfer("order_2", await frozen(world)), buyer_permit_no=permit)

    await world.registry.send_order(order)

    (bought,) = await world.registry.lookup_right("zhejiang", permit_no=permit)
    assert (bought.quantity, bought.holder_name in {ENTERPRISE_HUANGSHI_NAME, ENTERPRISE_HUANGSHI_USCC}) == (
        tonnes("10"),
        True,
    )


async def test_a_right_of_which_nothing_is_left_is_transferred(world: World) -> None:
    await world.registry.send_order(a_transfer("order_2", await frozen(world, "50"), "50"))

    seller = await shaoxing(world)
    assert (seller.quantity, seller.frozen, seller.status) == (tonnes("0"), tonnes("0"), RegistryStatus.TRANSFERRED)


async def test_several_buyers_share_one_freeze_and_never_more_than_it_holds(world: World) -> None:
    reference = await frozen(world)

    first = await world.registry.send_order(a_transfer("order_2", reference, "6"))
    too_much = await world.registry.send_order(a_transfer("order_3", reference, "4.000001"))
    second = await world.registry.send_order(a_transfer("order_4", reference, "4"))

    assert [each.status for each in (first, second)] == [OrderStatus.EXECUTED] * 2
    assert too_much.reason == "AMOUNT_EXCEEDS"
    seller = await shaoxing(world)
    assert (seller.quantity, seller.frozen) == (tonnes("40"), tonnes("0"))


async def test_the_same_transfer_again_and_one_whose_answer_was_lost_take_effect_once(world: World) -> None:
    order = a_transfer("order_2", await frozen(world))
    world.arm("transfer", "lose_reply")

    with pytest.raises(RegistrySilent):
        await world.registry.send_order(order)
    known = await world.registry.query_order("zhejiang", "order_2")
    again = await world.registry.send_order(order)

    assert known is not None
    assert (known.status, known.registry_ref) == (OrderStatus.EXECUTED, again.registry_ref)
    assert (await shaoxing(world)).quantity == tonnes("40")
    assert [kind for _, kind, _ in world.executed()] == ["freeze", "transfer"]


async def test_a_late_transfer_is_executed_by_the_time_of_the_query(world: World) -> None:
    order = a_transfer("order_2", await frozen(world))
    world.arm("transfer", "late")

    assert (await world.registry.send_order(order)).status is OrderStatus.ACCEPTED
    assert (await shaoxing(world)).quantity == tonnes("50")
    known = await world.registry.query_order("zhejiang", "order_2")

    assert known is not None
    assert known.status is OrderStatus.EXECUTED
    assert (await shaoxing(world)).quantity == tonnes("40")


@pytest.mark.parametrize(
    ("reason", "extraordinary"),
    [
        ("FREEZE_NOT_FOUND", {"registry_ref": "NOSUCHREFERENCE"}),
        ("HOLDER_MISMATCH", {"holder_uscc": ENTERPRISE_HUANGSHI_USCC}),
        ("HOLDER_MISMATCH", {"buyer": ENTERPRISE_SHAOXING_USCC}),
        ("NOT_BENEFICIARY", {"beneficiary": OTHER_BANK}),
        ("AMOUNT_EXCEEDS", {"quantity": Quantity.parse("10.000001", tonnes("1").unit)}),
    ],
)
async def test_a_transfer_is_refused_with_a_reason(world: World, reason: str, extraordinary: dict[str, object]) -> None:
    order = replace(a_transfer("order_2", await frozen(world)), **extraordinary)  # type: ignore[arg-type] # a table

    answer = await world.registry.send_order(order)

    assert (answer.status, answer.reason) == (OrderStatus.REFUSED, reason)
    assert (await shaoxing(world)).quantity == tonnes("50")


@pytest.mark.parametrize(("act", "reason"), [("suspend", "SUSPENDED"), ("revoke", "NOT_EFFECTIVE")])
async def test_what_no_longer_stands_is_not_sold(world: World, act: str, reason: str) -> None:
    order = a_transfer("order_2", await frozen(world))
    world.change(RegistryNo(SHAOXING_COD_RIGHT), act)

    assert (await world.registry.send_order(order)).reason == reason
