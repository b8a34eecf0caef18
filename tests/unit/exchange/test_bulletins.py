"""Bulletins of the national carbon market: thirteen figures, two deals, and none that does not add up."""

from decimal import Decimal
from typing import Any

import pytest

from api.trade_rows import sent_trade
from integrations.exchange.bulletins import figures_of
from tests.builders import NOW
from tests.unit.exchange.reader import codes, good, read, remarks
from tests.unit.exchange.samples import a_bulletin, full_width

FILE = "cea-20241018.txt"
EXPECTED = {
    "open": "79.50",
    "high": "81.00",
    "low": "79.00",
    "close": "80.20",
    "chg_pct": "0.33",
    "listed_qty": "1250",
    "listed_amt": "100000.00",
    "block_qty": "200000",
    "block_amt": "15800000.00",
    "total_qty": "201250",
    "total_amt": "15900000.00",
    "cum_qty": "412345678",
    "cum_amt": "23456789012.34",
}


@pytest.mark.parametrize("later", [True, False])
@pytest.mark.parametrize(
    "written", [str, full_width, lambda text: text.replace(",", ",\n "), lambda text: text.replace("为:", "为： ")]
)
def test_all_thirteen_figures_are_read_in_either_wording_and_width(later: bool, written: Any) -> None:  # noqa: ANN401 - any way of writing
    figures = figures_of(written(a_bulletin(later=later)))

    assert figures == {name: Decimal(text) for name, text in EXPECTED.items()}


def test_thousands_separators_may_be_missing() -> None:
    bulletin = a_bulletin(("1250", "100000.00"), ("200000", "15800000.00"), ("201250", "15900000.00"))

    figures = figures_of(bulletin)

    assert {name: figures[name] for name in EXPECTED} == {name: Decimal(text) for name, text in EXPECTED.items()}


@pytest.mark.parametrize(
    ("change", "percent"), [("上涨0.33%", "0.33"), ("下跌1.40%", "-1.40"), ("持平", "0"), ("持平0.00%", "0.00")]
)
def test_the_change_has_its_sign(change: str, percent: str) -> None:
    assert figures_of(a_bulletin(change=change))["chg_pct"] == Decimal(percent)


def test_a_day_gives_a_listed_and_a_block_deal_at_amount_by_quantity() -> None:
    rows, report = read(a_bulletin(), "cea_bulletin", FILE)

    listed, block = (row.row for row in good(rows))
    assert listed["price"] == {
        "amount": f"{Decimal(100000) / 1250:.6f}",
        "currency": "CNY",
        "per_unit": "tCO2e",
        "per_period": "one_off",
        "tax": "unknown",
    }
    assert block["price"]["amount"] == f"{Decimal(15800000) / 200000:.6f}"  # type: ignore[index]  # a price is a dictionary
    assert (listed["kind"], block["kind"], listed["traded_on"], listed["venue"]) == (
        "listed",
        "block",
        "2024-10-18",
        "national",
    )
    assert (report.quantities, report.amount) == ({"tCO2e": Decimal(201250)}, Decimal(15900000))
    assert remarks(report) == set()


def test_every_row_is_a_trade_as_the_contract_has_it() -> None:
    rows, _ = read(a_bulletin(), "cea_bulletin", FILE)

    assert all(sent_trade("cea", row.row, NOW).trade is not None for row in good(rows))


@pytest.mark.parametrize("later", [True, False])
def test_a_day_without_block_trades_gives_one_deal(later: bool) -> None:
    bulletin = a_bulletin(block=None, total=("1,250", "100,000.00"), later=later)

    rows, _ = read(bulletin, "cea_bulletin", FILE)

    assert [row.row["kind"] for row in good(rows)] == ["listed"]
    assert figures_of(bulletin)["block_qty"] == 0


@pytest.mark.parametrize("total", [("201,251", "15,900,000.00"), ("201,250", "15,900,000.01")])
def test_deals_that_do_not_add_up_to_the_total_are_both_refused(total: tuple[str, str]) -> None:
    rows, report = read(a_bulletin(total=total), "cea_bulletin", FILE)

    assert codes(rows) == [(1, "totals_disagree"), (2, "totals_disagree")]
    assert (report.rows_read, report.rows_refused, report.quantities) == (2, 2, {})


