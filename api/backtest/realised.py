"""What came after a valuation: the next deal, the next twenty business days, and the first exit after a horizon.

A day on which an instrument has several rows is one deal at their volume-weighted price. An exit later than 90 calendar
days after its horizon is none: "cannot be sold" is told beside "sold lower", never mixed with it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Final

from api.backtest.simple_values import volume_weighted
from domain.valuation.daily_items import DailyItem
from domain.values.weekdays import weekday_after

NEXT_DAYS: Final = 20
"""How many business days the volume-weighted price after a valuation spans."""

EXIT_WITHIN: Final = timedelta(days=90)


class Future:
    """A whole series, asked only about what lies after a day; never handed to a valuation."""

    def __init__(self, rows: Sequence[DailyItem]) -> None:
        self._rows = rows
        self._row_days = [row.on for row in rows]
        by_day = [(day, volume_weighted(list(told))) for day, told in groupby(rows, key=lambda row: row.on)]
        self.days = [day for day, _ in by_day]
        self._prices = [price for _, price in by_day]

    def next_price(self, as_of: date) -> Fraction | None:
        """Return the first price strictly after a day, in yuan; none at the sample's end."""
        place = bisect_right(self.days, as_of)
        return self._prices[place] if place < len(self.days) else None

    def next_vwap(self, as_of: date) -> Fraction | None:
        """Return the volume-weighted price of the 20 business days after a day; none where nothing was traded."""
        first = bisect_right(self._row_days, as_of)
        last = bisect_right(self._row_days, weekday_after(as_of, NEXT_DAYS))
        return volume_weighted(self._rows[first:last]) if first < last else None

    def exit_price(self, as_of: date, business_days: int) -> Fraction | None:
        """Return the first price on or after a horizon; none where none follows within 90 calendar days."""
        horizon = weekday_after(as_of, business_days)
        place = bisect_left(self.days, horizon)
        if place == len(self.days) or self.days[place] > horizon + EXIT_WITHIN:
            return None
        return self._prices[place]
