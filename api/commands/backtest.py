"""Judge the valuation on a file of deals: `python -m api backtest --trades FILE --out DIR`.

Needs no database and no network. Exit 0: the report is written, whatever it says; 2: there was nothing to judge or
nowhere to write, told in one sentence; 130: it was interrupted. The report's bytes do not depend on the number of
processes, nor on the day.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from api.backtest import files
from api.backtest.charts import drawn
from api.backtest.method import Method
from api.backtest.points import valuation_days
from api.backtest.points_file import points_csv
from api.backtest.progress import Progress
from api.backtest.reading import Reading, UnusableFile, read_file
from api.backtest.report import Outcome, as_bytes, document
from api.backtest.report_text import CHARTS, findings, text
from api.backtest.running import run
from domain.valuation.estimate import estimate
from domain.valuation.parameters import METHOD

if sys.platform != "win32":
    import resource

USAGE: Final = 2
INTERRUPTED: Final = 130
MEBIBYTE: Final = 1 << 20
KIBIBYTE: Final = 1 << 10
ALL_FILES: Final = (files.POINTS, files.REPORT, files.TEXT, *CHARTS)


def judge(arguments: argparse.Namespace) -> int:
    """Read the deals, value every instrument, write the report."""
    return judge_method(arguments, estimate)


def judge_method(arguments: argparse.Namespace, method: Method) -> int:
    """Do the same with any method, which must be a function of a module."""
    began = time.monotonic()
    folder: Path = arguments.out
    try:
        files.require_ours(folder, ALL_FILES)
        outcome = _outcome(arguments, read_file(arguments.trades), method)
        report = document(outcome)
        files.write(folder, _contents(report, outcome), ALL_FILES)
    except (UnusableFile, files.CannotWrite) as refusal:
        sys.stderr.write(f"python -m api backtest: {refusal}\n")
        return USAGE
    except KeyboardInterrupt:
        sys.stderr.write("python -m api backtest: stopped; no report was written\n")
        return INTERRUPTED
    for finding in findings(report):
        print(finding)
    print(f"{folder / files.TEXT} tells the rest. {time.monotonic() - began:.0f} s{_peak_memory()}.")
    return 0


def _outcome(arguments: argparse.Namespace, reading: Reading, method: Method) -> Outcome:
    trades: Path = arguments.trades
    for note in reading.notes:
        sys.stderr.write(f"{note}\n")
    if reading.used < reading.rows:
        sys.stderr.write(f"{reading.rows - reading.used} of {reading.rows} rows are skipped; the report says why.\n")
    if not any(valuation_days(series.rows) for series in reading.series):
        raise UnusableFile(f"no instrument in {trades} has twenty trading days")
    assessed = run(
        method,
        reading.series,
        Progress(reading.series, sys.stderr),
        processes=arguments.processes,
        with_attacks=not arguments.without_attacks,
    )
    return Outcome(trades.name, reading, _told(method), assessed)


def _contents(report: Mapping[str, object], outcome: Outcome) -> dict[str, bytes]:
    charts = drawn(report, outcome.points, outcome.reading.series)
    return {
        files.POINTS: points_csv(outcome.points),
        files.REPORT: as_bytes(report),
        files.TEXT: text(report, list(charts)).encode(),
        **charts,
    }


def _peak_memory() -> str:
    """Return how much memory the largest process held at its peak, where the system tells."""
    if sys.platform == "win32":
        return ""
    unit = 1 if sys.platform == "darwin" else KIBIBYTE
    peaks = (resource.getrusage(who).ru_maxrss * unit for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own, largest_other = (peak // MEBIBYTE for peak in peaks)
    return f", peak memory {own} MiB, of the largest further process {largest_other} MiB"


def _told(method: Method) -> Mapping[str, str]:
    """Return how a report names a method: ours by name, version and parameters, another by its function."""
    if method is estimate:
        return {"name": METHOD.name, "version": METHOD.version, "parameters_sha256": METHOD.parameters_sha256}
    return {"function": f"{method.__module__}.{method.__name__}"}
