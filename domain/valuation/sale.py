"""The sale: what a forced seller gets for a quantity, slice by slice.

A market takes a fifth of its mean daily volume a day. The first slice is sold on the day on which the liquidation
ends, the next a weekday later, and so on; each is worth what is left of its years on its day, less the haircut of that
day. The whole is the sum of the slices, each of which is worth something, so more quantity is never worth less: a
haircut of the whole lot's selling time would make ten million tonnes worth less than two.

The subtle thing is the ladder. Slices are told day by day for a month, week by week for a year, month by month after
that, each at its last day's price, on days that do not depend on the quantity; so two quantities share all the rungs of
the lesser. A weekday takes seven fifths of a day, whatever day of the week it is: a sale that began on a Saturday would
else lose less of its right than one that began on the Friday before. What is not sold within five years counts as
nothing.

Source: house method 10; issue 3 (sold in slices).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.market.priced_deals import BILLIONTHS
from domain.market.trades import volume
from domain.valuation.melting import units_on
from domain.valuation.subject import Subject

VOLUME_SHARE: Final = Fraction(1, 5)
DAILY_UNTIL: Final = 20
WEEKLY_UNTIL: Final = 260
UNSOLD_FROM: Final = 1250
WEEK: Final = 5
MONTH: Final = 22


@dataclass(frozen=True, slots=True)
class Sale:
    """What a sale brings in tonne-years (tonnes) of today's price, exact, and how many weekdays it takes.

    `kept` is after the haircut; `left` before it, but after what melts until each slice is sold; `unsold` is what finds
    no buyer within five years, in tonnes.
    """

    kept: Fraction
    left: Fraction
    unsold: Fraction
    weekdays: int


def sell(
    subject: Subject, sold_from: date, weekdays: int, loses: Callable[[int], Decimal], volume_a_weekday: Fraction | None
) -> Sale:
    """Sell a subject from a day on, which is so many weekdays from now; without a volume all on that day.

    `volume_a_weekday` is in billionths of a tonne.
    """
    amount = volume(subject.quantity)
    one = Fraction(units_on(subject, sold_from)) / amount
    if volume_a_weekday is None:
        return Sale(one * amount * (1 - Fraction(loses(weekdays))), one * amount, Fraction(0), 0)
    a_day = volume_a_weekday * VOLUME_SHARE / BILLIONTHS
    kept = left = Fraction(0)
    remaining, last = amount, 0
    for first, through in rungs():
        size = min(remaining, a_day * (through - first + 1))
        years = units_on(subject, sold_from + days_of(through)) / amount
        kept += size * years * (1 - Fraction(loses(weekdays + through)))
        left += size * years
        remaining -= size
        last = through
        if not remaining:
            break
    return Sale(kept, left, remaining, last)


def days_of(weekdays: int) -> timedelta:
    """Return the calendar days that so many weekdays of sale take, up to a whole day."""
    return timedelta(days=-(-weekdays * 7 // WEEK))


def rungs() -> Iterator[tuple[int, int]]:
    """Return the first and the last weekday of each rung, counted from the first day of sale."""
    day = 0
    while day < UNSOLD_FROM:
        length = 1 if day < DAILY_UNTIL else WEEK if day < WEEKLY_UNTIL else MONTH
        through = min(day + length, UNSOLD_FROM) - 1
        yield day, through
        day = through + 1


def without_roll_over(subject: Subject, ends: date | None) -> Subject:
    """Return what a lender counts of a subject that must be confirmed anew on a day within its life."""
    if ends is None or subject.valid_to is None or ends >= subject.valid_to or ends <= subject.valid_from:
        return subject
    return replace(subject, valid_to=ends)
