"""Working days: the calendar of the State Council, with its holidays and its worked weekends.

The subtle thing is the edge of knowledge: next year's holidays are decreed each autumn, so days beyond the last decreed
year are refused rather than guessed from weekends; a deadline must not move when the decree arrives.

Source: 国务院办公厅 yearly notices on holidays, as collected by the `chinesecalendar` package (2004 to 2026).

>>> working_days_between(date(2026, 9, 30), date(2026, 10, 9))  # National Day: 1 to 7 October
2
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from chinese_calendar.constants import holidays, workdays

from domain.errors import DomainError

YEAR_MIN: Final[int] = min(holidays).year
YEAR_MAX: Final[int] = max(holidays).year
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


@dataclass(eq=False)
class CalendarUnknown(DomainError):
    """Refuse to count working days in a year whose holidays are not known to us."""

    code = "calendar_unknown"

    year: int
    known_from: int = YEAR_MIN
    known_to: int = YEAR_MAX


def is_working_day(day: date) -> bool:
    """Tell whether offices work on `day`; raises CalendarUnknown."""
    _require_known(day)
    return day in workdays or (day.weekday() < _SATURDAY and day not in holidays)


def working_days_between(start: date, end: date) -> int:
    """Return the working days after `start` through `end`; zero when `end` is not after `start`.

    Raises:
        CalendarUnknown: a counted day lies in a year whose holidays are not known.
    """
    days = (end - start).days
    if days <= 0:
        return 0
    _require_known(start + _DAY)
    _require_known(end)
    return sum(is_working_day(start + offset * _DAY) for offset in range(1, days + 1))


def add_working_days(start: date, count: int) -> date:
    """Return the day on which `count` working days after `start` have come; `start` itself for zero.

    Raises:
        CalendarUnknown: the count runs into a year whose holidays are not known.
        ValueError: the count is negative.
    """
    if count < 0:
        message = "count working days forward only"
        raise ValueError(message)
    day = start
    while count:
        day += _DAY
        count -= is_working_day(day)
    return day


def _require_known(day: date) -> None:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise CalendarUnknown(day.year)
