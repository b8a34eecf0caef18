"""Day counts: how many days, and what part of a year, lie between two dates.

The subtle thing is the first day: it counts and the last one does not (算头不算尾), so consecutive periods add up to
the whole without a day lost or counted twice. Signed and clamped counts have different names, because a right that has
expired must not give a negative value, while a loan paid early must not look paid on time.

Source: 365-day year: house rule of the valuation method (leap days do not shorten a right's year).

>>> days_between(date(2024, 2, 28), date(2024, 3, 1))
2
>>> year_fraction_365(date(2025, 1, 1), date(2026, 1, 1))
Fraction(1, 1)
"""

from datetime import date
from fractions import Fraction
from typing import Final

DAYS_PER_YEAR: Final = 365


def days_between(start: date, end: date) -> int:
    """Return the days from `start` to `end`, the first in and the last out; negative when `end` comes first."""
    return (end - start).days


def days_between_or_zero(start: date, end: date) -> int:
    """Return the days from `start` to `end`; zero when `end` comes first."""
    return max(0, days_between(start, end))


def year_fraction_365(start: date, end: date) -> Fraction:
    """Return the days from `start` to `end` in years of 365 days, exact; zero when `end` comes first."""
    return Fraction(days_between_or_zero(start, end), DAYS_PER_YEAR)
