"""The table: what was measured, in Markdown, a row for each request."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final

from tests.bench.cases import Case
from tests.bench.load import CONNECTIONS

HEAD: Final = (
    "| request | round trips | API /s | p50 ms | p99 ms | busy | bare /s | p50 ms | p99 ms | busy"
    " | API : bare | by processor time | aim |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
FOOT: Final = """
Both sides did the same statements in the same number of round trips to the database, and every answer had the status
that is right. *busy* is the share of a core that the measured process used; well below 100 %, the bottleneck was
elsewhere: the database on the other core, or other work on the machine. *By processor time* compares what a request
costs the two processes, which other work disturbs less.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One load's outcome; `busy` is processor seconds of the measured process a second."""

    per_second: float
    p50_ms: float
    p99_ms: float
    busy: float

    @property
    def processor_seconds_per_request(self) -> float:
        """Return what a request cost the measured process."""
        return self.busy / self.per_second


@dataclass(frozen=True, slots=True)
class Found:
    """The round trips of each request by its path, and for each round the API's figures and the bare handler's."""

    statements: dict[str, int]
    pairs: dict[Case, list[tuple[Figures, Figures]]]


def table(found: Found, seconds: float, *, in_memory: bool) -> str:
    """Return the table with what one must know to read it."""
    rounds = min(len(pairs) for pairs in found.pairs.values())
    where = "in memory" if in_memory else "on a disk"
    head = (
        f"{date.today()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB, {platform.system()} {platform.machine()}, "  # noqa: DTZ011 - the reader's own day
        f"Python {platform.python_version()}, embedded PostgreSQL {where}. Medians of {rounds} rounds of {seconds:g} s "
        f"a side, {CONNECTIONS} connections, one server process each.\n\n"
    )
    rows = [row(case, found.statements[case.path], pairs) for case, pairs in found.pairs.items()]
    return head + HEAD + "".join(rows) + FOOT


def row(case: Case, statements: int, pairs: Sequence[tuple[Figures, Figures]]) -> str:
    """Return a request's row."""
    cells = [case.name, str(statements)]
    for side in zip(*pairs, strict=True):
        cells += [
            f"{median(each.per_second for each in side):.0f}",
            f"{median(each.p50_ms for each in side):.1f}",
            f"{median(each.p99_ms for each in side):.1f}",
            f"{median(each.busy for each in side):.0%}",
        ]
    cells += [
        f"{median(api.per_second / bare.per_second for api, bare in pairs):.2f}",
        f"{median(_by_processor_time(api, bare) for api, bare in pairs):.2f}",
        "none" if case.aim is None else f"{case.aim:.2f}",
    ]
    return "| " + " | ".join(cells) + " |\n"


def memory_gib() -> float:
    """Return how much memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _by_processor_time(api: Figures, bare: Figures) -> float:
    spent = api.processor_seconds_per_request
    return bare.processor_seconds_per_request / spent if spent else 0.0
