"""What is owed of a loan on a day: principal, accrued interest, penalty and fees, each exact and rounded once.

A day counts from its beginning: money that went out on a day costs interest for it, money that came back on a day does
not (算头不算尾), and a year has 360 days. What exceeds the schedule is overdue, all of it once the loan is accelerated,
and costs the contract's surcharge beside the rate.

The subtle thing is whose word counts. Principal follows from the bank's events alone. Interest is ours from the rate of
the contract, less what the bank says was paid; an event that merely tells accrued interest adds nothing. A penalty that
the bank tells counts where the contract names no surcharge, and a fee always; `settled` ends everything owed by then.
Days for which no rate is known accrue nothing.

Source: 银发〔2005〕129号 (actual days, daily rate of a 360th), 银发〔2003〕251号 (surcharge on overdue principal), both
from memory; contract section 5 (`outstanding` from loan events).

>>> from decimal import Decimal
>>> Fraction(10_000_000) * Fraction("0.0345") * days_between(date(2024, 3, 1), date(2025, 3, 1)) / DAYS_OF_A_YEAR
Fraction(1049375, 3)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from domain.loans.loans import SIGN, Loan, LoanEvent, LoanEventType, outstanding
from domain.loans.prime_rates import rates_of
from domain.values.daycount import days_between
from domain.values.money import Money

DAYS_OF_A_YEAR: Final = 360
PAYMENTS: Final = frozenset({LoanEventType.REPAID, LoanEventType.SETTLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What is owed at the beginning of a day; each part is rounded up to the fen, and none is below zero."""

    principal: Money
    interest: Money
    penalty: Money
    fees: Money

    @property
    def total(self) -> Money:
        """Return all of it."""
        return self.principal + self.interest + self.penalty + self.fees


@dataclass(slots=True)
class _Account:
    """The running sums, exact, in yuan."""

    balance: Fraction = Fraction(0)
    interest: Fraction = Fraction(0)
    penalty: Fraction = Fraction(0)
    fees: Fraction = Fraction(0)
    accelerated: bool = False


def debt_of(loan: Loan, events: Sequence[LoanEvent], on: date) -> Debt:
    """Return what is owed of a loan on a day, from its events in the order in which they were recorded."""
    rates = rates_of(loan, on)
    happened = sorted(events, key=lambda event: event.on)
    turns = {event.on for event in happened} | {day for day, _ in rates} | {day for day, _ in loan.repayment}
    days = sorted(day for day in turns if day < on)
    account = _Account()
    for index, day in enumerate(days):
        for event in (each for each in happened if each.on == day):
            _take(account, event, told_penalty=loan.overdue_surcharge is None)
        until = days[index + 1] if index + 1 < len(days) else on
        _accrue(account, loan, _rate_on(rates, day), day, until)
    for event in (each for each in happened if each.on >= on):
        _take(account, event, told_penalty=loan.overdue_surcharge is None)
    return Debt(
        principal=max(outstanding(events), Money.zero()),
        interest=_owed(account.interest),
        penalty=_owed(account.penalty),
        fees=_owed(account.fees),
    )


def told_debt(events: Sequence[LoanEvent]) -> Money:
    """Return what the bank's own words leave owed: principal, and penalties and fees that it told, less what was paid.

    Interest that accrues between its words is not in it: the bank's own computation decides the last fen of a loan.
    """
    account = _Account()
    for event in events:
        _take(account, event, told_penalty=True)
    return max(outstanding(events), Money.zero()) + _owed(account.penalty) + _owed(account.fees)


def _take(account: _Account, event: LoanEvent, *, told_penalty: bool) -> None:
    """Enter an event: payments lower, reversals carry their own sign, everything else charges."""
    if event.type is LoanEventType.SETTLED:
        account.balance = account.interest = account.penalty = account.fees = Fraction(0)
        account.accelerated = False
        return
    if event.type is LoanEventType.ACCELERATED:
        account.accelerated = True
    account.balance += SIGN.get(event.type, 0) * _yuan(event.principal)
    sign = -1 if event.type in PAYMENTS else 1
    if event.type in PAYMENTS or event.type is LoanEventType.REVERSED:
        account.interest += sign * _yuan(event.interest)
        account.penalty += sign * _yuan(event.penalty)
    elif told_penalty:
        account.penalty += _yuan(event.penalty)
    account.fees += sign * _yuan(event.fee)


def _accrue(account: _Account, loan: Loan, rate: Fraction | None, since: date, until: date) -> None:
    """Add the interest of the days from `since` up to `until`, on which neither balance, rate nor schedule changes."""
    if rate is None or account.balance <= 0:
        return
    share = rate * Fraction(days_between(since, until), DAYS_OF_A_YEAR)
    account.interest += account.balance * share
    if loan.overdue_surcharge is not None:
        account.penalty += _overdue(account, loan, since) * share * Fraction(loan.overdue_surcharge)


def _overdue(account: _Account, loan: Loan, day: date) -> Fraction:
    """Return the principal that the schedule no longer allows at the end of a day."""
    if account.accelerated:
        return account.balance
    allowed = sum((_yuan(amount) for on, amount in loan.repayment if on > day), Fraction(0))
    return max(Fraction(0), account.balance - allowed)


def _rate_on(rates: Iterable[tuple[date, Fraction | None]], day: date) -> Fraction | None:
    """Return the rate of a day; money that left before the contract's start costs the first one."""
    told = list(rates)
    return next((rate for since, rate in reversed(told) if since <= day), told[0][1])


def _yuan(money: Money | None) -> Fraction:
    return Fraction(0) if money is None else Fraction(money.amount)


def _owed(amount: Fraction) -> Money:
    return Money.ceiling(max(Fraction(0), amount))
