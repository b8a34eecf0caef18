"""Dates: the business day, the calendar's edges, day counts and working days."""

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidDate
from domain.values.daycount import days_between, days_between_or_zero, year_fraction_365
from domain.values.time import add_years, business_date, parse_date, rfc3339
from domain.values.working_days import CalendarUnknown, add_working_days, is_working_day, working_days_between

KNOWN_DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 16, 0, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 0, 30, tzinfo=timezone(timedelta(hours=8))), date(2026, 11, 21)),
    ],
)
def test_the_business_day_changes_at_midnight_in_shanghai(instant: datetime, day: date) -> None:
    assert business_date(instant) == day


@pytest.mark.parametrize("clock", [business_date, rfc3339])
def test_an_instant_without_a_zone_is_our_own_mistake(clock: object) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock(datetime(2026, 11, 21))  # type: ignore[operator]  # noqa: DTZ001 - the naive one is the point


def test_an_instant_is_written_in_plus_eight_with_milliseconds_cut() -> None:
    assert rfc3339(datetime(2026, 11, 20, 16, 0, 0, 999_999, UTC)) == "2026-11-21T00:00:00.999+08:00"


def test_an_instant_of_the_summer_time_years_is_written_in_plus_eight_too() -> None:
    assert rfc3339(datetime(1988, 7, 1, tzinfo=UTC)) == "1988-07-01T08:00:00.000+08:00"


@given(st.dates())
def test_a_day_survives_the_wire(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-2-1",
        "20260201",
        "2026-W05-1",
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "0000-01-01",
        "2026-02-01T00:00:00",
        "2026/02/01",
        " 2026-02-01",
        "2026-02-01\n",
        "２０２６-02-01",
        "+2026-02-01",
        "2026年2月1日",
        "2" * 1_000_000,
        None,
        20260201,
    ],
)
def test_a_day_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidDate):
        parse_date(text)


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2024, 2, 29), -1, date(2023, 2, 28)),
        (date(2021, 3, 1), 5, date(2026, 3, 1)),
    ],
)
def test_the_day_after_years_is_the_same_day_but_for_29_february(day: date, years: int, later: date) -> None:
    assert add_years(day, years) == later


@pytest.mark.parametrize(("day", "years"), [(date(9999, 1, 1), 1), (date(1, 1, 1), -1), (date(2026, 1, 1), 10**30)])
def test_a_year_beyond_the_calendar_is_refused(day: date, years: int) -> None:
    with pytest.raises(InvalidDate):
        add_years(day, years)


@given(st.dates(), st.dates(), st.dates())
def test_consecutive_periods_lose_no_day(first: date, second: date, third: date) -> None:
    assert days_between(first, second) + days_between(second, third) == days_between(first, third)


@given(st.dates(), st.dates())
def test_a_year_fraction_is_days_over_365_and_never_negative(start: date, end: date) -> None:
    assert year_fraction_365(start, end) == Fraction(max(0, (end - start).days), 365)
    assert days_between_or_zero(start, end) == max(0, days_between(start, end))


def test_a_leap_year_is_longer_than_one() -> None:
    assert year_fraction_365(date(2024, 1, 1), date(2025, 1, 1)) == Fraction(366, 365)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 20), True),  # a Friday
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 10, 10), True),  # a Saturday worked for it
        (date(2026, 2, 17), False),  # Spring Festival
    ],
)
def test_holidays_rest_and_worked_weekends_work(day: date, works: bool) -> None:
    assert is_working_day(day) is works


def test_working_days_are_counted_after_the_start_through_the_end() -> None:
    friday, monday, tuesday = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)

    assert working_days_between(friday, friday) == 0
    assert working_days_between(friday, monday) == 1
    assert working_days_between(friday, tuesday) == 2
    assert working_days_between(tuesday, friday) == 0


@given(KNOWN_DAYS, st.integers(0, 60))
def test_adding_working_days_and_counting_them_agree(start: date, count: int) -> None:
    if start.year == 2026:
        start = start.replace(year=2025, day=min(start.day, 28))

    assert working_days_between(start, add_working_days(start, count)) == count


@given(KNOWN_DAYS, KNOWN_DAYS)
def test_the_count_is_the_working_days_one_by_one(start: date, end: date) -> None:
    end = min(end, start + timedelta(days=60))
    days = (start + timedelta(days=offset) for offset in range(1, (end - start).days + 1))

    assert working_days_between(start, end) == sum(map(is_working_day, days))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 12, 30), date(2027, 1, 4)),
        (date(2003, 12, 1), date(2004, 1, 5)),
        (date(2027, 1, 1), date(2027, 1, 2)),
        (date(1, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_year_whose_holidays_are_not_decreed_is_refused_and_not_guessed(start: date, end: date) -> None:
    with pytest.raises(CalendarUnknown) as refusal:
        working_days_between(start, end)
    assert (refusal.value.known_from, refusal.value.known_to) == (2004, 2026)


def test_a_deadline_that_runs_into_an_unknown_year_is_refused() -> None:
    with pytest.raises(CalendarUnknown):
        add_working_days(date(2026, 12, 25), 10)


def test_a_deadline_lies_ahead() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(date(2026, 1, 5), -1)
