"""What the simulated registry calls, our reader proves, and what our reader answers, the registry proves.

The client's side is a door of a few lines around the product's own reader, so that nothing but the wire is tested.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar, Request, Response, post
from litestar.params import FromPath

from domain.ports.registry_callbacks import CallbackNotProven, Hint, HintKind
from domain.values.time import business_date
from integrations.registry import wire
from integrations.registry.callbacks import HmacCallbacks
from integrations.registry.client import RegistryEndpoint
from integrations.registry.demo_rights import SHAOXING_COD_RIGHT, demo_rights
from integrations.registry.simulator import create_simulator
from integrations.registry.wire import Direction, Operation
from tests.contracts.registry_worlds import a_freeze
from tests.fakes.loopback import serving
from tests.fakes.registry_control import SimulatorControl, simulator_control
from tests.integration.registry_scene import client

NOW: Final = datetime(2026, 11, 21, 2, 30, 15, tzinfo=UTC)
SECRET: Final = b"sixteen bytes or more"
READER: Final = HmacCallbacks({"zhejiang": RegistryEndpoint("http://registry.invalid", "greenlien", SECRET)})
HEARD_SECONDS_MAX: Final = 5.0


@dataclass
class Line:
    """Both ends: the registry's back door, and what the client has heard."""

    base_url: str
    control: SimulatorControl
    hints: list[Hint | None] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    called: threading.Event = field(default_factory=threading.Event)

    def call(self, **different: object) -> list[dict[str, Any]]:
        """Let the registry call now, and return what came back."""
        answer = self.control._line.post("/control/callbacks", json={"registry": "zhejiang", **different})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items


@contextmanager
def _opened() -> Iterator[Line]:
    hints: list[Hint | None] = []
    heard: list[tuple[dict[str, str], bytes]] = []
    called = threading.Event()

    @post("/v1/registries/{registry:str}/callbacks")
    async def door(request: Request[Any, Any, Any], registry: FromPath[str]) -> Response[bytes]:
        content = await request.body()
        headers = dict(request.headers)
        try:
            told = READER.read(registry, headers, content, NOW)
        except CallbackNotProven:
            return Response(b"", status_code=401)
        hints.append(told.hint)
        heard.append((headers, content))
        called.set()
        return Response(told.content, status_code=200, media_type="application/json", headers=dict(told.headers))

    simulator = create_simulator(None, demo_rights(business_date(NOW)), SECRET, lambda: NOW)
    with (
        serving(Litestar([door], openapi_config=None)) as address,
        serving(simulator) as base_url,
        simulator_control(base_url) as control,
    ):
        control._line.put("/control/callbacks", json={"address": address}).raise_for_status()
        yield Line(base_url, control, hints, heard, called)


@pytest.fixture
def line() -> Iterator[Line]:
    with _opened() as lent:
        yield lent


def test_each_kind_of_notification_is_proven_and_says_what_it_is_about(line: Line) -> None:
    answers = [line.call(order_id="order_1"), line.call(registry_no=SHAOXING_COD_RIGHT), line.call()]

    assert answers == [[{"status": 200, "proven": True}]] * 3
    assert [(hint.kind, hint.subject) for hint in line.hints if hint is not None] == [
        (HintKind.ORDER, "order_1"),
        (HintKind.RIGHT, SHAOXING_COD_RIGHT),
        (HintKind.OPENED, None),
    ]


def test_a_duplicate_bears_the_same_id_and_is_answered_alike(line: Line) -> None:
    assert line.call(order_id="order_1", manner="duplicate") == [{"status": 200, "proven": True}] * 2
    assert line.hints[0] == line.hints[1]


@pytest.mark.parametrize("manner", ["late", "forged"])
def test_what_is_late_or_forged_is_not_proven(manner: str, line: Line) -> None:
    assert line.call(order_id="order_1", manner=manner) == [{"status": 401, "proven": False}]
    assert line.hints == []


def test_a_registry_that_executes_an_order_calls_by_itself(line: Line) -> None:
    async def order() -> None:
        async with client(line.base_url) as registry:
            await registry.send_order(a_freeze())

    asyncio.run(order())
    assert line.called.wait(HEARD_SECONDS_MAX)

    [hint] = line.hints
    assert hint is not None
    assert (hint.registry, hint.kind, hint.subject) == ("zhejiang", HintKind.ORDER, a_freeze().order_id)


