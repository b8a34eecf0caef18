"""A loan and its events, as the bank tells them; what is outstanding follows from the events alone.

Only principal is secured day by day here; interest and fees stand beside it. A reversal names the event it undoes by
its amounts with the sign turned, so the sum stays a sum.

Source: contract section 5.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.loans.settlement_accounts import Payee
from domain.values.identifiers import Uscc
from domain.values.money import Money


class LoanKind(StrEnum):
    """What kind of credit it is."""

    TERM = "term"
    CREDIT_LINE = "credit_line"
    PURCHASE_FINANCE = "purchase_finance"


class LoanEventType(StrEnum):
    """What happened to a loan."""

    DISBURSED = "disbursed"
    REPAID = "repaid"
    OVERDUE = "overdue"
    SETTLED = "settled"
    ACCELERATED = "accelerated"
    EXTENDED = "extended"
    REFINANCED = "refinanced"
    CLASSIFIED = "classified"
    ASSIGNED = "assigned"
    WRITTEN_OFF = "written_off"
    REVERSED = "reversed"


SIGN: Final[Mapping[LoanEventType, int]] = MappingProxyType(
    {
        LoanEventType.DISBURSED: 1,
        LoanEventType.REPAID: -1,
        LoanEventType.SETTLED: -1,
        LoanEventType.REVERSED: 1,
    }
)
"""How an event's principal moves the debt; a write-off moves the bank's books, not the debt. Others do not move it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRate:
    """A fixed rate, as a fraction per year."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LprRate:
    """A rate that follows the loan prime rate: tenor 1Y or 5Y, spread in basis points, reset rule of the contract."""

    tenor: str
    spread_bp: int
    reset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEvent:
    """One event with its amounts in yuan; none where the event moves no such amount. `payee` is a payment's."""

    id: str
    loan_id: str
    type: LoanEventType
    principal: Money | None
    interest: Money | None
    penalty: Money | None
    fee: Money | None
    on: date
    reference: str
    recorded_at: datetime
    payee: Payee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """The bank's contract. `repayment` lists the day and principal of each repayment; a bullet is one line.

    `overdue_surcharge` is what overdue principal costs beyond the rate, as a share of the rate; none where the contract
    leaves that to the bank's own word.
    """

    id: str
    tenant: str
    borrower_uscc: Uscc
    contract_no: str
    kind: LoanKind
    principal: Money
    rate: FixedRate | LprRate
    start: date
    end: date
    repayment: tuple[tuple[date, Money], ...]
    bullet: bool
    purpose: str
    version: int
    created_at: datetime
    parties: tuple[str, ...]
    overdue_surcharge: Decimal | None = None


def outstanding(events: Iterable[LoanEvent]) -> Money:
    """Return the principal still owed, in yuan; settled debts owe nothing, whatever rounding the bank did before."""
    owed = Decimal(0)
    for event in events:
        if event.type is LoanEventType.SETTLED:
            owed = Decimal(0)
        elif event.principal is not None:
            owed += SIGN.get(event.type, 0) * event.principal.amount
    return Money(owed)


def paid_out(events: Iterable[LoanEvent]) -> Money:
    """Return the principal that ever left the bank, less the payments that came back, in yuan.

    A disbursement is reversed by a negative amount; a positive reversal undoes a repayment and pays nothing out.
    """
    out = Decimal(0)
    for event in events:
        if event.principal is not None and (
            event.type is LoanEventType.DISBURSED
            or (event.type is LoanEventType.REVERSED and not event.principal.is_positive)
        ):
            out += event.principal.amount
    return Money(out)


@dataclass(eq=False)
class InvalidRepayment(DomainError):
    """Refuse a schedule that does not repay the principal exactly, in order, within the loan's term."""

    code = "invalid_repayment"

    principal: Money
    scheduled: Money


@dataclass(eq=False)
class ContractNumberTaken(DomainError):
    """Refuse a second loan of the same bank under one contract number."""

    code = "contract_no_taken"

    contract_no: str


@dataclass(eq=False)
class LoanEventConflict(DomainError):
    """Refuse an event that contradicts what is known of the loan.

    Its reference is another event's, or more would be repaid, undone or paid out than is owed, was done or may be.
    """

    code = "loan_event_conflict"

    reference: str


def check_repayment(loan: Loan) -> None:
    """Raise InvalidRepayment unless the schedule repays exactly the principal, each day once, within the term."""
    days = [on for on, _ in loan.repayment]
    total = sum((amount.amount for _, amount in loan.repayment), Decimal(0))
    in_order = days == sorted(set(days)) and bool(days) and loan.start < days[0] and days[-1] <= loan.end
    positive = all(amount.is_positive for _, amount in loan.repayment)
    if total != loan.principal.amount or not in_order or not positive:
        raise InvalidRepayment(loan.principal, Money(total))
