"""`python -m api backtest`: the whole of it, on made-up markets, with the method that values."""

import copy
import csv
import io
import json
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.__main__ import main
from api.backtest.points import OURS, valuation_days
from api.backtest.progress import Progress
from api.backtest.reading import read_lines
from api.backtest.report_text import findings
from domain.valuation.estimate import estimate
from tests.unit.backtest.markets import HEADER, START, market

CHARTS = {"levels.svg", "errors.svg", "coverage.svg", "haircuts.svg", "attacks.svg"}
LINES = [
    *market("绍兴 | <b>", "COD", 90, seed=1),
    *market("SX", "NOX", 70, seed=2, traded=0.4),
    *market("NB", "NOX", 70, seed=3),
    "SX,NOX,2024-02-30,1,1",
]


def judged(folder: Path, lines: list[str], *options: str) -> int:
    """Run the command on such lines."""
    (folder / "deals.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return main(["backtest", "--trades", str(folder / "deals.csv"), "--out", str(folder / "out"), *options])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def points(folder: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO((folder / "out" / "points.csv").read_text(encoding="utf-8"))))[1:]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Judge the made-up markets once, in this process."""
    folder = tmp_path_factory.mktemp("whole")
    assert judged(folder, LINES, "--processes", "1") == 0
    return folder


@pytest.fixture(scope="module")
def report(whole: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((whole / "out" / "report.json").read_bytes())
    return told


def test_everything_is_written(whole: Path) -> None:
    assert set(contents(whole)) == {"points.csv", "report.json", "report.md", *CHARTS}


def test_points_have_the_columns_that_were_promised_in_order_of_instrument_and_day(whole: Path) -> None:
    head, *rows = (whole / "out" / "points.csv").read_text(encoding="utf-8").splitlines()
    assert head == "instrument,as_of,unit_value,lending_unit_value,haircut_10,haircut_20,haircut_60,confidence_level"
    keys = [tuple(row.split(",")[:2]) for row in rows]
    assert keys == sorted(keys)
    assert {key for key, _ in keys} == {"COD", "NB/NOX", "SX/NOX"}


def test_each_point_is_what_the_method_says_of_the_past(whole: Path) -> None:
    told = {(row[0], row[1]): row[2:] for row in points(whole)}
    for series in read_lines([HEADER, *LINES]).series:
        for day in valuation_days(series.rows)[::4]:
            said = estimate([row for row in series.rows if row.on <= day], day)
            figures = [said.unit_value, said.lending_unit_value, *(said.haircut(days) for days in (10, 20, 60))]
            assert told[series.key, day.isoformat()] == [
                *(f"{each:.6f}" for each in figures),
                f"{said.confidence_level}",
            ]


def test_the_report_counts_what_was_read_and_told(whole: Path, report: dict[str, Any]) -> None:
    assert (report["input"]["rows"], report["input"]["used"]) == (len(LINES), len(LINES) - 1)
    assert report["input"]["skipped_first"][0]["line"] == 1 + len(LINES)
    assert report["points"] == len(points(whole)) == sum(each["points"] for each in report["instruments"])
    assert set(report["coverage"]["pooled"]) == {"10", "20", "60"}
    assert set(report["coverage"]["by_market"]) == {"绍兴 | <b>", "NB", "SX"}
    assert set(report["attacks"]) == set("ABCDEF")
    assert report["errors"]["next_trade"]["pooled"]["last_price"]["points"] >= report["points"] - 3


def test_a_wash_trade_beside_a_genuine_one_moves_the_last_price_and_not_ours(report: dict[str, Any]) -> None:
    moves = report["attacks"]["A"]["moves"]
    assert moves["last_price"]["median_percent"] == "200.0000"
    assert moves[OURS]["median_percent"] == "0.0000"


def test_the_report_is_the_same_bytes_from_any_number_of_processes(whole: Path, tmp_path: Path) -> None:
    assert judged(tmp_path, LINES, "--processes", "2") == 0
    assert contents(tmp_path) == contents(whole)


def test_the_order_of_rows_changes_no_point(whole: Path, tmp_path: Path) -> None:
    shuffled = random.Random(4).sample(LINES, len(LINES))
    assert judged(tmp_path, shuffled, "--processes", "1", "--without-attacks") == 0
    assert points(tmp_path) == points(whole)


def test_cutting_the_file_at_a_date_changes_no_point_before_it(whole: Path, tmp_path: Path) -> None:
    full = points(whole)
    for cut in ("2024-02-14", "2024-03-11", "2024-04-05"):
        kept = [line for line in LINES if line.split(",")[2] <= cut]
        last = {series.key: series.rows[-1].on for series in read_lines([HEADER, *kept]).series}

        assert judged(tmp_path, kept, "--processes", "1", "--without-attacks") == 0

        expected = [row for row in full if date.fromisoformat(row[1]) <= last[row[0]]]
        assert points(tmp_path) == expected
        assert expected


def test_the_charts_are_drawings_that_fetch_nothing(whole: Path) -> None:
    for name in CHARTS:
        drawing = contents(whole)[name].decode()
        assert ET.fromstring(drawing.split("\n", 1)[1]).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - ours
        rest = drawing.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
        assert "http" not in rest
        assert "<script" not in rest


def test_no_name_in_the_file_becomes_markup_in_the_report(whole: Path) -> None:
    told = contents(whole)["report.md"].decode()
    assert "绍兴 \\| \\<b\\>" in told
    assert "<b>" not in told
    assert all(f"]({name})" in told for name in CHARTS)


@pytest.mark.parametrize(
    ("points", "ours", "named"), [(50, "3.0001", "COD"), (50, "3.0000", "none"), (49, "9", "none")]
)
def test_the_findings_name_where_the_thirty_day_mean_erred_less(
    report: dict[str, Any], points: int, ours: str, named: str
) -> None:
    told = copy.deepcopy(report)
    told["errors"]["next_trade"]["by_instrument"]["COD"] |= {
        "greenlien": {"points": points, "median_percent": ours},
        "mean_30_days": {"points": points, "median_percent": "3.0000"},
    }
    [sentence] = [each for each in findings(told) if "30-day mean erred less" in each]
    assert sentence.endswith(f": {named}.")


def test_without_the_attacks_there_is_no_table_and_no_chart_of_them(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "attacks.svg").write_bytes(contents(whole)["attacks.svg"])
    assert judged(tmp_path, LINES, "--processes", "1", "--without-attacks") == 0
    assert set(contents(tmp_path)) == set(contents(whole)) - {"attacks.svg"}
    assert json.loads(contents(tmp_path)["report.json"])["attacks"] == {}


def test_the_findings_are_printed_and_progress_goes_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tmp_path, LINES, "--processes", "1", "--without-attacks") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Error against the next trade, median / 90th percentile in %: ")
    assert "At 20 business days" in printed.out
    assert printed.err.splitlines() == [
        f"1 of {len(LINES)} rows are skipped; the report says why.",
        *(
            f"{series.market}/{series.instrument}: {len(valuation_days(series.rows))} days valued"
            for series in read_lines([HEADER, *LINES]).series
        ),
    ]


def test_at_a_terminal_progress_is_one_line_that_changes() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    series = read_lines([HEADER, *LINES]).series
    stream = Terminal()
    progress = Progress(series, stream)
    progress(series[0], 5, 9)
    progress(series[0], 9, 9)
    assert [line.rstrip() for line in stream.getvalue().split("\r")][1:] == [
        f"5 of {sum(len(valuation_days(each.rows)) for each in series)} days, 绍兴 | <b>/COD",
        f"9 of {sum(len(valuation_days(each.rows)) for each in series)} days, 绍兴 | <b>/COD",
        "绍兴 | <b>/COD: 9 days valued",
    ]


NOTHING: list[tuple[str, Callable[[Path], object], str]] = [
    ("no file", lambda folder: (folder / "deals.csv").unlink(), "cannot be read: No such file"),
    ("no usable row", lambda folder: (folder / "deals.csv").write_text(f"{HEADER}\nx\n"), "no usable row among 1"),
    ("no columns", lambda folder: (folder / "deals.csv").write_text("a,b\n"), "must name the columns"),
    (
        "too few days",
        lambda folder: (folder / "deals.csv").write_text("\n".join([HEADER, *LINES[:19]])),
        "no instrument in .* has twenty trading days",
    ),
    ("a stranger's file", lambda folder: (folder / "out" / "report.md").write_text("mine"), "is left as it is"),
]


@pytest.mark.parametrize(("make", "sentence"), [each[1:] for each in NOTHING], ids=[each[0] for each in NOTHING])
def test_where_there_is_nothing_to_judge_or_nowhere_to_write_one_sentence_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], object], sentence: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "deals.csv").write_text("\n".join([HEADER, *LINES]))
    make(tmp_path)
    before = contents(tmp_path)

    status = main(["backtest", "--trades", str(tmp_path / "deals.csv"), "--out", str(tmp_path / "out")])

    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert told.err.startswith("python -m api backtest: ")
    assert told.err.count("\n") == 1
    assert re.search(sentence, told.err)
    assert contents(tmp_path) == before


def test_where_no_day_has_a_value_the_report_says_so_and_tells_each_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rare = [f"SX,PB,{START + timedelta(days=100 * each)},50,1" for each in range(21)]

    assert judged(tmp_path, rare, "--processes", "1") == 0

    report = json.loads(contents(tmp_path)["report.json"])
    assert report["no_value"]["by_reason"] == {"no_price_evidence": report["no_value"]["count"]}
    assert report["no_value"]["first"][0] == {
        "instrument": "PB",
        "as_of": str(START + timedelta(days=1900)),
        "reason": "no_price_evidence",
    }
    assert points(tmp_path) == []
    assert set(contents(tmp_path)) == {"points.csv", "report.json", "report.md"}
    assert "No day could be valued" in capsys.readouterr().out


@pytest.mark.parametrize("processes", ["0", "-1", "x", "257", "٣"])
def test_a_number_of_processes_is_a_number(processes: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["backtest", "--trades", "x", "--out", "y", "--processes", processes])
    assert stopped.value.code == 2
    assert "not a number from 1 to 256" in capsys.readouterr().err


def test_no_other_command_waits_for_the_charts() -> None:
    program = "import sys, api.__main__; sys.exit('altair' in sys.modules or 'vl_convert' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
