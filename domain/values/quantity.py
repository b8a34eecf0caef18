"""Quantities: how much may be emitted, in the registry's own unit.

The subtle thing is that `t/a` and `t` are not the same kind: a right to ten tonnes a year is not ten tonnes, so adding
or comparing them is refused. Only tonne and kilogram convert, exactly. A cubic metre of waste water is not a tonne, and
a day's flow is not a year's (plants do not run every day), so those never convert.

Source: contract section 1 (units, six decimals); house decision 4 (conversions exact at nine decimals).

>>> Quantity.parse("10.23", Unit.T_PER_YEAR).to(Unit.KG_PER_YEAR).wire()
'10230.000000'
>>> wire(Quantity.parse("0.000001", Unit.KG).exact_in(Unit.T), 9)
'0.000000001'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Self

from domain.errors import InvalidQuantity, InvalidUnit
from domain.values.decimals import (
    INTEGER_DIGITS_MAX,
    PLACES_MAX,
    is_placed,
    parse_decimal,
    places_of,
    require_decimal,
    round_down,
    wire,
)

EXACT_PLACES: Final = 9


class Unit(StrEnum):
    """The units of the contract, spelled as on the wire."""

    T_PER_YEAR = "t/a"
    KG_PER_YEAR = "kg/a"
    T = "t"
    KG = "kg"
    TCO2E = "tCO2e"
    T_PER_DAY = "t/d"
    M3_PER_DAY = "m3/d"
    M3_PER_YEAR = "m3/a"

    @property
    def kind(self) -> "UnitKind":
        """Return what the unit measures; units of one kind convert into one another."""
        return _MEASURES[self][0]

    @property
    def size(self) -> Fraction:
        """Return how many of its kind's first unit (tonne, cubic metre) one of it is."""
        return _MEASURES[self][1]


class UnitKind(StrEnum):
    """What a unit measures."""

    MASS_PER_YEAR = "mass_per_year"
    MASS = "mass"
    CO2_EQUIVALENT = "co2_equivalent"
    MASS_PER_DAY = "mass_per_day"
    VOLUME_PER_DAY = "volume_per_day"
    VOLUME_PER_YEAR = "volume_per_year"


_MEASURES: Final[Mapping[Unit, tuple[UnitKind, Fraction]]] = MappingProxyType(
    {
        Unit.T_PER_YEAR: (UnitKind.MASS_PER_YEAR, Fraction(1)),
        Unit.KG_PER_YEAR: (UnitKind.MASS_PER_YEAR, Fraction(1, 1000)),
        Unit.T: (UnitKind.MASS, Fraction(1)),
        Unit.KG: (UnitKind.MASS, Fraction(1, 1000)),
        Unit.TCO2E: (UnitKind.CO2_EQUIVALENT, Fraction(1)),
        Unit.T_PER_DAY: (UnitKind.MASS_PER_DAY, Fraction(1)),
        Unit.M3_PER_DAY: (UnitKind.VOLUME_PER_DAY, Fraction(1)),
        Unit.M3_PER_YEAR: (UnitKind.VOLUME_PER_YEAR, Fraction(1)),
    }
)


class UnitMismatch(InvalidUnit):
    """Refuse to add, compare or convert two units that measure different things, or that nobody converted."""

    @classmethod
    def between(cls, left: Unit, right: Unit) -> Self:
        """Name the two units."""
        return cls(
            what="unit",
            value=f"{left} / {right}",
            reason_zh=f"单位 {left} 与 {right} 不一致，不能直接相加、比较或换算。",
            reason_en=f"{left} and {right} do not go together here",
        )


