"""The line between our client and the registry's counter, which drops, delays, doubles and garbles what passes.

It stands in for `integrations.outbound.http.post`, and so for the network and HTTP alone: what is sent and what comes
back are the exact bytes of the client and of the simulator's counter, signatures included.

The subtle thing is what a message may still do when nobody waits for it any more: a delayed one is obeyed whenever it
arrives, also after the order was asked for, sent again and executed.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from integrations.outbound.http import Answer, NoAnswer, NotSent
from integrations.registry import wire
from integrations.registry.counter import Counter, SignedAnswer
from integrations.registry.wire import Direction, Operation, ReplyCode
from tests.faults.virtual_time import VirtualLoop
from tests.faults.weather import Weather

SECRET: Final = b"sixteen bytes or more"
ORDERS: Final = frozenset({Operation.FREEZE, Operation.RELEASE, Operation.TRANSFER, Operation.AMEND})
QUICK_SECONDS: Final = (0.01, 0.3)
SLOW_SECONDS: Final = (11.0, 60.0)
REORDERED_SECONDS: Final = (11.0, 400.0)
TWIN_SECONDS: Final = (0.1, 200.0)
NOISE: Final = b"\xff\xfe<html>502 \xd0\xd5"


class Killed(BaseException):
    """The worker died here."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it travels; `order_id` is that of an order or of the question about one, `about` also a right's."""

    registry: str
    operation: Operation
    headers: Mapping[str, str]
    content: bytes
    order_id: str | None
    about: str


@dataclass(slots=True)
class Line:
    """The line; `sent`, `obeyed` and `told` let the judge look on."""

    loop: VirtualLoop
    counter: Counter
    weather: Weather
    chance: random.Random
    sent: Callable[[Message], None]
    obeyed: Callable[[Message], None]
    told: Callable[[Message, ReplyCode], None]
    calls: int = 0
    _last: dict[Operation, tuple[str, ReplyCode, dict[str, Any]]] = field(default_factory=dict)

    async def post(
        self, _client: object, url: str, content: bytes, headers: Mapping[str, str], *, deadline_seconds: float
    ) -> Answer:
        """Take a message to the counter, and its answer back."""
        self.calls += 1
        message = _message(url, content, headers)
        self.die()
        self.sent(message)
        answer = await self._carried(message, deadline_seconds)
        self.die()
        return answer

    def die(self) -> None:
        """Kill the worker that passes here, now and then."""
        if self._strikes(self.weather.kill):
            raise Killed

    async def _carried(self, message: Message, deadline: float) -> Answer:
        weather = self.weather
        if self._strikes(weather.drop_before):
            if self.chance.random() < 1 / 3:
                raise NotSent("not connected")
            return await self._silence(deadline)
        for share, seconds in ((weather.reorder, REORDERED_SECONDS), (weather.slow, SLOW_SECONDS)):
            if self._strikes(share):
                self.loop.call_later(self.chance.uniform(*seconds), self._obey, message)
                return await self._silence(deadline)
        await asyncio.sleep(self.chance.uniform(*QUICK_SECONDS))
        if self._strikes(weather.error) and self.chance.random() < 1 / 2:
            return Answer(502, {}, b"bad gateway")
        answer = self._obey(message)
        if self._strikes(weather.duplicate):
            self.loop.call_later(self.chance.uniform(*TWIN_SECONDS), self._obey, message)
        return await self._answered(message, answer, deadline)

    async def _answered(self, message: Message, answer: SignedAnswer, deadline: float) -> Answer:
        weather = self.weather
        if self._strikes(weather.lose_reply):
            return await self._silence(deadline)
        if self._strikes(weather.error):
            return Answer(504, {}, b"gateway timeout")
        if self._strikes(weather.garbage):
            return Answer(200, answer.headers, answer.content[: len(answer.content) // 2] + NOISE)
        reply = json.loads(answer.content)
        code = ReplyCode(reply["head"]["rspCode"])
        about, *other = self._last.get(message.operation, (message.about, code, reply["body"]))
        self._last[message.operation] = message.about, code, reply["body"]
        if about != message.about and self._strikes(weather.wrong_id):
            return _signed_anew(message, answer, *other)
        self.told(message, code)
        return Answer(200, answer.headers, answer.content)

    def _obey(self, message: Message) -> SignedAnswer:
        request = self.counter.admit(message.registry, message.operation, message.headers, message.content)
        if self.weather.is_closed(self.loop.seconds):
            return self.counter.closed(message.registry, message.operation, request)
        late = message.operation in ORDERS and self._strikes(self.weather.late)
        answer = self.counter.obey(message.registry, message.operation, request, postponed=late)
        self.obeyed(message)
        return answer

    async def _silence(self, deadline: float) -> Answer:
        await asyncio.sleep(deadline)
        raise NoAnswer("nothing came back")

    def _strikes(self, share: float) -> bool:
        return share > 0.0 and self.chance.random() < share


def _message(url: str, content: bytes, headers: Mapping[str, str]) -> Message:
    registry, _, operation = urlsplit(url).path.strip("/").partition("/")
    body = json.loads(content)["body"]
    order_id = body.get("zlbh")
    return Message(registry, Operation(operation), headers, content, order_id, order_id or body["qzbh"])


def _signed_anew(message: Message, answer: SignedAnswer, code: ReplyCode, body: dict[str, Any]) -> Answer:
    """Return the answer to an earlier message as if it were the answer to this one, signed as the registry signs."""
    request = wire.read_request(message.content)
    timestamp = answer.headers[wire.HEADER_TIMESTAMP]
    content = wire.write_reply(request, timestamp, code, body)
    path = wire.wire_path(message.registry, message.operation)
    signature = wire.sign(SECRET, Direction.ANSWER, path, timestamp, request.request_id, content)
    return Answer(200, {**answer.headers, wire.HEADER_SIGN: signature}, content)
