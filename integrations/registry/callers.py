"""How a simulated registry calls its client: with true notifications, and with all the others.

    true        as the manual has it
    duplicate   the same bytes twice, as after a retry in the network
    late        proven, but of an hour ago, as whoever kept it would play it again
    forged      with another key

The subtle thing is that a true notification may be a lie: it proves its sender, not what it says. Of whatever order it
tells, it says that it is executed.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import httpx

from integrations.outbound.http import Answer, NoAnswer, NotSent, checked_base_url, counterpart_client, post
from integrations.registry import wire
from integrations.registry.wire import Direction, NotificationKind

TIMEOUT_SECONDS: Final = 5.0
KEPT: Final = timedelta(hours=1)
SILENT: Final = 0


class Manner(StrEnum):
    """How a notification is sent."""

    TRUE = "true"
    DUPLICATE = "duplicate"
    LATE = "late"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Told:
    """What came back: the HTTP status (0: nothing), and whether the answer proved the client."""

    status: int
    proven: bool


def told_of_order(order_id: str) -> dict[str, object]:
    """Return the body that tells of an order that it is executed, whether it is or not."""
    return {"tzlx": NotificationKind.ORDER, "zlbh": order_id, "zlzt": "ZX"}


def told_of_right(registry_no: str) -> dict[str, object]:
    """Return the body that tells that a right has changed."""
    return {"tzlx": NotificationKind.RIGHT, "qzbh": registry_no}


def told_of_opening() -> dict[str, object]:
    """Return the body that tells that the registry is open again."""
    return {"tzlx": NotificationKind.OPENED}


class Caller:
    """Calls one client at an address, once it has been told one."""

    def __init__(self, app_id: str, secret: bytes, now: Callable[[], datetime]) -> None:
        """Call nobody yet."""
        self._app_id = app_id
        self._secret = secret
        self._now = now
        self._address: str | None = None
        self._line: httpx.AsyncClient | None = None
        self._calls: set[asyncio.Task[Sequence[Told]]] = set()

    def call_at(self, address: str | None) -> None:
        """Call at this origin from now on, none: nobody; raises ValueError for what is no address."""
        self._address = None if address is None else checked_base_url(address)

    async def aclose(self) -> None:
        """End what is still being told, and close the line."""
        for call in tuple(self._calls):
            call.cancel()
        if self._line is not None:
            await self._line.aclose()

    def tell_soon(self, registry: str, body: Mapping[str, object]) -> None:
        """Tell it beside whatever else is going on; nobody learns what came of it."""
        if self._address is not None:
            call = asyncio.get_running_loop().create_task(self.tell(registry, body))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def tell(self, registry: str, body: Mapping[str, object], manner: Manner = Manner.TRUE) -> Sequence[Told]:
        """Send a notification and return what came back, once for each time that it was sent."""
        instant = self._now() - KEPT if manner is Manner.LATE else self._now()
        secret = secrets.token_bytes(32) if manner is Manner.FORGED else self._secret
        request_id, timestamp = secrets.token_hex(16), wire.write_time(instant)
        content = wire.write_request(request_id, self._app_id, timestamp, body)
        path = wire.notification_path(registry)
        headers = {
            "content-type": "application/json",
            wire.HEADER_REQUEST: request_id,
            wire.HEADER_TIMESTAMP: timestamp,
            wire.HEADER_SIGN: wire.sign(secret, Direction.NOTIFICATION, path, timestamp, request_id, content),
        }
        times = 2 if manner is Manner.DUPLICATE else 1
        return [await self._send(registry, request_id, content, headers) for _ in range(times)]

    async def _send(self, registry: str, request_id: str, content: bytes, headers: Mapping[str, str]) -> Told:
        if self._address is None:
            return Told(SILENT, proven=False)
        self._line = self._line or counterpart_client(TIMEOUT_SECONDS)
        url = f"{self._address}/v1/registries/{registry}/callbacks"
        try:
            answer = await post(self._line, url, content, headers, deadline_seconds=TIMEOUT_SECONDS)
        except (NotSent, NoAnswer):
            return Told(SILENT, proven=False)
        return Told(answer.status, self._proves(registry, request_id, answer))

    def _proves(self, registry: str, request_id: str, answer: Answer) -> bool:
        timestamp, path = answer.headers.get(wire.HEADER_TIMESTAMP, ""), wire.notification_path(registry)
        expected = wire.sign(self._secret, Direction.ACKNOWLEDGEMENT, path, timestamp, request_id, answer.body)
        return wire.signature_holds(expected, answer.headers.get(wire.HEADER_SIGN, ""))