def test_a_missing_listed_deal_is_noticed_by_the_total() -> None:
    rows, _ = read(a_bulletin(listed=None), "cea_bulletin", FILE)

    assert codes(rows) == [(1, "totals_disagree")]


def test_without_a_total_the_deals_are_taken_and_the_report_says_that_nothing_was_checked() -> None:
    rows, report = read(a_bulletin(total=None), "cea_bulletin", FILE)

    assert len(good(rows)) == 2
    assert "total_missing" in remarks(report)


def test_a_deal_without_its_amount_is_refused_alone() -> None:
    text = a_bulletin().replace("成交额100,000.00元;", "成交额未公布;")

    rows, _ = read(text, "cea_bulletin", FILE)

    assert codes(rows) == [(1, "piece_missing")]
    assert [row.row["kind"] for row in good(rows)] == ["block"]


def test_single_sided_bidding_is_refused_and_counts_in_the_total() -> None:
    bid = "单向竞价成交量50吨,成交额4,000.00元;大宗"
    text = a_bulletin(total=("201,300", "15,904,000.00")).replace("大宗", bid)

    rows, _ = read(text, "cea_bulletin", FILE)

    assert codes(rows) == [(3, "kind_unknown")]


def test_several_bulletins_have_each_their_own_day() -> None:
    second = a_bulletin(("10", "800.00"), None, ("10", "800.00"), later=False)
    text = f"全国碳市场每日成交数据20241018\n发布时间:2024-10-21\n{a_bulletin()}\n2024年10月21日\n{second}"

    rows, _ = read(text, "cea_bulletin")

    assert [row.row["trade_no"] for row in good(rows)] == [
        "CEA-2024-10-18-listed",
        "CEA-2024-10-18-block",
        "CEA-2024-10-21-listed",
    ]
    assert [row.row_number for row in rows] == [1, 2, 3]


def test_a_bulletin_signed_with_its_day_has_that_day() -> None:
    rows, _ = read(a_bulletin() + "\n某交易所 2024年10月18日", "cea_bulletin")

    assert {row.row["traded_on"] for row in good(rows)} == {"2024-10-18"}


@pytest.mark.parametrize(
    "text", [a_bulletin(), f"10月18日\n{a_bulletin()}", f"{a_bulletin()}\n2024-10-18\n{a_bulletin()}\n2024-10-21"]
)
def test_a_day_that_is_not_certain_is_not_guessed(text: str) -> None:
    rows, _ = read(text, "cea_bulletin", "bulletin.txt")

    assert good(rows) == []
    assert {code for _, code in codes(rows)} == {"date_missing"}


def test_a_day_since_when_something_is_counted_is_not_the_bulletins() -> None:
    text = f"2024年10月18日\n{a_bulletin()}自2021年7月16日起累计。\n2024年10月21日\n{a_bulletin()}"

    rows, _ = read(text, "cea_bulletin")

    assert sorted({str(row.row["traded_on"]) for row in good(rows)}) == ["2024-10-18", "2024-10-21"]


def test_the_notice_that_forbids_publication_is_seen() -> None:
    text = a_bulletin() + "未经上述交易机构书面同意，任何机构和个人不得以任何形式发布、转载行情。"

    _, report = read(full_width(text), "cea_bulletin", FILE)

    assert report.licence_notice
    assert not read(a_bulletin(), "cea_bulletin", FILE)[1].licence_notice


def test_a_listed_price_outside_the_days_range_is_remarked() -> None:
    bulletin = a_bulletin(("1,250", "200,000.00"), None, ("1,250", "200,000.00"))

    assert "outside_day_range" in remarks(read(bulletin, "cea_bulletin", FILE)[1])


def test_a_text_without_a_bulletin_is_no_success() -> None:
    rows, report = read("今日休市。", "cea_bulletin", FILE)

    assert rows == []
    assert report.failure is not None
    assert report.failure.code == "no_rows"
