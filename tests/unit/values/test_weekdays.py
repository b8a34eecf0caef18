"""Weekdays, counted in one step, against counting them one by one."""

from datetime import date, timedelta

import pytest

from domain.values.weekdays import weekday_after, weekdays_between

DAYS = [date(2026, 11, 16) + timedelta(days=each) for each in range(7)]


def one_by_one(day: date, count: int) -> date:
    """Return the same as `weekday_after`, by walking."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


@pytest.mark.parametrize("day", DAYS)
def test_the_weekday_after_so_many_is_what_walking_finds(day: date) -> None:
    assert [weekday_after(day, count) for count in range(70)] == [one_by_one(day, count) for count in range(70)]


@pytest.mark.parametrize("day", DAYS)
def test_so_many_have_passed_as_lie_between(day: date) -> None:
    for days in range(70):
        until = day + timedelta(days=days)
        between = [day + timedelta(days=each) for each in range(1, days + 1)]
        assert weekdays_between(day, until) == sum(each.weekday() < 5 for each in between)
