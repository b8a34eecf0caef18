"""Bodies: read from the socket, bounded, and checked before a route sees them.

The subtle thing is that nothing is read that will not be used: the kind of the body and its announced length are
judged from the headers, and a stream is left as soon as it has brought more than it may. Litestar's own reading of a
body never happens; `EdgeRequest` hands over the bytes and the value that were read here.

Source: contract section 1 (1 MiB, `application/json`, else 415; uploads 20 MiB).
"""

from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.types import HTTPScope, Receive

from api.authentication import Caller
from api.refusals import BodyTooLarge, Unreadable, UnreadableBody, UnsupportedMediaType
from api.strict_json import BODY_BYTES_MAX, Payload, read_payload

UPLOAD_BYTES_MAX: Final = 20 << 20
FORM_BYTES_MAX: Final = 32 << 10
RAW_BYTES_MAX: Final = 16 << 10

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
UPLOAD: Final = "multipart/form-data"

METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})

_BYTES: Final = "greenlien_body"
_PAYLOAD: Final = "greenlien_payload"


class EdgeRequest(Request[Caller, None, State]):
    """A request whose body was read at the door; `caller` is who sent it."""

    __slots__ = ()

    @property
    def caller(self) -> Caller:
        """Return who sent the request; a public route has none, and asking there is our bug."""
        return self.user

    @property
    def request_id(self) -> str:
        """Return the id that the answer and the log carry."""
        return str(self.scope["state"]["request_id"])

    async def body(self) -> bytes:
        """Return the exact bytes of the body; of an upload what it says, and for a route without a body none."""
        body: bytes = self.scope["state"].get(_BYTES, b"")
        return body

    async def json(self) -> Any:  # noqa: ANN401 - Litestar's signature
        """Return the body as it was read at the door, for the decoder of our models."""
        return self.scope["state"].get(_PAYLOAD)


def bytes_of(scope: HTTPScope) -> bytes:
    """Return the body's bytes as the door read them, none where it read none."""
    body: bytes = scope["state"].get(_BYTES, b"")
    return body


def payload_of(scope: HTTPScope) -> object:
    """Return the body's value as the door read it, none where it read none."""
    payload: Payload | None = scope["state"].get(_PAYLOAD)
    return getattr(payload, "value", None)


def says_upload(scope: HTTPScope) -> bool:
    """Tell whether a request says that it brings a multipart form, where a route takes one or the other."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return any(kind.decode("latin-1").partition(";")[0].strip().lower() == UPLOAD for kind in kinds)


async def read_json_body(scope: HTTPScope, receive: Receive) -> None:
    """Read and check a JSON body, and keep it for the route.

    Raises:
        UnsupportedMediaType: it says that it is something else, or is compressed.
        BodyTooLarge: it is above 1 MiB.
        UnreadableBody: it is not strict JSON.
    """
    _require_kind(scope, JSON)
    body = await _read(scope, receive, BODY_BYTES_MAX)
    keep_body(scope, body, read_payload(body))


def keep_body(scope: HTTPScope, body: bytes, payload: Payload) -> None:
    """Keep what was read at the door: the bytes that make two requests the same, and what their model reads."""
    scope["state"][_BYTES] = body
    scope["state"][_PAYLOAD] = payload


async def read_form_body(scope: HTTPScope, receive: Receive) -> None:
    """Read a small form; its kind and content are the route's to judge, since RFC 6749 has errors of its own."""
    scope["state"][_BYTES] = await _read(scope, receive, FORM_BYTES_MAX)


async def read_raw_body(scope: HTTPScope, receive: Receive) -> None:
    """Read a small body of another's format, whatever it says that it is: its signature speaks of the bytes."""
    scope["state"][_BYTES] = await _read(scope, receive, RAW_BYTES_MAX)


def bounded_upload(scope: HTTPScope, receive: Receive) -> Receive:
    """Return the stream of an upload, which breaks off above 20 MiB.

    Raises:
        UnsupportedMediaType: it is no multipart form, or compressed.
        BodyTooLarge: its announced length is above the limit; the stream raises it for one that announced none.
    """
    _require_kind(scope, UPLOAD)
    _require_length(scope, UPLOAD_BYTES_MAX)
    received = 0

    async def bounded() -> Any:  # noqa: ANN401 - an ASGI message
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message["body"])
            if received > UPLOAD_BYTES_MAX:
                raise BodyTooLarge(UPLOAD_BYTES_MAX)
        return message

    return bounded


def _require_kind(scope: HTTPScope, expected: str) -> None:
    kinds = []
    for name, value in scope["headers"]:
        if name == b"content-type":
            kinds.append(value)
        elif name == b"content-encoding":
            raise UnsupportedMediaType(expected)
    if len(kinds) != 1:
        raise UnsupportedMediaType(expected)
    kind, _, parameters = kinds[0].decode("latin-1").partition(";")
    if kind.strip().lower() != expected:
        raise UnsupportedMediaType(expected)
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if "charset=" in charset and "charset=utf-8" not in charset:
        raise UnsupportedMediaType(expected)


def _require_length(scope: HTTPScope, limit_bytes: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > limit_bytes:
            raise BodyTooLarge(limit_bytes)


async def _read(scope: HTTPScope, receive: Receive, limit_bytes: int) -> bytes:
    """Return the whole body; most come in one message."""
    _require_length(scope, limit_bytes)
    parts: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise UnreadableBody.because(Unreadable.REQUEST)
        part = message["body"]
        length += len(part)
        if length > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        parts.append(part)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
