"""What a registry tells us by itself: proven first, over its exact bytes, and read only then.

The subtle thing is that whoever cannot prove himself learns nothing. A name that no registry has costs the same
signature as one that has, made with a key that nobody knows, and every reason is one refusal; the reason is for the
log. Of a proven message only its kind and the number that it is about are read.

Source: the registry's manual, in `wire`.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from domain.ports.registry_callbacks import CallbackNotProven, Heard, Hint, HintKind
from integrations.outbound.strict_json import Unreadable
from integrations.registry import messages, wire
from integrations.registry.client import RegistryEndpoint
from integrations.registry.wire import Direction, NotificationKind, ReplyCode, Request

_NOBODY: Final = RegistryEndpoint("http://nobody.invalid", "nobody", secrets.token_bytes(32))
_KINDS: Final[Mapping[NotificationKind, HintKind]] = MappingProxyType(
    {
        NotificationKind.ORDER: HintKind.ORDER,
        NotificationKind.RIGHT: HintKind.RIGHT,
        NotificationKind.OPENED: HintKind.OPENED,
    }
)


class HmacCallbacks:
    """The callbacks of the registries whose keys we share; implements `CallbackReader`."""

    def __init__(self, endpoints: Mapping[str, RegistryEndpoint]) -> None:
        """Hear these registries."""
        for registry in endpoints:
            wire.notification_path(registry)
        self._endpoints = MappingProxyType(dict(endpoints))

    def read(self, registry: str, headers: Mapping[str, str], content: bytes, now: datetime) -> Heard:
        """Return what a registry has told, and the answer to it; raises CallbackNotProven."""
        endpoint = self._endpoints.get(registry, _NOBODY)
        path = wire.notification_path(registry if registry in self._endpoints else "nobody")
        request = _proven(endpoint, path, headers, content)
        try:
            age_seconds = abs((wire.read_time(request.timestamp) - now).total_seconds())
        except Unreadable as error:
            raise CallbackNotProven(str(error)) from error
        if age_seconds > wire.SKEW_SECONDS_MAX:
            message = f"the message is {age_seconds:.0f} s away from now"
            raise CallbackNotProven(message)
        try:
            hint = _hint(registry, request)
        except Unreadable:
            hint = None
        code = ReplyCode.BAD_MESSAGE if hint is None else ReplyCode.DONE
        timestamp = wire.write_time(now)
        answer = wire.write_reply(request, timestamp, code, {})
        signed = wire.sign(endpoint.secret, Direction.ACKNOWLEDGEMENT, path, timestamp, request.request_id, answer)
        proof = {
            wire.HEADER_REQUEST: request.request_id,
            wire.HEADER_TIMESTAMP: timestamp,
            wire.HEADER_SIGN: signed,
        }
        return Heard(hint, answer, proof)


def _proven(endpoint: RegistryEndpoint, path: str, headers: Mapping[str, str], content: bytes) -> Request:
    """Return the message if its signature holds and its envelope agrees with what was signed."""
    request_id = headers.get(wire.HEADER_REQUEST, "")
    timestamp = headers.get(wire.HEADER_TIMESTAMP, "")
    expected = wire.sign(endpoint.secret, Direction.NOTIFICATION, path, timestamp, request_id, content)
    if not wire.signature_holds(expected, headers.get(wire.HEADER_SIGN, "")):
        message = "the signature does not hold"
        raise CallbackNotProven(message)
    try:
        request = wire.read_request(content)
    except Unreadable as error:
        raise CallbackNotProven(str(error)) from error
    if (request.request_id, request.timestamp, request.app_id) != (request_id, timestamp, endpoint.app_id):
        message = "the envelope contradicts what was signed, or is for another client"
        raise CallbackNotProven(message)
    return request


def _hint(registry: str, request: Request) -> Hint:
    word = request.body.text("tzlx", 4)
    if word not in set(NotificationKind):
        message = f"body.tzlx {word!r} is not listed"
        raise Unreadable(message)
    kind = NotificationKind(word)
    subject = None
    if kind is NotificationKind.ORDER:
        subject = request.body.text("zlbh", messages.ORDER_ID_LENGTH_MAX)
    elif kind is NotificationKind.RIGHT:
        subject = request.body.text("qzbh")
    return Hint(registry=registry, message_id=request.request_id, kind=_KINDS[kind], subject=subject)
