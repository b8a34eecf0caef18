"""Measure the API beside the bare handler, in turns, on this machine, and print how they compare (`make bench`).

A round is one short load on the API and one on the bare handler, whose order changes from round to round; a figure is
the median over the rounds, and a ratio the median of the rounds' ratios, so that what disturbs the machine for a while
disturbs both sides or is outvoted. The share of its core that the measured process used stands beside: below nine
tenths, something else than that process was the bottleneck.
"""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import httpx

from api.commands.supervisor import Child, Ensemble
from tests.bench.cases import Case, World
from tests.bench.load import Load, run

START_SECONDS_MAX: Final = 40.0
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """What is measured: where it listens, and the process whose time is told."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Return the processor time that the process has used; Linux only, elsewhere zero."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text(encoding="ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Figures:
    """One load's outcome."""

    per_second: float
    p50_ms: float
    p99_ms: float
    busy: float


def measured(server: Server, case: Case, token: str, loans: list[str], seconds: float) -> Figures:
    """Put a load on a server and tell how it went; raises WrongAnswer for any wrong status."""
    load = Load(
        port=server.port,
        method=case.method,
        path=case.path,
        token=token,
        status=case.status,
        body=case.body,
        loans=loans,
        seconds=seconds,
    )
    spent = server.processor_seconds()
    came = run(load)
    spent = server.processor_seconds() - spent
    hundredths = quantiles(came.latencies, n=100)
    return Figures(
        per_second=len(came.latencies) / came.seconds,
        p50_ms=hundredths[49] * 1000,
        p99_ms=hundredths[98] * 1000,
        busy=spent / came.seconds,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything in a temporary folder, measure, print, and stop everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each load; a round has six")
    asked = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="greenlien-bench-", dir="/dev/shm") as folder,
        everything(Path(folder)) as (world, ensemble),
    ):
        cases = world.cases()
        loans = world.loans(4 * asked.seconds)
        [api] = [child for child in ensemble.children if child.name == "api"]
        with bare(api, cases, loans[:2], world.token()) as beside:
            sides = (Server(world.port, pid_of(api)), beside)
            found: dict[str, list[tuple[Figures, Figures]]] = {case.name: [] for case in cases}
            for number in range(-1, asked.rounds):
                token = world.token()
                for case in cases:
                    pair = {}
                    for side in sides if number % 2 else sides[::-1]:
                        pair[side] = measured(side, case, token, loans[2:], asked.seconds)
                    if number >= 0:  # the first round warms everything up
                        found[case.name].append((pair[sides[0]], pair[sides[1]]))
    print_table(cases, found, asked.seconds)
    return 0


@contextmanager
def everything(folder: Path) -> Iterator[tuple[World, Ensemble]]:
    """Serve a demonstration as `make serve` does, for as long as the block lasts."""
    ensemble = Ensemble(folder, free_port(), allow_bearer=True)
    try:
        ensemble.start()
        yield World(ensemble.demonstration), ensemble
    finally:
        ensemble.stop()


@contextmanager
def bare(api: Child, cases: Sequence[Case], loans: Sequence[str], token: str) -> Iterator[Server]:
    """Serve the bare handler in the API's own environment, for as long as the block lasts."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare", "--port", str(port)],
        env=dict(api.environment),
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None, "a pipe was asked for"
        json.dump({"cases": [asdict(case) for case in cases], "loans": list(loans), "token": token}, process.stdin)
        process.stdin.close()
        wait_until_served(f"http://127.0.0.1:{port}{cases[0].path}", process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_until_served(url: str, process: "subprocess.Popen[str]") -> None:
    """Wait until an address answers; stops the run if its process ends or takes too long."""
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url, timeout=5, trust_env=False).is_success:
                return
        except httpx.ConnectError:
            time.sleep(0.1)
    message = f"{url} was not served"
    raise SystemExit(message)


def pid_of(child: Child) -> int:
    """Return the number of a running child's process."""
    assert child.process is not None, "the ensemble was started"
    return child.process.pid


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def print_table(cases: Sequence[Case], found: dict[str, list[tuple[Figures, Figures]]], seconds: float) -> None:
    """Print a table in Markdown, a row for each request."""
    rounds = len(found[cases[0].name])
    print(
        f"{date.today()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB, {platform.system()} {platform.machine()}, "  # noqa: DTZ011 - the reader's own day
        f"Python {platform.python_version()}: medians of {rounds} rounds of {seconds:g} s a side, 16 connections.\n"
    )
    print("| request | API /s | p50 ms | p99 ms | busy | bare /s | p50 ms | p99 ms | busy | API : bare | aim |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for case in cases:
        pairs = found[case.name]
        ratio = median(api.per_second / bare.per_second for api, bare in pairs)
        cells = [case.name]
        for side in zip(*pairs, strict=True):
            cells += [
                f"{median(each.per_second for each in side):.0f}",
                f"{median(each.p50_ms for each in side):.1f}",
                f"{median(each.p99_ms for each in side):.1f}",
                f"{median(each.busy for each in side):.0%}",
            ]
        cells += [f"{ratio:.2f}", "stated only" if case.aim is None else f"{case.aim:.2f}"]
        print("| " + " | ".join(cells) + " |")


def memory_gib() -> float:
    """Return how much memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    sys.exit(main())
