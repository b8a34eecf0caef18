"""Cells: days, figures, units and words in every spelling, each read for what it says or refused by its column."""

import pytest

from api.trade_rows import sent_trade
from domain.market.screening import screen
from tests.builders import NOW, TODAY
from tests.unit.exchange.reader import codes, good, read, remarks
from tests.unit.exchange.samples import csv_of, full_width
from tests.unit.exchange.tables import HEADER, days, right, rows_of, table


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024/7/1", "2024-07-01"),
        ("2024.07.01", "2024-07-01"),
        ("20240701", "2024-07-01"),
        ("2024年7月1日", "2024-07-01"),
        ("2024-07-01 15:00:00", "2024-07-01"),
        (full_width("2024") + "年7月1日", "2024-07-01"),
        ("45474", "2024-07-01"),
    ],
)
def test_a_day_is_read_in_every_spelling_that_says_one_day(cell: str, day: str) -> None:
    assert rows_of(csv_of(HEADER, [(cell, *days(1)[0][1:])]))[0]["traded_on"] == day


@pytest.mark.parametrize("cell", ["01/07/2024", "2024-13-01", "2024-02-30", "昨日", "7月1日", "0024-07-01"])
def test_a_day_that_could_be_two_or_none_refuses_its_row(cell: str) -> None:
    rows, _ = table(csv_of(HEADER, [*days(3), (cell, *days(1)[0][1:])]))

    assert codes(rows) == [(5, "cell_unreadable")]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1,234.50", "1234.50"),
        (full_width("1,234.50"), "1234.50"),
        ("48.75万", "487500.00"),
        ("48.75万元", "487500.00"),
        ("¥1234.5", None),
        ("1 234.50 元", None),
        ("48.75 万元", "487500.00"),
        ("1,23", None),
        ("1.2.3", None),
        ("1e5", None),
        ("NaN", None),
        ("9" * 30, None),
    ],
)
def test_a_figure_is_read_exactly_or_its_row_is_refused(cell: str, amount: str | None) -> None:
    rows, _ = table(csv_of(("日期", "成交量", "成交额"), [("2024-07-01", "10", cell)]))

    if amount is None and cell != "NaN":
        assert codes(rows) == [(2, "cell_unreadable")]
    else:
        assert good(rows)[0].row.get("amount") == (amount and {"amount": amount, "currency": "CNY"})


def test_units_in_the_header_count_for_every_cell() -> None:
    header = ("日期", "成交均价（元/吨）", "成交量（万吨）", "成交额（万元）", "地点")

    [row] = rows_of(csv_of(header, [("2024-07-01", "80", "1.5", "120", "湖北")]))

    assert row["quantity"]["amount"] == "15000.000000"
    assert row["amount"]["amount"] == "1200000.00"


@pytest.mark.parametrize("gap", ["", "-", "--", "—", "/", "无", "N/A", "null"])
def test_a_gap_leaves_its_field_out(gap: str) -> None:
    [row] = rows_of(csv_of(HEADER, [("2024-07-01", "80.00", "10", gap, "湖北")]))

    assert "amount" not in row


def test_an_allowances_price_is_amount_by_quantity_where_no_price_is_stated() -> None:
    [row] = rows_of(csv_of(("日期", "成交量", "成交额", "收盘价"), [("2024-07-01", "3", "100.00", "99")]))

    assert row["price"]["amount"] == "33.333333"


def test_a_discharge_rights_price_in_yuan_per_tonne_gets_no_period() -> None:
    row = right("日期|污染物|数量(t/a)|单价(元/吨)|年限|总价(元)", "2024-07-01", "COD", "1.5", "4000", "5", "30000")
    trade = sent_trade("x", {**row, "kind": "enterprise_trade"}, NOW).trade

    assert row["price"] == {"amount": "4000.000000", "currency": "CNY", "per_unit": "t"}
    assert trade is not None
    assert (why := screen(trade, TODAY)) is not None
    assert why.code == "price_basis_missing"


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        (
            "日期|污染物|数量|单价",
            ("2024-07-01", "氨氮", "1.5吨/年", "4000元/吨·年"),
            ("t/a", "4000.000000", "year", None),
        ),
        (
            "日期|污染物|数量(kg/a)|单价(元/千克·年)",
            ("2024-07-01", "铅", "1.5", "10"),
            ("kg/a", "10.000000", "year", None),
        ),
        (
            "日期|污染物|数量|单位|单价|价格单位|期限",
            ("2024-07-01", "COD", "1", "吨", "2", "万元/吨·年", "三年"),
            ("t", "20000.000000", "year", "3.000000"),
        ),
        (
            "日期|污染物|数量(吨)|单价(元/吨·5年)",
            ("2024-07-01", "COD", "1", "22500"),
            ("t", "22500.000000", "term", "5.000000"),
        ),
    ],
)
def test_a_unit_comes_from_the_cell_a_column_or_the_header(
    header: str, cells: tuple[str, ...], expected: tuple[str, str, str, str | None]
) -> None:
    row = right(header, *cells)

    assert (
        row["quantity"]["unit"],
        row["price"]["amount"],
        row["price"]["per_period"],
        row.get("term_years"),
    ) == expected


def test_a_quantity_of_a_discharge_right_without_a_unit_is_left_out() -> None:
    assert "quantity" not in right("日期|污染物|数量|单价", "2024-07-01", "COD", "1.5", "4000")
    assert right("日期|污染物|数量|单价", "2024-07-01", "COD", "1.5", "4000", unit="t/a")["quantity"]["unit"] == "t/a"


def test_what_the_sender_says_for_the_file_never_overrides_a_column() -> None:
    row = right("日期|污染物|数量(t)|单价|地点", "2024-07-01", "COD", "1", "2", "-", venue="另一处", pollutant="SO2")

    assert row["pollutant"] == "COD"
    assert "venue" not in row


def test_an_english_table_of_daily_prices_is_read() -> None:
    content = (
        "market,instrument,date,price,volume\nHubei,HBEA,2024-07-01,41.5,1110.0\nNational,CEA-block,2024-07-01,80,5\n"
    )

    rows, _ = read(content, "csv", kind="listed")

    first, second = (row.row for row in good(rows))
    assert (first["division"], first["kind"], first["quantity"]) == (
        "420000",
        "listed",
        {"amount": "1110.000000", "unit": "tCO2e"},
    )
    assert (second["division"], second["kind"]) == ("000000", "block")


def test_vintages_stand_in_a_product_or_a_column() -> None:
    assert (
        rows_of(csv_of(("日期", "品种", "成交价", "成交量"), [("2024-07-01", "SZA-2019", "1", "1")]))[0]["vintage"]
        == 2019
    )
    assert (
        rows_of(csv_of(("日期", "年份", "成交价", "成交量"), [("2024-07-01", "2020年", "1", "1")]))[0]["vintage"]
        == 2020
    )


def test_a_party_is_passed_on_by_its_code_and_never_by_its_name() -> None:
    rows, report = table(csv_of((*HEADER, "买方"), [(*days(1)[0], "91130200699229617X"), (*days(2)[1], "某公司")]))

    assert [row.row.get("buyer") for row in good(rows)] == ["91130200699229617X", None]
    assert "party_without_code" in remarks(report)


def test_a_row_without_a_number_is_known_by_its_content() -> None:
    one, same, other = rows_of(csv_of(HEADER, [days(1)[0], days(1)[0], days(2)[1]]))

    assert one["trade_no"] == same["trade_no"] != other["trade_no"]
