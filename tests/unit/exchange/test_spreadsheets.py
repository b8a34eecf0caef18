"""Tables in CSV: encodings, gaps, broken lines, swapped columns; one bad row never costs another."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from api.trade_rows import sent_trade
from domain.market.imports import FileReport, RowRead, RowRefused
from domain.market.screening import screen
from integrations.exchange import delimited
from integrations.exchange.feeds import FEEDS
from integrations.exchange.reading import ROWS_MAX
from tests.builders import NOW, TODAY
from tests.unit.exchange.reader import codes, good, read, remarks
from tests.unit.exchange.samples import csv_of, full_width

ALLOWANCES: Mapping[str, str] = {"instrument": "carbon_allowance", "kind": "listed"}
RIGHTS: Mapping[str, str] = {"instrument": "discharge_right", "division": "330600", "venue": "某中心"}
HEADER = ("日期", "成交价", "成交量", "成交额", "地点")


def days(count: int) -> list[tuple[str, ...]]:
    return [(f"2024-07-{day:02d}", "80.00", str(day * 10), f"{day * 800}.00", "湖北") for day in range(1, count + 1)]


def table(content: bytes | str, **defaults: str) -> tuple[list[RowRead | RowRefused], FileReport]:
    return read(content, "csv", **{**ALLOWANCES, **defaults})


def rows_of(content: bytes | str, **defaults: str) -> list[dict[str, Any]]:
    return [dict(row.row) for row in good(table(content, **defaults)[0])]


def right(header: str, *cells: str, **defaults: str) -> dict[str, Any]:
    rows, _ = read(csv_of(header.split("|"), [cells]), "csv", **{**RIGHTS, **defaults})
    return dict(good(rows)[0].row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found(encoding: str) -> None:
    [row] = rows_of(csv_of(HEADER, days(1), encoding))

    assert row == {
        "trade_no": row["trade_no"],
        "traded_on": "2024-07-01",
        "venue": "湖北",
        "division": "420000",
        "instrument": "carbon_allowance",
        "pollutant": "CO2E",
        "kind": "listed",
        "quantity": {"amount": "10.000000", "unit": "tCO2e"},
        "price": {
            "amount": "80.000000",
            "currency": "CNY",
            "per_unit": "tCO2e",
            "per_period": "one_off",
            "tax": "unknown",
        },
        "amount": {"amount": "800.00", "currency": "CNY"},
    }


def test_every_row_of_an_ordinary_table_is_believed() -> None:
    for row in rows_of(csv_of(HEADER, days(9))):
        trade = sent_trade("pilots", row, NOW).trade
        assert trade is not None
        assert screen(trade, TODAY) is None


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_damaged_byte_costs_one_row(encoding: str) -> None:
    lines = csv_of(HEADER, days(5), encoding).split(b"\r\n")
    lines[3] += b"\xff\xff"

    rows, report = table(b"\r\n".join(lines))

    assert codes(rows) == [(4, "encoding_error")]
    assert (len(good(rows)), report.failure) == (4, None)


@pytest.mark.parametrize(
    "broken", ['2024-07-09,"80.00,10,800.00,湖北', '"2024-07-09,80.00,10,800.00,湖北', '2024-07-09,80.00,10,800.00,"湖']
)
@pytest.mark.parametrize("place", [1, 3, 6])
def test_an_unclosed_quote_costs_one_row_wherever_it_stands(broken: str, place: int) -> None:
    lines = csv_of(HEADER, days(5)).decode().split("\r\n")[:-1]
    lines.insert(place, broken)

    rows, _ = table("\n".join(lines))

    assert codes(rows) == [(place + 1, "unclosed_quote")]
    assert len(good(rows)) == 5


def test_two_unclosed_quotes_cost_two_rows_and_none_between() -> None:
    lines = csv_of(HEADER, days(4)).decode().split("\r\n")[:-1]
    lines.insert(2, '2024-07-09,80.00,10,800.00,"湖北')
    lines.insert(4, '湖北",80.00,10,800.00,2024-07-09')

    rows, _ = table("\n".join(lines))

    assert len(good(rows)) == 4
    assert [place for place, _ in codes(rows)] == [3, 5]


def test_a_quoted_field_may_go_on_over_a_line_end() -> None:
    header = (*HEADER, "备注")
    content = csv_of(header, [(*days(1)[0], "第一行\n第二行"), (*days(2)[1], 'a "b", c')])

    rows, _ = table(content)

    assert [row.row_number for row in good(rows)] == [2, 4]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    content = "\n".join(delimiter.join(cells) for cells in [HEADER, *days(3)])

    assert len(rows_of(content)) == 3


def test_titles_empty_lines_repeated_headers_and_notes_are_passed_over() -> None:
    head = ",".join(HEADER)
    lines = [
        "2024年7月成交汇总,,,,",
        "",
        head,
        ",".join(days(1)[0]),
        ",,,,",
        head,
        ",".join(days(2)[1]),
        "数据仅供参考",
    ]

    rows, report = table("\n".join(lines))

    assert [row.row_number for row in rows] == [4, 7]
    assert {"header_repeated", "note_skipped"} <= remarks(report)


def test_a_header_of_two_rows_whose_upper_cells_are_merged_is_read() -> None:
    lines = ["日期,成交情况,,,地点", ",成交价,成交量,成交额,", ",".join(days(1)[0])]

    assert rows_of("\n".join(lines))[0]["amount"] == {"amount": "800.00", "currency": "CNY"}


def test_the_files_own_total_is_compared_and_is_no_deal() -> None:
    rows = [*days(3), ("合计", "", "60", "4800.00", "")]
    wrong = [*days(3), ("合计", "", "61", "4800.00", "")]

    _, report = table(csv_of(HEADER, rows))
    _, differing = table(csv_of(HEADER, wrong))

    assert report.rows_read == 3
    assert report.stated == {"quantity": Decimal(60), "CNY": Decimal(4800)}
    assert "stated_total_differs" not in remarks(report)
    assert "stated_total_differs" in remarks(differing)


def test_a_day_and_a_price_that_were_swapped_are_read_the_right_way_round_and_said_so() -> None:
    swapped = [(price, day, *rest) for day, price, *rest in days(5)]

    rows, report = table(csv_of(HEADER, swapped))

    assert [row.row["traded_on"] for row in good(rows)] == [day for day, *_ in days(5)]
    assert "columns_swapped" in remarks(report)


def test_an_amount_and_a_quantity_that_were_swapped_are_seen_by_the_arithmetic() -> None:
    swapped = [(day, price, amount, quantity, place) for day, price, quantity, amount, place in days(5)]

    rows, report = table(csv_of(HEADER, swapped))

    assert good(rows)[1].row["amount"] == {"amount": f"{80 * 20:.2f}", "currency": "CNY"}
    assert "columns_swapped" in remarks(report)


def test_columns_that_contradict_their_headers_in_no_clear_way_refuse_the_file() -> None:
    _, report = table(csv_of(HEADER, [("x", *cells[1:]) for cells in days(5)]))

    assert report.failure is not None
    assert report.failure.code == "date_column_contradicted"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("a,b,c", "header_missing"),
        ("日期,成交价,均价,成交量", "column_ambiguous"),
        ("日期,污染物,起始价", "announcement"),
    ],
)
def test_a_table_that_is_none_of_deals_is_refused_with_its_reason(header: str, code: str) -> None:
    _, report = table(header + "\n2024-07-01,1,2,3\n")

    assert report.failure is not None
    assert report.failure.code == code


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


@pytest.mark.parametrize(("place", "cell"), [(1, "=1+1"), (2, "=A1"), (0, "=TODAY()"), (4, "=HYPERLINK(1)")])
def test_a_formula_is_never_evaluated(place: int, cell: str) -> None:
    cells = list(days(1)[0])
    cells[place] = cell

    rows, _ = table(csv_of(HEADER, [*days(3), tuple(cells)]))

    assert codes(rows) == [(5, "formula_cell")]


def test_rows_that_do_not_fit_the_table_are_refused_alone() -> None:
    lines = csv_of(HEADER, days(3)).decode().split("\r\n")[:-1]
    lines += [
        "2024-07-09,80,1,234,99,湖北",
        "2024-07-09," + "8" * 5000 + ",1,2,湖北",
        "," * 300 + "x",
        "2024-07-09,80,1",
    ]

    rows, _ = table("\n".join(lines))

    assert codes(rows) == [(5, "column_count"), (6, "cell_too_long"), (7, "too_many_columns")]
    assert good(rows)[-1].row["traded_on"] == "2024-07-09"


def test_a_party_is_passed_on_by_its_code_and_never_by_its_name() -> None:
    rows, report = table(csv_of((*HEADER, "买方"), [(*days(1)[0], "91130200699229617X"), (*days(2)[1], "某公司")]))

    assert [row.row.get("buyer") for row in good(rows)] == ["91130200699229617X", None]
    assert "party_without_code" in remarks(report)


def test_a_row_without_a_number_is_known_by_its_content() -> None:
    one, same, other = rows_of(csv_of(HEADER, [days(1)[0], days(1)[0], days(2)[1]]))

    assert one["trade_no"] == same["trade_no"] != other["trade_no"]


def test_the_notice_that_forbids_publication_is_seen_above_and_below_the_table() -> None:
    notice = "未经许可，任何单位不得转载或发布本数据"
    for lines in (
        [notice, *(",".join(cells) for cells in [HEADER, *days(1)])],
        [*(",".join(cells) for cells in [HEADER, *days(1)]), notice],
    ):
        assert table("\n".join(lines))[1].licence_notice


def test_a_file_of_too_many_rows_ends_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.exchange.reading.ROWS_MAX", 3)

    rows, report = table(csv_of(HEADER, days(5)))

    assert (len(rows), ROWS_MAX) == (3, 200_000)
    assert report.failure is not None
    assert report.failure.code == "too_many_rows"


@pytest.mark.parametrize("mark", [b"\x1f\x8b\x08", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1", b"%PDF-1.7", b"Rar!"])
def test_a_compressed_or_other_file_is_never_unpacked(mark: bytes) -> None:
    _, report = table(mark + csv_of(HEADER, days(1)))

    assert report.failure is not None
    assert report.failure.code == "not_a_text_file"


def test_rows_come_one_by_one_and_not_after_the_whole_file() -> None:
    content = csv_of(HEADER, days(1)) + b"2024-07-01,80,1,80,x\n" * 200_000

    records = delimited.records_of(content)

    assert next(records).number == 1
    assert sum(1 for _ in zip(records, range(10), strict=False)) == 10


def test_every_feed_has_a_licence_and_no_pilot_is_open() -> None:
    assert len({feed.name for feed in FEEDS}) == len(FEEDS)
    assert {feed.licence.value for feed in FEEDS if feed.name.startswith(("pilot", "cea"))} == {"restricted"}
