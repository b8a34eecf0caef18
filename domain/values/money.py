"""Money: yuan, exact to the fen, and only yuan.

The subtle thing is what is *not* here: no multiplication and no division, because a share of an amount need not be a
whole number of fen. Compute in `Fraction`, then say `Money.floor` or `Money.ceiling`, and so in whose favour.

Source: contract section 1 (CNY only, two decimals on the wire).

>>> Money.parse("1234.5") + Money.from_fen(6)
Money(amount=Decimal('1234.56'))
>>> Money.floor(Fraction(200, 3)).wire()
'66.66'
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

from domain.errors import InvalidMoney
from domain.values.decimals import (
    INTEGER_DIGITS_MAX,
    is_placed,
    parse_decimal,
    places_of,
    require_decimal,
    round_down,
    round_up,
    wire,
)

FEN_PLACES = 2


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of yuan, exact to the fen, below 10^18 in size; it may be negative.

    Raises:
        InvalidMoney: the amount has a fraction of a fen, is too large, or is not a number.
        TypeError: the amount is not a Decimal (a float never is).
    """

    amount: Decimal

    def __post_init__(self) -> None:
        """Check the amount and store it with exactly two decimals, so that equal amounts are written alike."""
        require_decimal(self.amount)
        if not self.amount.is_finite() or self.amount.adjusted() >= INTEGER_DIGITS_MAX:
            size = f"{self.amount:.6E}"
            raise _refusal(size, "金额不是有效数字，或超出18位整数。", "not a number below 10^18")
        if not is_placed(self.amount, FEN_PLACES) and places_of(self.amount) > FEN_PLACES:
            raise _refusal(
                str(self.amount), "金额最多精确到分（两位小数）。", "money is exact to the fen: two decimals"
            )
        object.__setattr__(self, "amount", round_down(self.amount, FEN_PLACES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an amount as it stands on the wire; raises InvalidDecimal or InvalidMoney."""
        return cls(parse_decimal(text))

    @classmethod
    def of(cls, amount: Decimal | int | str) -> Self:
        """Make money of an exact amount in yuan; a float or a boolean is a TypeError."""
        if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
            message = f"money is exact; {type(amount).__name__} is not"
            raise TypeError(message)
        return cls.parse(amount) if isinstance(amount, str) else cls(Decimal(amount))

    @classmethod
    def zero(cls) -> Self:
        """Return nothing at all, in yuan."""
        return cls.from_fen(0)

    @classmethod
    def floor(cls, amount: Decimal | Fraction) -> Self:
        """Round down to the fen (towards minus infinity): what may be lent, what a thing is worth."""
        return cls(round_down(amount, FEN_PLACES))

    @classmethod
    def ceiling(cls, amount: Decimal | Fraction) -> Self:
        """Round up to the fen (towards plus infinity): what must be covered."""
        return cls(round_up(amount, FEN_PLACES))

    @classmethod
    def from_fen(cls, fen: int) -> Self:
        """Make money of a whole number of fen."""
        return cls(round_down(Fraction(fen, 100), FEN_PLACES))

    @property
    def fen(self) -> int:
        """Return the amount as a whole number of fen."""
        return int(Fraction(self.amount) * 100)

    @property
    def is_positive(self) -> bool:
        """Tell whether there is any; zero is not positive."""
        return self.amount > 0

    def __add__(self, other: Self) -> Self:
        """Add exactly; raises InvalidMoney when the sum is too large."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.from_fen(self.fen + other.fen)

    def __sub__(self, other: Self) -> Self:
        """Subtract exactly; the result may be negative."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.from_fen(self.fen - other.fen)

    def __neg__(self) -> Self:
        """Return the opposite amount."""
        return self.from_fen(-self.fen)

    def wire(self) -> str:
        """Return the amount as it stands on the wire, with two decimals."""
        return wire(self.amount, FEN_PLACES)


def _refusal(value: str, reason_zh: str, reason_en: str) -> InvalidMoney:
    return InvalidMoney(what="money", value=value, reason_zh=reason_zh, reason_en=reason_en)
