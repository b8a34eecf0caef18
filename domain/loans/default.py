"""Default: why a bank may enforce what secures a loan, as the loan's own events tell it.

Three things are a default while anything is owed: the bank has called the whole loan due, an amount is overdue, or the
loan's end has passed. An extension or a refinancing ends the first two. An overdue amount is also made good once as
much has been paid since; where the bank named no amount, no payment by itself tells that it was.

Source: civil code art. 386 and 394 (不履行到期债务, or what the parties agreed on); contract section 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.loans.accrual import told_debt
from domain.loans.loans import Loan, LoanEvent, LoanEventType

CURES: Final = frozenset({LoanEventType.EXTENDED, LoanEventType.REFINANCED})


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a loan is in default: `accelerated`, `overdue` or `past_end`; and since when."""

    loan_id: str
    reason: str
    since: date


def ground_of(loan: Loan, events: Sequence[LoanEvent], today: date) -> Ground | None:
    """Return why a loan is in default on a day; none where it is not, or where nothing is owed."""
    if not told_debt(events).is_positive:
        return None
    cured = max((place for place, event in enumerate(events) if event.type in CURES), default=-1)
    standing = events[cured + 1 :]
    called = next((event.on for event in standing if event.type is LoanEventType.ACCELERATED), None)
    if called is not None:
        return Ground(loan.id, "accelerated", called)
    overdue = _overdue_since(standing)
    if overdue is not None:
        return Ground(loan.id, "overdue", overdue)
    return Ground(loan.id, "past_end", loan.end) if loan.end < today else None


def _overdue_since(events: Sequence[LoanEvent]) -> date | None:
    """Return the day of the newest overdue amount that has not been paid since."""
    places = [place for place, event in enumerate(events) if event.type is LoanEventType.OVERDUE]
    if not places:
        return None
    overdue = events[places[-1]]
    behind = _fen_of(overdue)
    paid = sum(_fen_of(event) for event in events[places[-1] :] if event.type is LoanEventType.REPAID)
    return None if 0 < behind <= paid else overdue.on


def _fen_of(event: LoanEvent) -> int:
    amounts = (event.principal, event.interest, event.penalty, event.fee)
    return sum(amount.fen for amount in amounts if amount is not None)
