"""What the public reports say, checked against itself by the function that checks every trade.

Report: 全国排污权有偿使用和交易进展报告(2024). Study: a forecast of the national carbon market of 2017-08. Each figure
stands here by itself, with where it was read.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.screening import screen
from domain.market.source_arithmetic import (
    TOLERANCE,
    agree,
    amount_mismatch,
    product_mismatch,
    restatement_mismatch,
    share_mismatch,
    total_mismatch,
    unit_error,
)
from domain.values.money import Money
from domain.values.price import Period
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import TODAY, a_price, a_trade, tonnes_a_year

Check = Callable[[], Quarantine | None]

CONTRADICTIONS: dict[str, tuple[Check, str, str]] = {
    "report 6: SO2 and NOx are 98.6 % of 133.6 (10 000 t)": (
        lambda: share_mismatch("98.6", ["49.1", "69.1"], "133.6"),
        "88.47",
        "98.60",
    ),
    "report 6 and box 2: Fujian's enterprises have 55.4 %, and more than 67 %": (
        lambda: restatement_mismatch("55.4", "67"),
        "55.4",
        "67",
    ),
    "study: 26 billion t at 30 yuan are more than 800 billion (亿元)": (
        lambda: product_mismatch("8000", ["260", "30"]),
        "7800.00",
        "8000.00",
    ),
    "study: 26 billion t at 120 yuan are 3000 billion (亿元)": (
        lambda: product_mismatch("30000", ["260", "120"]),
        "31200.00",
        "30000.00",
    ),
    "Xiamen 2025-09-12: the reserve's COD in the text and in the table": (
        lambda: restatement_mismatch("3.8285", "3.8252"),
        "3.8285",
        "3.8252",
    ),
}

AGREEMENTS: dict[str, Check] = {
    "report 1: 144.4 and 218.7 are 363.1 (亿元)": lambda: total_mismatch("363.1", ["144.4", "218.7"]),
    "report, foreword: 144 and 219 are 363": lambda: total_mismatch("363", ["144", "219"]),
    "report 1: fees are 39.8 % of all": lambda: share_mismatch("39.8", ["144.4"], "363.1"),
    "report 1: the market is 60.2 % of all": lambda: share_mismatch("60.2", ["218.7"], "363.1"),
    "report 6: 142.2 and 76.5 are 218.7": lambda: total_mismatch("218.7", ["142.2", "76.5"]),
    "report 6: governments sell 65.0 %": lambda: share_mismatch("65.0", ["142.2"], "218.7"),
    "report 6: enterprises sell 35.0 %": lambda: share_mismatch("35.0", ["76.5"], "218.7"),
    "report 6: by money SO2 and NOx are 64.1 %": lambda: share_mismatch("64.1", ["48.7", "75.6"], "193.9"),
    "report 3: 248.4 and 616.1 t are 864.5 t": lambda: total_mismatch("864.5", ["248.4", "616.1"]),
    "study: 11 companies of 638 are 7018 (万元)": lambda: product_mismatch("7018", ["11", "638"]),
    "Xianning: four rows are 271.29 (万元)": lambda: total_mismatch("271.29", ["137.04", "54.49", "47.75", "32.01"]),
    "Xiamen 2025-09: 31.56 and 24.74 are 56.31, rounded": lambda: total_mismatch("56.31", ["31.56", "24.74"]),
    "report: 363.1 told elsewhere as 363": lambda: restatement_mismatch("363.1", "363"),
}


@pytest.mark.parametrize(("check", "computed", "stated"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contradiction_of_a_source_is_flagged_with_both_figures(check: Check, computed: str, stated: str) -> None:
    found = check()

    assert found is not None
    assert found.code is QuarantineCode.AMOUNT_MISMATCH
    for detail in (found.detail_zh, found.detail_en):
        assert computed in detail
        assert stated in detail


@pytest.mark.parametrize("check", AGREEMENTS.values(), ids=AGREEMENTS.keys())
def test_figures_that_agree_are_not_flagged(check: Check) -> None:
    assert check() is None


def test_a_trades_amount_is_judged_by_the_same_function_and_tolerance() -> None:
    names = ("按数量、单价、年限", "quantity, price and term")
    trade = a_trade(quantity=tonnes_a_year("10"), price=a_price("4000"), amount=Money.of("123456.78"))

    assert screen(trade, TODAY) == amount_mismatch(Fraction(10 * 4000 * 5), Decimal("123456.78"), names)


@pytest.mark.parametrize("stated", [Decimal(1000), Decimal(7)])
def test_the_bound_itself_agrees_and_a_hair_more_does_not(stated: Decimal) -> None:
    bound = Fraction(stated) * (1 + TOLERANCE)

    assert agree(bound, stated)
    assert not agree(bound + Fraction(1, 10**9), stated)


UNIT_ERRORS = {
    "kilograms told as tonnes": (Quantity(Decimal(66), Unit.T_PER_YEAR), "75757", "5000.00", 1000),
    "yuan told as ten thousands of yuan": (Quantity(Decimal(13), Unit.T_PER_YEAR), "12000", "15.60", 10_000),
    "a day's quantity told as a year's": (Quantity(Decimal(1), Unit.T_PER_YEAR), "1000", "365000.00", 365),
    "a term of five years that nobody stated": (Quantity(Decimal(2), Unit.T_PER_YEAR), "4000", "40000.00", 5),
}


@pytest.mark.parametrize(("quantity", "price", "amount", "factor"), UNIT_ERRORS.values(), ids=UNIT_ERRORS.keys())
def test_an_amount_that_is_off_by_a_unit_is_told_which(
    quantity: Quantity, price: str, amount: str, factor: int
) -> None:
    trade = a_trade(
        quantity=quantity, price=a_price(price, Period.ONE_OFF), term_years=None, amount=Money(Decimal(amount))
    )

    found = screen(trade, TODAY)

    assert found is not None
    assert found.code is QuarantineCode.AMOUNT_MISMATCH
    assert f"a factor of about {factor}:" in found.detail_en
    assert f"约差{factor}倍" in found.detail_zh


def test_a_disagreement_that_no_unit_explains_is_left_unexplained() -> None:
    assert unit_error(Fraction(200000), Decimal("123456.78")) is None
    assert unit_error(Fraction(0), Decimal(1)) is None
