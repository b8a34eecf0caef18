"""Which deals may be believed, and the reason given where one may not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.market.screening import Quarantine, QuarantineCode, screen
from domain.market.trades import Trade, TradeKind
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.price import Period
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import (
    ACCEPTED,
    TODAY,
    YANGTZE_DELTA,
    YONGNING,
    a_price,
    a_trade,
    an_allowance_trade,
    tonnes_a_year,
)

SOMEBODY = Uscc("913306000000000006")


def refusal(trade: Trade) -> Quarantine:
    """Return why a trade is quarantined today, which it must be."""
    quarantine = screen(trade, TODAY)
    assert quarantine is not None
    return quarantine


@pytest.mark.parametrize("trade", ACCEPTED, ids=lambda trade: trade.trade_no)
def test_a_real_deal_whose_amount_is_quantity_price_and_term_is_accepted(trade: Trade) -> None:
    assert screen(trade, TODAY) is None


def test_the_jingde_and_jiangxi_amounts_are_quantity_x_price_x_five_years() -> None:
    amounts = {trade.trade_no: trade.amount for trade in ACCEPTED}

    assert amounts["jingde-2024-11-so2"] == Money.floor(Decimal("8.074") * 6000 * 5)
    assert amounts["jingde-2024-11-nox"] == Money.floor(Decimal("21.648") * 4500 * 5)
    assert amounts["jiangxi-2022-01-so2"] == Money.floor(Decimal(96) * 389 * 5)
    assert amounts["jiangxi-2022-01-nox"] == Money.floor(Decimal(137) * 489 * 5)


def test_the_yongning_notice_is_quarantined_and_told_that_its_price_is_that_of_the_whole_term() -> None:
    quarantine = refusal(YONGNING)

    assert quarantine.code is QuarantineCode.AMOUNT_MISMATCH
    assert Decimal("0.066") * 75757 * 5 == Decimal("24999.81")
    for number in ("24999.81", "5000.00", "4999.96"):
        assert number in quarantine.detail_en
        assert number in quarantine.detail_zh
    assert "the stated price is that of the whole term" in quarantine.detail_en
    assert "整个期限的价格" in quarantine.detail_zh


def test_the_yongning_notice_with_its_price_for_the_term_would_be_believed() -> None:
    assert screen(replace(YONGNING, price=a_price("75757", Period.TERM)), TODAY) is None


def test_the_yangtze_delta_deal_lacks_its_price_basis_and_is_shown_what_its_amount_gives() -> None:
    quarantine = refusal(YANGTZE_DELTA)

    assert quarantine.code is QuarantineCode.PRICE_BASIS_MISSING
    assert round(Fraction(159000) / Fraction("13.3"), 2) == Fraction("11954.89")
    assert "11954.89 yuan per t" in quarantine.detail_en
    assert "11954.89元/t" in quarantine.detail_zh


def test_the_yangtze_delta_deal_as_a_term_price_without_a_term_lacks_its_basis_too() -> None:
    trade = replace(YANGTZE_DELTA, price=a_price("11954.89", Period.TERM))

    assert refusal(trade).code is QuarantineCode.PRICE_BASIS_MISSING


@pytest.mark.parametrize("period", [Period.YEAR, Period.TERM])
def test_a_discharge_right_priced_per_year_or_term_needs_its_term(period: Period) -> None:
    assert refusal(a_trade(price=a_price("4000", period), term_years=None)).code is QuarantineCode.PRICE_BASIS_MISSING


def test_a_deal_without_any_price_says_only_what_it_lacks() -> None:
    quarantine = refusal(a_trade(price=None, amount=None))

    assert quarantine == Quarantine(
        QuarantineCode.PRICE_BASIS_MISSING,
        "未载明完整的单价（金额、计量单位、计价期间）",
        "no complete price (amount, unit and period) is stated",
    )


@pytest.mark.parametrize("period", [Period.YEAR, Period.TERM])
def test_an_allowance_cannot_be_priced_by_time(period: Period) -> None:
    trade = an_allowance_trade(price=a_price("60", period, Unit.TCO2E), term_years=Decimal(1))

    assert refusal(trade).code is QuarantineCode.PRICE_BASIS_MISSING


@pytest.mark.parametrize(
    ("stated", "believed"),
    [
        (Decimal(200000), True),
        (Decimal(200000) / (1 + Decimal("0.005")) - 1, False),
        (Decimal(200000) / (1 + Decimal("0.005")) + 1, True),
        (Decimal(200000) / (1 - Decimal("0.005")) - 1, True),
        (Decimal(200000) / (1 - Decimal("0.005")) + 1, False),
    ],
)
def test_an_amount_may_differ_by_half_a_percent_of_itself_and_no_more(stated: Decimal, believed: bool) -> None:
    trade = a_trade(quantity=tonnes_a_year("10"), price=a_price("4000"), amount=Money.floor(stated))

    assert (screen(trade, TODAY) is None) is believed


def test_an_amount_that_is_exactly_half_a_percent_off_is_believed() -> None:
    trade = a_trade(quantity=tonnes_a_year("1"), price=a_price("1005", Period.TERM), amount=Money.of("1000.00"))

    assert screen(trade, TODAY) is None
    assert refusal(replace(trade, price=a_price("1005.01", Period.TERM))).code is QuarantineCode.AMOUNT_MISMATCH


def test_a_term_price_whose_amount_holds_the_years_is_told_that_it_is_that_of_one_year() -> None:
    quarantine = refusal(a_trade(price=a_price("4000", Period.TERM), amount=Money.of(10 * 4000 * 5)))

    assert quarantine.code is QuarantineCode.AMOUNT_MISMATCH
    assert "the stated price is that of one year" in quarantine.detail_en
    assert "一年的价格" in quarantine.detail_zh


def test_an_amount_that_nothing_explains_is_quarantined_with_both_numbers_and_no_guess() -> None:
    quarantine = refusal(a_trade(price=a_price("4000"), amount=Money.of("123456.78")))

    assert quarantine.code is QuarantineCode.AMOUNT_MISMATCH
    assert quarantine.detail_en == ("quantity, price and term give 200000.00 yuan, the stated amount is 123456.78 yuan")


def test_the_amount_is_checked_across_kilograms_and_tonnes() -> None:
    trade = a_trade(
        quantity=Quantity(Decimal(66), Unit.KG_PER_YEAR),
        price=a_price("75757", Period.TERM),
        amount=Money.of("5000.00"),
    )

    assert screen(trade, TODAY) is None


def test_a_deal_that_withholds_its_amount_is_believed_on_its_price() -> None:
    assert screen(a_trade(amount=None), TODAY) is None


def test_a_deal_is_future_dated_from_the_day_after() -> None:
    trade = a_trade(traded_on=TODAY)

    assert screen(trade, TODAY) is None
    quarantine = screen(trade, TODAY - timedelta(days=1))
    assert quarantine is not None
    assert quarantine.code is QuarantineCode.FUTURE_DATED
    assert "2026-11-21" in quarantine.detail_en


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": None},
        {"quantity": Quantity(Decimal(1), Unit.M3_PER_DAY)},
        {"price": a_price("4000", unit=Unit.TCO2E)},
        {"quantity": Quantity(Decimal(1), Unit.TCO2E), "price": a_price("60", unit=Unit.TCO2E)},
        {"quantity": Quantity(Decimal(1), Unit.TCO2E), "price": None},
    ],
    ids=[
        "no quantity",
        "water for tonnes",
        "tonnes at a price of carbon",
        "carbon as a discharge right",
        "carbon alone",
    ],
)
def test_units_that_do_not_fit_the_right_or_one_another_are_unknown(changes: dict[str, Any]) -> None:
    assert refusal(a_trade(**changes)).code is QuarantineCode.UNIT_UNKNOWN


def test_an_allowance_counts_in_tco2e_only() -> None:
    trade = an_allowance_trade(quantity=Quantity(Decimal(1), Unit.T), price=a_price("60", Period.ONE_OFF, Unit.T))

    assert refusal(trade).code is QuarantineCode.UNIT_UNKNOWN


def test_waste_water_priced_per_its_own_unit_is_believed() -> None:
    trade = a_trade(
        quantity=Quantity(Decimal(500), Unit.M3_PER_YEAR),
        price=a_price("3", unit=Unit.M3_PER_YEAR),
        amount=Money.of(7500),
    )

    assert screen(trade, TODAY) is None


@pytest.mark.parametrize("kind", [TradeKind.BENCHMARK_PRICE, TradeKind.CHARGE])
def test_an_administered_price_needs_neither_quantity_nor_term(kind: TradeKind) -> None:
    assert screen(a_trade(kind=kind, quantity=None, term_years=None), TODAY) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": tonnes_a_year("0")},
        {"quantity": tonnes_a_year("-1")},
        {"term_years": Decimal(0)},
        {"amount": Money.zero()},
    ],
)
def test_a_figure_that_is_not_above_zero_makes_the_row_malformed(changes: dict[str, Any]) -> None:
    assert refusal(a_trade(**changes)).code is QuarantineCode.ROW_MALFORMED


def test_a_deal_with_oneself_has_related_parties() -> None:
    assert refusal(a_trade(seller=SOMEBODY, buyer=SOMEBODY)).code is QuarantineCode.RELATED_PARTIES
    assert screen(a_trade(seller=SOMEBODY, buyer=Uscc("913306000000000014")), TODAY) is None
    assert screen(a_trade(seller=None, buyer=None), TODAY) is None


def test_one_reason_is_given_the_first_in_the_documented_order() -> None:
    wrong: dict[str, Any] = {"seller": SOMEBODY, "buyer": SOMEBODY}
    stages: list[tuple[QuarantineCode, dict[str, Any]]] = [
        (QuarantineCode.RELATED_PARTIES, {}),
        (QuarantineCode.AMOUNT_MISMATCH, {"amount": Money.of(1)}),
        (QuarantineCode.PRICE_BASIS_MISSING, {"term_years": None}),
        (QuarantineCode.UNIT_UNKNOWN, {"quantity": Quantity(Decimal(1), Unit.M3_PER_DAY)}),
        (QuarantineCode.ROW_MALFORMED, {"quantity": Quantity(Decimal(0), Unit.M3_PER_DAY)}),
        (QuarantineCode.FUTURE_DATED, {"traded_on": TODAY + timedelta(days=1)}),
    ]
    for code, more in stages:
        wrong |= more
        assert refusal(a_trade(**wrong)).code is code


def test_the_codes_are_those_of_the_contract_and_one_of_ours() -> None:
    assert set(QuarantineCode) == {
        "row_malformed",
        "price_basis_missing",
        "amount_mismatch",
        "unit_unknown",
        "related_parties",
        "outside_price_band",
        "duplicate_conflict",
        "future_dated",
        "not_a_sale",
    }
