"""The attacks: what each puts among the deals, and on which day the value is asked."""

from datetime import timedelta

import pytest

from api.backtest.attacks import ATTACKS, Attacked, ordinary_volume
from domain.valuation.daily_items import DailyItem
from tests.unit.backtest.markets import START, item

ROWS = (item(0, 50, 400), item(1, 60, 100), item(2, 80, 200), item(2, 70, 100))
"""Monday, Tuesday, and two rows on Wednesday; the last genuine price is 70, the ordinary volume 300."""

WEDNESDAY = START + timedelta(days=2)


def made(letter: str, as_of_day: int = 2) -> Attacked:
    return ATTACKS[letter].make(ROWS, START + timedelta(days=as_of_day))


def washes(attacked: Attacked) -> list[DailyItem]:
    assert attacked.rows[: len(ROWS)] == ROWS
    return list(attacked.rows[len(ROWS) :])


def test_the_ordinary_volume_is_the_lower_median_of_the_newest_twenty_days() -> None:
    assert ordinary_volume(ROWS) == 300 * 10**9
    assert ordinary_volume(ROWS[:2]) == 100 * 10**9
    assert ordinary_volume([item(each, volume=9 if each < 5 else 1) for each in range(25)]) == 10**9


def test_a_slips_one_as_large_as_the_day_in_beside_it() -> None:
    assert (washes(made("A")), made("A").valued_on) == ([item(2, 210, 300)], WEDNESDAY)


def test_b_stands_alone_on_the_day_of_valuation_if_that_has_no_deal() -> None:
    attacked = made("B", as_of_day=4)
    assert (washes(attacked), attacked.valued_on) == ([item(4, 210, 300)], START + timedelta(days=4))


def test_b_takes_the_next_business_day_where_the_day_has_a_deal() -> None:
    attacked = made("B")
    assert (washes(attacked), attacked.valued_on) == ([item(3, 210, 300)], START + timedelta(days=3))


def test_c_tells_one_price_for_the_whole_day() -> None:
    attacked = made("C")
    together = (80 * 200 + 70 * 100 + 210 * 300) / (200 + 100 + 300)
    assert attacked.rows == (*ROWS[:2], item(2, str(round(together, 6)), 600))
    assert attacked.valued_on == WEDNESDAY


@pytest.mark.parametrize(("letter", "volume"), [("D", 3), ("E", 300)])
def test_d_and_e_take_three_days_that_follow_where_there_is_no_room(letter: str, volume: int) -> None:
    attacked = made(letter)
    assert washes(attacked) == [item(day, 210, volume) for day in (3, 4, 7)]
    assert attacked.valued_on == START + timedelta(days=7)


@pytest.mark.parametrize(("letter", "volume"), [("D", 3), ("E", 300)])
def test_d_and_e_take_the_newest_three_days_where_there_is_room(letter: str, volume: int) -> None:
    attacked = made(letter, as_of_day=10)
    assert washes(attacked) == [item(day, 210, volume) for day in (8, 9, 10)]
    assert attacked.valued_on == START + timedelta(days=10)


def test_f_slips_three_small_ones_in() -> None:
    assert (washes(made("F")), made("F").valued_on) == ([item(2, 210, 3)] * 3, WEDNESDAY)


def test_a_wash_trade_is_never_of_nothing() -> None:
    tiny = [DailyItem(on=START, price=10**6, volume=5, venue="SX", group="", kind=ROWS[0].kind)]
    assert {wash.volume for wash in ATTACKS["F"].make(tiny, START).rows[1:]} == {1}
