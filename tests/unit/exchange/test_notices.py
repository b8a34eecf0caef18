"""Auction notices and results in several provinces' forms; a starting price is never a price."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from api.trade_rows import sent_trade
from domain.market.screening import screen
from tests.builders import NOW, TODAY
from tests.unit.exchange.reader import codes, good, read, remarks

PLACE: Mapping[str, str] = {"division": "330600", "venue": "交易中心"}
RESULT = """排污权竞价出让成交公告
项目编号：HE-2025-7
成交日期：2025年3月18日
出让方：某市生态环境局
污染物：化学需氧量，数量：10.5吨/年，成交单价：4,500元/吨·年，使用年限：五年，成交总价：236,250元
竞得人：某印染有限公司（统一社会信用代码 91130200699229617X）
"""


def first(content: str, **defaults: str) -> dict[str, Any]:
    rows, _ = read(content, "auction_notice", **{**PLACE, **defaults})
    return dict(good(rows)[0].row)


def lots(content: str | bytes) -> list[dict[str, Any]]:
    rows, report = read(content, "auction_notice")
    assert rows == []
    found: Any = report.notices[0]["lots"]
    return list(found)


def test_a_result_gives_a_deal_with_all_of_its_basis() -> None:
    row = first(RESULT)

    assert row == {
        "trade_no": "HE-2025-7",
        "traded_on": "2025-03-18",
        "venue": "交易中心",
        "division": "330600",
        "instrument": "discharge_right",
        "pollutant": "COD",
        "kind": "government_auction",
        "quantity": {"amount": "10.500000", "unit": "t/a"},
        "price": {"amount": "4500.000000", "currency": "CNY", "per_unit": "t", "per_period": "year"},
        "amount": {"amount": f"{Decimal('10.5') * 4500 * 5:.2f}", "currency": "CNY"},
        "term_years": "5.000000",
        "buyer": "91130200699229617X",
    }


def test_a_result_with_all_of_its_basis_is_believed() -> None:
    trade = sent_trade("notices", first(RESULT), NOW).trade

    assert trade is not None
    assert screen(trade, TODAY) is None


def test_a_price_in_yuan_per_tonne_has_no_period_and_is_quarantined() -> None:
    row = first(RESULT.replace("元/吨·年", "元/吨"))
    trade = sent_trade("notices", row, NOW).trade

    assert row["price"] == {"amount": "4500.000000", "currency": "CNY", "per_unit": "t"}
    assert trade is not None
    assert (why := screen(trade, TODAY)) is not None
    assert why.code == "price_basis_missing"


@pytest.mark.parametrize(
    ("written", "unit", "period"),
    [
        ("元/吨·年", "t", "year"),
        ("元/吨/年", "t", "year"),
        ("元/(吨·年)", "t", "year"),
        ("元/吨年", "t", "year"),
        ("元/t·a", "t", "year"),
        ("元/千克·年", "kg", "year"),
        ("元/吨·5年", "t", "term"),
        ("元/吨", "t", None),
    ],
)
def test_the_period_is_what_stands_behind_the_price(written: str, unit: str, period: str | None) -> None:
    price = first(RESULT.replace("元/吨·年", written))["price"]

    assert (price["per_unit"], price.get("per_period")) == (unit, period)


@pytest.mark.parametrize(
    ("written", "unit"), [("吨/年", "t/a"), ("吨", "t"), ("千克/年", "kg/a"), ("公斤", "kg"), ("t/a", "t/a")]
)
def test_tonnes_and_tonnes_a_year_are_told_apart(written: str, unit: str) -> None:
    assert first(RESULT.replace("10.5吨/年", "10.5" + written))["quantity"] == {"amount": "10.500000", "unit": unit}


def test_an_announcement_gives_lots_and_no_deal() -> None:
    text = """某区排污权竞价出让公告
公告编号：某排污(竞)[2025]-05号
标的：氮氧化物 4.048吨，使用期限5年，起始价21000元/吨，增价幅度500元，保证金：5,000元
成交价以最终报价为准。"""

    [lot] = lots(text.encode("gb18030"))

    assert lot == {
        "pollutant": "NOX",
        "quantity": {"amount": "4.048000", "unit": "t"},
        "start_price": {"amount": "21000.000000", "currency": "CNY", "per_unit": "t"},
        "step": {"amount": "500.00", "currency": "CNY"},
        "deposit": {"amount": "5000.00", "currency": "CNY"},
        "term_years": "5.000000",
    }


def test_a_page_with_a_table_of_lots_is_read_cell_by_cell() -> None:
    page = """<html><script>成交价 1元/吨</script><body><p>竞价公告</p><table>
