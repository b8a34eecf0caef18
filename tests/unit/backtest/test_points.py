"""A point: on which days, from what, and what came after."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from api.backtest.points import MEASURES, NoValue, Point, assess, valuation_days
from api.backtest.reading import Series, read_lines
from api.backtest.realised import Future
from api.backtest.simple_values import last_price, mean_of_30_days, vwap_of_90_days
from domain.valuation.daily_items import DailyItem
from tests.unit.backtest.markets import HEADER, START, Guess, a_point, item, market, middle_of_five, weekdays


def days_after(count: int) -> date:
    return START + timedelta(days=count)


def test_valuation_begins_on_the_twentieth_trading_day_and_follows_every_fifth_business_day_to_the_last_deal() -> None:
    dealt = [item(0, on=day) for day in weekdays(31)]
    days = weekdays(31)
    assert valuation_days(dealt[:19]) == []
    assert valuation_days(dealt[:20]) == [days[19]]
    assert valuation_days(dealt[:24]) == [days[19]]
    assert valuation_days(dealt) == [days[19], days[24], days[29]]


def test_two_rows_of_a_day_are_one_trading_day() -> None:
    assert valuation_days([item(0, on=day) for day in weekdays(19)] + [item(0, on=weekdays(1)[0])]) == []


def test_gaps_are_valued_too() -> None:
    dealt = [item(0, on=day) for day in weekdays(20)]
    assert len(valuation_days([*dealt, item(0, on=weekdays(60)[-1])])) == 1 + 40 // 5


def test_the_method_is_shown_nothing_of_the_future_and_the_newest_of_the_past() -> None:
    [series] = read_lines([HEADER, *market("SX", "COD", 80, seed=1)]).series
    shown = []

    def remembering(items: Sequence[DailyItem], as_of: date, /) -> Guess:
        shown.append((as_of, items[-1].on, len(items)))
        return middle_of_five(items, as_of)

    assess(remembering, series, valuation_days(series.rows), with_attacks=False)

    assert shown == [
        (day, max(row.on for row in series.rows if row.on <= day), sum(row.on <= day for row in series.rows))
        for day in valuation_days(series.rows)
    ]


def test_what_the_method_refuses_is_told_with_its_code() -> None:
    series = Series("COD", "SX", "COD", tuple(item(each) for each in range(4)))
    assert assess(middle_of_five, series, [days_after(3)]) == [NoValue("COD", days_after(3), "refused_for_a_test")]


def test_the_next_price_is_the_first_strictly_after_the_day() -> None:
    future = Future([item(0, 10), item(1, 20), item(7, 30)])
    assert [future.next_price(days_after(day)) for day in (-1, 0, 1, 6, 7)] == [10, 20, 30, 30, None]


def test_a_day_of_several_rows_is_one_deal_at_their_volume_weighted_price() -> None:
    future = Future([item(1, 10, 3), item(1, 50, 1)])
    assert future.next_price(days_after(0)) == Fraction(10 * 3 + 50 * 1, 3 + 1)


def test_the_next_twenty_business_days_end_with_the_twentieth() -> None:
    future = Future([item(0, 99), item(1, 10, 1), item(28, 40, 2), item(29, 99)])
    assert future.next_vwap(days_after(0)) == Fraction(10 * 1 + 40 * 2, 1 + 2)
    assert future.next_vwap(days_after(29)) is None


def test_an_exit_is_the_first_deal_on_or_after_the_horizon() -> None:
    future = Future([item(0, 10), item(13, 20), item(14, 30), item(15, 40)])
    assert future.exit_price(days_after(0), 10) == 30
    assert future.exit_price(days_after(1), 10) == 40


@pytest.mark.parametrize(("day", "price"), [(14 + 90, 30), (14 + 91, None)])
def test_an_exit_comes_within_ninety_days_of_the_horizon_or_not_at_all(day: int, price: int | None) -> None:
    assert Future([item(0), item(day, 30)]).exit_price(days_after(0), 10) == price


def test_a_miss_is_an_exit_below_what_was_lent_against() -> None:
    point = a_point(exits={10: Fraction(75), 20: Fraction(7499999, 100000), 60: None})
    assert [point.missed(horizon) for horizon in (10, 20, 60)] == [False, True, None]


def test_the_lending_value_is_what_must_be_covered_not_the_unit_value() -> None:
    point = a_point(lending_unit_value=Decimal(80), exits=dict.fromkeys((10, 20, 60), Fraction(60)))
    assert point.missed(10) is False


def test_the_simple_values_are_what_they_say() -> None:
    rows = [item(0, 100, 2), item(60, 40, 4), item(61, 10, 1), item(90, 30, 3)]
    day = days_after(90)  # the last of 90 days that begin after the first row
    assert last_price(rows, day) == 30
    assert mean_of_30_days(rows, day) == Fraction(10 + 30, 2)
    assert vwap_of_90_days(rows, day) == Fraction(40 * 4 + 10 * 1 + 30 * 3, 4 + 1 + 3)
    assert vwap_of_90_days(rows[:3], days_after(89)) == Fraction(100 * 2 + 40 * 4 + 10 * 1, 2 + 4 + 1)


def test_where_a_simple_value_has_no_deal_it_is_the_last_price() -> None:
    rows = [item(0, 100), item(1, 40)]
    assert mean_of_30_days(rows, days_after(31)) == 40
    assert vwap_of_90_days(rows, days_after(91)) == 40


def test_a_point_holds_every_attack_s_move_of_every_value() -> None:
    [series] = read_lines([HEADER, *market("SX", "COD", 60, seed=2)]).series
    points = assess(middle_of_five, series, valuation_days(series.rows))
    assert points
    for point in points:
        assert isinstance(point, Point)
        assert {letter: set(moves) for letter, moves in point.moves.items()} == {key: set(MEASURES) for key in "ABCDEF"}
        assert point.moves["B"]["last_price"] == 2
        assert point.moves["C"]["last_price"] == 1
