"""A registry simulator in a process of its own, for tests that kill it.

It is started as `python -m tests.fakes.registry_process FD BOOKS` and answers on a socket that the test holds open, so
its successor has the same address.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvicorn

from domain.values.time import business_date
from integrations.registry.demo_rights import demo_rights
from integrations.registry.simulator import create_simulator

SECRET: Final = b"a secret of the killed registry"
STOP_SECONDS_MAX: Final = 10.0


@dataclass(slots=True)
class RegistryProcess:
    """A simulator that can be killed and started again over the same books."""

    listener: socket.socket
    books: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def base_url(self) -> str:
        """Return its address, the same for every start."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> None:
        """Start it; what is sent before it listens waits in the socket."""
        descriptor = self.listener.fileno()
        command = [sys.executable, "-m", "tests.fakes.registry_process", str(descriptor), str(self.books)]
        self.process = subprocess.Popen(command, pass_fds=[descriptor])

    def kill(self) -> None:
        """End it as by `kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_SECONDS_MAX)
            self.process = None


@contextmanager
def registry_process(books: Path) -> Iterator[RegistryProcess]:
    """Run a simulator over these books until the test is over."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = RegistryProcess(listener, books)
        running.start()
        try:
            yield running
        finally:
            running.kill()


def main() -> None:
    """Serve until killed."""
    _, descriptor, books = sys.argv
    app = create_simulator(Path(books), demo_rights(business_date(datetime.now(UTC))), SECRET)
    uvicorn.run(app, fd=int(descriptor), log_level="critical", access_log=False, ws="none")


if __name__ == "__main__":
    main()
