"""What every registry behind the port promises: one body of tests, run against the fake, and client plus simulator.

The second run is over real HTTP on this machine, so it also proves the wire, the signatures and the simulator's books.
What is promised when answers fail is in test_registry_silence.py.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.ports.registry import (
    HolderMatch,
    OrderStatus,
    RegistryClosed,
    RegistryRightNotFound,
    RegistryStatus,
    RegistryUnavailable,
)
from domain.values.identifiers import RegistryNo, Uscc, parse_permit_no
from domain.values.quantity import Quantity, Unit
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_NAME,
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_NAME,
    ENTERPRISE_SHAOXING_USCC,
    SHAOXING_COD_RIGHT,
    SHAOXING_COD_RIGHT_BOUGHT,
    demo_rights,
)
from tests.contracts.registry_worlds import (
    BANK,
    EXPIRED,
    NOW,
    OTHER_BANK,
    SUSPENDED,
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


# Questions


async def test_a_right_is_told_in_full_by_its_number(world: World) -> None:
    (right,) = await world.registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)

    entry = next(entry for entry in demo_rights(TODAY) if entry.registry_no == SHAOXING_COD_RIGHT)
    expected = entry.answered(
        frozen=tonnes("0"), as_of=NOW.replace(microsecond=0), evidence_sha256=right.evidence_sha256
    )
    assert right == expected
    assert right.holder_name == ENTERPRISE_SHAOXING_NAME
    assert re.fullmatch(r"[0-9a-f]{64}", right.evidence_sha256)


async def test_a_permit_gives_one_right_for_each_pollutant_and_tranche(world: World) -> None:
    permit_no = parse_permit_no(f"{ENTERPRISE_SHAOXING_USCC}001P")

    rights = await world.registry.lookup_right("zhejiang", permit_no=permit_no)

    assert [(right.registry_no[-5:], right.pollutant.value, right.origin) for right in rights] == [
        ("00001", "COD", "initial"),
        ("00002", "COD", "purchased"),
        ("00003", "NH3N", "initial"),
        ("00004", "SO2", "initial"),
    ]


async def test_every_demonstration_right_survives_the_journey(world: World) -> None:
    for entry in demo_rights(TODAY):
        (right,) = await world.registry.lookup_right(entry.registry, registry_no=entry.registry_no)
        seen = entry.on(TODAY).answered(frozen=right.frozen, as_of=right.as_of, evidence_sha256=right.evidence_sha256)
        assert right == seen


async def test_a_right_whose_last_day_has_passed_is_told_as_expired(world: World) -> None:
    (right,) = await world.registry.lookup_right("zhejiang", registry_no=EXPIRED)

    assert right.status is RegistryStatus.EXPIRED


async def test_an_unknown_number_or_permit_is_not_found_rather_than_unavailable(world: World) -> None:
    with pytest.raises(RegistryRightNotFound) as by_number:
        await world.registry.lookup_right("zhejiang", registry_no=RegistryNo("PWQ-ZJ-330602-99999"))
    with pytest.raises(RegistryRightNotFound):
        await world.registry.lookup_right("zhejiang", permit_no=parse_permit_no(f"{BANK}001P"))
    with pytest.raises(RegistryRightNotFound):
        await world.registry.lookup_right("hubei", registry_no=SHAOXING_COD_RIGHT)

    assert by_number.value.facts() == {"registry": "zhejiang", "number": "PWQ-ZJ-330602-99999"}


async def test_a_registry_that_nobody_configured_is_unavailable_and_takes_no_order(world: World) -> None:
    with pytest.raises(RegistryUnavailable):
        await world.registry.lookup_right("atlantis", registry_no=SHAOXING_COD_RIGHT)
    with pytest.raises(RegistryUnavailable):
        await world.registry.query_order("atlantis", "order_1")
    with pytest.raises(RegistryClosed):
        await world.registry.send_order(replace(a_freeze(), registry="atlantis"))


async def test_the_holder_is_compared_and_never_answered_with_yes_or_no(world: World) -> None:
    verify = world.registry.verify_holder
    assert await verify("zhejiang", SHAOXING_COD_RIGHT, ENTERPRISE_SHAOXING_USCC) is HolderMatch.MATCH
    assert await verify("zhejiang", SHAOXING_COD_RIGHT, ENTERPRISE_HUANGSHI_USCC) is HolderMatch.MISMATCH
    unknown = RegistryNo("PWQ-ZJ-330602-99999")
    assert await verify("zhejiang", unknown, ENTERPRISE_SHAOXING_USCC) is HolderMatch.UNKNOWN

    world.change(SHAOXING_COD_RIGHT, "rename")

    assert await verify("zhejiang", SHAOXING_COD_RIGHT, ENTERPRISE_SHAOXING_USCC) is HolderMatch.NAME_DIFFERS


# Freezing


async def test_a_freeze_is_executed_with_the_registrys_reference_and_time(world: World) -> None:
    order = a_freeze(quantity=tonnes("30.5"))

    answer = await world.registry.send_order(order)

    assert (answer.order_id, answer.status) == (order.order_id, OrderStatus.EXECUTED)
    assert answer.registry_ref
    assert answer.executed_at == NOW.replace(microsecond=0)
    assert (answer.reason, answer.message) == (None, None)
    assert re.fullmatch(r"[0-9a-f]{64}", answer.evidence_sha256)
    right = await shaoxing(world)
    assert (right.frozen, right.quantity, right.version) == (tonnes("30.5"), tonnes("50"), 1)


async def test_the_same_order_again_gives_the_same_answer_and_one_freeze(world: World) -> None:
    first = await world.registry.send_order(a_freeze())
    again = await world.registry.send_order(a_freeze())

    assert again.registry_ref == first.registry_ref
    assert again.executed_at == first.executed_at
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]


async def test_an_order_id_cannot_be_used_for_another_order(world: World) -> None:
    await world.registry.send_order(a_freeze())

    other = await world.registry.send_order(a_freeze(quantity=tonnes("11")))

    assert (other.status, other.reason) == (OrderStatus.REFUSED, "ORDER_ID_REUSED")
    assert world.executed() == [("order_1", "freeze", tonnes("10"))]
    known = await world.registry.query_order("zhejiang", "order_1")
    assert known is not None
    assert known.status is OrderStatus.EXECUTED


async def test_two_freezes_never_take_more_than_there_is(world: World) -> None:
    first = await world.registry.send_order(a_freeze("order_1", quantity=tonnes("30")))
    second = await world.registry.send_order(a_freeze("order_2", quantity=tonnes("20.000001")))
    third = await world.registry.send_order(a_freeze("order_3", quantity=tonnes("20")))

    assert first.status is OrderStatus.EXECUTED
    assert (second.status, second.reason) == (OrderStatus.REFUSED, "INSUFFICIENT_AVAILABLE")
    assert third.status is OrderStatus.EXECUTED
    assert (await shaoxing(world)).frozen == tonnes("50")


@pytest.mark.parametrize(
    ("reason", "extraordinary"),
    [
        ("RIGHT_NOT_FOUND", {"registry_no": RegistryNo("PWQ-ZJ-330602-99999")}),
        ("HOLDER_MISMATCH", {"holder_uscc": ENTERPRISE_HUANGSHI_USCC}),
        ("SUSPENDED", {"registry_no": SUSPENDED, "holder_uscc": Uscc("91330681DEM0000303")}),
        ("NOT_EFFECTIVE", {"registry_no": EXPIRED, "holder_uscc": Uscc("91330206DEM000057J")}),
        ("VERSION_CONFLICT", {"expected_version": 2}),
        ("UNIT_MISMATCH", {"quantity": Quantity.parse("10000", Unit.KG_PER_YEAR)}),
        ("INSUFFICIENT_AVAILABLE", {"quantity": Quantity.parse("50.000001", Unit.T_PER_YEAR)}),
    ],
)
async def test_a_freeze_is_refused_with_a_reason(world: World, reason: str, extraordinary: dict[str, object]) -> None:
    answer = await world.registry.send_order(replace(a_freeze(), **extraordinary))  # type: ignore[arg-type] # a table

    assert (answer.status, answer.reason) == (OrderStatus.REFUSED, reason)
    assert answer.message
    assert (answer.registry_ref, answer.executed_at) == (None, None)
    assert world.executed() == []


async def test_a_refusal_stays_a_refusal_under_its_id(world: World) -> None:
    refused = await world.registry.send_order(a_freeze(expected_version=2))
    world.change(SHAOXING_COD_RIGHT, "suspend")
    world.change(SHAOXING_COD_RIGHT, "reinstate")

    again = await world.registry.send_order(a_freeze(expected_version=2))
    known = await world.registry.query_order("zhejiang", "order_1")

    assert known is not None
    assert [answer.reason for answer in (refused, again, known)] == ["VERSION_CONFLICT"] * 3


async def test_a_court_order_takes_quantity_without_raising_the_version(world: World) -> None:
    world.change(SHAOXING_COD_RIGHT, "court_order", tonnes("45"))

    answer = await world.registry.send_order(a_freeze(quantity=tonnes("5.000001")))

    assert answer.reason == "INSUFFICIENT_AVAILABLE"
    right = await shaoxing(world)
    assert (right.frozen, right.version) == (tonnes("45"), 1)
    world.change(SHAOXING_COD_RIGHT, "lift_court_order")
    assert (await shaoxing(world)).frozen == tonnes("0")


async def test_a_court_may_take_more_than_is_free(world: World) -> None:
    await world.registry.send_order(a_freeze(quantity=tonnes("40")))

    world.change(SHAOXING_COD_RIGHT, "court_order", tonnes("50"))

    assert (await shaoxing(world)).frozen == tonnes("90")


async def test_the_version_rises_when_the_right_itself_changes(world: World) -> None:
    world.change(SHAOXING_COD_RIGHT, "reduce", tonnes("20"))
    reduced = await shaoxing(world)
    world.change(SHAOXING_COD_RIGHT, "transfer")
    transferred = await shaoxing(world)
    world.change(SHAOXING_COD_RIGHT, "revoke")
    revoked = await shaoxing(world)

    assert (reduced.version, reduced.quantity, reduced.status) == (2, tonnes("30"), RegistryStatus.REDUCED)
    assert (transferred.version, transferred.holder_name) == (3, ENTERPRISE_HUANGSHI_NAME)
    assert (revoked.version, revoked.status) == (4, RegistryStatus.REVOKED)


# Releasing


async def test_a_release_in_parts_gives_back_what_was_frozen_and_no_more(world: World) -> None:
    frozen = await world.registry.send_order(a_freeze())

    part = await world.registry.send_order(a_release("order_2", frozen.registry_ref, quantity=tonnes("4")))
    assert part.status is OrderStatus.EXECUTED
    assert (await shaoxing(world)).frozen == tonnes("6")

    too_much = await world.registry.send_order(a_release("order_3", frozen.registry_ref, quantity=tonnes("6.000001")))
    rest = await world.registry.send_order(a_release("order_4", frozen.registry_ref, quantity=tonnes("6")))
    assert too_much.reason == "AMOUNT_EXCEEDS"
    assert rest.status is OrderStatus.EXECUTED
    assert (await shaoxing(world)).frozen == tonnes("0")


async def test_the_same_release_again_gives_back_once(world: World) -> None:
    frozen = await world.registry.send_order(a_freeze())

    for _ in range(2):
        answer = await world.registry.send_order(a_release("order_2", frozen.registry_ref, quantity=tonnes("4")))
        assert answer.status is OrderStatus.EXECUTED

    assert (await shaoxing(world)).frozen == tonnes("6")
    assert [kind for _, kind, _ in world.executed()] == ["freeze", "release"]


@pytest.mark.parametrize(
    ("reason", "extraordinary"),
    [
        ("FREEZE_NOT_FOUND", {"registry_ref": "NOSUCHREFERENCE"}),
        ("FREEZE_NOT_FOUND", {"registry_no": SHAOXING_COD_RIGHT_BOUGHT}),
        ("HOLDER_MISMATCH", {"holder_uscc": ENTERPRISE_HUANGSHI_USCC}),
        ("NOT_BENEFICIARY", {"beneficiary": OTHER_BANK}),
        ("UNIT_MISMATCH", {"quantity": Quantity.parse("1", Unit.T)}),
        ("AMOUNT_EXCEEDS", {"quantity": Quantity.parse("10.000001", Unit.T_PER_YEAR)}),
    ],
)
async def test_a_release_is_refused_with_a_reason(world: World, reason: str, extraordinary: dict[str, object]) -> None:
    frozen = await world.registry.send_order(a_freeze())
    release = replace(a_release("order_2", frozen.registry_ref), **extraordinary)  # type: ignore[arg-type] # a table

    answer = await world.registry.send_order(release)

    assert (answer.status, answer.reason) == (OrderStatus.REFUSED, reason)
    assert (await shaoxing(world)).frozen == tonnes("10")


async def test_what_was_frozen_can_be_released_after_a_revocation(world: World) -> None:
    frozen = await world.registry.send_order(a_freeze())
    world.change(SHAOXING_COD_RIGHT, "revoke")

    answer = await world.registry.send_order(a_release("order_2", frozen.registry_ref))

    assert answer.status is OrderStatus.EXECUTED


# The daily file


async def test_the_daily_file_has_every_right_of_the_registry_with_what_is_frozen(world: World) -> None:
    await world.registry.send_order(a_freeze())
    world.change(SHAOXING_COD_RIGHT_BOUGHT, "reduce", tonnes("2"))

    file = await world.registry.daily_balances("zhejiang", TODAY)

    assert (file.registry, file.on, file.control_total) == ("zhejiang", TODAY, len(file.rows))
    rows = {row.registry_no: (row.quantity, row.frozen, row.version) for row in file.rows}
    assert rows.keys() == {right.registry_no for right in demo_rights(TODAY) if right.registry == "zhejiang"}
    assert rows[SHAOXING_COD_RIGHT] == (tonnes("50"), tonnes("10"), 1)
    assert rows[SHAOXING_COD_RIGHT_BOUGHT] == (tonnes("10"), tonnes("0"), 2)


@pytest.mark.parametrize("on", [TODAY + timedelta(days=1), TODAY - timedelta(days=1)])
async def test_a_day_that_is_not_in_the_books_has_no_file(world: World, on: date) -> None:
    with pytest.raises(RegistryUnavailable):
        await world.registry.daily_balances("zhejiang", on)
