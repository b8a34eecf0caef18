"""Prices: what one figure costs for a whole deal, by real notices."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.values.price import InvalidPrice, Period, Price, Tax
from domain.values.quantity import Quantity, Unit, UnitMismatch

FIVE_YEARS = Decimal(5)


def a_price(amount: str, per_unit: Unit = Unit.T_PER_YEAR, per_period: Period = Period.YEAR) -> Price:
    return Price.parse(amount, per_unit, per_period)


@pytest.mark.parametrize(
    ("tonnes", "yuan_a_year", "total"),
    [
        ("96", "389", 96 * 389 * 5),  # Jiangxi, January 2022, SO2: 186,720
        ("137", "489", 137 * 489 * 5),  # Jiangxi, January 2022, NOx: 334,965
        ("8.074", "6000", Fraction(8074, 1000) * 6000 * 5),  # Jingde, November 2024, SO2
        ("21.648", "4500", Fraction(21648, 1000) * 4500 * 5),  # Jingde, November 2024, NOx
    ],
)
def test_a_price_per_year_costs_as_many_times_as_the_deal_has_years(
    tonnes: str, yuan_a_year: str, total: Fraction
) -> None:
    assert a_price(yuan_a_year).total(Quantity.parse(tonnes, Unit.T_PER_YEAR), FIVE_YEARS) == total


def test_a_price_for_the_term_does_not_multiply_by_years() -> None:
    """Yongning, August 2023: 0.066 t/a at 75,757 for five years came to 5,000 in total."""
    price = a_price("75757", per_period=Period.TERM)

    total = price.total(Quantity.parse("0.066", Unit.T_PER_YEAR), FIVE_YEARS)

    assert total == Fraction(66, 1000) * 75757
    assert abs(total - 5000) < 1
    assert a_price("75757").total(Quantity.parse("0.066", Unit.T_PER_YEAR), FIVE_YEARS) == 5 * total


def test_a_one_off_price_is_paid_once() -> None:
    price = a_price("62.35", Unit.TCO2E, Period.ONE_OFF)

    assert price.total(Quantity.parse("1000", Unit.TCO2E), None) == Fraction(6235, 100) * 1000


@pytest.mark.parametrize(
    ("per_unit", "in_unit", "factor"),
    [
        (Unit.T_PER_YEAR, Unit.KG_PER_YEAR, Fraction(1, 1000)),
        (Unit.KG_PER_YEAR, Unit.T_PER_YEAR, 1000),
        (Unit.T, Unit.T_PER_YEAR, 1),  # 元/吨·年: the year stands in the period
        (Unit.KG, Unit.T_PER_YEAR, 1000),
    ],
)
def test_tonnes_and_kilograms_are_converted(per_unit: Unit, in_unit: Unit, factor: Fraction | int) -> None:
    assert a_price("3", per_unit).total(Quantity.parse("7", in_unit), Decimal("2.5")) == 3 * 7 * factor * Fraction(5, 2)


@pytest.mark.parametrize(
    ("per_unit", "in_unit"),
    [
        (Unit.TCO2E, Unit.T),
        (Unit.T_PER_DAY, Unit.T_PER_YEAR),
        (Unit.M3_PER_DAY, Unit.M3_PER_YEAR),
        (Unit.T, Unit.M3_PER_YEAR),
    ],
)
def test_a_price_of_another_kind_of_unit_is_refused(per_unit: Unit, in_unit: Unit) -> None:
    price = a_price("3", per_unit, Period.ONE_OFF)

    assert not price.prices(in_unit)
    with pytest.raises(UnitMismatch):
        price.total(Quantity.parse("7", in_unit), None)


@pytest.mark.parametrize("term_years", [None, Decimal(0), Decimal(-1)])
def test_a_price_per_year_without_a_term_has_no_total(term_years: Decimal | None) -> None:
    with pytest.raises(InvalidPrice) as refusal:
        a_price("3").total(Quantity.parse("7", Unit.T_PER_YEAR), term_years)
    assert "年限" in refusal.value.reason_zh


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "sNaN", "Infinity", "1E+18", "1E-7"])
def test_a_price_is_a_positive_number_of_six_decimals(amount: str) -> None:
    with pytest.raises(InvalidPrice):
        Price(Decimal(amount), Unit.T, Period.ONE_OFF, Tax.UNKNOWN)


def test_a_price_is_never_made_of_a_float() -> None:
    with pytest.raises(TypeError):
        Price(1.5, Unit.T, Period.ONE_OFF, Tax.UNKNOWN)  # type: ignore[arg-type]  # the wrong type is the test


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(1, 40))
def test_the_total_is_exact_and_the_same_in_kilograms(price_micros: int, quantity_micros: int, years: int) -> None:
    price = Price(Decimal(price_micros) / 10**6, Unit.T_PER_YEAR, Period.YEAR, Tax.INCLUDED)
    quantity = Quantity(Decimal(quantity_micros) / 10**6, Unit.T_PER_YEAR)

    total = price.total(quantity, Decimal(years))

    assert total == Fraction(price_micros * quantity_micros * years, 10**12)
    assert price.total(quantity.to(Unit.KG_PER_YEAR), Decimal(years)) == total
