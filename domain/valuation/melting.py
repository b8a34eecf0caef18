"""Melting: what the same right is worth on a later day if its unit value stays.

A fixed discharge right is a number of years of emitting, and each day uses some of it up: its value falls in a straight
line to nothing on its last day. A right that has not begun keeps its full term. Allowances, credits and rights for good
do not melt; if they name an end, they are worth their full value until then and nothing from that day on.

The value never rises with time and is rounded down to the fen, so a loan covered on its due dates is covered between.

Source: house method (days / 365, floor zero; a straight line is a judgement, deals are struck as price x years).
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.market.trades import volume
from domain.valuation.subject import Subject
from domain.values.daycount import year_fraction_365
from domain.values.money import Money


def units_on(subject: Subject, day: date) -> Fraction:
    """Return tonne-years left (tonnes, where nothing melts) on a day; exact, never negative, zero from the end on."""
    if subject.valid_to is not None and day >= subject.valid_to:
        return Fraction(0)
    if not subject.melts or subject.valid_to is None:
        return volume(subject.quantity)
    return volume(subject.quantity) * year_fraction_365(max(day, subject.valid_from), subject.valid_to)


def market_value_on(subject: Subject, unit_value: Decimal, day: date) -> Money:
    """Return the value on a day at `unit_value` yuan per tonne-year (per tonne), down to the fen."""
    return Money.floor(Fraction(unit_value) * units_on(subject, day))


def melted_share(subject: Subject, since: date, until: date) -> Fraction:
    """Return the share of the value on `since` that is gone by `until`: 0 to 1; 1 where nothing was left anyway."""
    before = units_on(subject, since)
    return 1 - units_on(subject, until) / before if before else Fraction(1)
