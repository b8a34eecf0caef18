"""A receiver of webhooks on this machine: it answers as it is told to, and remembers what it was sent.

It speaks HTTP by itself and not through a server, because a test sends it many thousands of messages; and it can do
what no server would, such as hang up in the middle.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

OK: Final = 200
HANG_UP: Final = 0
"""Instead of a status: close the connection without a word."""
HANG: Final = -1
"""Instead of a status: never answer."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def told(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the body as JSON."""
        return json.loads(self.body)


Answer = tuple[int, Mapping[str, str], bytes]


def taking(path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Take everything."""
    return OK, {}, b""


@dataclass(slots=True)
class Receiver:
    """What it was sent, in the order in which it came; `answers` decides, and is called in the receiver's thread."""

    answers: Callable[[str, Mapping[str, str], bytes], Answer] = taking
    received: list[Received] = field(default_factory=list)
    url: str = ""
    connections: int = 0

    @property
    def taken(self) -> list[Received]:
        """Return what it said yes to."""
        return [each for each in self.received if OK <= each.status < 300]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answered(reader, writer):
                pass
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        status, more, content = self.answers(path, headers, body)
        self.received.append(Received(path, headers, body, status))
        if status == HANG_UP:
            return False
        if status == HANG:
            await asyncio.Event().wait()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *(f"{n}: {v}" for n, v in more.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
        await writer.drain()
        return True


def verify_shared(secret: str, received: Received) -> bool:
    """Tell whether one of the `v1` signatures is made with a secret, as a receiver would."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed(received), hashlib.sha256)).decode()
    return any(hmac.compare_digest(expected, each) for each in received.headers["webhook-signature"].split(" "))


def verify_private(public_key: str, received: Received) -> bool:
    """Tell whether one of the `v1a` signatures is made with the private key of a public one."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    for each in received.headers["webhook-signature"].split(" "):
        kind, _, text = each.partition(",")
        if kind == "v1a":
            with suppress(Exception):
                key.verify(base64.b64decode(text), signed(received))
                return True
    return False


def signed(received: Received) -> bytes:
    """Return what a message's signatures are made over."""
    return f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body


@contextmanager
def receiving(receiver: Receiver, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Let a receiver listen in a thread of its own; `url` is where."""
    loop = asyncio.new_event_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        serving = asyncio.start_server(receiver.serve, sock=listener, ssl=context)
        server = asyncio.run_coroutine_threadsafe(serving, loop).result()
        receiver.url = f"{'http' if context is None else 'https'}://127.0.0.1:{listener.getsockname()[1]}/in"
        try:
            yield receiver
        finally:
            asyncio.run_coroutine_threadsafe(_end(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@asynccontextmanager
async def receiving_here(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Let a receiver listen in the running loop, for so many messages that handing them to a thread would take long."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
    try:
        yield receiver
    finally:
        server.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
