"""Decimals: what is read, what is refused before it costs anything, and how rounding is named."""

import decimal
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidDecimal
from domain.values.decimals import (
    is_placed,
    parse_decimal,
    places_of,
    round_down,
    round_half_even,
    round_up,
    wire,
)

FRACTIONS = st.fractions(min_value=-(10**18), max_value=10**18)
PLACES = st.integers(min_value=0, max_value=9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Decimal(0)),
        ("0.000001", Decimal(1) / 10**6),
        ("-12.5", -Decimal(25) / 2),
        ("10.230000", Decimal(1023) / 100),
        ("999999999999999999.999999", Decimal(10) ** 18 - Decimal(1) / 10**6),
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, value: Decimal) -> None:
    assert parse_decimal(text) == value


@pytest.mark.parametrize("text", ["-0", "-0.0", "-0.000000"])
def test_minus_zero_is_zero(text: str) -> None:
    assert not parse_decimal(text).is_signed()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "1\x00",
        "+1",
        "--1",
        "-",
        ".5",
        "5.",
        "01",
        "-01",
        "00",
        "1_000",
        "1,000",
        "1e3",
        "1E+999999999",
        "1E-999999999",
        "0x10",
        "NaN",
        "Infinity",
        "-inf",
        "１２",  # full-width digits
        "١٢",  # Arabic-Indic digits
        "1．5",  # full-width stop
        "−1",  # minus sign U+2212
        "1\u200b",
        "\u00a01",
        "1.0000000",  # seven decimals
        "1" * 19,  # nineteen integer digits
        "1" * 10_000_000,
    ],
)
def test_anything_but_a_plain_ascii_decimal_is_refused(text: str) -> None:
    with pytest.raises(InvalidDecimal):
        parse_decimal(text)


@pytest.mark.parametrize("number", [1, 1.5, None, True, Decimal(1), b"1"])
def test_a_number_that_is_not_a_text_is_refused_and_not_a_crash(number: object) -> None:
    with pytest.raises(InvalidDecimal):
        parse_decimal(number)  # type: ignore[arg-type]  # what a careless caller hands in


def test_a_refusal_quotes_at_most_64_characters_of_a_huge_text() -> None:
    with pytest.raises(InvalidDecimal) as refusal:
        parse_decimal("9" * 1_000_000)

    assert len(refusal.value.value) == 64
    assert "十进制" in refusal.value.reason_zh


def test_a_huge_text_is_refused_by_its_length_alone() -> None:
    text = "1" * 50_000_000
    started = time.perf_counter()
    with pytest.raises(InvalidDecimal):
        parse_decimal(text)

    assert time.perf_counter() - started < 1  # reading it would take minutes


@given(st.text(max_size=30))
def test_whatever_is_read_is_written_back_unchanged_but_for_zeros(text: str) -> None:
    try:
        value = parse_decimal(text)
    except InvalidDecimal:
        return

    assert Decimal(wire(value, 6)) == Decimal(text)
    assert text.isascii()


@given(FRACTIONS, PLACES)
def test_rounding_down_and_up_enclose_the_value_within_one_unit(value: Fraction, places: int) -> None:
    unit = Fraction(1, 10**places)
    down, up = Fraction(round_down(value, places)), Fraction(round_up(value, places))

    assert down <= value <= up
    assert up - down == (0 if (value / unit).denominator == 1 else unit)


@given(FRACTIONS, PLACES)
def test_rounding_half_even_is_never_further_than_half_a_unit(value: Fraction, places: int) -> None:
    assert abs(Fraction(round_half_even(value, places)) - value) <= Fraction(1, 2 * 10**places)


@pytest.mark.parametrize(
    ("value", "rounded"), [("0.5", "0"), ("1.5", "2"), ("2.5", "2"), ("-0.5", "0"), ("-1.5", "-2")]
)
def test_a_tie_goes_to_the_even_neighbour(value: str, rounded: str) -> None:
    assert round_half_even(Decimal(value), 0) == Decimal(rounded)


def test_down_is_towards_minus_infinity_and_up_towards_plus_infinity() -> None:
    assert (round_down(Decimal("-0.015"), 2), round_up(Decimal("-0.015"), 2)) == (Decimal("-0.02"), Decimal("-0.01"))


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal(0), 6, "0.000000"),
        (Decimal("1E-9"), 9, "0.000000001"),
        (Decimal("1E+3"), 2, "1000.00"),
        (Fraction(-1, 8), 3, "-0.125"),
        (Decimal(7), 0, "7"),
    ],
)
def test_the_wire_has_fixed_point_and_no_exponent(value: Decimal | Fraction, places: int, text: str) -> None:
    assert wire(value, places) == text


def test_the_wire_never_rounds() -> None:
    with pytest.raises(ValueError, match="round it first"):
        wire(Decimal("0.005"), 2)


@pytest.mark.parametrize("rounding", [round_down, round_up, round_half_even, wire])
def test_a_float_cannot_be_rounded_or_written(rounding: object) -> None:
    with pytest.raises(TypeError):
        rounding(0.1, 2)  # type: ignore[operator]  # the wrong type is the test


def test_rounding_does_not_depend_on_the_ambient_decimal_context() -> None:
    value = Decimal("123456789012345678.123456")
    with decimal.localcontext() as context:
        context.prec = 3

        assert wire(round_down(value, 6), 6) == "123456789012345678.123456"


@pytest.mark.parametrize(("value", "places"), [("1.50", 1), ("0.000", 0), ("1E+5", 0), ("1E-9", 9), ("120", 0)])
def test_trailing_zeros_are_no_decimals(value: str, places: int) -> None:
    assert places_of(Decimal(value)) == places


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity"])
def test_what_is_not_a_number_has_no_decimals(value: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        places_of(Decimal(value))


def test_what_a_column_already_wrote_is_rounded_and_told_as_it_stands() -> None:
    stored = Decimal("10.230000")

    assert is_placed(stored, 6)
    assert not is_placed(Decimal("10.23"), 6)
    assert not is_placed(Fraction(1, 2), 2)
    assert (round_down(stored, 6), wire(stored, 6)) == (stored, "10.230000")
    assert (str(round_down(Decimal("-0.00"), 2)), wire(Decimal("-0.00"), 2)) == ("0.00", "0.00")
