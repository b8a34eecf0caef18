"""API processes on one database: the product's own command line, twice, so that no lock in a process hides a race."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from tests.races.contender import HOST

START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 10.0
PROBE_SECONDS: Final = 0.05
LOG_BYTES_SHOWN: Final = 3000
PORTS: Final = range(10_000, 32_000)
GIVEN: Final[set[int]] = set()


class ServerDied(RuntimeError):
    """Say that a server did not come up, with the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """One API process."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def base_url(self) -> str:
        """Return its address."""
        return f"http://{HOST}:{self.port}"

    def said(self) -> str:
        """Return the end of its log."""
        return self.log.read_bytes()[-LOG_BYTES_SHOWN:].decode("utf-8", "replace")


@contextmanager
def api_servers(
    ports: Sequence[int], module: str, environment: Mapping[str, str], folder: Path
) -> Iterator[tuple[Server, ...]]:
    """Run `python -m MODULE serve` on each port until left; they are served when this is entered."""
    servers = tuple(_started(port, module, environment, folder / f"api-{port}.log") for port in ports)
    try:
        until = time.monotonic() + START_SECONDS_MAX
        for server in servers:
            _wait_until_served(server, until)
        yield servers
    finally:
        for server in servers:
            server.process.terminate()
        for server in servers:
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(STOP_SECONDS_MAX)
            server.process.kill()
            server.process.wait()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on just now, each given once, where no system takes ports for outgoing calls.

    A server that starts a second later must still find its port free: what the system hands out by itself (32768 and
    above on Linux, 49152 on others) may by then belong to somebody else, who would answer in its stead.
    """
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.create_server((HOST, port)):
            if port not in GIVEN:
                GIVEN.add(port)
                found.append(port)
    return found


def _started(port: int, module: str, environment: Mapping[str, str], log: Path) -> Server:
    command = [sys.executable, "-m", module, "serve", "--allow-bearer", "--port", str(port)]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, "--until-parent-ends", str(os.getpid())],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    return Server(port, log, process)


def _wait_until_served(server: Server, until: float) -> None:
    while time.monotonic() < until and server.process.poll() is None:
        connection = HTTPConnection(HOST, server.port, timeout=1)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(PROBE_SECONDS)
        finally:
            connection.close()
    raise ServerDied(server.said())
