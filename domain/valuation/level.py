"""The level: one unit value out of many, and how far the deals lie around it.

The median is the lower one: where the weights split evenly between two prices, the lower is taken. The dispersion takes
the upper one instead. Both are the careful side, and neither follows a single deal wherever it goes.

Source: house method (weighted median; s = max(2 %, 1.4826 x weighted median absolute deviation of ln price)); of
several representative prices ECB/2006/12 takes the lowest.

>>> lower_median([(Fraction(3), 1), (Fraction(1), 1)])
Fraction(1, 1)
>>> dispersion([(Fraction(100), 1), (Fraction(100), 1)])
Decimal('0.02')
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Final

EXACTING: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)
"""For logarithm, exponential and root, which `decimal` rounds correctly: the same digits on every machine."""

NORMAL_CONSISTENCY: Final = Decimal("1.4826")
"""Makes a median absolute deviation comparable with a standard deviation."""

DISPERSION_MIN: Final = Decimal("0.02")


def lower_median(weighted: Iterable[tuple[Fraction, int]]) -> Fraction:
    """Return the least value at or below which half of the weight lies; the pairs are value and weight."""
    return _halfway(sorted(weighted))


def dispersion(weighted: Sequence[tuple[Fraction, int]]) -> Decimal:
    """Return how far a deal typically lies from the median, as a log-ratio, never below 0.02; 50 digits.

    The upper median of the distances is taken. A ratio and its inverse are the same distance, so the distances are put
    in order as fractions, and only one logarithm is taken.
    """
    median = lower_median(weighted)
    ratios = [(value / median if value >= median else median / value, weight) for value, weight in weighted]
    middle = _halfway(sorted(ratios, reverse=True))
    with localcontext(EXACTING):
        distance = (Decimal(middle.numerator) / Decimal(middle.denominator)).ln()
        return max(DISPERSION_MIN, NORMAL_CONSISTENCY * distance)


def _halfway(in_order: Sequence[tuple[Fraction, int]]) -> Fraction:
    """Return the value at which half of the weight is reached."""
    whole = sum(weight for _, weight in in_order)
    reached = 0
    for value, weight in in_order:
        reached += weight
        if 2 * reached >= whole:
            return value
    message = "no median of nothing"
    raise ValueError(message)
