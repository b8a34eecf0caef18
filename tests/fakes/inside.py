"""The product asked without a socket: its ASGI application on an event loop of its own, one request after another.

It serves as a transport of httpx, so that what speaks HTTP elsewhere speaks to it unchanged; `ask` is the same without
httpx, for tests that ask thousands of times.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote_to_bytes

import httpx


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it left the application."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, empty when it was not sent."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass
class Inside(httpx.BaseTransport):
    """An application and its loop; close it, for its connections belong to the loop."""

    app: Any
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def ask(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Told:
        """Send one request and return the whole answer; `target` is path and query as they stand on the wire."""
        sent = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
        return self.runner.run(self._ask(method, target.encode("latin-1"), sent, body))

    def ask_raw(self, method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Told:
        """Send bytes as they are; header names in lower case, as a server hands them on."""
        return self.runner.run(self._ask(method.decode("ascii"), target, list(headers), body))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of httpx."""
        sent = [(name.lower(), value) for name, value in request.headers.raw]
        told = self.runner.run(self._ask(request.method, request.url.raw_path, sent, request.read()))
        return httpx.Response(told.status, headers=list(told.headers), content=told.body)

    def close(self) -> None:
        """End the loop."""
        self.runner.close()

    def __enter__(self) -> Self:
        return self

    async def _ask(self, method: str, target: bytes, sent: list[tuple[bytes, bytes]], body: bytes) -> Told:
        path, _, query = target.partition(b"?")
        if body and all(name != b"content-length" for name, _ in sent):
            sent = [*sent, (b"content-length", str(len(body)).encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": sent,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        messages: list[dict[str, Any]] = []
        brought = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if brought:
                return brought.pop()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in messages[0]["headers"]]
        return Told(messages[0]["status"], tuple(told), b"".join(each.get("body", b"") for each in messages[1:]))
