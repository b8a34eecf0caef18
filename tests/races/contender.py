"""A contender: one process with one kept connection, which sends prepared requests, the first of them at the gate.

The subtle thing is the last byte. Before the gate opens the contender has sent all of its first request but that, so
the server has already read the head and asked who it is; what is left to happen is the race itself. The gate is a pipe
which all contenders read from: one write of the herd's wakes them all.

It is started as `python -m tests.races.contender GATE`, reads one line of JSON a turn and answers with one. It imports
nothing of the product, because thirty-two of them shall start within a second.

Source: J. Kettle, "The single-packet attack" (2023), on synchronising by the last byte.
"""

import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass
from http.client import HTTPException, HTTPResponse
from typing import Final, Self

HOST: Final = "127.0.0.1"
READY: Final = "ready"
IDLE_SECONDS_MAX: Final = 2.0  # uvicorn closes a connection that was idle for five
ANSWER_SECONDS_MAX: Final = 30.0
NO_ANSWER, BUSY = 0, 503
TRIES_MAX: Final = 10
PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` is none for a read, and `key` is the idempotency key of a command."""

    port: int
    method: str
    path: str
    token: str
    key: str = ""
    body: str | None = None

    def encoded(self) -> bytes:
        """Return what goes onto the wire."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: {HOST}:{self.port}",
            f"Authorization: Bearer {self.token}",
        ]
        if self.key:
            lines.append(f"Idempotency-Key: {self.key}")
        body = b"" if self.body is None else self.body.encode()
        if self.body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and between which two moments of the machine's one steady clock, in nanoseconds.

    The status is 0 where no answer came; the body then says why. `busy` counts the answers before it that asked to come
    back, which the contender does, as every client should, with the same key.
    """

    status: int
    body: str
    started: int
    ended: int
    busy: int = 0


class Line:
    """The kept connection to one port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._used_at = 0.0

    def begin(self, sent: bytes) -> Self:
        """Send the first part of a request."""
        if self._socket is None or time.monotonic() - self._used_at > IDLE_SECONDS_MAX:
            self.close()
            self._socket = socket.create_connection((HOST, self._port), ANSWER_SECONDS_MAX)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(sent)
        return self

    def finish(self, sent: bytes, method: str) -> tuple[int, str]:
        """Send the rest and return status and body."""
        assert self._socket is not None, "a request was begun"
        self._socket.sendall(sent)
        answer = HTTPResponse(self._socket, method=method)
        answer.begin()
        body = answer.read().decode()
        self._used_at = time.monotonic()
        if answer.will_close:
            self.close()
        return answer.status, body

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Contender:
    """Takes its turns."""

    def __init__(self, gate: int) -> None:
        self._gate = gate
        self._lines: dict[int, Line] = {}

    def turn(self, told: str) -> list[Reply]:
        """Send the requests of one line, one after another; with `gated` the first waits for the gate."""
        plan = json.loads(told)
        requests = [Request(**each) for each in plan["requests"]]
        return [self._send(each, gated=plan["gated"] and index == 0) for index, each in enumerate(requests)]

    def _send(self, request: Request, *, gated: bool) -> Reply:
        line = self._lines.setdefault(request.port, Line(request.port))
        sent = request.encoded()
        started = time.monotonic_ns()
        try:
            if gated:
                line.begin(sent[:-1])
                _say(READY)
                os.read(self._gate, 1)
                started, sent = time.monotonic_ns(), sent[-1:]
            else:
                line.begin(b"")
            status, body = line.finish(sent, request.method)
            busy = 0
            while status == BUSY and busy < TRIES_MAX:
                busy += 1
                time.sleep(PAUSE_SECONDS)
                status, body = line.begin(b"").finish(request.encoded(), request.method)
        except (OSError, HTTPException) as error:
            line.close()
            return Reply(NO_ANSWER, repr(error), started, time.monotonic_ns())
        return Reply(status, body, started, time.monotonic_ns(), busy)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Take turns until nobody speaks any more."""
    contender = Contender(int(sys.argv[1]))
    for told in sys.stdin:
        _say(json.dumps([asdict(reply) for reply in contender.turn(told)]))


if __name__ == "__main__":
    main()
