"""A line that fails, a registry that dies, and what the registry believes of us."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.ports.registry import (
    OrderStatus,
    RegistryClosed,
    RegistryRightNotFound,
    RegistrySilent,
    RegistryUnavailable,
)
from domain.values.quantity import Quantity, Unit
from domain.values.time import business_date
from integrations.registry import wire
from integrations.registry.client import RegistryEndpoint
from integrations.registry.demo_rights import ENTERPRISE_SHAOXING_USCC, SHAOXING_COD_RIGHT, demo_rights
from integrations.registry.simulator import create_simulator
from tests.fakes import registry_process
from tests.fakes.loopback import serving
from tests.fakes.registry_control import simulator_control
from tests.integration.registry_scene import BANK, NOW, ORDER, SECRET, client, sent, simulated

pytestmark = pytest.mark.anyio

# A line that fails


async def test_an_order_that_never_left_is_closed_and_a_question_unavailable() -> None:
    with simulated() as base_url:
        pass

    with pytest.raises(RegistryClosed, match="nothing was sent"):
        await sent(base_url)
    async with client(base_url) as registry:
        with pytest.raises(RegistryUnavailable) as unavailable:
            await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
    assert type(unavailable.value) is RegistryUnavailable


async def test_an_answer_that_drips_is_given_up_at_the_deadline() -> None:
    async def drip(_: object, __: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        for _number in range(100):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)

    with serving(drip) as base_url:
        began = time.monotonic()
        with pytest.raises(RegistrySilent):
            await sent(base_url, timeout_seconds=0.5)
        assert time.monotonic() - began < 3


async def test_a_cancelled_order_is_raised_as_cancelled_and_the_client_goes_on() -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        control.arm("freeze", "slow", seconds=1)
        async with client(base_url) as registry:
            order = asyncio.create_task(registry.send_order(ORDER))
            await asyncio.sleep(0.3)
            order.cancel()
            with pytest.raises(asyncio.CancelledError):
                await order

            assert await registry.query_order("zhejiang", "order_1") is None


async def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with simulated() as base_url:
        assert (await sent(base_url)).status is OrderStatus.EXECUTED


@pytest.mark.parametrize(
    "base_url",
    ["ftp://registry.example", "registry.example", "http://user:word@registry.example", "http://r.example/?a=1"],
)
def test_an_address_that_is_not_plain_http_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="base address"):
        RegistryEndpoint(base_url, "greenlien", SECRET)


def test_a_key_is_long_enough_and_never_printed() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        RegistryEndpoint("https://registry.example", "greenlien", b"short")

    assert "sixteen" not in repr(RegistryEndpoint("https://registry.example", "greenlien", SECRET))


# What the registry believes of us


def test_a_message_without_a_proof_gets_no_signed_answer() -> None:
    request = wire.write_request("0" * 32, "greenlien", wire.write_time(NOW), {"zlbh": "order_1"})
    headers = {wire.HEADER_REQUEST: "0" * 32, wire.HEADER_TIMESTAMP: wire.write_time(NOW), wire.HEADER_SIGN: "0" * 64}
    with simulated() as base_url, httpx.Client(base_url=base_url, trust_env=False) as line:
        forged = line.post("/zhejiang/zlcx", content=request, headers=headers)
        unknown = line.post("/atlantis/zlcx", content=request, headers=headers)
        got = line.get("/zhejiang/zlcx")
        large = line.post("/zhejiang/zlcx", content=b" " * (1024 * 1024 + 1), headers=headers)

    assert [answer.status_code for answer in (forged, unknown, got, large)] == [401, 404, 405, 413]
    assert all(wire.HEADER_SIGN not in answer.headers for answer in (forged, unknown, got, large))


@pytest.mark.parametrize(
    "endpoint",
    [{"app_id": "somebody else"}, {"secret": b"another secret, as long"}],
    ids=["unknown client", "wrong key"],
)
async def test_a_stranger_learns_nothing_and_freezes_nothing(endpoint: dict[str, Any]) -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        async with client(base_url, **endpoint) as registry:
            with pytest.raises(RegistrySilent):
                await registry.send_order(ORDER)
            with pytest.raises(RegistryUnavailable):
                await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)

        assert control.ledger() == []


async def test_an_old_message_is_not_taken() -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        async with client(base_url, now=NOW - timedelta(seconds=301)) as registry:
            with pytest.raises(RegistryClosed, match="1003"):
                await registry.send_order(ORDER)

        assert control.ledger() == []


async def test_an_order_over_nothing_is_not_taken() -> None:
    with simulated() as base_url:
        async with client(base_url) as registry:
            with pytest.raises(RegistryClosed, match="1004"):
                await registry.send_order(replace(ORDER, quantity=Quantity.zero(Unit.T_PER_YEAR)))


# The back door


async def test_a_fault_strikes_as_often_as_it_was_armed_and_only_where_it_was_armed() -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        control.arm("freeze", "closed", times=2)
        async with client(base_url) as registry:
            await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
            for _ in range(2):
                with pytest.raises(RegistryClosed):
                    await registry.send_order(ORDER)
            assert (await registry.send_order(ORDER)).status is OrderStatus.EXECUTED

        control.arm("any", "error")
        assert control.armed() == [{"operation": "any", "kind": "error", "times": 1, "seconds": 0.0}]
        control.disarm()
        assert control.armed() == []


async def test_the_ledger_tells_each_executed_order_with_its_times_and_reference() -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        async with client(base_url) as registry:
            answer = await registry.send_order(ORDER)
            await registry.send_order(ORDER)
            await registry.send_order(replace(ORDER, order_id="order_2", expected_version=9))

        (row,) = control.ledger()

    assert row == {
        "order_id": "order_1",
        "kind": "freeze",
        "registry": "zhejiang",
        "registry_no": SHAOXING_COD_RIGHT,
        "quantity": {"amount": "10.000000", "unit": "t/a"},
        "registry_ref": answer.registry_ref,
        "freeze_ref": answer.registry_ref,
        "holder_uscc": ENTERPRISE_SHAOXING_USCC,
        "beneficiary": BANK,
        "contract_no": "质押字2026第001号",
        "received_at": "2026-11-21T10:30:15.000+08:00",
        "executed_at": "2026-11-21T10:30:15.000+08:00",
        "messages": 2,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "reduce"},
        {"kind": "reduce", "quantity": "50.000001"},
        {"kind": "reduce", "quantity": {"amount": "1", "unit": "t"}},
        {"kind": "reduce", "quantity": "1e1"},
        {"kind": "transfer"},
        {"kind": "lift_court_order"},
        {"kind": "explode"},
        {"kind": "revoke", "registry_no": "PWQ-ZJ-330602-99999"},
        {"kind": "revoke", "when": "now"},
    ],
)
def test_an_impossible_change_changes_nothing(change: dict[str, Any]) -> None:
    with simulated() as base_url, simulator_control(base_url) as control:
        before = control.rights()

        answer = control.change("zhejiang", **{"registry_no": SHAOXING_COD_RIGHT, **change})

        assert answer.status_code == 400
        assert control.rights() == before


# A registry that dies


async def test_a_killed_registry_has_everything_that_it_told_and_forgets_no_change(tmp_path: Path) -> None:
    with registry_process.registry_process(tmp_path / "books.sqlite") as process:
        async with client(process.base_url, secret=registry_process.SECRET, now=None, timeout_seconds=30) as registry:
            with simulator_control(process.base_url) as control:
                control.change("zhejiang", SHAOXING_COD_RIGHT, "reduce", quantity="5").raise_for_status()
            told = await registry.send_order(replace(ORDER, expected_version=2))

            process.kill()
            process.start()

            known = await registry.query_order("zhejiang", "order_1")
            (right,) = await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
            again = await registry.send_order(replace(ORDER, expected_version=2))
            file = await registry.daily_balances("zhejiang", business_date(datetime.now(UTC)))

    assert known is not None
    assert [answer.registry_ref for answer in (known, again)] == [told.registry_ref, told.registry_ref]
    assert (right.quantity.wire(), right.frozen.wire(), right.version) == ("45.000000", "10.000000", 2)
    assert next(row.frozen for row in file.rows if row.registry_no == SHAOXING_COD_RIGHT) == right.frozen


async def test_a_registry_killed_between_deed_and_answer_is_silent_and_has_frozen_once(tmp_path: Path) -> None:
    with registry_process.registry_process(tmp_path / "books.sqlite") as process:
        async with client(process.base_url, secret=registry_process.SECRET, now=None, timeout_seconds=30) as registry:
            with simulator_control(process.base_url) as control:
                control.arm("freeze", "lose_reply", seconds=600)
                order = asyncio.create_task(registry.send_order(ORDER))
                await until(lambda: len(control.ledger()) == 1)

            process.kill()
            with pytest.raises(RegistrySilent):
                await order
            process.start()

            known = await registry.query_order("zhejiang", "order_1")
            again = await registry.send_order(ORDER)
            (right,) = await registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)

    assert known is not None
    assert known.status is OrderStatus.EXECUTED
    assert again.registry_ref == known.registry_ref
    assert right.frozen == ORDER.quantity


async def test_books_opened_again_keep_their_rights_and_take_in_new_ones(tmp_path: Path) -> None:
    books = tmp_path / "books.sqlite"
    first, *others = demo_rights(business_date(NOW))
    with serving(create_simulator(books, [first], SECRET, lambda: NOW)) as base_url:
        async with client(base_url, registry="anhui") as registry:
            with pytest.raises(RegistryRightNotFound):
                await registry.lookup_right("anhui", registry_no=others[0].registry_no)

    heavier = replace(first, quantity=first.quantity + first.quantity)
    with serving(create_simulator(books, [heavier, *others], SECRET, lambda: NOW)) as base_url:
        async with client(base_url, registry="anhui") as registry:
            (kept,) = await registry.lookup_right("anhui", registry_no=first.registry_no)
            await registry.lookup_right("anhui", registry_no=others[0].registry_no)

    assert kept.quantity == first.quantity


async def until(true: Callable[[], bool]) -> None:
    """Look again and again, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
