"""The protocol below ASGI: a head is bounded while it is being read, however it arrives."""

import asyncio
import json
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from api.http_protocol import HEAD_BYTES_MAX, BoundedHttpProtocol

pytestmark = pytest.mark.anyio

PIECE = b"x" * 65_536


class FakeTransport(asyncio.Transport):
    """Keeps what is written, and notes when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self) -> None:
        """Do nothing."""


async def never_answering(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - an ASGI application
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def connected() -> tuple[BoundedHttpProtocol, FakeTransport]:
    config = uvicorn.Config(never_answering, log_level="critical", lifespan="off")
    config.load()
    protocol = BoundedHttpProtocol(config=config, server_state=ServerState(), app_state={})
    transport = FakeTransport()
    protocol.connection_made(transport)
    return protocol, transport


async def test_a_head_that_never_ends_is_refused_before_it_fills_the_memory() -> None:
    protocol, transport = connected()

    protocol.data_received(b"GET / HTTP/1.1\r\nX-Padding: ")
    pieces = 0
    while not transport.closed and pieces < 100:
        protocol.data_received(PIECE)
        pieces += 1

    head, _, body = transport.written.partition(b"\r\n\r\n")
    assert pieces <= HEAD_BYTES_MAX // len(PIECE) + 1
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "headers_too_large"


async def test_many_headers_are_bounded_like_a_long_one() -> None:
    protocol, transport = connected()

    protocol.data_received(b"GET / HTTP/1.1\r\n")
    for _ in range(10_000):
        protocol.data_received(b"X-Padding: " + b"x" * 100 + b"\r\n")

    assert transport.written.startswith(b"HTTP/1.1 431 ")
    assert transport.written.count(b"HTTP/1.1 ") == 1


async def test_a_connection_may_carry_many_requests_whose_heads_come_in_pieces() -> None:
    protocol, transport = connected()

    for answered in range(1, 41):
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\nX-Padding: " + b"x" * 15_000)
        protocol.data_received(b"x" * 15_000)
        protocol.data_received(b"\r\n\r\n")
        for _ in range(100):
            await asyncio.sleep(0)
            if transport.written.count(b"HTTP/1.1 204") == answered:
                break

    assert transport.written.count(b"HTTP/1.1 204") == 40
    assert not transport.closed


async def test_a_long_body_is_no_head() -> None:
    protocol, transport = connected()

    protocol.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (16 * len(PIECE)))
    for _ in range(16):
        protocol.data_received(PIECE)

    assert b"431" not in transport.written


async def test_after_a_refusal_nothing_more_is_read() -> None:
    protocol, transport = connected()

    protocol.data_received(b"\x00\x01\r\n\r\n")
    told = transport.written
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    protocol.data_received(b"\x00\x01\r\n\r\n")

    assert told.startswith(b"HTTP/1.1 400 ")
    assert transport.written == told
