"""The backtest's statistics: quantiles that are defined to the last digit, and Kupiec's test.

A quantile lies between its two neighbours in proportion (Hyndman and Fan's type 7, the default of NumPy and of R), so
that two people who compute it from the same points agree. Kupiec's test rejects on both sides; only too many misses
speak against a haircut, too few say that it could be lower.

Source: P. Kupiec, Techniques for verifying the accuracy of risk measurement models, 1995: LR of the proportion of
failures, chi-squared with one degree of freedom, whose tail is erfc(sqrt(x / 2)).

>>> quantile([Fraction(1), Fraction(2), Fraction(4)], Fraction(3, 4))
Fraction(3, 1)
>>> kupiec(points=250, misses=8, expected=Fraction(1, 100)).rejected_for_too_many_misses
True
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

REJECTED_BELOW: Final = 0.05
HALF: Final = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Kupiec:
    """The test's outcome; without points the likelihood ratio is 0 and p is 1."""

    points: int
    misses: int
    expected_misses: Fraction
    likelihood_ratio: float
    p_value: float

    @property
    def side(self) -> str:
        """Which side of the expectation the misses are on."""
        if self.misses == self.expected_misses:
            return "as expected"
        return "too many misses" if self.misses > self.expected_misses else "too few misses"

    @property
    def rejected(self) -> bool:
        """Whether the share of misses differs from the expected one, on either side."""
        return self.p_value < REJECTED_BELOW

    @property
    def rejected_for_too_many_misses(self) -> bool:
        """Whether the haircut is proved too low."""
        return self.rejected and self.misses > self.expected_misses


def kupiec(points: int, misses: int, expected: Fraction) -> Kupiec:
    """Test whether so many misses among so many independent points fit an expected share."""
    if points == 0:
        return Kupiec(0, 0, Fraction(0), 0.0, 1.0)
    supposed = _log_likelihood(points, misses, expected)
    observed = _log_likelihood(points, misses, Fraction(misses, points))
    ratio = max(0.0, 2 * (observed - supposed))
    return Kupiec(points, misses, points * expected, ratio, math.erfc(math.sqrt(ratio / 2)))


def _log_likelihood(points: int, misses: int, share: Fraction) -> float:
    terms = ((misses, share), (points - misses, 1 - share))
    return sum(count * math.log(probability) for count, probability in terms if count)


def quantile(values: Sequence[Fraction], share: Fraction) -> Fraction:
    """Return the value below which a share of the values lies; they need no order.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("no quantile of nothing")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median(values: Sequence[Fraction]) -> Fraction:
    """Return the middle value, of an even number the mean of the middle two."""
    return quantile(values, HALF)


def mean(values: Sequence[Fraction]) -> Fraction:
    """Return the plain mean; raises ValueError for no value."""
    if not values:
        raise ValueError("no mean of nothing")
    return sum(values, Fraction(0)) / len(values)
