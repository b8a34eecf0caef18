"""What the same right is worth on later days."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from domain.rights.rights import Tenure
from domain.valuation.melting import market_value_on, melted_share, units_on
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import TODAY
from tests.unit.valuation.subjects import a_subject, an_allowance


def test_a_fixed_right_is_worth_quantity_x_unit_value_x_years_left_of_365_days() -> None:
    subject = a_subject(valid_to=date(2031, 11, 21))
    days_left = (date(2031, 11, 21) - date(2026, 11, 21)).days

    assert days_left == 5 * 365 + 1
    assert market_value_on(subject, Decimal(4000), TODAY) == Money.floor(Fraction(10 * 4000 * days_left, 365))


def test_each_day_takes_the_same_share_until_nothing_is_left_on_the_last_day() -> None:
    subject = a_subject()
    end = TODAY + timedelta(days=5 * 365)

    assert units_on(subject, TODAY) == 10 * 5
    assert units_on(subject, TODAY + timedelta(days=365)) == 10 * 4
    assert units_on(subject, end - timedelta(days=1)) == Fraction(10, 365)
    assert units_on(subject, end) == 0
    assert units_on(subject, end + timedelta(days=400)) == 0


def test_a_right_that_has_not_begun_keeps_its_full_term() -> None:
    subject = a_subject(valid_from=date(2027, 1, 1), valid_to=date(2031, 12, 31))

    assert units_on(subject, TODAY) == units_on(subject, date(2027, 1, 1)) > units_on(subject, date(2027, 1, 2))


def test_kilograms_melt_as_tonnes_do() -> None:
    in_kilograms = a_subject(quantity=Quantity(Decimal(10000), Unit.KG_PER_YEAR))

    assert units_on(in_kilograms, TODAY) == units_on(a_subject(), TODAY)


def test_an_allowance_does_not_melt_and_is_worth_nothing_from_its_end_on() -> None:
    end = date(2027, 12, 31)
    subject = an_allowance(valid_to=end)

    assert units_on(subject, TODAY) == units_on(subject, end - timedelta(days=1)) == 1000
    assert units_on(subject, end) == 0


def test_a_right_for_good_does_not_melt() -> None:
    subject = a_subject(tenure=Tenure.PERMANENT, valid_to=None)

    assert units_on(subject, TODAY) == units_on(subject, date(2099, 1, 1)) == 10


def test_a_value_is_rounded_down_to_the_fen() -> None:
    subject = a_subject(quantity=Quantity(Decimal(1), Unit.T_PER_YEAR), valid_to=TODAY + timedelta(days=1))

    assert market_value_on(subject, Decimal(1000), TODAY) == Money.of("2.73")
    assert Fraction(1000, 365) > Fraction("2.739")


def test_the_share_that_melts_during_a_sale_is_days_over_days_left() -> None:
    assert melted_share(a_subject(), TODAY, TODAY + timedelta(days=20)) == Fraction(20, 5 * 365)
    assert melted_share(an_allowance(), TODAY, TODAY + timedelta(days=20)) == 0


def test_what_was_nothing_before_a_sale_is_gone_after_it() -> None:
    end = TODAY + timedelta(days=5 * 365)

    assert melted_share(a_subject(), end, end + timedelta(days=20)) == 1
