"""The load generator: a process of its own that keeps some connections busy and tells what came back.

It speaks just enough HTTP/1.1 for one kind of request: a client made for everything (httpx) costs more processor time
than the server that is to be measured. The subtle thing is the second core: generator and PostgreSQL share it, so a
measurement is good only while the measured process uses the whole of its own; the processor times are told with it.

Source: RFC 9112 (message format; every answer measured here says its length).
"""

import asyncio
import itertools
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Final, cast

import uvloop

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"
GRACE_SECONDS: Final = 20.0
CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send to 127.0.0.1, over how many connections, for how long, and the only status that is right.

    A body's `{loan}` becomes the next of `loans`, which begin again after the last, and its `{number}` a number that no
    other body has. Answers are thrown away unless they are to be kept.
    """

    port: int
    method: str
    path: str
    token: str
    status: int
    body: str = ""
    loans: list[str] = field(default_factory=list)
    keep_bodies: bool = False
    connections: int = CONNECTIONS
    seconds: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came back: latencies in seconds, the time it took, and the generator's own processor time."""

    latencies: list[float]
    seconds: float
    processor_seconds: float
    bodies: list[str]


class WrongAnswer(Exception):
    """Say that an answer had another status than the one that is right, or that a connection ended."""


class Connection(asyncio.Protocol):
    """One connection: sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], load: Load, until: float, done: "asyncio.Future[None]") -> None:
        """Take requests from `requests` until the time `until` of the monotonic clock, then tell `done`."""
        self._requests = requests
        self._expected = f"HTTP/1.1 {load.status} ".encode()
        self._until = until
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._keep_bodies = load.keep_bodies
        self._received = b""
        self._sent_at = 0.0
        self.latencies: list[float] = []
        self.bodies: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell a connection that the server ended."""
        if not self._done.done():
            self._done.set_exception(WrongAnswer("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Take the answer, and send the next request."""
        received = self._received = self._received + data if self._received else data
        head_end = received.find(HEAD_END)
        if head_end < 0 or len(received) < head_end + len(HEAD_END) + _length(received[:head_end]):
            return
        now = time.perf_counter()
        body = received[head_end + len(HEAD_END) :]
        self._received = b""
        if not received.startswith(self._expected):
            if not self._done.done():
                self._done.set_exception(WrongAnswer((received[:head_end].split(b"\r\n")[0] + b" " + body).decode()))
            return
        self.latencies.append(now - self._sent_at)
        if self._keep_bodies:
            self.bodies.append(body.decode())
        if now < self._until:
            self._send()
        elif not self._done.done():
            self._done.set_result(None)

    def _send(self) -> None:
        request = next(self._requests)
        self._sent_at = time.perf_counter()
        assert self._transport is not None, "nothing is sent before the connection is made"
        self._transport.write(request)


def run(load: Load) -> Measured:
    """Send a load from a new process and return what it measured; raises WrongAnswer at the first wrong answer."""
    finished = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
        timeout=load.seconds + GRACE_SECONDS,
    )
    if finished.returncode:
        raise WrongAnswer(f"{load.method} {load.path}: {finished.stderr.strip().splitlines()[-1][:2000]}")
    return Measured(**json.loads(finished.stdout))


async def send(load: Load) -> Measured:
    """Send a load from this process."""
    loop = asyncio.get_running_loop()
    requests = _requests(load)
    began, spent = time.perf_counter(), time.process_time()
    opened: list[Connection] = []
    ends = []
    for _ in range(load.connections):
        done = loop.create_future()
        connection = Connection(requests, load, began + load.seconds, done)
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", load.port)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        opened.append(connection)
        ends.append(done)
    await asyncio.gather(*ends)
    return Measured(
        latencies=[latency for connection in opened for latency in connection.latencies],
        seconds=time.perf_counter() - began,
        processor_seconds=time.process_time() - spent,
        bodies=[body for connection in opened for body in connection.bodies],
    )


def _requests(load: Load) -> Iterator[bytes]:
    """Yield requests without end; each command has a key of its own, because a replay is another story."""
    prefix = secrets.token_hex(8)
    head = f"{load.method} {load.path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {load.token}\r\n"
    if load.method == "GET":
        yield from itertools.repeat((head + "\r\n").encode())
    head += "content-type: application/json\r\n"
    for number, loan in enumerate(itertools.cycle(load.loans or [""])):
        body = load.body.replace("{loan}", loan).replace("{number}", f"{prefix}-{number}").encode()
        own = f"idempotency-key: {prefix}-{number:012}\r\ncontent-length: {len(body)}\r\n\r\n"
        yield (head + own).encode() + body


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.index(LENGTH) + len(LENGTH)
    return int(lowered[at:].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    measured = uvloop.run(send(Load(**json.load(sys.stdin))))
    json.dump(asdict(measured), sys.stdout)
