"""One level out of many prices."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from domain.valuation.level import dispersion, lower_median


def evenly(*values: int) -> list[tuple[Fraction, int]]:
    """Return the values with equal weights."""
    return [(Fraction(value), 1) for value in values]


def test_the_level_is_the_middle_price() -> None:
    assert lower_median(evenly(5000, 3000, 4000)) == 4000


def test_between_two_middle_prices_the_lower_is_taken() -> None:
    assert lower_median(evenly(3000, 4000, 5000, 6000)) == 4000


def test_the_level_follows_the_weight_and_not_the_count() -> None:
    heavy_low = [(Fraction(1000), 6), (Fraction(2000), 2), (Fraction(3000), 2)]

    assert lower_median(heavy_low) == 1000


def test_there_is_no_level_of_nothing() -> None:
    with pytest.raises(ValueError, match="no median of nothing"):
        lower_median([])


def test_the_dispersion_is_the_scaled_median_distance_of_the_logarithms() -> None:
    with localcontext(prec=50):
        expected = Decimal("1.4826") * (Decimal(5) / Decimal(4)).ln()

    assert dispersion(evenly(4000, 5000, 3200)) == expected


def test_a_price_as_far_below_as_above_is_at_the_same_distance() -> None:
    assert dispersion(evenly(4000, 4000, 8000, 8000)) == dispersion(evenly(4000, 4000, 2000, 2000, 4000)[:4])


def test_between_two_middle_distances_the_wider_is_taken() -> None:
    with localcontext(prec=50):
        expected = Decimal("1.4826") * Decimal(2).ln()

    assert dispersion(evenly(4000, 4000, 8000, 8000)) == expected


def test_equal_prices_still_have_two_percent_of_dispersion() -> None:
    assert dispersion(evenly(4000, 4000, 4000)) == Decimal("0.02")


def test_how_far_out_one_price_is_does_not_matter_to_the_dispersion() -> None:
    assert dispersion(evenly(4000, 4100, 3900, 50_000)) == dispersion(evenly(4000, 4100, 3900, 50_000_000))
    assert dispersion(evenly(4000, 4100, 3900, 50_000_000)) < Decimal("0.05")
