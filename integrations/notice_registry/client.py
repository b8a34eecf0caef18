"""Our client of the notice registry's wire: it asks, orders, and says honestly what it does not know.

Which failure is which is as at the emission registry: `RegistryClosed` is certain knowledge that this message was not
taken (a signed answer that says so, or a connection that was never made); everything else is `RegistrySilent`.

Source: the register's manual, in `wire`; house decision 3.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx

from domain.ports.notice_registry import NOTICE_REGISTRY, NoticeAnswer, NoticeListings, NoticeMessage
from domain.ports.registry import RegistryClosed, RegistrySilent, RegistryUnavailable
from domain.values.identifiers import Uscc
from domain.values.time import rfc3339
from integrations.notice_registry import messages, wire
from integrations.notice_registry.wire import Direction, Operation, ReplyCode
from integrations.outbound.http import Answer, NoAnswer, NotSent, checked_base_url, counterpart_client, post
from integrations.outbound.strict_json import Unreadable

SECRET_BYTES_MIN: Final = 16


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class NoticeEndpoint:
    """Where the register answers, who we are to it, and the key that both sides sign with.

    Raises:
        ValueError: the address is no plain http(s) address, the name is missing, or the key is shorter than 16 bytes.
    """

    base_url: str
    institution: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse an endpoint that could only fail later."""
        object.__setattr__(self, "base_url", checked_base_url(self.base_url))
        if not self.institution or len(self.secret) < SECRET_BYTES_MIN:
            message = f"an endpoint needs an institution and a secret of at least {SECRET_BYTES_MIN} bytes"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class _Told:
    """A proven answer, and the digest of its bytes."""

    reply: wire.Reply
    evidence_sha256: str


class HttpNoticeRegistry:
    """The notice registry over HTTP; implements `NoticeRegistry`."""

    def __init__(
        self, endpoint: NoticeEndpoint, *, timeout_seconds: float = 10.0, now: Callable[[], datetime] = _now
    ) -> None:
        """Prepare the client; nothing is connected yet. `timeout_seconds` bounds each whole call."""
        self._endpoint = endpoint
        self._client: httpx.AsyncClient = counterpart_client(timeout_seconds)
        self._timeout_seconds = timeout_seconds
        self._now = now

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send_order(self, message: NoticeMessage) -> NoticeAnswer:
        """Send an order; see the port, and above for what is silent and what is closed."""
        try:
            told = await self._call(messages.OPERATIONS[message.kind], messages.write_order(message))
        except NotSent as error:
            raise RegistryClosed(NOTICE_REGISTRY, f"nothing was sent: {error}") from error
        except (NoAnswer, Unreadable) as error:
            raise RegistrySilent(NOTICE_REGISTRY, str(error)) from error
        code = told.reply.code
        if code in wire.NOT_TAKEN:
            raise RegistryClosed(NOTICE_REGISTRY, code.value)
        if code is not ReplyCode.OK:
            raise RegistrySilent(NOTICE_REGISTRY, f"{code.value} is no answer to an order")
        try:
            outcome = messages.read_outcome(told.reply.body, message.order_id)
        except Unreadable as error:
            raise RegistrySilent(NOTICE_REGISTRY, str(error)) from error
        return messages.answer_of(outcome, told.evidence_sha256)

    async def query_order(self, order_id: str) -> NoticeAnswer | None:
        """Return what became of an order; none when the register has never seen it."""
        told = await self._ask(Operation.QUERY, {"clientOrderId": order_id})
        try:
            if told.reply.code is ReplyCode.NO_SUCH_ORDER:
                messages.require_about(told.reply.body, order_id)
                return None
            _require_ok(told)
            outcome = messages.read_outcome(told.reply.body, order_id)
        except Unreadable as error:
            raise RegistryUnavailable(NOTICE_REGISTRY, str(error)) from error
        return messages.answer_of(outcome, told.evidence_sha256)

    async def search(self, debtor: Uscc) -> NoticeListings:
        """Return every entry that names a debtor."""
        return await self._listings(Operation.SEARCH, {"debtor": debtor})

    async def find(self, certificate_nos: Sequence[str]) -> NoticeListings:
        """Return the entries of these certificates."""
        numbers = [{"value": number} for number in certificate_nos]
        found = await self._listings(Operation.FIND, {"numbers": numbers})
        strangers = {each.certificate_no for each in found.items} - set(certificate_nos)
        if strangers:
            raise RegistryUnavailable(NOTICE_REGISTRY, "an answer about another entry")
        return found

    async def _listings(self, operation: Operation, body: Mapping[str, object]) -> NoticeListings:
        told = await self._ask(operation, body)
        try:
            _require_ok(told)
            rows = tuple(messages.read_listing(row) for row in told.reply.body.rows("entries"))
        except Unreadable as error:
            raise RegistryUnavailable(NOTICE_REGISTRY, str(error)) from error
        return NoticeListings(items=rows, evidence_sha256=told.evidence_sha256)

    async def _ask(self, operation: Operation, body: Mapping[str, object]) -> _Told:
        """Put a question, which may be put again: whatever goes wrong is `RegistryUnavailable`."""
        try:
            told = await self._call(operation, body)
        except (NotSent, NoAnswer, Unreadable) as error:
            raise RegistryUnavailable(NOTICE_REGISTRY, str(error)) from error
        if told.reply.code is ReplyCode.CLOSED:
            raise RegistryClosed(NOTICE_REGISTRY, told.reply.code.value)
        return told

    async def _call(self, operation: Operation, body: Mapping[str, object]) -> _Told:
        """Make one signed call and prove the answer; raises NotSent, NoAnswer or Unreadable."""
        endpoint = self._endpoint
        request_id, timestamp = secrets.token_hex(16), rfc3339(self._now())
        content = wire.write_request(request_id, timestamp, endpoint.institution, body)
        headers = {
            "content-type": "application/json",
            wire.HEADER_REQUEST: request_id,
            wire.HEADER_TIMESTAMP: timestamp,
            wire.HEADER_SIGN: wire.sign(endpoint.secret, Direction.REQUEST, operation, timestamp, request_id, content),
        }
        url = f"{endpoint.base_url}/{operation}"
        answer = await post(self._client, url, content, headers, deadline_seconds=self._timeout_seconds)
        return _Told(_proven(answer, endpoint.secret, operation, request_id), hashlib.sha256(answer.body).hexdigest())


def _require_ok(told: _Told) -> None:
    if told.reply.code is not ReplyCode.OK:
        message = f"{told.reply.code.value} is no answer to a question"
        raise Unreadable(message)


def _proven(answer: Answer, secret: bytes, operation: Operation, request_id: str) -> wire.Reply:
    """Return the reply only if its signature holds over its exact bytes and it answers this very request."""
    if answer.status != httpx.codes.OK:
        message = f"HTTP {answer.status} is no answer of the register"
        raise Unreadable(message)
    timestamp = answer.headers.get(wire.HEADER_TIMESTAMP, "")
    expected = wire.sign(secret, Direction.ANSWER, operation, timestamp, request_id, answer.body)
    if not wire.signature_holds(expected, answer.headers.get(wire.HEADER_SIGN, "")):
        message = "the answer's signature does not hold"
        raise Unreadable(message)
    reply = wire.read_reply(answer.body)
    if reply.request_id != request_id or reply.timestamp != timestamp:
        message = "the envelope contradicts what was signed"
        raise Unreadable(message)
    return reply
