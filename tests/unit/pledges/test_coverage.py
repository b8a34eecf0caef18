"""Coverage: each level compares the debt with a number that the valuation already defines."""

from decimal import Decimal

import pytest

from domain.pledges.coverage import Level, coverage_of, level_of
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
