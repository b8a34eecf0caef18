"""Our client of the emission registries' wire: it asks, orders, and says honestly what it does not know.

The subtle thing is which failure of an order is which. Certain knowledge that nothing was taken is `RegistryClosed`:
the registry said so in a signed answer of its own, or the connection was never made, so that not a byte left us. All
else is `RegistrySilent`: a timeout, a broken connection, any HTTP status but 200, an answer that is forged, garbled,
too large, about another order, or in words that are not in the manual. `RegistryClosed` speaks of this one message:
an earlier message under the same order id may still be on its way, so after a silence the caller queries before it
believes.

A cancelled call is a silence, too: the caller committed the order id before it came here.

Source: the registry's manual, in `wire`; house decision 3.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final

import httpx

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import (
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    RegistryClosed,
    RegistryClosure,
    RegistryFreeze,
    RegistryOrder,
    RegistryRight,
    RegistryRightNotFound,
    RegistrySilent,
    RegistryUnavailable,
)
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from integrations.outbound.http import Answer, NoAnswer, NotSent, checked_base_url, counterpart_client, post
from integrations.outbound.strict_json import Fields, Unreadable
from integrations.registry import closures, freezes, messages, wire
from integrations.registry.wire import Direction, Operation, ReplyCode

SECRET_BYTES_MIN: Final = 16

_ORDER_OPERATIONS: Final[Mapping[OrderKind, Operation]] = MappingProxyType(
    {
        OrderKind.FREEZE: Operation.FREEZE,
        OrderKind.RELEASE: Operation.RELEASE,
        OrderKind.TRANSFER: Operation.TRANSFER,
        OrderKind.AMEND: Operation.AMEND,
    }
)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RegistryEndpoint:
    """Where a registry answers, who we are to it, and the key that both sides sign with.

    Raises:
        ValueError: the address is no plain http(s) address, the name is missing, or the key is shorter than 16 bytes.
    """

    base_url: str
    app_id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse an endpoint that could only fail later."""
        object.__setattr__(self, "base_url", checked_base_url(self.base_url))
        if not self.app_id or len(self.secret) < SECRET_BYTES_MIN:
            message = f"an endpoint needs an app_id and a secret of at least {SECRET_BYTES_MIN} bytes"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class _Told:
    """A proven answer, and the digest of its bytes."""

    reply: wire.Reply
    evidence_sha256: str


