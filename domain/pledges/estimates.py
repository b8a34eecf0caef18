"""The honest estimate: by when a registry will probably have answered, or why nobody can say.

    expected_by = opens + R90, rounded up to the full minute, and out of every closure

`opens` is the first open moment from now on: outside scheduled closures, after the declared end of a declared one, and
inside the clerks' hours where people answer. `R90` is the nearest-rank 90th percentile of what is left: of the orders
that took longer than this one has waited already, so many took at most this much longer. All times are open time: what
a registry took is counted without its closures, and what it will take is walked through its open hours. The subtle
thing is the order that has waited longer than any before: its estimate is none, not "soon". With fewer than five
answers seen, an interface is assumed to answer within ten minutes of open time, twice our longest pause between two
questions, and the answer says that this is assumed; of people nothing is assumed.

Source: issue 4 (callers see 202 with an honest estimate); RFC 9110 section 10.2.3 (Retry-After).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.pledges.opening import Opening
from domain.values.working_days import CalendarUnknown

SEEN_MIN: Final = 5
ASSUMED: Final = timedelta(minutes=10)
HINT_TRUSTED: Final = timedelta(hours=24)
"""How long an unsigned 'come back later' keeps a person from being called."""
ASK_AT_LEAST_EVERY: Final = timedelta(hours=1)
"""How often a registry is asked that has declared when it opens: it may open earlier."""
RETRY_SECONDS_MAX: Final = 300
_MINUTE: Final = timedelta(minutes=1)


class Unforeseeable(StrEnum):
    """Why there is no estimate."""

    CLOSED_WITHOUT_END = "closed_without_end"
    HOURS_UNKNOWN = "hours_unknown"
    NOTHING_SEEN = "nothing_seen"
    LATER_THAN_USUAL = "later_than_usual"
    CALENDAR_UNKNOWN = "calendar_unknown"


class Basis(StrEnum):
    """What an estimate rests on."""

    MEASURED = "measured"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A closure that a registry declared; `until` is none where it named no end, `ended_at` none while it lasts."""

    registry: str
    since: datetime
    until: datetime | None
    ended_at: datetime | None

    def stands(self, now: datetime) -> bool:
        """Tell whether the registry is to be taken as closed: nothing has been heard since, and its end is to come."""
        return self.ended_at is None and (self.until is None or self.until > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An order without an answer; `stages` counts the rounds of orders that must still follow one another."""

    order_id: str
    registry: str
    since: datetime
    stages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """By when it is expected, or why that is unknown; `median` and `p90` are of open time, none where none was seen."""

    expected_by: datetime | None
    reason: Unforeseeable | None
    basis: Basis | None = None
    orders_seen: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None

    def retry_after(self, now: datetime) -> int:
        """Return after how many seconds to ask again: at the estimate, yet never later than in five minutes."""
        if self.expected_by is None:
            return RETRY_SECONDS_MAX
        return max(1, min(RETRY_SECONDS_MAX, -int((now - self.expected_by).total_seconds() // 1)))


def estimate(
    now: datetime, waiting: Waiting, opening: Opening, closure: Closure | None, lived: Sequence[timedelta]
) -> Estimate:
    """Return the estimate of one order; `closure` is the registry's newest, `lived` what its orders lately took."""
    if closure is not None and closure.stands(now) and closure.until is None:
        return Estimate(expected_by=None, reason=Unforeseeable.CLOSED_WITHOUT_END)
    if not opening.hours_known:
        return Estimate(expected_by=None, reason=Unforeseeable.HOURS_UNKNOWN)
    try:
        return _measured(now, waiting, opening, closure, sorted(lived))
    except CalendarUnknown:
        return Estimate(expected_by=None, reason=Unforeseeable.CALENDAR_UNKNOWN)


def latest(estimates: Sequence[Estimate]) -> Estimate:
    """Return the estimate of what is done when all are: the last of them, and none where one is unknown."""
    unknown = [each for each in estimates if each.expected_by is None]
    if unknown:
        return unknown[0]
    return max(estimates, key=lambda each: (each.expected_by is not None, each.expected_by))


def nearest_rank(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """Return the nearest-rank percentile of what is in order: the smallest that so many percent do not exceed.

    >>> nearest_rank([timedelta(seconds=each) for each in (1, 2, 3, 4, 5)], 90).seconds
    5
    """
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _measured(
    now: datetime, waiting: Waiting, opening: Opening, closure: Closure | None, lived: Sequence[timedelta]
) -> Estimate:
    opens, since = now, waiting.since
    if closure is not None and closure.stands(now) and closure.until is not None:
        opens = since = closure.until
    elif closure is not None:
        since = max(since, min(now, closure.ended_at or closure.until or since))
    waited = opening.open_time_between(since, now) if since < now else timedelta(0)
    known = len(lived) >= SEEN_MIN
    if not known and opening.by_hand:
        return Estimate(expected_by=None, reason=Unforeseeable.NOTHING_SEEN, orders_seen=len(lived))
    longer = [each for each in (lived if known else [ASSUMED]) if each > waited or not waited]
    median, p90 = (nearest_rank(lived, 50), nearest_rank(lived, 90)) if known else (None, None)
    if not longer:
        late = Unforeseeable.LATER_THAN_USUAL
        return Estimate(expected_by=None, reason=late, orders_seen=len(lived), median=median, p90=p90)
    following = (p90 or ASSUMED) * (waiting.stages - 1)
    done = opening.after_open_time(opens, nearest_rank(longer, 90) - waited + following)
    return Estimate(
        expected_by=opening.after_open_time(_rounded_up(done), timedelta(0)),
        reason=None,
        basis=Basis.MEASURED if known else Basis.ASSUMED,
        orders_seen=len(lived),
        median=median,
        p90=p90,
    )


def _rounded_up(moment: datetime) -> datetime:
    """Return the next full minute, the moment itself where it is one."""
    full = moment.replace(second=0, microsecond=0)
    return full if full == moment else full + _MINUTE
