"""A bank's policy of valuation: how often it values anew, how long it takes to sell, how early a loan must end.

What a bank has not said stays as it is by default: yearly revaluation, the method's own liquidation days, and no margin
of the bank's own before the end of a right. A policy may ask for more often than yearly, never for less often.

>>> months_later(date(2026, 8, 31), 6)
datetime.date(2027, 2, 28)
"""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.valuation.proposals import Proposal

REVALUATION_MONTHS_MAX: Final = 12
REVALUATION_MONTHS: Final = 12
LIQUIDATION_DAYS: Final = 20
"""Calendar days; the default of `POST /v1/valuations` too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """What a policy says; `loan_end_margin_days` is none where the bank leaves it to the rule pack."""

    revaluation_months: int
    liquidation_days: int
    loan_end_margin_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationPolicy:
    """A policy as one person put it forward; the newest approved one holds."""

    id: str
    tenant: str
    terms: PolicyTerms
    proposal: Proposal


DEFAULT_TERMS: Final = PolicyTerms(
    revaluation_months=REVALUATION_MONTHS, liquidation_days=LIQUIDATION_DAYS, loan_end_margin_days=None
)


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, the last of the month where it has no such day.

    A day beyond the calendar is the calendar's last.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
