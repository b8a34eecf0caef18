"""Money: exact to the fen, rounded only by name."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidDecimal, InvalidMoney
from domain.values.money import Money

FEN = st.integers(min_value=-(10**19), max_value=10**19)


@given(FEN)
def test_money_survives_the_wire_and_the_fen(fen: int) -> None:
    money = Money.from_fen(fen)

    assert money.fen == fen
    assert Money.parse(money.wire()) == money
    assert repr(Money.parse(money.wire())) == repr(money)


@given(FEN, FEN)
def test_money_adds_and_subtracts_as_its_fen_do(left: int, right: int) -> None:
    assert (Money.from_fen(left) + Money.from_fen(right)).fen == left + right
    assert (Money.from_fen(left) - Money.from_fen(right)).fen == left - right
    assert (Money.from_fen(left) < Money.from_fen(right)) is (left < right)


@given(st.fractions(min_value=-(10**15), max_value=10**15))
def test_the_floor_and_the_ceiling_enclose_the_amount_within_a_fen(amount: Fraction) -> None:
    floor, ceiling = Money.floor(amount), Money.ceiling(amount)

    assert Fraction(floor.amount) <= amount <= Fraction(ceiling.amount)
    assert ceiling.fen - floor.fen == (0 if (amount * 100).denominator == 1 else 1)


@pytest.mark.parametrize("text", ["0.001", "1234.565", "-0.009", "0.000001"])
def test_a_fraction_of_a_fen_is_refused(text: str) -> None:
    with pytest.raises(InvalidMoney) as refusal:
        Money.parse(text)

    assert "分" in refusal.value.reason_zh


@pytest.mark.parametrize("text", ["1.100000", "1.10", "1.1"])
def test_trailing_zeros_are_the_same_amount(text: str) -> None:
    assert (Money.parse(text), Money.parse(text).wire()) == (Money.from_fen(110), "1.10")


@pytest.mark.parametrize(
    "amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+18", "-1E+18", "1E+999999", "1E-999999"]
)
def test_what_is_not_a_number_below_ten_to_the_eighteenth_is_refused(amount: str) -> None:
    with pytest.raises(InvalidMoney):
        Money(Decimal(amount))


def test_the_largest_amount_is_kept_and_a_fen_more_is_refused() -> None:
    most = Money.parse("999999999999999999.99")

    assert most.wire() == "999999999999999999.99"
    with pytest.raises(InvalidMoney):
        _ = most + Money.from_fen(1)


@pytest.mark.parametrize("text", ["", "1,000.00", "￥1", "1.00元", "１"])
def test_money_is_read_from_plain_decimals_only(text: str) -> None:
    with pytest.raises(InvalidDecimal):
        Money.parse(text)


@pytest.mark.parametrize("amount", [1.5, True, None])
def test_money_is_never_made_of_a_float(amount: object) -> None:
    with pytest.raises(TypeError):
        Money.of(amount)  # type: ignore[arg-type]  # the wrong type is the test
    with pytest.raises(TypeError):
        Money(amount)  # type: ignore[arg-type]  # the wrong type is the test


def test_money_is_made_of_a_decimal_a_whole_number_or_a_text() -> None:
    assert Money.of(Decimal("1.5")) == Money.of("1.50") == Money.from_fen(150)
    assert Money.of(2) == Money.from_fen(200)


def test_zero_is_not_positive_and_has_no_sign() -> None:
    assert not Money.zero().is_positive
    assert not Money.from_fen(-1).is_positive
    assert Money.from_fen(1).is_positive
    assert (-Money.zero()).wire() == Money.parse("-0").wire() == "0.00"


def test_money_does_not_mix_with_plain_numbers() -> None:
    with pytest.raises(TypeError):
        _ = Money.from_fen(1) + 1  # type: ignore[operator]  # the wrong type is the test
    with pytest.raises(TypeError):
        _ = Money.from_fen(1) - Decimal(1)  # type: ignore[operator]  # the wrong type is the test
    assert Money.from_fen(100) != Decimal(1)
