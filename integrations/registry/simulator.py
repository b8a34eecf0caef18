"""A simulated set of emission registries: an ASGI application that speaks their wire and misbehaves on order.

It stands in for a counterpart, so it shares with our client only the manual (`wire`, `messages`, `vocabulary`) and
keeps books, order references and clock of its own. With a path its books outlive a `kill -9`.

The subtle thing is a reply that is lost: the status line and the promise of a body are sent, then the line is closed,
so that the client learns at once that it will never know, instead of waiting for its own time limit.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from litestar import Litestar, asgi
from litestar.types import ASGIApp, Receive, Scope, Send

from integrations.registry.callback_control import callback_routes
from integrations.registry.callers import Caller, told_of_order
from integrations.registry.control import control_routes
from integrations.registry.counter import Counter, NotProven, SignedAnswer
from integrations.registry.faults import FaultKind, FaultList
from integrations.registry.ledger import Ledger
from integrations.registry.registered_right import RegisteredRight
from integrations.registry.wire import Operation, Request

REQUEST_BYTES_MAX: Final = 1024 * 1024
APP_ID: Final = "greenlien"

_NOISE: Final = b"\xff\xfe<html>502 \xd0\xd5"


def _now() -> datetime:
    return datetime.now(UTC)


def create_simulator(
    ledger_path: Path | None,
    rights: Sequence[RegisteredRight],
    secret: bytes,
    clock: Callable[[], datetime] = _now,
    *,
    app_id: str = APP_ID,
) -> ASGIApp:
    """Return the registries that hold `rights`, and those already in the books at `ledger_path` (none: in memory).

    The wire is served under `/{registry}/...`, the back door under `/control/...`.
    """
    ledger = Ledger(ledger_path, rights, clock)
    faults = FaultList()
    caller = Caller(app_id, secret, clock)
    door = _Door(Counter(ledger, app_id, secret, clock), faults, caller)

    @asgi("/", is_mount=True, copy_scope=True)
    async def wire_door(scope: Scope, receive: Receive, send: Send) -> None:
        await door.serve(scope, receive, send)

    @asynccontextmanager
    async def open_books(_: Litestar) -> AsyncIterator[None]:
        yield
        await caller.aclose()
        ledger.close()

    return Litestar(
        [wire_door, *control_routes(ledger, faults), *callback_routes(ledger, caller)],
        lifespan=[open_books],
        logging_config=None,
        openapi_config=None,
        request_max_body_size=REQUEST_BYTES_MAX,
    )


class _Door:
    """Takes messages off the line, lets faults strike, and puts answers on the line."""

    def __init__(self, counter: Counter, faults: FaultList, caller: Caller) -> None:
        self._counter = counter
        self._faults = faults
        self._caller = caller

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one message of the wire."""
        registry, _, name = scope["path"].strip("/").partition("/")
        if scope.get("method") != "POST":
            await _answer(send, 405, b"POST only")
        elif name not in set(Operation) or not self._counter.knows(registry):
            await _answer(send, 404, b"no such registry or operation")
        else:
            content = await _body(receive)
            if content is None:
                await _answer(send, 413, b"too large")
                return
            headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
            operation = Operation(name)
            try:
                request = self._counter.admit(registry, operation, headers, content)
            except NotProven as error:
                await _answer(send, 401, str(error).encode())
                return
            await self._obey(registry, operation, request, send)

    async def _obey(self, registry: str, operation: Operation, request: Request, send: Send) -> None:
        """Obey an admitted request as well as the armed fault allows."""
        fault = self._faults.take(operation)
        kind = None if fault is None else fault.kind
        seconds = 0.0 if fault is None else fault.seconds
        if kind is FaultKind.ERROR:
            await _answer(send, 500, b"internal error")
            return
        if kind is FaultKind.CLOSED:
            await _signed(send, self._counter.closed_for(registry, operation, request, seconds))
            return
        if kind is FaultKind.SLOW:
            await asyncio.sleep(seconds)
        answer = self._counter.obey(registry, operation, request, postponed=kind is FaultKind.LATE)
        if (executed := self._counter.executed(registry, operation, request)) is not None:
            self._caller.tell_soon(registry, told_of_order(executed))
        if kind is FaultKind.DUPLICATE:
            answer = self._counter.obey(registry, operation, request, postponed=False)
        if kind is FaultKind.LOSE_REPLY:
            await asyncio.sleep(seconds)
            await _break_off(send)
        elif kind is FaultKind.GARBAGE:
            content = answer.content[: len(answer.content) // 2] + _NOISE
            await _answer(send, 200, content, answer.headers)
        else:
            await _signed(send, answer)


async def _body(receive: Receive) -> bytes | None:
    """Read a request's body; none when it is too large."""
    content = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return bytes(content)
        content += event["body"]
        if len(content) > REQUEST_BYTES_MAX:
            return None
        if not event["more_body"]:
            return bytes(content)


async def _signed(send: Send, answer: SignedAnswer) -> None:
    await _answer(send, 200, answer.content, answer.headers)


async def _answer(send: Send, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
    await _start(send, status, len(content), headers or {"content-type": "text/plain"})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _break_off(send: Send) -> None:
    """Promise an answer and never give it; the server closes the line."""
    await _start(send, 200, 1, {"content-type": "application/json"})


async def _start(send: Send, status: int, length: int, headers: Mapping[str, str]) -> None:
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
