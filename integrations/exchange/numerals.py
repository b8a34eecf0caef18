"""Numerals: figures and days as Chinese exchanges write them, brought to one spelling, or refused.

The subtle thing is what is folded and what is not. Full-width digits and signs mean what their half-width twins mean,
so a figure is folded before it is read; a code or a name never is, because there a look-alike may be a forgery. And a
figure that could be read in two ways, such as 1,5 or 01/02/2024, is read in neither.

Source: the bulletins and notices of the national and provincial exchanges; ISO 8601; ECMA-376 part 1, 18.17.4.1
(serial dates, whose 1900 was a leap year).

>>> amount_of("1，234.50元"), amount_of("48万元"), amount_of("1,5")
(Decimal('1234.50'), Decimal('4.8E+5'), None)
>>> day_of("2024年7月12日"), day_of("45485"), day_of("01/02/2024")
(datetime.date(2024, 7, 12), datetime.date(2024, 7, 12), None)
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.values.decimals import INTEGER_DIGITS_MAX, PLACES_MAX, round_half_even

FIGURE: Final = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,14})(?:\.\d{1,20})?"
"""A figure in folded text, with thousands separators or without."""
SCALES: Final[Mapping[str, int]] = MappingProxyType({"": 0, "万": 4, "亿": 8})
"""By how many places a word moves the decimal point."""
GAPS: Final = frozenset(
    {"", "-", "--", "---", "—", "——", "/", "\\", "无", "暂无", "n/a", "na", "null", "none", "nan", "*"}
)
"""What stands in a table where there is nothing."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
MONEY_PLACES: Final = 2

_AMOUNT: Final = re.compile(
    rf"([+-]?)¥?\s?({FIGURE})\s?(万|亿|)\s?(?:元|人民币|yuan|cny|rmb)?", re.ASCII | re.IGNORECASE
)
_DAY: Final = re.compile(
    r"(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?", re.ASCII
)
_COMPACT_DAY: Final = re.compile(r"(20\d{2})(\d{2})(\d{2})", re.ASCII)
_SERIAL: Final = re.compile(r"([2-7]\d{4})(?:\.\d{1,20})?", re.ASCII)
_EPOCH_1900: Final = date(1899, 12, 30)
_EPOCH_1904: Final = date(1904, 1, 1)
_CHINESE_DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"两": 2, "壹": 1, "叁": 3, "伍": 5, "拾": 10}
)
_HALF_WIDTH: Final = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {"\N{IDEOGRAPHIC SPACE}": " ", "\N{NO-BREAK SPACE}": " ", "\N{FULLWIDTH YEN SIGN}": "¥"}
    | dict.fromkeys("–—\N{MINUS SIGN}", "-")
)


def fold(text: str) -> str:
    """Return a text with its full-width characters in half width, and its minus signs in one form; nothing else moves.

    Unicode's own compatibility forms would go further, and make 10² into 102.
    """
    return text.translate(_HALF_WIDTH)


def is_gap(text: str) -> bool:
    """Tell whether a cell says that there is nothing in it."""
    return fold(text).strip().lower() in GAPS


def amount_of(text: str) -> Decimal | None:
    """Return the figure that a cell writes, a trailing 万, 亿 or 元 taken into account; none where it is no figure."""
    found = _AMOUNT.fullmatch(fold(text).strip())
    return None if found is None else _figure(found[1], found[2], found[3])


def scaled(figure: str, scale: str = "") -> Decimal | None:
    """Return a figure found in folded text, in ones; none where it is beyond every measure."""
    return _figure("", figure, scale)


def day_of(text: str, *, since_1904: bool = False) -> date | None:
    """Return the day that a cell writes, also as a spreadsheet's serial number; none where it is no day for certain."""
    folded = fold(text).strip()
    found = _DAY.fullmatch(folded) or _COMPACT_DAY.fullmatch(folded)
    if found is not None:
        return _day(int(found[1]), int(found[2]), int(found[3]))
    serial = _SERIAL.fullmatch(folded)
    if serial is None:
        return None
    day = (_EPOCH_1904 if since_1904 else _EPOCH_1900) + timedelta(days=int(serial[1]))
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def years_of(text: str) -> Decimal | None:
    """Return a term in years, written in digits or as a Chinese numeral up to ten; none where it is neither.

    >>> years_of("5年"), years_of("五年"), years_of("60个月")
    (Decimal('5'), Decimal('5'), None)
    """
    folded = "".join(fold(text).split()).removesuffix("年").removesuffix("years").removesuffix("year")
    if folded in _CHINESE_DIGITS:
        return Decimal(_CHINESE_DIGITS[folded])
    return amount_of(folded) if re.fullmatch(r"\d{1,3}(?:\.\d{1,6})?", folded, re.ASCII) else None


def wired(value: Decimal, places: int = PLACES_MAX) -> str:
    """Return a figure as it stands in a row, rounded half even to so many decimals: files carry binary noise."""
    return f"{round_half_even(value, places):f}"


def ratio(amount: Decimal, quantity: Decimal) -> Decimal:
    """Return a price from an amount and a quantity above zero, rounded half even to six decimals."""
    return round_half_even(Fraction(amount) / Fraction(quantity), PLACES_MAX)


def _figure(sign: str, figure: str, scale: str) -> Decimal | None:
    _, digits, exponent = Decimal(figure.replace(",", "")).as_tuple()
    assert isinstance(exponent, int), "a figure is finite"
    value = Decimal((int(sign == "-"), digits, exponent + SCALES[scale]))
    return None if value and value.adjusted() >= INTEGER_DIGITS_MAX else value or value.copy_abs()


def _day(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
