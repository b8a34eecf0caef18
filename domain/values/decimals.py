r"""Decimals: how numbers enter and leave, and how they are rounded.

A decimal comes in as a text that matches one ASCII pattern before `Decimal` ever sees it, because `Decimal` itself
takes full-width digits, underscores, spaces and `1E+999999999`, whose expansion would fill the memory. Rounding is
named at every call; nothing here rounds silently, and nothing depends on the ambient decimal context.

Source: contract section 1 (the pattern).

>>> parse_decimal("10.230")
Decimal('10.230')
>>> wire(round_down(Fraction(2, 3), 6), 6)
'0.666666'
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeGuard

from domain.errors import InvalidDecimal

DECIMAL_PATTERN: Final = re.compile(r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?\Z", re.ASCII)
INTEGER_DIGITS_MAX: Final = 18
PLACES_MAX: Final = 6

_QUANTA: Final[Mapping[int, Decimal]] = MappingProxyType({places: Decimal((0, (1,), -places)) for places in (2, 6)})
"""One unit of the last place, for the numbers of decimals in which nearly everything is kept: money, and the rest."""


def parse_decimal(text: str) -> Decimal:
    """Return the decimal that `text` writes, `-0` as zero.

    Raises:
        InvalidDecimal: `text` is not a plain ASCII decimal of at most 18 integer digits and 6 decimals.
    """
    if not _is_decimal_text(text):
        raise InvalidDecimal(
            what="decimal",
            value=str(text)[:64],
            reason_zh=(
                "数字须写成普通十进制文本，例如 10.23：整数部分最多18位且不以零开头，小数最多6位，"
                "不含空格、逗号、正号、全角数字或指数。"
            ),
            reason_en=(
                "write a plain decimal text such as 10.23: at most 18 integer digits without leading zeros, at most 6 "
                "decimals, no space, comma, plus sign, full-width digit or exponent"
            ),
        )
    value = Decimal(text)
    return value or value.copy_abs()


def wire(value: Decimal | Fraction, places: int) -> str:
    """Return `value` in fixed point with exactly `places` decimals, without rounding.

    Raises:
        ValueError: the value needs more decimals; the caller rounds first, and names the direction.
    """
    if is_placed(value, places):
        return f"{value or value.copy_abs():f}"
    scaled = _scaled(value, places)
    if scaled.denominator != 1:
        message = f"{value} has more than {places} decimals; round it first"
        raise ValueError(message)
    return _text(scaled.numerator, places)


def round_down(value: Decimal | Fraction, places: int) -> Decimal:
    """Return the greatest decimal of `places` decimals that is not above `value`: towards minus infinity."""
    if is_placed(value, places):
        return value or value.copy_abs()
    scaled = _scaled(value, places)
    return _placed(scaled.numerator // scaled.denominator, places)


def round_up(value: Decimal | Fraction, places: int) -> Decimal:
    """Return the least decimal of `places` decimals that is not below `value`: towards plus infinity."""
    scaled = _scaled(value, places)
    return _placed(-(-scaled.numerator // scaled.denominator), places)


def round_half_even(value: Decimal | Fraction, places: int) -> Decimal:
    """Return the nearest decimal of `places` decimals; a tie goes to the even neighbour."""
    return _placed(round(_scaled(value, places)), places)


def is_placed(value: Decimal | Fraction, places: int) -> TypeGuard[Decimal]:
    """Tell, for 2 and 6 places, whether `value` is written with exactly so many, as the database's columns give it.

    Then there is nothing to round, and the way through fractions, which is exact for everything, can be spared.
    """
    quantum = _QUANTA.get(places)
    return quantum is not None and isinstance(value, Decimal) and value.same_quantum(quantum)


def places_of(value: Decimal) -> int:
    """Return how many decimals `value` needs, trailing zeros not counted; raises ValueError unless it is finite."""
    if not value.is_finite():
        message = f"{value} is not a number"
        raise ValueError(message)
    _, digits, exponent = value.as_tuple()
    if not value or int(exponent) >= 0:
        return 0
    text = "".join(map(str, digits))
    return max(0, -int(exponent) - (len(text) - len(text.rstrip("0"))))


def require_decimal(value: object) -> None:
    """Raise TypeError unless `value` is a Decimal: a float or a text that slipped past the types is our own mistake."""
    if not isinstance(value, Decimal):
        message = f"exact amounts are made of a Decimal, not of {type(value).__name__}"
        raise TypeError(message)


def _is_decimal_text(text: object) -> bool:
    return isinstance(text, str) and DECIMAL_PATTERN.match(text) is not None


def _scaled(value: Decimal | Fraction, places: int) -> Fraction:
    if not isinstance(value, Fraction):
        require_decimal(value)
    scale: int = 10**places
    return Fraction(value) * scale


def _placed(scaled: int, places: int) -> Decimal:
    return Decimal(_text(scaled, places))


def _text(scaled: int, places: int) -> str:
    digits = str(abs(scaled)).rjust(places + 1, "0")
    cut = len(digits) - places
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:cut]}.{digits[cut:]}" if places else f"{sign}{digits}"
