"""What is measured, running: the demonstration as `make serve` starts it, and the bare handler in its environment."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx
import psycopg
from sqlalchemy import make_url

from api.commands.supervisor import Ensemble, free_port
from tests.bench.cases import Case

START_SECONDS_MAX: Final = 60.0
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers at a port of this machine."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Return the processor time that the process has used; zero where the system has no /proc."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text(encoding="ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


@contextmanager
def everything(folder: Path) -> Iterator[tuple[Ensemble, Server]]:
    """Serve a demonstration, for as long as the block lasts; yields it and its API."""
    port = free_port()
    ensemble = Ensemble(folder, port, allow_bearer=True)
    try:
        ensemble.start()
        [process] = [child.process for child in ensemble.children if child.name == "api"]
        assert process is not None, "it was started"
        yield ensemble, Server(port, process.pid)
    finally:
        ensemble.stop()


@contextmanager
def bare(
    ensemble: Ensemble, cases: Sequence[Case], loans: Sequence[str], token: str
) -> Iterator[tuple[Server, dict[str, int]]]:
    """Serve the bare handler, for as long as the block lasts; yields it and the round trips of each request by path."""
    [environment] = [child.environment for child in ensemble.children if child.name == "api"]
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare", "--port", str(port)],
        env=dict(environment),
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None, "a pipe was asked for"
        with process.stdin as told:
            json.dump({"cases": [asdict(case) for case in cases], "loans": list(loans), "token": token}, told)
        yield Server(port, process.pid), _once_served(f"http://127.0.0.1:{port}/statements", process)
    finally:
        process.terminate()
        process.wait()


def gather_statistics(ensemble: Ensemble) -> None:
    """Let the database count its rows, as it does by itself within a minute; until then it plans for empty tables."""
    [environment] = [child.environment for child in ensemble.children if child.name == "api"]
    owner = make_url(environment["MIGRATION_DATABASE_URL"]).set(drivername="postgresql")
    with psycopg.connect(owner.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("analyze")


def _once_served(url: str, process: "subprocess.Popen[str]") -> dict[str, int]:
    """Return what an address answers once it does; stops the run if its process ends or takes too long."""
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until and process.poll() is None:
        try:
            told: dict[str, int] = httpx.get(url, timeout=5, trust_env=False).raise_for_status().json()
        except httpx.ConnectError:
            time.sleep(0.1)
        else:
            return told
    message = f"{url} was not served"
    raise SystemExit(message)
