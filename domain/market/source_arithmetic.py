"""Source arithmetic: whether the figures of one source agree with one another.

A statement is checked against its parts: a total against its summands, a share against part and whole, an amount
against quantity, price and term. The subtle thing is that there are two measures. What is computed may differ from what
is stated by half a percent, because sources round; but one figure that is printed twice must be the same to its last
printed digit, because nobody computed anything in between.

Source: contract section 4 (`amount_mismatch`). 全国排污权有偿使用和交易进展报告(2024), section 6, prints 98.6 % for
a share that its own quantities make 88.5 %.

>>> found = share_mismatch("98.6", ["49.1", "69.1"], "133.6")
>>> found.code.value, found.detail_en
('amount_mismatch', 'the parts make 88.47 % of the whole, the stated share is 98.60 %')
>>> total_mismatch("363.1", ["144.4", "218.7"]) is None
True
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Final

from domain.market.quarantine import Quarantine, QuarantineCode
from domain.values.decimals import places_of, round_half_even, wire

TOLERANCE: Final = Fraction(5, 1000)
"""How far a stated figure may lie from its parts, as a share of the stated figure."""

UNIT_ERROR_TOLERANCE: Final = Fraction(2, 100)
"""How near a quotient must be to a unit error's factor to be told as one; it is a hint and excuses nothing."""

_PLACES: Final = 2


@dataclass(frozen=True, slots=True)
class UnitError:
    """A factor by which figures go wrong, and what it looks like."""

    factor: int
    looks_zh: str
    looks_en: str


UNIT_ERRORS: Final = (
    UnitError(5, "五年期限多乘或漏乘", "a term of five years counted once too often or not at all"),
    UnitError(1000, "吨与千克混淆", "tonnes taken for kilograms or the reverse"),
    UnitError(10_000, "元与万元混淆", "yuan taken for ten thousands of yuan (万元) or the reverse"),
    UnitError(365, "日量与年量混淆", "a day's figure taken for a year's or the reverse"),
)
"""The errors of public notices, the likeliest first."""


def agree(computed: Fraction, stated: Decimal | Fraction) -> bool:
    """Tell whether a computed figure lies within the tolerance of the stated one, its bound included."""
    return abs(computed - Fraction(stated)) <= TOLERANCE * abs(Fraction(stated))


def unit_error(computed: Fraction, stated: Decimal | Fraction) -> UnitError | None:
    """Return the unit error that would explain a disagreement; none where no factor is near, in either direction."""
    if computed <= 0 or stated <= 0:
        return None
    quotient = max(computed / Fraction(stated), Fraction(stated) / computed)
    for error in UNIT_ERRORS:
        if abs(quotient - error.factor) <= UNIT_ERROR_TOLERANCE * error.factor:
            return error
    return None


def amount_mismatch(
    computed: Fraction, stated: Decimal, names: tuple[str, str], hint: tuple[str, str] | None = None
) -> Quarantine | None:
    """Return why an amount of yuan is not what it is said to be made of; none when it agrees.

    `names` say what the computed figure is made of, in Chinese and English; `hint` is a better explanation than a unit
    error, where the caller has one.
    """
    if agree(computed, stated):
        return None
    zh = f"{names[0]}计算为{_printed(computed)}元，所报金额为{_printed(stated)}元"
    en = f"{names[1]} give {_printed(computed)} yuan, the stated amount is {_printed(stated)} yuan"
    error = unit_error(computed, stated)
    if hint is not None:
        zh, en = zh + f"；{hint[0]}", en + f"; {hint[1]}"
    elif error is not None:
        zh += f"；两者约差{error.factor}倍，疑为{error.looks_zh}"
        en += f"; they differ by a factor of about {error.factor}: it looks like {error.looks_en}"
    return Quarantine(QuarantineCode.AMOUNT_MISMATCH, zh, en)


def total_mismatch(stated: str, parts: Sequence[str]) -> Quarantine | None:
    """Return why a stated total is not the sum of its parts; none when it agrees."""
    computed = sum((Fraction(part) for part in parts), Fraction(0))
    return _mismatch(
        computed, Fraction(stated), ("各项合计为", "所报合计为"), ("the parts sum to", "the stated total is")
    )


def product_mismatch(stated: str, factors: Sequence[str]) -> Quarantine | None:
    """Return why a stated figure is not the product of its factors; none when it agrees."""
    computed = prod((Fraction(factor) for factor in factors), start=Fraction(1))
    return _mismatch(
        computed, Fraction(stated), ("各项相乘为", "所报为"), ("the factors multiply to", "the stated figure is")
    )


def share_mismatch(stated_percent: str, parts: Sequence[str], whole: str) -> Quarantine | None:
    """Return why a stated percentage is not that of its parts in the whole; none when it agrees."""
    computed = 100 * sum((Fraction(part) for part in parts), Fraction(0)) / Fraction(whole)
    stated = Fraction(stated_percent)
    if agree(computed, stated):
        return None
    return Quarantine(
        QuarantineCode.AMOUNT_MISMATCH,
        f"各项占总量{_printed(computed)}%，所报占比为{_printed(stated)}%",
        f"the parts make {_printed(computed)} % of the whole, the stated share is {_printed(stated)} %",
    )


def restatement_mismatch(first: str, second: str) -> Quarantine | None:
    """Return why two prints of one figure contradict each other; none where the coarser one is the other rounded."""
    places = min(places_of(Decimal(first)), places_of(Decimal(second)))
    if abs(Fraction(first) - Fraction(second)) <= Fraction(1, 2 * 10**places):
        return None
    return Quarantine(
        QuarantineCode.AMOUNT_MISMATCH,
        f"同一数字前后不一：一处为{first}，另一处为{second}",
        f"one figure is printed as {first} in one place and as {second} in another",
    )


def _mismatch(computed: Fraction, stated: Fraction, zh: tuple[str, str], en: tuple[str, str]) -> Quarantine | None:
    if agree(computed, stated):
        return None
    return Quarantine(
        QuarantineCode.AMOUNT_MISMATCH,
        f"{zh[0]}{_printed(computed)}，{zh[1]}{_printed(stated)}",
        f"{en[0]} {_printed(computed)}, {en[1]} {_printed(stated)}",
    )


def _printed(figure: Fraction | Decimal) -> str:
    return wire(round_half_even(figure, _PLACES), _PLACES)
