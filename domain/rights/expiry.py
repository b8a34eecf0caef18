"""What the calendar does to a right: it expires, or its plan period ends and it awaits its confirmation.

The subtle thing is the second clock. A discharge right with a term was counted out for a five-year plan; when that plan
ends and its registry has not told of it since, nobody may count on it, whatever end its certificate names. It is not
expired: its successor may be confirmed for another quantity, and until then nothing of it is released. A right that
ended before its plan did has simply expired.

Source: 全国排污权有偿使用和交易进展报告(2024); rules `right.plan_period.end` and `.years`; 排污许可管理条例 art. 14
(60 days before the end).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from domain.jurisdictions.plan_period import plan_period_end
from domain.jurisdictions.rulebook import Rulebook
from domain.jurisdictions.rules import day, whole
from domain.rights.rights import USABLE, Right, RightStatus, Tenure
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.time import add_years, business_date

NOTICE: Final = timedelta(days=60)
"""So long before its end a right's confirmation or renewal falls due."""


@dataclass(frozen=True, slots=True)
class PlanPeriod:
    """The plan period of a day: the last day of the one before, and its own last day."""

    before: date
    end: date


def plan_period_on(rulebook: Rulebook, division: Division, on: date) -> PlanPeriod | None:
    """Return the plan period in which a day lies, none where the rules do not say."""
    known = rulebook.find("right.plan_period.end", division, on)
    years = rulebook.find("right.plan_period.years", division, on)
    if known is None or years is None or not known.is_known or not years.is_known:
        return None
    end = plan_period_end(on, day(known), whole(years))
    return PlanPeriod(before=add_years(end, -whole(years)), end=end)


def status_on(right: Right, period: PlanPeriod | None, on: date) -> RightStatus:
    """Return what a right is on a day, which is what it was unless the calendar says otherwise."""
    if right.status not in USABLE:
        return right.status
    ended = right.valid_to is not None and right.valid_to < on
    if period is not None and _of_a_plan(right) and right.successor_id is None:
        reached_the_end = right.valid_to is None or right.valid_to >= period.before
        if right.valid_from <= period.before and business_date(right.as_of) <= period.before and reached_the_end:
            return RightStatus.PENDING_RECONFIRMATION
    return RightStatus.EXPIRED if ended else right.status


def reconfirmation_due_on(right: Right, period: PlanPeriod | None, on: date) -> date | None:
    """Return the day by which a right must be confirmed or renewed where that is near, none otherwise."""
    if right.status not in USABLE:
        return None
    ends = [] if right.valid_to is None else [right.valid_to]
    if period is not None and _of_a_plan(right):
        ends.append(period.end)
    due = min(ends, default=None)
    return due if due is not None and on <= due <= on + NOTICE else None


def _of_a_plan(right: Right) -> bool:
    return right.tenure is Tenure.FIXED and right.instrument is Instrument.DISCHARGE_RIGHT
