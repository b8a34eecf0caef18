"""Weekdays: Monday to Friday, without holidays, for measuring how long a market takes.

The subtle thing is what they are not: deadlines of law use `working_days`, whose holidays are decreed year by year and
are unknown beyond the next. A haircut must be the same on every machine and for every year, so it counts weekdays.

>>> weekdays_between(date(2026, 11, 20), date(2026, 11, 23)), weekday_after(date(2026, 11, 20), 1)
(1, datetime.date(2026, 11, 23))
"""

from datetime import date, timedelta
from typing import Final

WEEK: Final = 7
WEEKDAYS: Final = 5


def weekdays_between(start: date, end: date) -> int:
    """Return the weekdays after `start` through `end`; zero when `end` is not after `start`."""
    return max(0, _weekdays_through(end) - _weekdays_through(start))


def weekday_after(start: date, count: int) -> date:
    """Return the `count`-th weekday after a day, `start` itself for zero."""
    if count <= 0:
        return start
    weeks, rest = divmod(_weekdays_through(start) + count - 1, WEEKDAYS)
    return date.fromordinal(weeks * WEEK + rest + 1)


def calendar_days_of(start: date, count: int) -> timedelta:
    """Return how many calendar days the `count` weekdays after a day take."""
    return weekday_after(start, count) - start


def _weekdays_through(day: date) -> int:
    """Return the weekdays from the beginning of the calendar, a Monday, through a day."""
    weeks, rest = divmod(day.toordinal() - 1, WEEK)
    return weeks * WEEKDAYS + min(rest + 1, WEEKDAYS)