def test_an_order_that_was_only_accepted_is_told_of_when_it_is_executed(line: Line) -> None:
    line.control.arm("freeze", "late")

    async def order() -> None:
        async with client(line.base_url) as registry:
            await registry.send_order(a_freeze())

    asyncio.run(order())
    assert line.control.ledger() == []
    line.call(order_id=a_freeze().order_id, execute=True)

    assert [effect["order_id"] for effect in line.control.ledger()] == [a_freeze().order_id]
    assert len(line.hints) == 1


@pytest.mark.parametrize("direction", [Direction.REQUEST, Direction.ANSWER, Direction.ACKNOWLEDGEMENT])
def test_no_other_signed_message_passes_for_a_notification(direction: Direction, line: Line) -> None:
    line.call(order_id="order_1")
    [(headers, content)] = line.heard
    stamp, message_id = headers[wire.HEADER_TIMESTAMP], headers[wire.HEADER_REQUEST]
    for path in (wire.notification_path("zhejiang"), wire.wire_path("zhejiang", Operation.QUERY)):
        signed = wire.sign(SECRET, direction, path, stamp, message_id, content)
        with pytest.raises(CallbackNotProven):
            READER.read("zhejiang", {**headers, wire.HEADER_SIGN: signed}, content, NOW)


def test_a_notification_holds_for_its_registry_its_bytes_and_its_moment_alone(line: Line) -> None:
    line.call(order_id="order_1")
    [(headers, content)] = line.heard
    edge = timedelta(seconds=wire.SKEW_SECONDS_MAX)
    two = HmacCallbacks(dict.fromkeys(("zhejiang", "hubei"), RegistryEndpoint("http://a.invalid", "greenlien", SECRET)))
    another = HmacCallbacks({"zhejiang": RegistryEndpoint("http://a.invalid", "another", SECRET)})

    assert READER.read("zhejiang", headers, content, NOW + edge).hint == line.hints[0]
    for reader, registry, sent, now in (
        (two, "hubei", content, NOW),
        (READER, "nowhere", content, NOW),
        (READER, "x/../zhejiang", content, NOW),
        (READER, "zhejiang", content + b" ", NOW),
        (READER, "zhejiang", b"", NOW),
        (READER, "zhejiang", content, NOW + edge + timedelta(seconds=1)),
        (READER, "zhejiang", content, NOW - edge - timedelta(seconds=1)),
        (another, "zhejiang", content, NOW),
    ):
        with pytest.raises(CallbackNotProven):
            reader.read(registry, headers, sent, now)
    for name in (wire.HEADER_REQUEST, wire.HEADER_TIMESTAMP, wire.HEADER_SIGN):
        with pytest.raises(CallbackNotProven):
            READER.read("zhejiang", {**headers, name: "é"}, content, NOW)


def test_a_proven_message_of_no_known_kind_is_answered_so_and_hints_at_nothing() -> None:
    stamp = wire.write_time(NOW)
    path = wire.notification_path("zhejiang")
    bodies: list[dict[str, object]] = [{}, {"tzlx": "XXXX"}, {"tzlx": "ZLZT"}, {"tzlx": "QZBG", "qzbh": 7}]
    for body in bodies:
        content = wire.write_request("id", "greenlien", stamp, body)
        signed = wire.sign(SECRET, Direction.NOTIFICATION, path, stamp, "id", content)
        headers = {wire.HEADER_REQUEST: "id", wire.HEADER_TIMESTAMP: stamp, wire.HEADER_SIGN: signed}
        told = READER.read("zhejiang", headers, content, NOW)

        assert told.hint is None
        assert wire.read_reply(told.content).code is wire.ReplyCode.BAD_MESSAGE


def test_the_back_door_takes_no_address_that_is_none(line: Line) -> None:
    refused = httpx.put(f"{line.base_url}/control/callbacks", json={"address": "ftp://x"}, trust_env=False)

    assert refused.status_code == 400
    line.control._line.put("/control/callbacks", json={"address": None}).raise_for_status()
    assert line.call() == [{"status": 0, "proven": False}]
