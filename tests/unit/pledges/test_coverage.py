"""Coverage: each level compares the debt with a number that the valuation already defines."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.pledges.coverage import Coverage, Level, coverage_of, due_on, level_of
from domain.pledges.pledges import CoverageTerms
from domain.values.money import Money
from domain.values.working_days import YEAR_MAX
from tests.builders import NOW, an_item, yuan

LENDING, COLLATERAL, MARKET = Decimal(60), Decimal(70), Decimal(100)


@pytest.mark.parametrize(
    ("debt", "level"),
    [
        (LENDING, Level.OK),
        (LENDING + Decimal("0.01"), Level.WARNING),
        (COLLATERAL, Level.WARNING),
        (COLLATERAL + Decimal("0.01"), Level.CALL),
        (MARKET, Level.CALL),
        (MARKET + Decimal("0.01"), Level.CLOSE_OUT),
    ],
)
def test_a_level_begins_one_fen_above_what_the_level_before_carries(debt: Decimal, level: Level) -> None:
    assert level_of(debt, lending=LENDING, collateral=COLLATERAL, market=MARKET) is level


def test_two_items_and_two_debts_are_summed_once_each() -> None:
    coverage = coverage_of([an_item(), an_item()], [yuan("100000"), yuan("150000")], NOW)
    assert coverage.outstanding == yuan("250000")
    assert coverage.collateral_value == yuan("280000")  # 2 x 140,000
    assert coverage.level is Level.OK  # 250,000 <= 2 x 0.70 x 200,000
    assert coverage.shortfall == yuan("0")


def test_the_ratio_is_rounded_up_against_the_borrower() -> None:
    coverage = coverage_of([an_item()], [yuan("100000")], NOW)
    assert coverage.loan_to_value == Decimal("0.714286")  # 100,000 / 140,000 = 0.7142857...


def test_a_shortfall_is_what_the_collateral_does_not_carry() -> None:
    coverage = coverage_of([an_item()], [yuan("150000.01")], NOW)
    assert coverage.shortfall == yuan("10000.01")  # 150,000.01 - 140,000
    assert coverage.level is Level.CALL


def test_an_unpriced_item_makes_the_group_unpriced_and_never_worth_zero() -> None:
    coverage = coverage_of([an_item(), an_item(adopted_value=None)], [yuan("1")], NOW)
    assert coverage.level is Level.UNPRICED
    assert coverage.collateral_value is None
    assert coverage.shortfall is None


def test_a_lower_adopted_value_lowers_every_level_in_proportion() -> None:
    half = an_item(adopted_value=yuan("70000"))  # of 140,000; so 70,000 may be lent, and 100,000 is the market's
    levels = [coverage_of([half], [yuan(debt)], NOW).level for debt in ("70000", "70000.01", "100000", "100000.01")]

    assert levels == [Level.OK, Level.CALL, Level.CALL, Level.CLOSE_OUT]


def test_a_higher_adopted_value_raises_no_level() -> None:
    assert coverage_of([an_item(adopted_value=yuan("999999"))], [yuan("140000.01")], NOW).level is Level.CALL


UNITS, LOAN = Decimal(8000), "1000000"


def worked(price: str) -> Coverage:
    """Return the worked case: 8,000 units, half of their value may be lent, a loan of a million."""
    value = UNITS * Decimal(price)
    half = Money(value / 2)
    item = an_item(
        market_value=Money(value), collateral_value=half, adopted_value=half, loan_to_value_cap=Decimal("0.5")
    )
    return coverage_of([item], [yuan(LOAN)], NOW)


def test_half_of_the_value_exactly_is_no_breach() -> None:
    coverage = worked("250")
    assert (coverage.level, coverage.shortfall) == (Level.OK, yuan("0"))
    assert coverage.loan_to_market_value == Decimal("0.500000")


def test_a_price_that_falls_from_250_to_100_leaves_600000_uncovered() -> None:
    coverage = worked("100")
    assert coverage.collateral_value == yuan("400000")  # 800,000 x 50 %
    assert coverage.loan_to_market_value == Decimal("1.250000")  # 1,000,000 / 800,000
    assert coverage.shortfall == yuan("600000")
    assert coverage.level is Level.CLOSE_OUT


def contract(**different: object) -> CoverageTerms:
    silent = CoverageTerms(warning_above=None, call_above=None, close_out_above=None, cure_working_days=None)
    return replace(silent, **different)  # type: ignore[arg-type]  # each test names real fields


@pytest.mark.parametrize(
    ("debt", "terms", "level"),
    [
        ("70000", contract(warning_above=Decimal("0.5")), Level.OK),  # 70,000 / 140,000 is not above one half
        ("70000.01", contract(warning_above=Decimal("0.5")), Level.WARNING),
        ("70000.01", contract(call_above=Decimal("0.5")), Level.CALL),
        ("70000.01", contract(warning_above=Decimal("0.4"), close_out_above=Decimal("0.5")), Level.CLOSE_OUT),
        ("150000", contract(call_above=Decimal(2)), Level.CALL),  # a looser contract loosens nothing
        ("140000.01", contract(warning_above=Decimal("0.1")), Level.CALL),
    ],
)
def test_the_contract_s_own_level_wins_where_it_is_stricter(debt: str, terms: CoverageTerms, level: Level) -> None:
    assert coverage_of([an_item()], [yuan(debt)], NOW, [contract(), terms]).level is level


def test_an_unpriced_group_is_unpriced_whatever_the_contract_says() -> None:
    terms = [contract(close_out_above=Decimal("0.1"))]
    assert coverage_of([an_item(adopted_value=None)], [yuan("1")], NOW, terms).level is Level.UNPRICED


def test_a_call_is_due_after_the_fewest_working_days_that_a_contract_names() -> None:
    terms = [contract(), contract(cure_working_days=10), contract(cure_working_days=3)]
    assert due_on(date(2026, 9, 29), terms) == date(2026, 10, 9)  # National Day: 1 to 7 October
    assert due_on(date(2026, 9, 29), [contract()]) is None


def test_no_day_is_named_beyond_the_calendar() -> None:
    assert due_on(date(YEAR_MAX, 12, 31), [contract(cure_working_days=1)]) is None
