"""The HTTP protocol below ASGI: uvicorn's httptools reader, with a bounded head and problem documents of its own.

The subtle thing is that uvicorn reads a request's head without any limit and hands it over only when it is complete,
so a client that never ends its headers fills the memory before a single line of the application runs. And what is not
HTTP at all never reaches the application either; it is told here, as every other refusal is.

Source: uvicorn 0.54, protocols/http/httptools_impl.py (no limit is offered for it); contract section 1.
"""

import secrets
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.edge import ANSWER_HEADERS, HEADER_BYTES_MAX
from api.problems import problem
from api.refusals import HeadersTooLarge, Unreadable, UnreadableRequest
from domain.errors import DomainError

HEAD_BYTES_MAX: Final = 512 << 10
"""What may be read of an unfinished head: above the edge's own limit by more than one read of the socket."""

_REASONS: Final = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's reader, bounded."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Begin with nothing read."""
        super().__init__(*arguments, **options)
        self._in_head = False
        self._head_bytes = 0

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that it is complete."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has grown beyond every measure."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(HeadersTooLarge(HEADER_BYTES_MAX))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature; its text is not told
        """Tell, as a problem document, that this is not HTTP."""
        why = Unreadable.REQUEST
        self._refuse(UnreadableRequest(why.word, why.zh, why.en))

    def _refuse(self, refusal: DomainError) -> None:
        request_id = "req_" + secrets.token_hex(16)
        told = problem(refusal, chinese=False, request_id=request_id)
        lines = [f"HTTP/1.1 {told.status} {_REASONS[told.status]}".encode("ascii")]
        lines += [f"{name.lower()}: {value}".encode("ascii") for name, value in told.headers.items()]
        lines += [name + b": " + value for name, value in ANSWER_HEADERS]
        lines += [f"x-request-id: {request_id}".encode("ascii"), f"content-length: {len(told.body)}".encode("ascii")]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", told.body]))
        self.transport.close()


SERVER_OPTIONS: Final[dict[str, Any]] = {
    "http": BoundedHttpProtocol,
    "ws": "none",
    "server_header": False,
    "access_log": False,
    "proxy_headers": False,
    "timeout_keep_alive": 20,
}
"""How uvicorn is to be started: `uvicorn.Config(app, **SERVER_OPTIONS)`."""
