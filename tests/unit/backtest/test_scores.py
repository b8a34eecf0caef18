"""The scores: error, coverage and attacks as exact figures."""

from decimal import Decimal
from fractions import Fraction

from api.backtest.method import HORIZONS
from api.backtest.scores import REALISED, attack_moves, coverage, errors
from tests.unit.backtest.markets import a_point

LOST = dict.fromkeys(HORIZONS, Fraction(74))
PAID = dict.fromkeys(HORIZONS, Fraction(100))
NO_EXIT = dict.fromkeys(HORIZONS)


def test_an_error_is_told_by_median_ninetieth_percentile_and_bias() -> None:
    points = [a_point(next_price=Fraction(price)) for price in (50, 80, 200)] + [a_point(next_price=None)]

    told = errors(points, REALISED["next_trade"])

    ours = told["greenlien"]
    assert (ours.points, ours.median, ours.bias) == (3, Fraction(1, 2), Fraction(1, 4))
    assert ours.p90 == Fraction(1, 2) + Fraction(4, 5) * (1 - Fraction(1, 2))
    assert told["last_price"].median == Fraction(3, 5)
    assert set(told) == {"greenlien", "last_price", "mean_30_days", "vwap_90_days"}


def test_where_nothing_came_after_there_is_no_error() -> None:
    assert errors([a_point(next_vwap=None)], REALISED["next_20_days_vwap"]) == {}


def test_coverage_is_of_exits_and_the_average_haircut_is_of_all_points() -> None:
    points = [
        a_point(0),
        a_point(100, exits=LOST),
        a_point(200, exits=NO_EXIT, haircuts=dict.fromkeys(HORIZONS, Decimal("0.55"))),
        a_point(300),
    ]

    told = coverage(points, 10)

    assert (told.points, told.exits, told.misses) == (4, 3, 1)
    assert told.coverage == Fraction(2, 3)
    assert told.no_exit_rate == Fraction(1, 4)
    assert told.average_haircut == (3 * Fraction(25, 100) + Fraction(55, 100)) / 4


def test_without_an_exit_nothing_is_said_of_coverage() -> None:
    told = coverage([a_point(exits=NO_EXIT)], 10)
    assert told.coverage is None
    assert told.no_exit_rate == 1
    assert told.kupiec.points == 0


def test_only_points_of_an_instrument_that_lie_a_horizon_apart_are_tested() -> None:
    weekly = [a_point(7 * week) for week in range(9)]
    assert [coverage(weekly, horizon).kupiec.points for horizon in HORIZONS] == [5, 3, 1]
    assert coverage([*weekly, *(a_point(7 * week, key="NOX") for week in range(9))], 10).kupiec.points == 10


def test_a_point_without_an_exit_takes_no_other_s_place_in_the_test() -> None:
    points = [a_point(0, exits=NO_EXIT), a_point(7, exits=LOST), a_point(14), a_point(21)]
    told = coverage(points, 10).kupiec
    assert (told.points, told.misses) == (2, 1)


def test_the_order_of_points_does_not_matter() -> None:
    points = [a_point(7 * week, exits=LOST if week % 3 else PAID) for week in range(9)]
    assert coverage(points[::-1], 20) == coverage(points, 20)


def test_a_move_is_told_by_median_ninety_fifth_percentile_and_the_largest() -> None:
    moves = [Fraction(each, 10) for each in (0, 1, 4)]
    points = [a_point(moves={"B": {"greenlien": move}}) for move in moves] + [a_point(moves={"B": {}})]

    told = attack_moves(points)["B"]["greenlien"]

    assert (told.points, told.median, told.largest) == (3, Fraction(1, 10), Fraction(4, 10))
    assert told.p95 == Fraction(1, 10) + Fraction(9, 10) * Fraction(3, 10)
    assert set(attack_moves(points)) == {"B"}
