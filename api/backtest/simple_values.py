"""Three simple values that everybody has: the last price, the 30-day mean and the 90-day volume-weighted price.

They stand beside ours in every table. Where the 30 or 90 calendar days up to the day hold no deal, the last price is
taken, as whoever uses these values does.

Source: an auction notice of Guangdong (2017-03) takes the volume-weighted price of three months as its reserve price.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.valuation.daily_items import DailyItem

YUAN: Final = 10**6
MEAN_DAYS: Final = 30
VWAP_DAYS: Final = 90

SimpleValue = Callable[[Sequence[DailyItem], date], Fraction]


def last_price(rows: Sequence[DailyItem], _as_of: date) -> Fraction:
    """Return the price of the last row, in yuan; the rows are in order and none lies after the day."""
    return Fraction(rows[-1].price, YUAN)


def mean_of_30_days(rows: Sequence[DailyItem], as_of: date) -> Fraction:
    """Return the plain mean of the prices of the 30 calendar days that end with the day."""
    recent = _newest(rows, as_of, MEAN_DAYS)
    if not recent:
        return last_price(rows, as_of)
    return Fraction(sum(row.price for row in recent), YUAN * len(recent))


def vwap_of_90_days(rows: Sequence[DailyItem], as_of: date) -> Fraction:
    """Return the volume-weighted price of the 90 calendar days that end with the day."""
    recent = _newest(rows, as_of, VWAP_DAYS)
    return volume_weighted(recent) if recent else last_price(rows, as_of)


def volume_weighted(rows: Sequence[DailyItem]) -> Fraction:
    """Return the volume-weighted price of at least one row, in yuan."""
    return Fraction(sum(row.price * row.volume for row in rows), YUAN * sum(row.volume for row in rows))


def _newest(rows: Sequence[DailyItem], as_of: date, days: int) -> Sequence[DailyItem]:
    first = as_of - timedelta(days=days - 1)
    return rows[bisect_left(rows, first, key=lambda row: row.on) :]


SIMPLE_VALUES: Final[Mapping[str, SimpleValue]] = MappingProxyType(
    {"last_price": last_price, "mean_30_days": mean_of_30_days, "vwap_90_days": vwap_of_90_days}
)
