"""Prices: an amount together with what it buys, because a bare figure has misled by a factor of five.

The subtle thing is the period. `year` means for one unit and one year, so a deal of five years costs five times as
much; `term` means for one unit and the whole term of the deal; `one_off` means for one unit, once. A published notice
once gave a price for a whole five-year term as a price per year. So a price without its period cannot be made here.

Source: contract section 4 (`price`); house decision 5; a public notice of Ningxia, August 2023 (0.066 t/a at 75,757 for
five years, total 5,000: the stated unit was 元/吨·年, the figure was for the term).

>>> per_year = Price(Decimal(6000), Unit.T_PER_YEAR, Period.YEAR, Tax.UNKNOWN)
>>> per_year.total(Quantity.parse("8.074", Unit.T_PER_YEAR), term_years=Decimal(5))
Fraction(242220, 1)
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, Self

from domain.errors import InvalidValue
from domain.values.decimals import (
    INTEGER_DIGITS_MAX,
    PLACES_MAX,
    parse_decimal,
    places_of,
    require_decimal,
    round_down,
    wire,
)
from domain.values.quantity import Quantity, Unit, UnitKind, UnitMismatch

_MASS_KINDS: Final = frozenset({UnitKind.MASS, UnitKind.MASS_PER_YEAR})


class Period(StrEnum):
    """For how long one payment of the price buys one unit."""

    YEAR = "year"
    TERM = "term"
    ONE_OFF = "one_off"


class Tax(StrEnum):
    """Whether value added tax is inside the price."""

    INCLUDED = "included"
    EXCLUDED = "excluded"
    UNKNOWN = "unknown"


@dataclass(eq=False)
class InvalidPrice(InvalidValue):
    """Refuse a price that is not positive, or that cannot be totalled without a term."""

    code = "invalid_price"


@dataclass(frozen=True, slots=True)
class Price:
    """Yuan for one unit and one period, positive, of at most six decimals and below 10^18.

    Raises:
        InvalidPrice: the amount is not positive, too fine, too large or not a number.
        TypeError: the amount is not a Decimal.
    """

    amount: Decimal
    per_unit: Unit
    per_period: Period
    tax: Tax = Tax.UNKNOWN

    def __post_init__(self) -> None:
        """Check the amount and store it with exactly six decimals, so that equal amounts are written alike."""
        require_decimal(self.amount)
        finite = self.amount.is_finite() and self.amount.adjusted() < INTEGER_DIGITS_MAX
        if not finite or self.amount <= 0 or places_of(self.amount) > PLACES_MAX:
            raise InvalidPrice(
                what="price",
                value=f"{self.amount:.9E}",
                reason_zh="价格须大于零，整数不超过18位，小数不超过6位。",
                reason_en="a price is positive, below 10^18, with at most six decimals",
            )
        object.__setattr__(self, "amount", round_down(self.amount, PLACES_MAX))

    @classmethod
    def parse(cls, text: str, per_unit: Unit, per_period: Period, tax: Tax = Tax.UNKNOWN) -> Self:
        """Read an amount as it stands on the wire; raises InvalidDecimal or InvalidPrice."""
        return cls(parse_decimal(text), per_unit, per_period, tax)

    def prices(self, unit: Unit) -> bool:
        """Tell whether a quantity in `unit` can be priced.

        A price per tonne prices tonnes a year as well, since 元/吨·年 states the year in the period, not in the unit.
        """
        return unit.kind is self.per_unit.kind or {unit.kind, self.per_unit.kind} <= _MASS_KINDS

    def total(self, quantity: Quantity, term_years: Decimal | None) -> Fraction:
        """Return the whole price of a deal in yuan, exact, kilograms and tonnes converted.

        Raises:
            UnitMismatch: the price is per a unit of another kind than the quantity's.
            InvalidPrice: the price is per year and `term_years` is absent or not positive.
        """
        if not self.prices(quantity.unit):
            raise UnitMismatch.between(quantity.unit, self.per_unit)
        units = Fraction(quantity.amount) * quantity.unit.size / self.per_unit.size
        once = Fraction(self.amount) * units
        if self.per_period is not Period.YEAR:
            return once
        if term_years is None or term_years <= 0:
            raise InvalidPrice(
                what="price",
                value=f"{self.wire()}/{self.per_unit}",
                reason_zh="按年计价的交易必须写明大于零的年限。",
                reason_en="a price per year needs a positive term in years",
            )
        return once * Fraction(term_years)

    def wire(self) -> str:
        """Return the amount as it stands on the wire, with six decimals."""
        return wire(self.amount, PLACES_MAX)
