"""A simulated notice registry: an ASGI application that speaks its wire and misbehaves on order.

The words of the faults and their meaning are those of the emission registry's simulator: what happened behind each bad
answer is all that our side has to find out.

    lose_reply   executed, on disk, and then the line goes dead
    slow         executed after `seconds`, whether or not anyone still waits
    error        HTTP 500, and nothing was done
    garbage      executed, and answered with half of the answer and noise
    duplicate    the message arrives twice
    late         only accepted; the next query executes it (orders only)
    closed       a signed "we are closed", and nothing was done

The back door is under `/control`: POST, GET, DELETE `/faults`, GET `/ledger`, GET `/entries`, POST `/changes`
{certificate_no, kind: object|lift_objection|discharge|expire}. It answers only callers on this machine.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from litestar import Litestar, asgi, delete, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.params import JSONBody
from litestar.types import ASGIApp, Receive, Scope, Send
from pydantic import BaseModel, ConfigDict, Field

from domain.errors import DomainError
from domain.ports.notice_registry import ListingStatus
from domain.values.identifiers import parse_uscc
from domain.values.time import parse_instant, rfc3339
from integrations.notice_registry import messages, wire
from integrations.notice_registry.books import Books
from integrations.notice_registry.wire import Direction, Operation, ReplyCode, Request
from integrations.outbound.strict_json import Unreadable

REQUEST_BYTES_MAX: Final = 1024 * 1024
INSTITUTION: Final = "greenlien"
SLOW_SECONDS: Final = 8.0
CONTROL_PATH: Final = "/control"

_NOISE: Final = b"\xff\xfe<html>502 \xd0\xd5"
_KINDS: Final = {operation: kind for kind, operation in messages.OPERATIONS.items()}
_CHANGES: Final = {
    "object": ListingStatus.OBJECTED,
    "lift_objection": ListingStatus.REGISTERED,
    "discharge": ListingStatus.DISCHARGED,
    "expire": ListingStatus.EXPIRED,
}


def _now() -> datetime:
    return datetime.now(UTC)


class FaultKind(StrEnum):
    """The ways to misbehave."""

    LOSE_REPLY = "lose_reply"
    SLOW = "slow"
    ERROR = "error"
    GARBAGE = "garbage"
    DUPLICATE = "duplicate"
    LATE = "late"
    CLOSED = "closed"


class FaultOrder(BaseModel):
    """A fault to arm; `operation` is a kind of order, `query`, `search`, `find` or `any`."""

    model_config = ConfigDict(extra="forbid")

    operation: Literal["register", "amend", "extend", "discharge", "object", "query", "search", "find", "any"]
    kind: FaultKind
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    seconds: Annotated[float, Field(ge=0, le=600)] | None = None


class ChangeOrder(BaseModel):
    """What somebody else does to an entry."""

    model_config = ConfigDict(extra="forbid")

    certificate_no: str
    kind: Literal["object", "lift_objection", "discharge", "expire"]


@dataclass(slots=True)
class Fault:
    """One armed fault; `times` counts down."""

    operation: str
    kind: FaultKind
    times: int
    seconds: float


def create_simulator(
    path: Path | None, secret: bytes, clock: Callable[[], datetime] = _now, *, institution: str = INSTITUTION
) -> ASGIApp:
    """Return the register with the books at `path` (none: in memory)."""
    books = Books(path, clock)
    faults: list[Fault] = []
    door = _Door(books, faults, secret, clock, institution)

    @asgi("/", is_mount=True, copy_scope=True)
    async def wire_door(scope: Scope, receive: Receive, send: Send) -> None:
        await door.serve(scope, receive, send)

    @asynccontextmanager
    async def open_books(_: Litestar) -> AsyncIterator[None]:
        yield
        books.close()

    return Litestar(
        [wire_door, *_control_routes(books, faults)],
        lifespan=[open_books],
        logging_config=None,
        openapi_config=None,
        request_max_body_size=REQUEST_BYTES_MAX,
    )


class _Door:
    """Takes messages off the line, lets faults strike, obeys, and puts signed answers on the line."""

    def __init__(
        self, books: Books, faults: list[Fault], secret: bytes, now: Callable[[], datetime], institution: str
    ) -> None:
        self._books = books
        self._faults = faults
        self._secret = secret
        self._now = now
        self._institution = institution

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one message of the wire; whoever does not prove himself gets no signature."""
        name = scope["path"].strip("/")
        if scope.get("method") != "POST" or name not in set(Operation):
            await _send(send, 404, b"no such operation")
            return
        content = await _body(receive)
        operation = Operation(name)
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        request = None if content is None else self._admitted(operation, headers, content)
        if request is None:
            await _send(send, 401, b"not proven")
            return
        await self._obey(operation, request, send)

    def _admitted(self, operation: Operation, headers: Mapping[str, str], content: bytes) -> Request | None:
        request_id, timestamp = headers.get(wire.HEADER_REQUEST, ""), headers.get(wire.HEADER_TIMESTAMP, "")
        expected = wire.sign(self._secret, Direction.REQUEST, operation, timestamp, request_id, content)
        if not wire.signature_holds(expected, headers.get(wire.HEADER_SIGN, "")):
            return None
        try:
            request = wire.read_request(content)
        except Unreadable:
            return None
        told = (request.request_id, request.timestamp, request.institution)
        return request if told == (request_id, timestamp, self._institution) else None

    async def _obey(self, operation: Operation, request: Request, send: Send) -> None:
        fault = self._take(operation)
        kind = None if fault is None else fault.kind
        if kind is FaultKind.ERROR:
            await _send(send, 500, b"internal error")
            return
        if kind is FaultKind.CLOSED:
            await self._reply(operation, request, (ReplyCode.CLOSED, {}), send)
            return
        if kind is FaultKind.SLOW and fault is not None:
            await asyncio.sleep(fault.seconds)
        result = self._result(operation, request, postponed=kind is FaultKind.LATE)
        if kind is FaultKind.DUPLICATE:
            result = self._result(operation, request, postponed=False)
        if kind is FaultKind.LOSE_REPLY:
            await _start(send, 200, 1, {"content-type": "application/json"})
        else:
            await self._reply(operation, request, result, send, garbled=kind is FaultKind.GARBAGE)

    def _take(self, operation: Operation) -> Fault | None:
        name = _name(operation)
        for fault in self._faults:
            late = fault.kind is FaultKind.LATE and operation not in _KINDS
            if fault.operation in {name, "any"} and not late:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def _result(
        self, operation: Operation, request: Request, *, postponed: bool
    ) -> tuple[ReplyCode, Mapping[str, object]]:
        try:
            skew = abs((parse_instant(request.timestamp) - self._now()).total_seconds())
            if skew > wire.SKEW_SECONDS_MAX:
                return ReplyCode.BAD_MESSAGE, {}
            if operation in _KINDS:
                order = messages.read_order(request.body, _KINDS[operation])
                return ReplyCode.OK, messages.write_outcome(self._books.place(order, postponed=postponed))
            return self._answer(operation, request)
        except (Unreadable, DomainError):
            return ReplyCode.BAD_MESSAGE, {}

    def _answer(self, operation: Operation, request: Request) -> tuple[ReplyCode, Mapping[str, object]]:
        body = request.body
        if operation is Operation.QUERY:
            order_id = body.text("clientOrderId", messages.ORDER_ID_LENGTH_MAX)
            outcome = self._books.outcome(order_id)
            if outcome is None:
                return ReplyCode.NO_SUCH_ORDER, {"clientOrderId": order_id}
            return ReplyCode.OK, messages.write_outcome(outcome)
        if operation is Operation.SEARCH:
            found = self._books.entries(debtor=parse_uscc(body.text("debtor")))
        else:
            found = self._books.entries(certificate_nos=[row.text("value") for row in body.rows("numbers")])
        return ReplyCode.OK, {"entries": [messages.write_listing(each) for each in found]}

    async def _reply(
        self,
        operation: Operation,
        request: Request,
        result: tuple[ReplyCode, Mapping[str, object]],
        send: Send,
        *,
        garbled: bool = False,
    ) -> None:
        timestamp = rfc3339(self._now())
        content = wire.write_reply(request.request_id, timestamp, *result)
        headers = {
            "content-type": "application/json",
            wire.HEADER_REQUEST: request.request_id,
            wire.HEADER_TIMESTAMP: timestamp,
            wire.HEADER_SIGN: wire.sign(
                self._secret, Direction.ANSWER, operation, timestamp, request.request_id, content
            ),
        }
        await _send(send, 200, content[: len(content) // 2] + _NOISE if garbled else content, headers)


def _name(operation: Operation) -> str:
    """Return the word by which faults name an operation."""
    return _KINDS[operation].value if operation in _KINDS else operation.name.lower()


def _control_routes(books: Books, faults: list[Fault]) -> Sequence[HTTPRouteHandler]:
    guards = [_only_this_machine]

    @post(f"{CONTROL_PATH}/faults", guards=guards, status_code=200)
    async def arm(data: JSONBody[FaultOrder]) -> dict[str, Any]:
        seconds = SLOW_SECONDS if data.seconds is None and data.kind is FaultKind.SLOW else data.seconds or 0.0
        faults.append(Fault(data.operation, data.kind, data.times, seconds))
        return _page([asdict(fault) for fault in faults])

    @get(f"{CONTROL_PATH}/faults", guards=guards)
    async def armed() -> dict[str, Any]:
        return _page([asdict(fault) for fault in faults])

    @delete(f"{CONTROL_PATH}/faults", guards=guards)
    async def disarm() -> None:
        faults.clear()

    @get(f"{CONTROL_PATH}/ledger", guards=guards)
    async def executed() -> dict[str, Any]:
        return _page([asdict(effect) for effect in books.effects()])

    @get(f"{CONTROL_PATH}/entries", guards=guards)
    async def entries() -> dict[str, Any]:
        return _page([messages.write_listing(each) for each in books.entries()])

    @post(f"{CONTROL_PATH}/changes", guards=guards, status_code=200)
    async def change(data: JSONBody[ChangeOrder]) -> dict[str, Any]:
        changed = books.change(data.certificate_no, _CHANGES[data.kind])
        if changed is None:
            raise HTTPException(status_code=400, detail="no such entry")
        return messages.write_listing(changed)

    return [arm, armed, disarm, executed, entries, change]


def _only_this_machine(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse callers from elsewhere."""
    client = connection.client
    if client is None or not ipaddress.ip_address(client.host).is_loopback:
        raise PermissionDeniedException


def _page(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"items": items, "next_cursor": None}


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


async def _send(send: Send, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
    await _start(send, status, len(content), headers or {"content-type": "text/plain"})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _start(send: Send, status: int, length: int, headers: Mapping[str, str]) -> None:
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
