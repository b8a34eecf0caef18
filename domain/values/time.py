"""Time: one business day, one way to write an instant, one way to read a date.

The subtle thing is the business date: it is the calendar day in Shanghai, not in UTC, so a loan made at 01:00 in
Beijing does not start the day before. Instants leave in a fixed +08:00, because the zone itself kept summer time until
1991.

Source: contract section 1 (dates and times).

>>> from datetime import UTC
>>> business_date(datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
datetime.date(2026, 11, 21)
>>> rfc3339(datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
'2026-11-21T00:00:00.000+08:00'
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import InvalidDate

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_BEIJING_OFFSET: Final = timezone(timedelta(hours=8))
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
INSTANT_LENGTH_MAX: Final = 40


def business_date(instant: datetime) -> date:
    """Return the day in Shanghai on which `instant` falls; a naive datetime is a ValueError."""
    return _aware(instant).astimezone(SHANGHAI).date()


def rfc3339(instant: datetime) -> str:
    """Return `instant` in +08:00 with milliseconds, cut and not rounded; a naive datetime is a ValueError."""
    return _aware(instant).astimezone(_BEIJING_OFFSET).isoformat(timespec="milliseconds")


def parse_date(text: str) -> date:
    """Read a day written YYYY-MM-DD in ASCII digits, nothing else.

    Raises:
        InvalidDate: another spelling, or no such day in the calendar.
    """
    try:
        if _DATE.fullmatch(text) is not None:
            return date.fromisoformat(text)
    except (ValueError, TypeError):  # a number in the place of a text is refused like any other spelling
        pass
    raise InvalidDate(
        what="date",
        value=str(text)[:64],
        reason_zh="日期须写成 YYYY-MM-DD，且为实际存在的日期，例如 2026-11-21。",
        reason_en="write an existing day as YYYY-MM-DD, such as 2026-11-21",
    )


def parse_instant(text: str) -> datetime:
    """Read an instant in RFC 3339 with its offset, ASCII only, and return it in UTC.

    Raises:
        InvalidDate: another spelling, no offset, or no such instant.
    """
    try:
        if len(text) <= INSTANT_LENGTH_MAX and _INSTANT.fullmatch(text) is not None:
            return _aware(datetime.fromisoformat(text)).astimezone(UTC)
    except (ValueError, OverflowError):  # the calendar ends before its last hours do in UTC
        pass
    raise InvalidDate(
        what="instant",
        value=text[:64],
        reason_zh="时间须按 RFC 3339 书写并带时区,例如 2026-11-21T09:30:00+08:00。",
        reason_en="write an instant as RFC 3339 with its offset, such as 2026-11-21T09:30:00+08:00",
    )


def add_years(day: date, years: int) -> date:
    """Return the same day `years` later or earlier; 29 February becomes 28 February where there is none.

    Raises:
        InvalidDate: the year would leave 1 to 9999.
    """
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise InvalidDate(
            what="date",
            value=f"{day} {years:+d} a",
            reason_zh="日期超出可表示的年份范围（1至9999年）。",
            reason_en="the year leaves 1 to 9999",
        )
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later; the month's last day where there is none.

    >>> add_months(date(2026, 11, 30), 3)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        message = f"{instant} has no time zone"
        raise ValueError(message)
    return instant