<tr><th>序号</th><th>污染物</th><th>数量（吨/年）</th><th>起始价（元/吨·年）</th></tr>
<tr><td>1</td><td>氨氮</td><td>4.4</td><td>4000</td></tr>
<tr><td>2</td><td>化学需氧量</td><td>44</td><td>1,000</td></tr></table>
<p>成交金额=单价×5年×审批需求数量</p></body></html>"""

    ammonia, oxygen = lots(page)

    assert (ammonia["pollutant"], oxygen["pollutant"]) == ("NH3N", "COD")
    assert oxygen["quantity"] == {"amount": "44.000000", "unit": "t/a"}
    assert oxygen["start_price"] == {"amount": "1000.000000", "currency": "CNY", "per_unit": "t", "per_period": "year"}
    assert ammonia["term_years"] == "5.000000"


def test_a_lot_to_be_agreed_upon_without_figures_is_no_lot() -> None:
    text = "标的一：氨氮，数量1.68吨，起始价20000.00元/吨，网上竞价\n标的二：化学需氧量，协商交易"

    assert [lot["pollutant"] for lot in lots(text)] == ["NH3N"]


def test_a_title_that_names_pollutants_makes_no_lots() -> None:
    rows, _ = read("关于化学需氧量、氨氮排污权成交公告\n" + RESULT, "auction_notice", **PLACE)

    assert [row.row["pollutant"] for row in good(rows)] == ["COD"]


def test_a_pollutant_named_again_goes_on_with_its_lot() -> None:
    text = RESULT.replace("，成交单价", "。\n该化学需氧量排污权，成交单价")

    rows, _ = read(text, "auction_notice", **PLACE)

    assert len(rows) == 1
    assert good(rows)[0].row == first(RESULT)


def test_a_result_of_two_lots_gives_two_deals_and_its_total_is_compared() -> None:
    text = RESULT + "污染物：氨氮，数量2吨，成交价8000元/吨，成交金额1.6万元\n合计金额：252,251元\n"

    rows, report = read(text, "auction_notice", **PLACE)

    assert [row.row["trade_no"] for row in good(rows)] == ["HE-2025-7-1", "HE-2025-7-2"]
    assert good(rows)[1].row["amount"] == {"amount": "16000.00", "currency": "CNY"}
    assert "stated_total_differs" in remarks(report)
    assert "stated_total_differs" not in remarks(read(text.replace("252,251", "252,250"), "auction_notice", **PLACE)[1])


def test_a_lot_without_a_price_was_not_sold() -> None:
    text = RESULT + "污染物：氨氮，数量2吨，流拍\n"

    rows, _ = read(text, "auction_notice", **PLACE)

    assert codes(rows) == [(2, "price_missing")]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("出让方：某市生态环境局\n网上竞价", "government_auction"),
        ("政府储备量协议出让", "government_sale"),
        ("企业间交易，网上竞价", "enterprise_trade"),
    ],
)
def test_who_sold_how_decides_the_kind(said: str, kind: str) -> None:
    text = RESULT.replace("竞价出让", "").replace("竞得人", "受让人").replace("出让方：某市生态环境局", said)

    assert first(text)["kind"] == kind


def test_a_kind_that_nobody_says_is_refused_unless_the_sender_says_it() -> None:
    text = RESULT.replace("竞价出让", "").replace("竞得人", "受让人").replace("出让方：某市生态环境局\n", "")

    rows, _ = read(text, "auction_notice", **PLACE)

    assert codes(rows) == [(1, "kind_unknown")]
    assert first(text, kind="enterprise_trade")["kind"] == "enterprise_trade"


def test_a_deal_without_a_day_is_refused_and_the_only_day_is_taken_with_a_remark() -> None:
    without = RESULT.replace("成交日期：2025年3月18日", "")
    published = without + "2025年3月20日"

    assert codes(read(without, "auction_notice", **PLACE)[0]) == [(1, "date_missing")]
    assert first(published)["traded_on"] == "2025-03-20"
    assert "date_of_notice" in remarks(read(published, "auction_notice", **PLACE)[1])


def test_a_result_in_a_table_has_a_day_and_a_buyer_for_each_lot() -> None:
    text = (
        "排污权成交结果公示 政府储备 竞价\n"
        "污染物\t数量(t/a)\t成交价(元/吨·年)\t成交金额(万元)\t期限\t成交日期\t竞得人\n"
        "二氧化硫\t2\t1000\t1\t5年\t2025-03-18\t91130200699229617X\n"
        "总磷\t1\t2000\t1\t5年\t2025-03-19\t某公司\n"
    )

    rows, _ = read(text, "auction_notice", **PLACE)

    assert [(row.row["pollutant"], row.row["traded_on"], row.row.get("buyer")) for row in good(rows)] == [
        ("SO2", "2025-03-18", "91130200699229617X"),
        ("TP", "2025-03-19", None),
    ]
    assert good(rows)[0].row["amount"] == {"amount": "10000.00", "currency": "CNY"}


def test_a_broken_page_takes_no_longer_than_its_length() -> None:
    for piece in ("<script>", "<!--", "<td", "<table><tr><td>氨氮", "成交价(", "数量", "竞得人" + "A" * 17):
        _, report = read((piece * 20_000)[:200_000], "auction_notice")
        assert report.rows_read == report.rows_refused
