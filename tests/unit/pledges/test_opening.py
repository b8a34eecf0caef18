"""Opening hours: what is closed when, by the week and on Shanghai's clock, and what is refused as hours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pledges.opening import ALWAYS_OPEN, Opening, Window, windows_of
from domain.values.time import SHANGHAI
from domain.values.working_days import CalendarUnknown

HOUR = timedelta(hours=1)
WEDNESDAY = datetime(2026, 11, 25, tzinfo=SHANGHAI)
NIGHTS = Opening(closed=windows_of("Wed 20:00-24:00", "Thu 00:00-08:00"))
CLERKS = Opening(working=windows_of("Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00"), by_hand=True)


def test_a_registry_without_hours_is_always_open() -> None:
    assert ALWAYS_OPEN.closed_until(WEDNESDAY) is None
    assert ALWAYS_OPEN.after_open_time(WEDNESDAY, 30 * HOUR) == WEDNESDAY + 30 * HOUR


def test_a_closure_lasts_through_windows_that_touch() -> None:
    assert NIGHTS.closed_until(WEDNESDAY + 20 * HOUR) == WEDNESDAY + 32 * HOUR
    assert NIGHTS.closed_until(WEDNESDAY + 32 * HOUR) is None
    assert NIGHTS.closed_until(WEDNESDAY + 20 * HOUR - timedelta(seconds=1)) is None


def test_hours_are_shanghais_whatever_the_clock_that_asks() -> None:
    assert NIGHTS.closed_until((WEDNESDAY + 21 * HOUR).astimezone(UTC)) == WEDNESDAY + 32 * HOUR


def test_open_time_stands_still_while_it_is_closed() -> None:
    assert NIGHTS.after_open_time(WEDNESDAY + 19 * HOUR, 2 * HOUR) == WEDNESDAY + 33 * HOUR
    assert NIGHTS.open_time_between(WEDNESDAY + 19 * HOUR, WEDNESDAY + 33 * HOUR) == 2 * HOUR


def test_what_would_end_when_a_closure_begins_ends_after_it() -> None:
    assert NIGHTS.after_open_time(WEDNESDAY + 19 * HOUR, HOUR) == WEDNESDAY + 32 * HOUR


def test_clerks_work_on_working_days_only() -> None:
    before_national_day = datetime(2026, 9, 30, 16, tzinfo=SHANGHAI)
    after_the_holidays = datetime(2026, 10, 8, 10, tzinfo=SHANGHAI)

    assert CLERKS.after_open_time(before_national_day, 2 * HOUR) == after_the_holidays


def test_a_year_whose_holidays_are_unknown_is_not_guessed() -> None:
    with pytest.raises(CalendarUnknown):
        CLERKS.after_open_time(datetime(2026, 12, 31, 16, tzinfo=SHANGHAI), 2 * HOUR)


def test_of_people_nothing_is_known_without_their_hours() -> None:
    assert not Opening(by_hand=True).hours_known
    assert CLERKS.hours_known
    assert ALWAYS_OPEN.hours_known


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Wed",
        "wed 20:00-24:00",
        "Wed 20:00-20:00",
        "Wed 22:00-02:00",
        "Wed 20:00-24:01",
        "Wed 20:60-21:00",
        "Fri-Mon 09:00-17:00",
        "Wed 20:00-24:00 ",
        "Xyz 09:00-10:00",
        "Mon-Xyz 09:00-10:00",
        "Wed 8:00-9:00",
        "Wed ２0:00-21:00",
    ],
)
def test_what_is_no_window_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"window|ends before|time of day"):
        windows_of(text)


@pytest.mark.parametrize(
    ("closed", "working"),
    [(("Mon-Sun 00:00-24:00",), ()), (("Mon-Fri 08:00-18:00",), ("Mon-Fri 09:00-17:00",))],
)
def test_hours_that_never_open_are_refused(closed: tuple[str, ...], working: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="never open"):
        Opening(closed=windows_of(*closed), working=windows_of(*working))


WINDOWS = st.builds(
    lambda weekday, begin, length: Window(weekday, begin, min(begin + length, 24 * 60)),
    st.integers(0, 6),
    st.integers(0, 24 * 60 - 1),
    st.integers(1, 12 * 60),
)


@given(st.lists(WINDOWS, max_size=5), st.integers(0, 14 * 24 * 3600), st.integers(0, 5 * 24 * 3600))
def test_no_walk_through_open_time_ends_inside_a_closure_nor_takes_more_or_less_than_asked(
    windows: list[Window], start_seconds: int, length_seconds: int
) -> None:
    opening, start = Opening(closed=tuple(windows)), WEDNESDAY + timedelta(seconds=start_seconds)
    length = timedelta(seconds=length_seconds)

    end = opening.after_open_time(start, length)

    assert opening.closed_until(end) is None
    assert opening.open_time_between(start, end) == length
