"""The method that is judged: anything that values an instrument from its items as of a day.

The backtest knows no more of a method than this, so that another one, or yesterday's, can be judged by the same rules.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Protocol

from domain.valuation.daily_items import DailyItem

HORIZONS: Final = (10, 20, 60)
"""Liquidation days at which the haircut is judged, in business days."""

EXPECTED_MISSES: Final = Fraction(1, 100)
"""The haircut is meant to hold 99 times of 100."""


class Estimated(Protocol):
    """A value with its haircut, in yuan; everything with at most 6 decimals."""

    @property
    def unit_value(self) -> Decimal:
        """What one unit is worth."""

    @property
    def lending_unit_value(self) -> Decimal:
        """What one unit is worth to a lender."""

    @property
    def confidence_level(self) -> int:
        """1, 2 or 3."""

    def haircut(self, business_days: int, /) -> Decimal:
        """Return the share to be taken off for a liquidation within so many business days."""


class Method(Protocol):
    """Values from the items that are known; raises a DomainError where they are no evidence."""

    __name__: str

    def __call__(self, items: Sequence[DailyItem], as_of: date, /) -> Estimated:
        """Return the estimate as of a day, after which no item lies."""
