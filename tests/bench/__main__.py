"""Measure the API beside the bare handler, in turns, on this machine, and print how they compare (`make bench`).

Then the valuation's own arithmetic (`valuation`); each part can be asked for alone.

A round is one short load on the API and one on the bare handler for each request, and which comes first changes from
round to round. A figure is the median over the rounds, and a ratio the median of the rounds' ratios, so that what
disturbs the machine for a while disturbs both sides or is outvoted.

The database lies in memory where there is room: on a disk, both sides would wait for the same writes, and the ratio of
the commands would look better than the handlers are.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final

from tests.bench import valuation
from tests.bench.cases import Case, World
from tests.bench.load import Load, run
from tests.bench.servers import Server, bare, everything, gather_statistics
from tests.bench.table import Figures, Found, table
from tests.database_session import MEMORY

PARTS: Final = ("api", "valuation")


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


def compare(folder: Path, rounds: int, seconds: float) -> Found:
    """Start everything in a folder, measure for so many rounds, and stop everything."""
    with everything(folder) as (ensemble, api):
        world = World(ensemble.demonstration)
        cases = world.cases()
        loans = world.loans(4 * seconds)
        with bare(ensemble, cases, loans[:2], world.token()) as (beside, statements):
            found = Found(statements, {case: [] for case in cases})
            for number in range(-1, rounds):
                token = world.token()
                for case in cases:
                    order = (api, beside) if number % 2 else (beside, api)
                    came = {server: measured(server, case, token, loans[2:], seconds) for server in order}
                    if number >= 0:  # the first round only warms everything up
                        found.pairs[case].append((came[api], came[beside]))
                if number < 0:
                    gather_statistics(ensemble)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {' and '.join(PARTS)}, all without any")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each load; a round has six")
    parser.add_argument("--folder", type=Path, help="where the database is to lie instead of in memory")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    parent = asked.folder or (MEMORY if MEMORY.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="greenlien-bench-", dir=parent) as folder:
        if "api" in (asked.parts or PARTS):
            found = compare(Path(folder), asked.rounds, asked.seconds)
            sys.stdout.write(table(found, asked.seconds, in_memory=parent == MEMORY))
        if "valuation" in (asked.parts or PARTS):
            sys.stdout.write("\n" + valuation.report(Path(folder), asked.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