class HttpRegistry:
    """All emission registries behind one door, each with a connection pool of its own; implements `Registry`."""

    def __init__(
        self,
        endpoints: Mapping[str, RegistryEndpoint],
        *,
        timeout_seconds: float = 10.0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Prepare the clients; nothing is connected yet. `timeout_seconds` bounds each whole call."""
        for registry in endpoints:
            wire.wire_path(registry, Operation.LOOKUP)
        self._endpoints = MappingProxyType(dict(endpoints))
        self._clients = {registry: counterpart_client(timeout_seconds) for registry in endpoints}
        self._timeout_seconds = timeout_seconds
        self._now = now

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        """Return the rights under a registry number or a permit; see the port."""
        if (registry_no is None) is (permit_no is None):
            message = "look up by a registry number or by a permit number, not by both or neither"
            raise ValueError(message)
        told = await self._ask(registry, Operation.LOOKUP, messages.write_lookup(registry_no, permit_no))
        if told.reply.code is ReplyCode.NO_SUCH_RIGHT:
            raise RegistryRightNotFound(registry, str(registry_no or permit_no))
        body = _done(registry, told)
        with _reading_answer_of(registry):
            return messages.read_rights(body, registry, registry_no, permit_no, told.evidence_sha256)

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        """Return what stands of a freeze under the registry's reference; see the port."""
        told = await self._ask(registry, Operation.STANDING_FREEZE, {"qzbh": registry_no, "pzh": registry_ref})
        if told.reply.code is ReplyCode.NO_SUCH_FREEZE:
            return None
        body = _done(registry, told)
        with _reading_answer_of(registry):
            return freezes.read_freeze(body, registry_no, registry_ref, told.evidence_sha256)

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        """Ask whether `uscc` holds the right; a right that the registry does not know is UNKNOWN."""
        told = await self._ask(registry, Operation.VERIFY_HOLDER, {"qzbh": registry_no, "cyrdm": uscc})
        if told.reply.code is ReplyCode.NO_SUCH_RIGHT:
            return HolderMatch.UNKNOWN
        body = _done(registry, told)
        with _reading_answer_of(registry):
            return messages.read_holder_match(body, registry_no)

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        """Send an order; see the port, and above for what is silent and what is closed."""
        registry = order.registry
        try:
            told = await self._call(registry, _ORDER_OPERATIONS[order.kind], messages.write_order(order))
        except NotSent as error:
            raise RegistryClosed(registry, f"nothing was sent: {error}") from error
        except (NoAnswer, Unreadable) as error:
            raise RegistrySilent(registry, str(error), closures.hinted(error)) from error
        code = told.reply.code
        if code is ReplyCode.CLOSED:
            raise self._closure(registry, told)
        if code in wire.NOT_TAKEN:
            raise RegistryClosed(registry, f"{code.value} {wire.REPLY_WORDS[code]}")
        if code is not ReplyCode.DONE:
            raise RegistrySilent(registry, f"{code.value} is no answer to an order")
        try:
            return messages.read_outcome(told.reply.body, order.order_id, told.evidence_sha256, order)
        except Unreadable as error:
            raise RegistrySilent(registry, str(error)) from error

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        """Return what became of an order; none when the registry has never seen it."""
        told = await self._ask(registry, Operation.QUERY, {"zlbh": order_id})
        if told.reply.code is ReplyCode.NO_SUCH_ORDER:
            with _reading_answer_of(registry):
                if told.reply.body.text("zlbh", messages.ORDER_ID_LENGTH_MAX) != order_id:
                    message = "an answer about another order"
                    raise Unreadable(message)
            return None
        body = _done(registry, told)
        with _reading_answer_of(registry):
            return messages.read_outcome(body, order_id, told.evidence_sha256)

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        """Return the daily file, its control total and digest checked."""
        told = await self._ask(registry, Operation.BALANCES, {"rq": on.isoformat()})
        body = _done(registry, told)
        with _reading_answer_of(registry):
            return messages.read_balances(body, registry, on)

    async def _ask(self, registry: str, operation: Operation, body: Mapping[str, object]) -> _Told:
        """Put a question, which may be put again: whatever goes wrong is `RegistryUnavailable`."""
        try:
            told = await self._call(registry, operation, body)
        except (NotSent, NoAnswer, Unreadable) as error:
            raise RegistryUnavailable(registry, str(error), closures.hinted(error)) from error
        if told.reply.code is ReplyCode.CLOSED:
            raise self._closure(registry, told)
        return told

    def _closure(self, registry: str, told: _Told) -> RegistryClosure:
        """Return the closure that the registry declares, with its end where it names one."""
        words = f"{told.reply.code.value} {wire.REPLY_WORDS[told.reply.code]}"
        return RegistryClosure(registry, words, closures.read_end(told.reply.body, self._now()))

    async def _call(self, registry: str, operation: Operation, body: Mapping[str, object]) -> _Told:
        """Make one signed call and prove the answer.

        Raises:
            NotSent: the registry is not configured, or no connection was made.
            NoAnswer: no complete answer came.
            Unreadable: an answer came that proves nothing.
        """
        endpoint = self._endpoints.get(registry)
        if endpoint is None:
            message = "no registry of this name is configured"
            raise NotSent(message)
        request_id = secrets.token_hex(16)
        timestamp = wire.write_time(self._now())
        path = wire.wire_path(registry, operation)
        content = wire.write_request(request_id, endpoint.app_id, timestamp, body)
        headers = {
            "content-type": "application/json",
            wire.HEADER_REQUEST: request_id,
            wire.HEADER_TIMESTAMP: timestamp,
            wire.HEADER_SIGN: wire.sign(endpoint.secret, Direction.REQUEST, path, timestamp, request_id, content),
        }
        client: httpx.AsyncClient = self._clients[registry]
        answer = await post(client, endpoint.base_url + path, content, headers, deadline_seconds=self._timeout_seconds)
        if (end := closures.hint_of(answer, self._now())) is not None:
            raise closures.ClosedForNow(end)
        return _Told(_proven(answer, endpoint.secret, path, request_id), hashlib.sha256(answer.body).hexdigest())


@contextmanager
def _reading_answer_of(registry: str) -> Iterator[None]:
    """Turn an unreadable answer to a question into `RegistryUnavailable`."""
    try:
        yield
    except Unreadable as error:
        raise RegistryUnavailable(registry, str(error)) from error


def _done(registry: str, told: _Told) -> Fields:
    """Return the body of an answer that says 0000."""
    if told.reply.code is not ReplyCode.DONE:
        raise RegistryUnavailable(registry, f"{told.reply.code.value} {wire.REPLY_WORDS[told.reply.code]}")
    return told.reply.body


def _proven(answer: Answer, secret: bytes, path: str, request_id: str) -> wire.Reply:
    """Return the reply only if its signature holds over its exact bytes and it answers this very request."""
    if answer.status != httpx.codes.OK:
        message = f"HTTP {answer.status} is no answer of the registry"
        raise Unreadable(message)
    timestamp = answer.headers.get(wire.HEADER_TIMESTAMP, "")
    expected = wire.sign(secret, Direction.ANSWER, path, timestamp, request_id, answer.body)
    if not wire.signature_holds(expected, answer.headers.get(wire.HEADER_SIGN, "")):
        message = "the answer's signature does not hold"
        raise Unreadable(message)
    reply = wire.read_reply(answer.body)
    if reply.request_id != request_id or reply.timestamp != timestamp:
        message = "the envelope contradicts what was signed"
        raise Unreadable(message)
    return reply
