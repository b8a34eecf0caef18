"""Money that comes in for a pledged right without a default: bought back, expropriated, insured or compensated.

It takes the right's place and is the pledgee's before anybody else's. It pays what is owed, first what falls due first,
or stays deposited and counts as security at its face; what is left when all is paid is the pledgor's.

The subtle thing is rank. What a registry takes of a right is lost by rank already (`impairments`), so each pledgee's
part of the money is that of the quantity which *it* lost. Where others hold pledges on the same right, whoever received
money says what came in for how much in all, and may keep no more than its part.

Source: civil code art. 390 (money in the place of the thing, deposit before the debt is due), 414 (rank), 561 (order of
payment); house decision 33 (interest, penalty, principal).

>>> part_of(Money.of(900), Decimal(3), Decimal(9)).wire()
'300.00'
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.errors import DomainError
from domain.loans.accrual import Debt
from domain.loans.loans import Loan
from domain.values.money import Money
from domain.values.quantity import Quantity


class CompensationKind(StrEnum):
    """What the money is paid for."""

    BUY_BACK = "buy_back"
    EXPROPRIATION = "expropriation"
    INSURANCE = "insurance"
    COMPENSATION = "compensation"


class Application(StrEnum):
    """Whether it pays the debt before its day, or stays as security."""

    PREPAY = "prepay"
    DEPOSIT = "deposit"


class CompensationStatus(StrEnum):
    """Where it stands; `approved` money has paid or lies deposited, a deposit is then applied or returned."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class WholeSum:
    """What was paid for a right in all, and for how much of it."""

    amount: Money
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What of a compensation paid one loan, part by part."""

    loan_id: str
    fees: Money
    interest: Money
    penalty: Money
    principal: Money

    @property
    def total(self) -> Money:
        """Return all of it."""
        return self.fees + self.interest + self.penalty + self.principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """One sum received for a pledged right; `lost` is the quantity that the pledge has lost by its rank, if any."""

    id: str
    pledge_id: str
    parties: tuple[str, ...]
    right_id: str
    kind: CompensationKind
    amount: Money
    received_on: date
    reference: str
    application: Application
    lost: Decimal | None
    status: CompensationStatus
    lines: tuple[Payment, ...] = ()
    deposited: Money = field(default_factory=Money.zero)
    surplus: Money = field(default_factory=Money.zero)
    reason: str | None = None
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    version: int = 1


@dataclass(eq=False)
class CompensationKnown(DomainError):
    """Refuse a second sum under one reference."""

    code = "compensation_known"

    reference: str


@dataclass(eq=False)
class CompensationCannotMove(DomainError):
    """Refuse what a compensation's status does not allow."""

    code = "compensation_cannot_move"

    state: str
    event: str


@dataclass(eq=False)
class SharesUnknown(DomainError):
    """Refuse a sum for a right on which others hold pledges, without the whole sum that it is a part of."""

    code = "shares_unknown"

    right_id: str


@dataclass(eq=False)
class ShareExceedsLoss(DomainError):
    """Refuse more than the part of the whole sum that belongs to what this pledge has lost by its rank."""

    code = "share_exceeds_loss"

    part: Money


def part_of(whole: Money, lost: Decimal, of: Decimal) -> Money:
    """Return the part of a sum that belongs to a lost quantity of a whole one, rounded down to the fen."""
    if of <= 0 or lost <= 0:
        return Money.zero()
    return Money.floor(min(Fraction(1), Fraction(lost) / Fraction(of)) * Fraction(whole.amount))


def payments(money: Money, debts: Sequence[tuple[Loan, Debt]]) -> tuple[tuple[Payment, ...], Money]:
    """Return what of the money pays which loan, and what is left: the loan that ends first is paid first.

    Within a loan: what it cost, interest, penalty, principal.
    """
    left = money
    paid = []
    for loan, debt in sorted(debts, key=lambda each: (each[0].end, each[0].id)):
        parts = []
        for owed in (debt.fees, debt.interest, debt.penalty, debt.principal):
            part = min(owed, left)
            left -= part
            parts.append(part)
        fees, interest, penalty, principal = parts
        line = Payment(loan_id=loan.id, fees=fees, interest=interest, penalty=penalty, principal=principal)
        if line.total.is_positive:
            paid.append(line)
    return tuple(paid), left
