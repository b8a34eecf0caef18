"""What a deal says about the value of one unit."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.market.trades import Basis, Trade, basis, in_force, unit_value, volume
from domain.values.price import Period
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import (
    ACCEPTED,
    YANGTZE_DELTA,
    a_price,
    a_trade,
    an_allowance_trade,
)


@pytest.mark.parametrize("trade", ACCEPTED, ids=lambda trade: trade.trade_no)
def test_a_real_deal_per_tonne_and_year_is_worth_its_amount_over_quantity_and_term(trade: Trade) -> None:
    assert trade.price is not None
    assert trade.amount is not None
    assert trade.quantity is not None

    assert unit_value(trade) == Fraction(trade.price.amount)

    from_amount = Fraction(trade.amount.amount) / Fraction(trade.quantity.amount) / 5
    assert abs(unit_value(trade) - from_amount) < Fraction(1, 100)


def test_a_price_for_the_whole_term_is_divided_by_its_years() -> None:
    assert unit_value(a_trade(price=a_price("20000", Period.TERM), term_years=Decimal(5))) == Fraction(20000) / 5


def test_the_same_deal_quoted_per_year_or_per_term_has_one_unit_value() -> None:
    per_year = a_trade(price=a_price("4000"), term_years=Decimal("2.5"))
    per_term = a_trade(price=a_price("10000", Period.TERM), term_years=Decimal("2.5"))

    assert unit_value(per_year) == unit_value(per_term) == 4000
    assert basis(per_year) is basis(per_term) is Basis.PER_TONNE_YEAR


def test_a_price_per_kilogram_is_a_thousand_times_that_per_tonne() -> None:
    assert unit_value(a_trade(price=a_price("4", unit=Unit.KG))) == 4 * 1000


def test_a_volume_is_in_tonnes_whatever_the_unit() -> None:
    assert volume(Quantity(Decimal(66), Unit.KG_PER_YEAR)) == Fraction(66, 1000)
    assert volume(Quantity(Decimal(66), Unit.T)) == 66


def test_a_discharge_right_bought_once_and_without_a_term_is_priced_for_good() -> None:
    assert basis(a_trade(price=a_price("18000", Period.ONE_OFF), term_years=None)) is Basis.PER_TONNE_PERMANENT


def test_a_one_off_price_of_a_right_with_a_term_is_the_price_of_that_term() -> None:
    trade = a_trade(price=a_price("18000", Period.ONE_OFF), term_years=Decimal(5))

    assert basis(trade) is Basis.PER_TONNE_YEAR
    assert unit_value(trade) == Fraction(18000) / 5


def test_a_whole_term_price_without_its_term_has_no_basis() -> None:
    assert basis(a_trade(price=a_price("18000", Period.TERM), term_years=None)) is None


def test_an_allowance_is_priced_per_tonne_of_co2_and_never_per_year() -> None:
    assert basis(an_allowance_trade()) is Basis.PER_TONNE_CO2E
    assert unit_value(an_allowance_trade(term_years=Decimal(5))) == 60
    assert basis(an_allowance_trade(price=a_price("60", Period.YEAR, Unit.TCO2E))) is None


def test_a_deal_without_a_price_basis_has_no_unit_value_to_guess() -> None:
    with pytest.raises(ValueError, match="screen it first"):
        unit_value(YANGTZE_DELTA)


def test_a_revision_takes_the_place_of_what_it_revises() -> None:
    first = a_trade(trade_no="1")
    second = a_trade(trade_no="2", revises="1", price=a_price("4100"))
    third = a_trade(trade_no="3", revises="2", price=a_price("4200"))

    assert set(in_force([third, first, second])) == {third}


def test_a_revision_reaches_only_rows_of_its_own_source() -> None:
    first = a_trade(trade_no="1", source="zhejiang")
    other = a_trade(trade_no="2", source="anhui", revises="1")

    assert set(in_force([first, other])) == {first, other}


def test_a_row_that_names_itself_as_revised_still_counts() -> None:
    trade = a_trade(trade_no="1", revises="1")

    assert in_force([trade]) == (trade,)


def test_a_row_that_revises_its_own_number_replaces_what_was_known_under_it() -> None:
    first = a_trade(trade_no="1")
    second = a_trade(trade_no="1", revises="1", price=a_price("4100"))
    third = a_trade(trade_no="1", revises="1", price=a_price("4200"), known_at=first.known_at + timedelta(days=1))

    assert in_force([first, second]) == (second,)
    assert in_force([third, first, second]) == (third,)


def test_the_same_row_twice_counts_once() -> None:
    trade = a_trade()

    assert in_force([trade, a_trade(), a_trade(trade_no="2")]) == (trade, a_trade(trade_no="2"))
    assert a_trade(traded_on=trade.traded_on + timedelta(days=1)) != trade
