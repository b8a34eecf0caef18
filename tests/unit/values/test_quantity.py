"""Quantities: exact in the registry's unit, never mixed across units, never rounded on conversion."""

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidQuantity, InvalidUnit
from domain.values.quantity import Quantity, Unit, UnitMismatch, parse_unit

MICROS = st.integers(min_value=-(10**23), max_value=10**23)
UNITS = st.sampled_from(list(Unit))
HEAVY_TO_LIGHT = {Unit.T_PER_YEAR: Unit.KG_PER_YEAR, Unit.T: Unit.KG}
CONVERTIBLE = set(HEAVY_TO_LIGHT.items()) | {(light, heavy) for heavy, light in HEAVY_TO_LIGHT.items()}


def a_quantity(micros: int, unit: Unit = Unit.T_PER_YEAR) -> Quantity:
    return Quantity(Decimal(micros).scaleb(-6, decimal.Context(prec=40)), unit)


@given(MICROS, UNITS)
def test_a_quantity_survives_the_wire(micros: int, unit: Unit) -> None:
    quantity = a_quantity(micros, unit)

    assert Quantity.parse(quantity.wire(), parse_unit(unit.value)) == quantity


@given(MICROS, st.sampled_from(sorted(CONVERTIBLE)))
def test_tonnes_and_kilograms_convert_exactly_there_and_back(micros: int, units: tuple[Unit, Unit]) -> None:
    quantity = a_quantity(micros // 10**4, units[0])
    converted = quantity.exact_in(units[1])

    factor = 1000 if units[0] in HEAVY_TO_LIGHT else Decimal("0.001")
    with decimal.localcontext() as context:
        context.prec = 60
        assert converted == quantity.amount * factor
        assert converted / factor == quantity.amount


@given(MICROS, MICROS)
def test_quantities_add_and_subtract_exactly(left: int, right: int) -> None:
    left, right = left // 4, right // 4

    assert a_quantity(left) + a_quantity(right) == a_quantity(left + right)
    assert a_quantity(left) - a_quantity(right) == a_quantity(left - right)
    assert (a_quantity(left) <= a_quantity(right)) is (left <= right)
    assert (a_quantity(left) > a_quantity(right)) is (left > right)


def test_a_gram_is_nine_decimals_of_a_kilotonne_and_fits_no_tonne() -> None:
    a_milligram = Quantity.parse("0.000001", Unit.KG)

    assert a_milligram.exact_in(Unit.T) == Decimal(1) / 10**9
    with pytest.raises(InvalidQuantity):
        a_milligram.to(Unit.T)


def test_a_conversion_that_would_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(InvalidQuantity):
        Quantity.parse("999999999999999999", Unit.T).to(Unit.KG)


def test_the_example_of_the_seed_report_converts() -> None:
    assert Quantity.parse("10.23", Unit.T_PER_YEAR).to(Unit.KG_PER_YEAR) == Quantity.parse("10230", Unit.KG_PER_YEAR)


@pytest.mark.parametrize("left", Unit)
@pytest.mark.parametrize("right", Unit)
def test_only_tonne_and_kilogram_of_one_kind_convert(left: Unit, right: Unit) -> None:
    quantity = Quantity.parse("1", left)
    if left is right or (left, right) in CONVERTIBLE:
        quantity.to(right)
        return

    with pytest.raises(UnitMismatch) as refusal:
        quantity.to(right)
    assert refusal.value.code == "invalid_unit"


@pytest.mark.parametrize("right", [unit for unit in Unit if unit is not Unit.T_PER_YEAR])
def test_two_units_are_never_added_or_compared(right: Unit) -> None:
    ours, theirs = Quantity.parse("1", Unit.T_PER_YEAR), Quantity.parse("1", right)

    assert ours != theirs
    for mixed in (
        lambda: ours + theirs,
        lambda: ours - theirs,
        lambda: ours < theirs,
        lambda: ours <= theirs,
        lambda: ours > theirs,
        lambda: ours >= theirs,
    ):
        with pytest.raises(UnitMismatch):
            mixed()


@pytest.mark.parametrize("amount", ["0.0000001", "1E+18", "NaN", "Infinity", "1E+999999", "1E-999999"])
def test_what_six_decimals_and_eighteen_digits_cannot_hold_is_refused(amount: str) -> None:
    with pytest.raises(InvalidQuantity):
        Quantity(Decimal(amount), Unit.T)


def test_a_sum_that_grows_too_large_is_refused() -> None:
    most = Quantity.parse("999999999999999999.999999", Unit.T)

    with pytest.raises(InvalidQuantity):
        _ = most + a_quantity(1, Unit.T)


def test_a_quantity_is_never_made_of_a_float() -> None:
    with pytest.raises(TypeError):
        Quantity(1.5, Unit.T)  # type: ignore[arg-type]  # the wrong type is the test


def test_zero_is_not_positive() -> None:
    assert not Quantity.zero(Unit.T).is_positive
    assert not Quantity.parse("-1", Unit.T).is_positive
    assert Quantity.parse("0.000001", Unit.T).is_positive
    assert Quantity.zero(Unit.T).wire() == "0.000000"


@pytest.mark.parametrize("text", ["", "T/A", "t/a ", "ton", "吨/年", "t／a", "m³/a", "tco2e", "t/a\n", "kg\x00"])
def test_a_unit_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidUnit):
        parse_unit(text)


def test_equal_amounts_are_equal_and_hash_alike_whatever_zeros_they_came_with() -> None:
    assert len({Quantity.parse("1.5", Unit.T), Quantity.parse("1.500000", Unit.T)}) == 1
    assert repr(Quantity.parse("1.5", Unit.T)) == repr(Quantity.parse("1.500000", Unit.T))
