"""Tables in CSV: encodings, gaps, broken lines, swapped columns; one bad row never costs another."""

from decimal import Decimal

import pytest

from api.trade_rows import sent_trade
from domain.market.screening import screen
from integrations.exchange import delimited
from integrations.exchange.feeds import FEEDS
from integrations.exchange.reading import ROWS_MAX
from tests.builders import NOW, TODAY
from tests.unit.exchange.reader import codes, good, remarks
from tests.unit.exchange.samples import csv_of
from tests.unit.exchange.tables import HEADER, days, rows_of, table


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


def test_a_quote_that_a_later_row_happens_to_close_swallows_none_of_the_rows_between() -> None:
    lines = csv_of(HEADER, days(4)).decode().split("\r\n")[:-1]
    lines.insert(2, '2024-07-09,80.00,10,800.00,"湖北')
    lines.append('2024-07-10,80.00,10,800.00,湖北"')

    rows, _ = table("\n".join(lines))

    assert codes(rows) == [(3, "unclosed_quote")]
    assert [row.row["traded_on"] for row in good(rows)][:4] == [day for day, *_ in days(4)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_nul_costs_its_row_because_no_database_keeps_it(encoding: str) -> None:
    rows, _ = table(csv_of(HEADER, [*days(2), ("2024-07-09", "80.00", "10", "800.00", "湖\x00北")], encoding))

    assert codes(rows) == [(4, "encoding_error")]


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