def parse_unit(text: str) -> Unit:
    """Read a unit as it stands on the wire, exactly; raises InvalidUnit."""
    try:
        return Unit(text)
    except ValueError:
        known = " ".join(Unit)
        raise InvalidUnit(
            what="unit",
            value=str(text)[:64],
            reason_zh=f"无法识别的计量单位，请使用：{known}。",
            reason_en=f"unknown unit; use one of {known}",
        ) from None


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount in a unit, of at most six decimals and below 10^18 in size; it may be negative.

    Equality is strict: 1 t and 1000 kg are not equal, because registries keep their own unit; convert first.

    Raises:
        InvalidQuantity: the amount has more than six decimals, is too large, or is not a number.
        TypeError: the amount is not a Decimal.
        ValueError: the unit is not one of ours (a text that writes one is taken as it).
    """

    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        """Check the amount and store it with exactly six decimals, so that equal amounts are written alike."""
        require_decimal(self.amount)
        object.__setattr__(self, "unit", Unit(self.unit))
        if not self.amount.is_finite() or self.amount.adjusted() >= INTEGER_DIGITS_MAX:
            size = f"{self.amount:.6E}"
            raise _refusal(size, "数量不是有效数字，或超出18位整数。", "not a number below 10^18")
        if not is_placed(self.amount, PLACES_MAX) and places_of(self.amount) > PLACES_MAX:
            raise _refusal(
                str(self.amount), "数量最多六位小数；请换用更小的计量单位。", "a quantity has at most six decimals"
            )
        object.__setattr__(self, "amount", round_down(self.amount, PLACES_MAX))

    @classmethod
    def parse(cls, text: str, unit: Unit) -> Self:
        """Read an amount as it stands on the wire; raises InvalidDecimal or InvalidQuantity."""
        return cls(parse_decimal(text), unit)

    @classmethod
    def zero(cls, unit: Unit) -> Self:
        """Return nothing at all, in `unit`."""
        return cls(Decimal(0), unit)

    @property
    def is_positive(self) -> bool:
        """Tell whether there is any; zero is not positive."""
        return self.amount > 0

    def exact_in(self, unit: Unit) -> Decimal:
        """Return the amount in another unit of the same kind, exact, of at most nine decimals.

        Raises:
            UnitMismatch: the units measure different things.
        """
        if unit.kind is not self.unit.kind:
            raise UnitMismatch.between(self.unit, unit)
        return round_down(Fraction(self.amount) * self.unit.size / unit.size, EXACT_PLACES)

    def to(self, unit: Unit) -> Self:
        """Return the same quantity in another unit of the same kind, never rounded.

        Raises:
            UnitMismatch: the units measure different things.
            InvalidQuantity: the amount would need more than six decimals or 18 digits; use `exact_in`.
        """
        return type(self)(self.exact_in(unit), unit)

    def __add__(self, other: Self) -> Self:
        """Add in the same unit; raises UnitMismatch."""
        if not isinstance(other, Quantity):
            return NotImplemented
        return self._plus(other, 1)

    def __sub__(self, other: Self) -> Self:
        """Subtract in the same unit; the result may be negative; raises UnitMismatch."""
        if not isinstance(other, Quantity):
            return NotImplemented
        return self._plus(other, -1)

    def __lt__(self, other: Self) -> bool:
        """Compare in the same unit; raises UnitMismatch."""
        return self.amount < self._alike(other).amount

    def __le__(self, other: Self) -> bool:
        """Compare in the same unit; raises UnitMismatch."""
        return self.amount <= self._alike(other).amount

    def __gt__(self, other: Self) -> bool:
        """Compare in the same unit; raises UnitMismatch."""
        return self.amount > self._alike(other).amount

    def __ge__(self, other: Self) -> bool:
        """Compare in the same unit; raises UnitMismatch."""
        return self.amount >= self._alike(other).amount

    def wire(self) -> str:
        """Return the amount as it stands on the wire, with six decimals."""
        return wire(self.amount, PLACES_MAX)

    def _alike(self, other: Self) -> Self:
        if other.unit is not self.unit:
            raise UnitMismatch.between(self.unit, other.unit)
        return other

    def _plus(self, other: Self, sign: int) -> Self:
        total = Fraction(self.amount) + sign * Fraction(self._alike(other).amount)
        return type(self)(round_down(total, PLACES_MAX), self.unit)


def _refusal(value: str, reason_zh: str, reason_en: str) -> InvalidQuantity:
    return InvalidQuantity(what="quantity", value=value, reason_zh=reason_zh, reason_en=reason_en)
