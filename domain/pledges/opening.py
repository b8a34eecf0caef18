"""Opening hours: when a registry takes orders, and when its clerks work.

Two kinds of windows, each weekly and on Shanghai's clock: in a *closed* window nothing is sent to the registry at all;
*working* windows are the only hours in which people there answer. Where neither is given the registry is always open;
nothing is guessed. The subtle thing is the holiday: clerks work by the State Council's calendar, so working hours run
only on its working days, and a year whose holidays are not decreed yet is refused rather than guessed. A closed window
ends on its own day; a night is two windows.

Source: issue 4 (registries closed on Wednesday nights, registration at a window); `domain.values.working_days`.

>>> opening = Opening(closed=windows_of("Wed 20:00-24:00"))
>>> opening.closed_until(datetime(2026, 11, 25, 21, 0, tzinfo=SHANGHAI)).isoformat()
'2026-11-26T00:00:00+08:00'
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from domain.values.time import SHANGHAI, business_date
from domain.values.working_days import is_working_day

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY: Final = timedelta(days=1)
WEEK_MINUTES: Final = 7 * 24 * 60
DAYS_LOOKED_AHEAD: Final = 400
_WINDOW: Final = re.compile(
    r"(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))?"
    r" (?P<from>[0-9]{2}:[0-9]{2})-(?P<to>[0-9]{2}:[0-9]{2})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A part of one weekday (0 is Monday), from a minute of the day up to and without another."""

    weekday: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Opening:
    """When one registry is open; `by_hand` says that people answer there, whose pace nobody may assume."""

    closed: tuple[Window, ...] = ()
    working: tuple[Window, ...] = ()
    by_hand: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a registry that would never open."""
        if _covered(self.closed) == WEEK_MINUTES or (self.working and not _spared(self.working, self.closed)):
            message = "these hours never open"
            raise ValueError(message)

    @property
    def hours_known(self) -> bool:
        """Tell whether it is known when an order can be answered; of people only where their hours are given."""
        return bool(self.working) or not self.by_hand

    def closed_until(self, at: datetime) -> datetime | None:
        """Return the end of the scheduled closure that `at` lies in, through windows that touch; none outside one."""
        end = None
        here = at.astimezone(SHANGHAI)
        while (window := self._window_at(here)) is not None:
            here = end = _moment(here, window.end)
        return end

    def after_open_time(self, start: datetime, length: timedelta) -> datetime:
        """Return when so much open time has passed from `start` on: never inside a closure, nor outside working hours.

        Raises:
            CalendarUnknown: working hours run into a year whose holidays are not known.
        """
        left = length
        for begin, end in self._spans(start):
            if begin + left < end:
                return begin + left
            left -= end - begin
        message = "more open time than there is in a year"
        raise OverflowError(message)

    def open_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of the time between two moments was open; raises CalendarUnknown."""
        total = timedelta(0)
        for begin, until in self._spans(start):
            if begin >= end:
                break
            total += min(until, end) - begin
        return total

    def _window_at(self, here: datetime) -> Window | None:
        minute = here.hour * 60 + here.minute
        found = [each for each in self.closed if each.weekday == here.weekday() and each.begin <= minute < each.end]
        return max(found, key=lambda each: each.end, default=None)

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Return the open spans from `start` on, in order, day by day."""
        first = start.astimezone(SHANGHAI)
        midnight = datetime.combine(first.date(), time(), SHANGHAI)
        for offset in range(DAYS_LOOKED_AHEAD):
            here = midnight + offset * DAY
            for begin, end in self._minutes_of(here):
                opens, closes = _moment(here, begin), _moment(here, end)
                if closes > first:
                    yield max(opens, first).astimezone(UTC), closes.astimezone(UTC)

    def _minutes_of(self, here: datetime) -> Sequence[tuple[int, int]]:
        """Return the open minutes of a day, in order."""
        open_parts = [(0, 24 * 60)]
        if self.working:
            if not is_working_day(business_date(here)):
                return []
            open_parts = sorted((each.begin, each.end) for each in self.working if each.weekday == here.weekday())
        for window in sorted(each for each in self.closed if each.weekday == here.weekday()):
            open_parts = [part for each in open_parts for part in _without(each, window)]
        return open_parts


def windows_of(*texts: str) -> tuple[Window, ...]:
    """Read windows such as `Wed 20:00-24:00` or `Mon-Fri 09:00-17:00`.

    Raises:
        ValueError: another spelling, no such time of day, or an end that does not come after the beginning.
    """
    return tuple(window for text in texts for window in _read(text))


def _read(text: str) -> Iterator[Window]:
    found = _WINDOW.fullmatch(text)
    if found is None or found["first"] not in DAYS or (found["last"] or "Mon") not in DAYS:
        message = f"{text[:40]!r} is no window such as 'Wed 20:00-24:00' or 'Mon-Fri 09:00-17:00'"
        raise ValueError(message)
    first, begin, end = DAYS.index(found["first"]), _minute(found["from"]), _minute(found["to"])
    last = first if found["last"] is None else DAYS.index(found["last"])
    if end <= begin or last < first:
        message = f"{text!r} ends before it begins; write a night or a turn of the week as two windows"
        raise ValueError(message)
    for weekday in range(first, last + 1):
        yield Window(weekday, begin, end)


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if minute >= 60 or hour * 60 + minute > 24 * 60:  # noqa: PLR2004 - an hour has 60 minutes
        message = f"{text} is no time of day"
        raise ValueError(message)
    return hour * 60 + minute


def _moment(here: datetime, minute: int) -> datetime:
    """Return a minute of a day in Shanghai, which keeps no summer time."""
    return datetime.combine(here.date(), time(), SHANGHAI) + timedelta(minutes=minute)


def _without(part: tuple[int, int], window: Window) -> Iterator[tuple[int, int]]:
    begin, end = part
    if begin < min(end, window.begin):
        yield begin, min(end, window.begin)
    if max(begin, window.end) < end:
        yield max(begin, window.end), end


def _minutes(windows: Sequence[Window]) -> set[int]:
    return {each.weekday * 24 * 60 + minute for each in windows for minute in range(each.begin, each.end)}


def _covered(windows: Sequence[Window]) -> int:
    return len(_minutes(windows))


def _spared(windows: Sequence[Window], closed: Sequence[Window]) -> bool:
    """Tell whether closed windows leave anything of others."""
    return bool(_minutes(windows) - _minutes(closed))


ALWAYS_OPEN: Final = Opening()
