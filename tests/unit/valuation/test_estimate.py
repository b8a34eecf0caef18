"""One unit's value from a series, what a lender may take it for, and how wrong it may be at a sale."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal, localcontext
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.valuation.daily_items import DailyItem
from domain.valuation.estimate import Estimate, TooFewItems, estimate, estimate_of, moved, movement
from domain.valuation.series import LOG_ONE, Series
from domain.values.weekdays import weekdays_between
from tests.unit.valuation import reference
from tests.unit.valuation.random_series import START, a_series, an_item

YUAN = 10**6


def daily(count: int, price: object = 100, every: int = 1, first: int = 0) -> list[DailyItem]:
    """Return items that agree, one every so many days."""
    return [an_item(first + every * number, str(price)) for number in range(count)]


def after(items: Sequence[DailyItem], days: int = 0) -> Estimate:
    """Return what items say some days after the newest of them."""
    return estimate(items, items[-1].on + timedelta(days=days))


def test_items_that_agree_are_worth_their_price_to_the_last_digit() -> None:
    for price in ("0.000001", "0.01", "4000", "3333.333333", "999999999999.999999"):
        found = after(daily(12, price))
        assert found.unit_value == Decimal(price), price
        assert found.lending_unit_value <= found.unit_value


@pytest.mark.parametrize(
    "items",
    [
        daily(4),
        [an_item(0, venue=str(number)) for number in range(9)],
        [*daily(4), *(an_item(3, venue=str(number)) for number in range(9))][3:],
        [*daily(4), an_item(3 + 365)],
        [an_item(0), *daily(4, first=362)],
    ],
    ids=["four", "nine on one day", "ten on one day", "four a year before the fifth", "one a year before four"],
)
def test_a_price_needs_five_items_on_three_days_within_a_year(items: list[DailyItem]) -> None:
    with pytest.raises(TooFewItems):
        after(items)


def test_five_items_on_three_days_are_a_price() -> None:
    assert after([an_item(day, venue=str(venue)) for day in range(3) for venue in range(2)][:5]).unit_value == 100
    assert after([an_item(0), *daily(4, first=361)]).unit_value == 100


def test_after_two_years_of_silence_there_is_no_value() -> None:
    assert after(daily(12), 730).unit_value == 100
    with pytest.raises(TooFewItems) as refused:
        after(daily(12), 731)

    assert refused.value.newest == START + timedelta(days=11)


def test_items_after_the_day_are_not_looked_at() -> None:
    items = [*daily(12), *daily(12, 300, first=30)]

    assert estimate(items, START + timedelta(days=20)) == estimate(daily(12), START + timedelta(days=20))
    with pytest.raises(TooFewItems):
        estimate(items, START - timedelta(days=1))


@pytest.mark.parametrize("seed", range(24))
def test_error_and_haircut_are_those_of_the_words_worked_out_slowly(seed: int) -> None:
    items = a_series(seed)
    try:
        found = after(items, seed * 20)
    except TooFewItems:
        return
    levels = [reference.level(items[: at + 1]) for at in range(len(items))]

    error = reference.mean_error([reference.ln(item.price) for item in items], [each.log for each in levels])
    assert float(found.error) == pytest.approx(error, rel=1e-5)
    assert found.scale == Decimal(levels[-1].scale) / LOG_ONE
    for level in (1, 2, 3):
        for wait in (0, 10, 60, 800):
            expected = reference.market_haircut(
                error, levels[-1].scale / LOG_ONE, found.stale_weekdays + wait, found.stale_weekdays, level
            )
            assert float(found.haircut(wait, level)) == pytest.approx(expected, abs=1e-5)


def test_the_unit_value_is_the_level_rounded_down() -> None:
    for seed in range(24):
        items = a_series(seed)
        try:
            found = after(items)
        except TooFewItems:
            continue
        log = reference.level(items).log
        assert abs(reference.ln(int(found.unit_value * YUAN)) - log) <= 20 + 2 * LOG_ONE // int(found.unit_value * YUAN)


def test_what_is_not_seen_yet_is_supposed_to_be_twelve_percent_wrong() -> None:
    five = after(daily(5))
    many = after(daily(300))

    assert float(five.error) == pytest.approx(1.25 * 4 * 0.12 / (4 + 1 + 0.5 ** (1 / 40)), rel=1e-5)
    assert float(many.error) < 1.25 * 0.01


def test_no_single_error_counts_above_three_times_the_price() -> None:
    errors = [after([*daily(20), an_item(20, price)]).error for price in ("301", "1000000")]

    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    ("days_ago", "error_counts"), [(0, True), (238, True), (241, False)], ids=["newest", "oldest looked at", "older"]
)
def test_the_error_looks_at_two_hundred_and_forty_deals(days_ago: int, error_counts: bool) -> None:
    items = [*daily(300 - days_ago), an_item(300 - days_ago, 150), *daily(days_ago, first=301 - days_ago)]

    assert (after(items).error > after(daily(301)).error) is error_counts


def test_the_lending_value_is_at_most_six_fifths_of_the_median_of_half_a_year() -> None:
    rising = [*daily(100), *daily(90, 150, first=100)]
    found = after(rising)

    assert found.unit_value == 150
    assert found.guard == found.lending_unit_value == Decimal("120.000000")
    assert after([*daily(90), *daily(91, 150, first=90)]).lending_unit_value == 150


def test_only_the_last_180_days_up_to_the_newest_item_guard() -> None:
    falling_out = [*daily(170), *daily(100, 150, first=170)]

    assert after(falling_out).guard == Decimal(150) * 6 / 5
    assert after(falling_out, 400).guard == after(falling_out).guard


def test_fewer_than_ten_trading_days_guard_nothing() -> None:
    assert after(daily(9)).guard is None
    assert after(daily(10)).guard == Decimal("120.000000")
    assert after([*daily(9), *(an_item(8, venue=str(number)) for number in range(50))]).guard is None


def test_a_day_guards_once_however_many_venues_and_groups_deal_on_it() -> None:
    washes = [an_item(12, 300, venue=f"venue {number}", group=str(number)) for number in range(40)]

    found = after([*daily(12), *washes])

    assert found.unit_value > 150
    assert found.lending_unit_value == Decimal("120.000000")


def test_half_of_the_trading_days_must_be_bought_to_move_the_guard() -> None:
    for bought, bound in ((11, 120), (12, 360)):
        washes = [an_item(21 + day, 300) for day in range(bought)]
        assert after([*daily(11), *washes]).guard == bound


def test_a_lower_price_is_never_lifted_by_the_guard() -> None:
    falling = [*daily(100), *daily(20, 30, first=100)]

    assert after(falling).lending_unit_value == after(falling).unit_value == 30


@pytest.mark.parametrize(
    ("items", "days", "level"),
    [
        (daily(60), 0, 1),
        (daily(60), 7, 1),
        (daily(60), 8, 2),
        (daily(40), 0, 1),
        (daily(39), 0, 2),
        (daily(60), 28, 2),
        (daily(60), 29, 3),
        (daily(14, every=10), 0, 3),
        (daily(14, every=9), 0, 2),
        (daily(11), 0, 3),
        (daily(12), 0, 2),
    ],
)
def test_the_confidence_level_asks_for_a_new_deal_and_many_trading_days(
    items: list[DailyItem], days: int, level: int
) -> None:
    late = items[-1].on + timedelta(days=days)
    expected = 3 if level == 2 and weekdays_between(items[-1].on, late) > 20 else level

    assert estimate(items, late).confidence_level == expected


def test_many_venues_of_one_day_are_one_trading_day() -> None:
    busy = [an_item(day, venue=str(venue)) for day in range(11) for venue in range(4)]

    assert (after(busy).trading_days_90, after(busy).trading_days_180, after(busy).is_thin) == (11, 11, True)
    assert not after(daily(12)).is_thin


@pytest.mark.parametrize(("level", "floor"), [(1, "0.10"), (2, "0.15"), (3, "0.25")])
def test_no_haircut_is_below_its_level_s_floor(level: int, floor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.valuation.estimate.BASE", Decimal(-9))

    assert after(daily(60)).haircut(0, level) == Decimal(floor)


def test_no_market_haircut_is_above_ninety_percent() -> None:
    wild = [an_item(day, str(10 ** (day % 5))) for day in range(60)]

    assert after(wild, 700).haircut(1000) == Decimal("0.900000")


def test_a_haircut_is_rounded_up() -> None:
    found = after(daily(60))

    assert 0 <= found.haircut(10) - found.loss(10).market < Decimal("0.000001")


def test_silence_costs_half_of_the_price_a_year_after_its_first_year() -> None:
    items = daily(60)
    silent = [after(items, days).loss(0).silence for days in (0, 350, 365, 700)]

    assert silent[:2] == [0, 0]
    stale = after(items, 700).stale_weekdays
    assert silent[3] == (stale - 250) * Decimal("0.002") > Decimal("0.4")


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.integers(0, 600), st.integers(1, 130), st.integers(0, 300))
def test_time_alone_raises_no_value_and_lowers_no_haircut(seed: int, days: int, more: int, wait: int) -> None:
    items = a_series(seed)
    try:
        early, late = after(items, days), after(items, days + more)
    except TooFewItems:
        assume(False)  # noqa: FBT003 - hypothesis' own signature
        raise

    assert (late.unit_value, late.lending_unit_value) == (early.unit_value, early.lending_unit_value)
    assert late.haircut(wait) >= early.haircut(wait)
    assert late.haircut(wait + 1) >= late.haircut(wait)
    assert late.confidence_level >= early.confidence_level


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_items_and_the_names_of_groups_are_irrelevant(seed: int, random: Random) -> None:
    items = list(a_series(seed * 3))
    names = {"": "", "a": "b", "b": "d", "c": "a", "d": "e"}
    try:
        found = after(items)
    except TooFewItems:
        return
    renamed = [replace(item, group=names[item.group]) for item in items]
    random.shuffle(renamed)

    again = estimate(renamed, items[-1].on)

    assert (again.unit_value, again.lending_unit_value, again.error, again.scale) == (
        found.unit_value,
        found.lending_unit_value,
        found.error,
        found.scale,
    )


def test_a_program_that_counts_coarsely_changes_no_figure() -> None:
    items = a_series(7)
    expected = after(items, 300)

    with localcontext(prec=5, rounding=ROUND_UP):
        coarse = after(items, 300)
        cut = coarse.haircut(17)

    assert coarse == expected
    assert cut == expected.haircut(17)


def test_the_window_tells_the_weights_of_the_items_that_the_level_was_made_of() -> None:
    found = after(daily(30))

    assert [item.on for item, _ in found.window] == [START + timedelta(days=day) for day in range(10, 30)]
    assert sum(weight for _, weight in found.window) == 1
    assert max(weight for _, weight in found.window) == Fraction(1, 4)
    assert found.newest_draws == Fraction(60, 100)
    assert after([*daily(30), an_item(30, 300)]).newest_draws == 0


def test_the_volume_a_weekday_is_the_mean_of_ninety_days() -> None:
    weekdays = weekdays_between(START + timedelta(days=200 - 90), START + timedelta(days=200))

    items = [an_item(0, volume=10**6), *daily(7), an_item(109, volume=10**6), an_item(111), an_item(200)]
    assert after(items).volume_a_weekday == Fraction(200 * 10**9, weekdays)
    assert after(items, 300).volume_a_weekday == after(items).volume_a_weekday


@pytest.mark.parametrize(
    ("volumes", "counted"),
    [
        ([100], 100),
        ([100, 100, 100, 100, 100], 500),
        ([10**9, 100, 100, 100], 400),
        ([10**9, 100, 100, 100, 100, 100, 100], 800),
        ([10**9, 10**9, 100, 100, 100, 100], 800),
    ],
    ids=["alone", "alike", "one of four", "one huge", "two huge"],
)
def test_no_item_makes_more_than_a_quarter_of_the_volume(volumes: list[int], counted: int) -> None:
    busy = [an_item(200 + n, volume=size) for n, size in enumerate(volumes)]
    before = [an_item(10 * n) for n in range(10)]
    last = busy[-1].on

    found = after([*before, *busy])

    assert found.volume_a_weekday * weekdays_between(last - timedelta(days=90), last) == counted * 10**9


def test_a_movement_is_that_of_the_level_between_two_days() -> None:
    series = Series.of([*daily(10), *daily(10, 50, first=10)])
    day = [START + timedelta(days=number) for number in range(30)]

    by = movement(series, day[9], day[25])
    assert by is not None
    assert moved(Decimal(100), by) == pytest.approx(Decimal(50), abs=Decimal("0.000001"))
    assert movement(series, day[9] - timedelta(days=20), day[25]) is None
    assert movement(series, day[2], day[25]) is None
    assert movement(series, day[3], day[25]) is not None
    assert movement(series, day[12], day[12]) == 0


def test_what_is_moved_down_is_never_moved_to_nothing() -> None:
    assert moved(Decimal("0.000001"), -50 * LOG_ONE) == Decimal("0.000001")


@pytest.mark.parametrize("first", [date(1, 6, 1), date(1969, 12, 1), date(9890, 1, 1)])
def test_any_century_is_like_another(first: date) -> None:
    items = [replace(item, on=first + (item.on - START)) for item in daily(12)]

    assert estimate_of(Series.of(items), items[-1].on).unit_value == 100


@pytest.mark.parametrize("exponent", [0, 12, 24, 33])
def test_absurd_prices_and_volumes_overflow_nothing(exponent: int) -> None:
    huge = [replace(item, price=10**exponent, volume=10**exponent) for item in daily(12)]
    odd = replace(an_item(12), price=10**33, volume=10**30)
    tiny = replace(an_item(13), price=1, volume=1)

    assert after(huge).unit_value == Decimal(10**exponent).scaleb(-6)
    for items in ([*huge, odd], [*huge, tiny], [*huge[:6], odd, *huge[7:], tiny]):
        assert Decimal("0.000001") <= after(items).unit_value <= Decimal(10**27)
        assert Decimal(0) < after(items).haircut(20) <= Decimal("0.9")
