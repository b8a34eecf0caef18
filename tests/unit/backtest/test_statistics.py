"""The backtest's statistics against values written as formulas."""

import math
from fractions import Fraction

import pytest

from api.backtest.statistics import kupiec, mean, median, quantile

ONE_PERCENT = Fraction(1, 100)


def test_a_quantile_lies_between_its_neighbours_in_proportion() -> None:
    values = [Fraction(each) for each in (40, 10, 30, 20)]

    assert quantile(values, Fraction(0)) == 10
    assert quantile(values, Fraction(9, 10)) == 30 + (Fraction(9, 10) * 3 - 2) * (40 - 30)
    assert quantile(values, Fraction(1)) == 40
    assert median(values) == Fraction(20 + 30, 2)
    assert median([*values, Fraction(1000)]) == 30
    assert mean(values) == Fraction(10 + 20 + 30 + 40, 4)


@pytest.mark.parametrize("figure", [median, mean])
def test_of_nothing_there_is_no_figure(figure: object) -> None:
    assert callable(figure)
    with pytest.raises(ValueError, match="of nothing"):
        figure([])


def test_the_likelihood_ratio_is_kupiec_s() -> None:
    n, x, p = 250, 6, 0.01
    likelihood = (n - x) * math.log(1 - p) + x * math.log(p)
    of_what_was_seen = (n - x) * math.log(1 - x / n) + x * math.log(x / n)

    test = kupiec(n, x, ONE_PERCENT)

    assert test.likelihood_ratio == pytest.approx(-2 * (likelihood - of_what_was_seen), rel=1e-12)
    assert test.p_value == pytest.approx(math.erfc(math.sqrt(test.likelihood_ratio / 2)), rel=1e-12)


def test_without_a_miss_the_ratio_is_that_of_n_hits() -> None:
    assert kupiec(300, 0, ONE_PERCENT).likelihood_ratio == pytest.approx(-2 * 300 * math.log(0.99))


def test_with_nothing_but_misses_the_ratio_is_that_of_n_misses() -> None:
    assert kupiec(5, 5, ONE_PERCENT).likelihood_ratio == pytest.approx(-2 * 5 * math.log(0.01))


def test_the_critical_ratio_of_one_degree_of_freedom_has_a_p_of_five_percent() -> None:
    assert math.erfc(math.sqrt(3.841458820694124 / 2)) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("points", "misses", "rejected", "side", "for_too_many"),
    [
        (250, 6, False, "too many misses", False),  # Kupiec's own table: 255 points accept up to 6
        (255, 7, True, "too many misses", True),
        (600, 1, True, "too few misses", False),
        (100, 1, False, "as expected", False),
        (0, 0, False, "as expected", False),
    ],
)
def test_only_too_many_misses_speak_against_a_haircut(
    points: int, misses: int, side: str, *, rejected: bool, for_too_many: bool
) -> None:
    test = kupiec(points, misses, ONE_PERCENT)
    assert (test.rejected, test.side, test.rejected_for_too_many_misses) == (rejected, side, for_too_many)
