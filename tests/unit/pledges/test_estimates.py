"""The honest estimate: what it rests on, and when there is none."""

from datetime import datetime, timedelta

from domain.pledges.estimates import Basis, Closure, Estimate, Unforeseeable, Waiting, estimate, latest, nearest_rank
from domain.pledges.opening import ALWAYS_OPEN, Opening, windows_of
from domain.values.time import SHANGHAI

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=SHANGHAI)
"""A Wednesday."""
TEN = [each * MINUTE for each in range(1, 11)]
"""Ten orders of one to ten minutes: the median is five, the ninetieth percentile nine."""
CLERKS = Opening(working=windows_of("Mon-Fri 09:00-17:00"), by_hand=True)


def an_order(since: datetime = NOW, stages: int = 1) -> Waiting:
    return Waiting(order_id="order_1", registry="zhejiang", since=since, stages=stages)


def a_closure(until: datetime | None, since: datetime = NOW - HOUR, ended_at: datetime | None = None) -> Closure:
    return Closure(registry="zhejiang", since=since, until=until, ended_at=ended_at)


def test_a_fresh_order_is_expected_after_what_nine_in_ten_took() -> None:
    found = estimate(NOW, an_order(), ALWAYS_OPEN, None, TEN)

    assert (found.expected_by, found.basis, found.reason) == (NOW + 9 * MINUTE, Basis.MEASURED, None)
    assert (found.orders_seen, found.median, found.p90) == (10, 5 * MINUTE, 9 * MINUTE)


def test_the_estimate_is_rounded_up_to_the_full_minute() -> None:
    found = estimate(NOW, an_order(), ALWAYS_OPEN, None, [each + SECOND for each in TEN])

    assert found.expected_by == NOW + 10 * MINUTE


def test_who_has_waited_is_measured_on_those_who_waited_longer() -> None:
    """Eight minutes are over; of those that took longer (9, 10), nine in ten took at most ten: two more."""
    found = estimate(NOW, an_order(NOW - 8 * MINUTE), ALWAYS_OPEN, None, TEN)

    assert found.expected_by == NOW + 2 * MINUTE


def test_who_has_waited_longer_than_any_is_promised_nothing() -> None:
    found = estimate(NOW, an_order(NOW - 10 * MINUTE), ALWAYS_OPEN, None, TEN)

    assert (found.expected_by, found.reason) == (None, Unforeseeable.LATER_THAN_USUAL)
    assert found.p90 == 9 * MINUTE


def test_an_interface_of_which_little_was_seen_is_assumed_and_says_so() -> None:
    found = estimate(NOW, an_order(), ALWAYS_OPEN, None, TEN[:4])

    assert (found.expected_by, found.basis, found.orders_seen) == (NOW + 10 * MINUTE, Basis.ASSUMED, 4)


def test_nothing_is_assumed_of_people() -> None:
    assert estimate(NOW, an_order(), CLERKS, None, TEN[:4]).reason is Unforeseeable.NOTHING_SEEN
    assert estimate(NOW, an_order(), Opening(by_hand=True), None, TEN).reason is Unforeseeable.HOURS_UNKNOWN


def test_people_answer_in_their_hours() -> None:
    evening = NOW.replace(hour=16, minute=55)

    assert estimate(evening, an_order(evening), CLERKS, None, TEN).expected_by == NOW.replace(day=26, hour=9, minute=4)


def test_a_year_without_a_calendar_is_not_promised_into() -> None:
    last = datetime(2026, 12, 31, 16, 55, tzinfo=SHANGHAI)

    assert estimate(last, an_order(last), CLERKS, None, TEN).reason is Unforeseeable.CALENDAR_UNKNOWN


def test_a_declared_closure_is_over_before_anything_is_expected() -> None:
    closure = a_closure(NOW + 12 * HOUR)

    found = estimate(NOW, an_order(NOW - HOUR), ALWAYS_OPEN, closure, TEN)

    assert found.expected_by == NOW + 12 * HOUR + 9 * MINUTE


def test_a_declared_closure_without_an_end_has_no_estimate() -> None:
    found = estimate(NOW, an_order(), ALWAYS_OPEN, a_closure(None), TEN)

    assert (found.expected_by, found.reason) == (None, Unforeseeable.CLOSED_WITHOUT_END)


def test_what_was_waited_for_in_a_closure_is_not_counted() -> None:
    """Two minutes are over since it ended; of those that took longer, nine in ten took at most ten: eight more."""
    closure = a_closure(None, since=NOW - 12 * HOUR, ended_at=NOW - 2 * MINUTE)

    found = estimate(NOW, an_order(NOW - 12 * HOUR), ALWAYS_OPEN, closure, TEN)

    assert found.expected_by == NOW + 8 * MINUTE


def test_no_estimate_lies_in_a_scheduled_closure() -> None:
    opening = Opening(closed=windows_of("Wed 10:05-22:00"))

    assert estimate(NOW, an_order(), opening, None, TEN).expected_by == NOW + 12 * HOUR + 4 * MINUTE


def test_rounding_up_does_not_fall_into_a_closure() -> None:
    opening = Opening(closed=windows_of("Wed 10:09-22:00"))
    nearly_nine = [each - SECOND for each in TEN]

    assert estimate(NOW, an_order(), opening, None, nearly_nine).expected_by == NOW + 12 * HOUR


def test_an_order_that_another_must_follow_takes_twice_as_long() -> None:
    assert estimate(NOW, an_order(stages=2), ALWAYS_OPEN, None, TEN).expected_by == NOW + 18 * MINUTE


def test_all_are_done_when_the_last_is_and_unknown_when_one_is() -> None:
    early, late = (Estimate(expected_by=NOW + each, reason=None) for each in (MINUTE, HOUR))
    unknown = Estimate(expected_by=None, reason=Unforeseeable.NOTHING_SEEN)

    assert latest([early, late]) == late
    assert latest([early, unknown, late]) == unknown


def test_whoever_asks_again_asks_at_the_estimate_and_within_five_minutes() -> None:
    at = Estimate(expected_by=NOW + 30 * SECOND, reason=None)

    assert at.retry_after(NOW) == 30
    assert at.retry_after(NOW + HOUR) == 1
    assert Estimate(expected_by=NOW + HOUR, reason=None).retry_after(NOW) == 300
    assert Estimate(expected_by=None, reason=Unforeseeable.NOTHING_SEEN).retry_after(NOW) == 300


def test_a_percentile_is_one_of_those_seen() -> None:
    assert nearest_rank(TEN, 50) == 5 * MINUTE
    assert nearest_rank(TEN, 90) == 9 * MINUTE
    assert nearest_rank(TEN[:1], 90) == MINUTE
