"""The deals' file: what is read, and what a row that cannot be read costs."""

import io
from datetime import date
from pathlib import Path

import pytest

from api.backtest import reading
from api.backtest.reading import Skipped, UnusableFile, read_file, read_lines
from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem
from tests.unit.backtest.markets import HEADER

ROW = "SX,COD,2026-01-05,29.4234,0.5"
FIRST = DailyItem(
    on=date(2026, 1, 5), price=29_423_400, volume=500_000_000, venue="SX", group="", kind=TradeKind.LISTED
)


def test_a_row_becomes_one_item_in_whole_millionths_and_billionths() -> None:
    [series] = read_lines([HEADER, ROW]).series
    assert (series.key, series.market, series.instrument) == ("COD", "SX", "COD")
    assert series.rows == (FIRST,)


def test_columns_may_stand_in_any_order_and_others_may_stand_between() -> None:
    read = read_lines(["Volume, note ,price,date,known_at,instrument,market", "0.5,x,29.4234,2026-01-05,y,COD,SX"])
    assert read.series[0].rows == (FIRST,)
    assert read.notes == (
        "The column known_at is not read: every deal counts as known at the end of its own date.",
        "Columns that are not read: note.",
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("SX,COD,2026-01-05,29.4", "the line has too few fields"),
        (",COD,2026-01-05,1,1", "the market is not a name"),
        ("SX,C\x00D,2026-01-05,1,1", "the instrument is not a name"),
        (f"SX,{'C' * 65},2026-01-05,1,1", "the instrument is not a name"),
        ("SX,COD,2026-02-30,1,1", "the date is not a calendar day"),
        ("SX,COD,20260105,1,1", "the date is not a calendar day"),
        ("SX,COD,２０２６-01-05,1,1", "the date is not a calendar day"),
        ("SX,COD,2026-01-05,-1,1", "the price is not a plain number"),
        ("SX,COD,2026-01-05,NaN,1", "the price is not a plain number"),
        ("SX,COD,2026-01-05,1e999999999,1", "the price is not a plain number"),
        ("SX,COD,2026-01-05,1e99,1", "the price is beyond any price"),
        ('SX,COD,2026-01-05,"1,250.00",1', "the price is not a plain number"),
        ("SX,COD,2026-01-05,0.0000001,1", "the price is zero"),
        ("SX,COD,2026-01-05,1,0", "the volume is zero"),
        ("SX,COD,2026-01-05,1,", "the volume is not a plain number"),
        ('SX,"COD,2026-01-05,1,1', "the line's quotes do not close"),
        (f"SX,COD,2026-01-05,1,1,{'x' * 5000}", "the line is longer"),
    ],
)
def test_a_row_that_cannot_be_read_is_skipped_with_its_line_and_costs_no_other(row: str, reason: str) -> None:
    read = read_lines([HEADER, ROW, row, ROW])
    [skipped] = read.skipped
    assert (skipped.line, read.rows, read.used) == (3, 3, 2)
    assert skipped.reason.startswith(reason)
    assert read.skipped_by_reason == {skipped.reason: 1}


def test_a_number_is_rounded_to_the_nearest_and_a_half_to_the_even_one() -> None:
    rows = [f"SX,COD,2026-01-05,{price},1e-3" for price in ("1.0000005", "1.0000015", "1.00000051")]
    [series] = read_lines([HEADER, *rows]).series
    assert [row.price for row in series.rows] == [1_000_000, 1_000_002, 1_000_001]
    assert {row.volume for row in series.rows} == {1_000_000}


def test_every_skipped_row_is_counted_and_only_the_first_are_told() -> None:
    read = read_lines([HEADER, ROW, *["x"] * (reading.SKIPPED_KEPT_MAX + 5)])
    assert sum(read.skipped_by_reason.values()) == reading.SKIPPED_KEPT_MAX + 5
    assert len(read.skipped) == reading.SKIPPED_KEPT_MAX


def test_rows_are_put_in_order_of_date_and_those_of_a_day_keep_the_file_s_order() -> None:
    rows = ["SX,COD,2026-01-06,3,1", "SX,COD,2026-01-05,2,1", "SX,COD,2026-01-05,1,1"]
    [series] = read_lines([HEADER, *rows]).series
    assert [row.price for row in series.rows] == [2_000_000, 1_000_000, 3_000_000]


def test_an_instrument_of_two_markets_bears_its_market_s_name() -> None:
    rows = [ROW, "NB,COD,2026-01-05,1,1", "NB,NOX,2026-01-05,1,1"]
    assert [series.key for series in read_lines([HEADER, *rows]).series] == ["NB/COD", "NOX", "SX/COD"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "missing: market, instrument, date, price, volume"),
        (["market,instrument,date,price"], "missing: volume"),
        ([HEADER + ",price", ROW], "names a column twice: price"),
        (['market,"instrument'], "quotes do not close"),
        ([HEADER], "no usable row among 0"),
        ([HEADER, "", "x"], "no usable row among 1; the first, line 3: the line has too few fields"),
    ],
)
def test_a_file_with_nothing_to_value_is_refused_in_a_sentence(lines: list[str], sentence: str) -> None:
    with pytest.raises(UnusableFile, match=sentence):
        read_lines(lines)


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030")]
)
def test_a_file_may_be_in_utf_8_with_or_without_mark_or_in_gb18030(tmp_path: Path, encoding: str, told: str) -> None:
    (tmp_path / "deals.csv").write_bytes(f"{HEADER}\r\n绍兴,化学需氧量,2026-01-05,1,1\r\n".encode(encoding))
    read = read_file(tmp_path / "deals.csv")
    assert [(series.market, series.key) for series in read.series] == [("绍兴", "化学需氧量")]
    assert (read.encoding, len(read.sha256)) == (told, 64)


def test_a_file_that_is_no_text_or_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_bytes(b"market\xff\xff\xff")
    with pytest.raises(UnusableFile, match="neither in UTF-8 nor in GB18030"):
        read_file(tmp_path / "deals.csv")
    with pytest.raises(UnusableFile, match="cannot be read: No such file"):
        read_file(tmp_path / "none.csv")


def test_of_an_endless_line_only_its_beginning_is_held() -> None:
    stream = io.StringIO(f"{HEADER}\n{'x' * 1_000_000}\n{ROW}\n")
    lines = list(reading._lines(stream))
    assert [len(line) for line in lines] == [len(HEADER) + 1, reading.LINE_LENGTH_MAX, len(ROW) + 1]
    assert read_lines(lines).skipped == (Skipped(2, f"the line is longer than {reading.LINE_LENGTH_MAX} characters"),)
