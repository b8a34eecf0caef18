"""The counter of the simulated registry: one message in, its signed answer out.

The subtle thing is who gets a signed answer: only a message that proved its sender. Anyone else is turned away
without a signature, because a signed "not taken" is worth something to whoever sits on the line (see `wire`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.errors import DomainError
from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import HolderMatch
from domain.values.identifiers import parse_registry_no, parse_uscc
from domain.values.time import business_date, parse_date
from integrations.outbound.strict_json import Fields, Unreadable
from integrations.registry import closures, freezes, messages, wire
from integrations.registry.ledger import Ledger
from integrations.registry.vocabulary import HOLDER_MATCHES
from integrations.registry.wire import Direction, Operation, ReplyCode, Request

_ORDER_KINDS: Final[Mapping[Operation, OrderKind]] = {
    Operation.FREEZE: OrderKind.FREEZE,
    Operation.RELEASE: OrderKind.RELEASE,
    Operation.TRANSFER: OrderKind.TRANSFER,
    Operation.AMEND: OrderKind.AMEND,
}


class NotProven(Exception):
    """Say that a message did not prove its sender; it gets no signed answer."""


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """An answer as it leaves: its bytes and the headers that prove them."""

    content: bytes
    headers: Mapping[str, str]


class Counter:
    """Where messages are checked, obeyed and answered."""

    def __init__(self, ledger: Ledger, app_id: str, secret: bytes, now: Callable[[], datetime]) -> None:
        """Open for one client, known by `app_id` and `secret`."""
        self._ledger = ledger
        self._app_id = app_id
        self._secret = secret
        self._now = now

    def knows(self, registry: str) -> bool:
        """Tell whether there is a registry of this name."""
        return registry in self._ledger.registries

    def admit(self, registry: str, operation: Operation, headers: Mapping[str, str], content: bytes) -> Request:
        """Return the request if its signature holds and its envelope agrees with what was signed.

        Raises:
            NotProven: anything else.
        """
        request_id = headers.get(wire.HEADER_REQUEST, "")
        timestamp = headers.get(wire.HEADER_TIMESTAMP, "")
        path = wire.wire_path(registry, operation)
        expected = wire.sign(self._secret, Direction.REQUEST, path, timestamp, request_id, content)
        if not wire.signature_holds(expected, headers.get(wire.HEADER_SIGN, "")):
            message = "the signature does not hold"
            raise NotProven(message)
        try:
            request = wire.read_request(content)
        except Unreadable as error:
            raise NotProven(str(error)) from error
        if (request.request_id, request.timestamp, request.app_id) != (request_id, timestamp, self._app_id):
            message = "the envelope contradicts what was signed, or the client is unknown"
            raise NotProven(message)
        return request

    def obey(self, registry: str, operation: Operation, request: Request, *, postponed: bool) -> SignedAnswer:
        """Do what an admitted request says, on disk, and return the signed answer."""
        code, body = self._result(registry, operation, request, postponed=postponed)
        return self._signed(registry, operation, request, code, body)

    def executed(self, registry: str, operation: Operation, request: Request) -> str | None:
        """Return the id of the order that a request has just placed and that is executed, none otherwise."""
        if operation not in _ORDER_KINDS:
            return None
        order_id = request.body.optional_text("zlbh", messages.ORDER_ID_LENGTH_MAX)
        return order_id if order_id is not None and self._ledger.is_executed(registry, order_id) else None

    def closed(
        self, registry: str, operation: Operation, request: Request, until: datetime | None = None
    ) -> SignedAnswer:
        """Return the signed answer that nothing was taken because the registry is closed, and until when if it says."""
        return self._signed(registry, operation, request, ReplyCode.CLOSED, closures.write_end(until))

    def closed_for(self, registry: str, operation: Operation, request: Request, seconds: float) -> SignedAnswer:
        """Return the same with its end in so many seconds; without any, no end is named."""
        until = self._now() + timedelta(seconds=seconds) if seconds else None
        return self.closed(registry, operation, request, until)

    def _signed(
        self, registry: str, operation: Operation, request: Request, code: ReplyCode, body: Mapping[str, object]
    ) -> SignedAnswer:
        timestamp = wire.write_time(self._now())
        content = wire.write_reply(request, timestamp, code, body)
        path = wire.wire_path(registry, operation)
        signature = wire.sign(self._secret, Direction.ANSWER, path, timestamp, request.request_id, content)
        headers = {
            "content-type": "application/json",
            wire.HEADER_REQUEST: request.request_id,
            wire.HEADER_TIMESTAMP: timestamp,
            wire.HEADER_SIGN: signature,
        }
        return SignedAnswer(content, headers)

    def _result(
        self, registry: str, operation: Operation, request: Request, *, postponed: bool
    ) -> tuple[ReplyCode, Mapping[str, object]]:
        try:
            skew = abs((wire.read_time(request.timestamp) - self._now()).total_seconds())
            if skew > wire.SKEW_SECONDS_MAX:
                return ReplyCode.STALE_TIMESTAMP, {}
            if operation in _ORDER_KINDS:
                order = messages.read_order(request.body, registry, _ORDER_KINDS[operation])
                return ReplyCode.DONE, messages.write_outcome(self._ledger.place(order, postponed=postponed))
            return self._answer(registry, operation, request.body)
        except (Unreadable, DomainError):
            return ReplyCode.BAD_MESSAGE, {}

    def _answer(self, registry: str, operation: Operation, body: Fields) -> tuple[ReplyCode, Mapping[str, object]]:
        """Answer a question."""
        if operation is Operation.LOOKUP:
            return self._rights(registry, body)
        if operation is Operation.VERIFY_HOLDER:
            registry_no = parse_registry_no(body.text("qzbh"))
            match = self._ledger.holder_match(registry, registry_no, parse_uscc(body.text("cyrdm")))
            word = HOLDER_MATCHES.theirs(HolderMatch.UNKNOWN if match is None else match)
            code = ReplyCode.NO_SUCH_RIGHT if match is None else ReplyCode.DONE
            return code, {"qzbh": registry_no, "hyjg": word}
        if operation is Operation.QUERY:
            order_id = body.text("zlbh", messages.ORDER_ID_LENGTH_MAX)
            outcome = self._ledger.outcome(registry, order_id)
            if outcome is None:
                return ReplyCode.NO_SUCH_ORDER, {"zlbh": order_id}
            return ReplyCode.DONE, messages.write_outcome(outcome)
        if operation is Operation.STANDING_FREEZE:
            return self._standing_freeze(registry, body)
        on = parse_date(body.text("rq"))
        rows = self._ledger.balances(registry, on)
        return (ReplyCode.DONE, messages.write_balances(on, rows)) if rows else (ReplyCode.NOT_READY, {})

    def _standing_freeze(self, registry: str, body: Fields) -> tuple[ReplyCode, Mapping[str, object]]:
        number = parse_registry_no(body.text("qzbh"))
        standing = self._ledger.standing_freeze(registry, number, body.text("pzh", freezes.REFERENCE_LENGTH_MAX))
        if standing is None:
            return ReplyCode.NO_SUCH_FREEZE, {}
        return ReplyCode.DONE, freezes.write_freeze(standing)

    def _rights(self, registry: str, body: Fields) -> tuple[ReplyCode, Mapping[str, object]]:
        now = self._now()
        found = self._ledger.rights(registry, *messages.read_lookup(body))
        if not found:
            return ReplyCode.NO_SUCH_RIGHT, {}
        today = business_date(now)
        rows = [messages.write_right(right.on(today), frozen, now) for right, frozen in found]
        return ReplyCode.DONE, {"qzlb": rows}
