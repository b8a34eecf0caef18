"""The demonstration's deals: real ones with their sources, synthetic ones that say so and are the same every time."""

from datetime import date, timedelta
from decimal import Decimal

from api.demo.deals import PUBLIC_DEALS, synthetic_series, verdicts
from api.trade_rows import sent_trade
from domain.market.screening import screen
from tests.builders import NOW, TODAY

SERIES = synthetic_series("SX", "绍兴", "330602", 60, TODAY)


def test_every_real_deal_names_its_source_and_has_a_label_of_its_own() -> None:
    assert all(deal.source for deal in PUBLIC_DEALS)
    assert len(verdicts()) == len(PUBLIC_DEALS)


def test_the_screening_alone_gives_each_real_deal_its_verdict() -> None:
    for deal in PUBLIC_DEALS:
        trade = sent_trade("notices", deal.row(), NOW).trade
        assert trade is not None, deal
        quarantine = screen(trade, TODAY)
        assert (None if quarantine is None else quarantine.code.value) == deal.verdict, deal


def test_a_notice_without_a_day_is_dated_the_first() -> None:
    dated = {deal.told_on: deal.row()["traded_on"] for deal in PUBLIC_DEALS}
    assert dated["2024-11"] == "2024-11-01"
    assert dated["2014"] == "2014-01-01"
    assert dated["2025-09-12"] == "2025-09-12"


def test_every_synthetic_deal_says_that_it_is_one() -> None:
    assert all(row["trade_no"].startswith("SYNTHETIC-") and "合成" in row["venue"] for row in SERIES)


def test_the_synthetic_series_is_whole_distinct_recent_and_the_same_every_time() -> None:
    days = [date.fromisoformat(row["traded_on"]) for row in SERIES]
    assert len({row["trade_no"] for row in SERIES}) == 60
    assert max(days) == TODAY - timedelta(days=1)
    assert min(days) > TODAY - timedelta(days=365)
    assert synthetic_series("SX", "绍兴", "330602", 60, TODAY) == SERIES


def test_every_synthetic_amount_is_quantity_times_price_times_term() -> None:
    for row in SERIES:
        product = Decimal(row["quantity"]["amount"]) * Decimal(row["price"]["amount"]) * Decimal(row["term_years"])
        assert Decimal(row["amount"]["amount"]) == product
