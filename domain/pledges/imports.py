"""Existing pledges of a bank brought in: what the bank says of each, and what the registry must say for it to be true.

A pledge that the registry froze before we were there is no order of ours: nothing is sent, and the registry's own entry
decides. The subtle thing is the time. A row is not believed for its day or its rank; it is believed when the registry
shows a freeze for this bank under this reference with that quantity, day and place, and then the registry's time to the
second is what counts, because the rank among all creditors is by that time.

Where several things are wrong at once, the first in the order of `Code` is told.

Source: 民法典 art. 414 (rank by the time of registration), 440-445; contract section 5 (registrations).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.loans.loans import FixedRate, LoanKind, LprRate
from domain.pledges.lifecycle import Workflow
from domain.pledges.pledges import OtherSecurity, Secured, SecurityType
from domain.valuation.proposals import Proposal
from domain.values.identifiers import RegistryNo, Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity


class RowOutcome(StrEnum):
    """What became of a row."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class Code(StrEnum):
    """Why a row is quarantined, in the order in which it is asked."""

    FUTURE_DATED = "future_dated"
    BALANCE_EXCEEDS_PRINCIPAL = "balance_exceeds_principal"
    INVALID_REPAYMENT = "invalid_repayment"
    RIGHT_NOT_FOUND = "right_not_found"
    HOLDER_DIFFERS = "holder_differs"
    FREEZE_NOT_FOUND = "freeze_not_found"
    BENEFICIARY_DIFFERS = "beneficiary_differs"
    QUANTITY_DIFFERS = "quantity_differs"
    REGISTERED_ON_DIFFERS = "registered_on_differs"
    RANK_DIFFERS = "rank_differs"
    UNIT_CHANGED = "unit_changed"
    AUTHORITY_UNKNOWN = "authority_unknown"
    QUANTITY_COUNTED_ALREADY = "quantity_counted_already"
    QUANTITY_UNAVAILABLE = "quantity_unavailable"
    LOAN_CONFLICT = "loan_conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtLoan:
    """A loan with its balance as of a day; the schedule is the contract's whole one, paid instalments included."""

    borrower_uscc: Uscc
    contract_no: str
    kind: LoanKind
    principal: Money
    outstanding: Money
    as_of: date
    rate: FixedRate | LprRate
    start: date
    end: date
    repayment: tuple[tuple[date, Money], ...]
    bullet: bool
    purpose: str
    overdue_surcharge: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtPledge:
    """A row: one freeze that stands at a registry, what it secures, and the loans behind it."""

    registry: str
    registry_no: RegistryNo
    registry_ref: str
    pledgor_uscc: Uscc
    quantity: Quantity
    registered_on: date
    rank: int
    security_type: SecurityType
    workflow: Workflow
    secured: Secured
    other_security: tuple[OtherSecurity, ...]
    loans: tuple[BroughtLoan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of a row; `code` where it is quarantined, `pledge_id` where it is a pledge with us."""

    outcome: RowOutcome
    code: Code | None = None
    pledge_id: str | None = None


PENDING = RowResult(outcome=RowOutcome.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeImport:
    """A bank's batch: put forward by one person, approved by a second, and then asked of the registry row by row."""

    id: str
    tenant: str
    tenant_uscc: Uscc
    proposal: Proposal
    rows: tuple[BroughtPledge, ...]
    results: tuple[RowResult, ...]

    @property
    def is_finished(self) -> bool:
        """Tell whether every row has its result."""
        return all(result.outcome is not RowOutcome.PENDING for result in self.results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a registry shows of a row: the right's holder, and the freeze under the reference, each none without one."""

    holder_uscc: Uscc | None
    beneficiary: Uscc | None
    quantity: Quantity | None
    registered_on: date | None
    rank: int | None


def refusal_of(row: BroughtPledge, today: date) -> Code | None:
    """Return what is wrong with a row by itself, before anybody is asked; none where nothing is."""
    if row.registered_on > today or any(loan.as_of > today for loan in row.loans):
        return Code.FUTURE_DATED
    if any(not Money.zero() <= loan.outstanding <= loan.principal for loan in row.loans):
        return Code.BALANCE_EXCEEDS_PRINCIPAL
    return None if all(_repays(loan) for loan in row.loans) else Code.INVALID_REPAYMENT


def contradiction(row: BroughtPledge, bank: Uscc, shown: Shown) -> Code | None:
    """Return the first thing in which the registry says otherwise than a row; none where it says the same."""
    if shown.holder_uscc is None:
        return Code.RIGHT_NOT_FOUND
    if shown.holder_uscc != row.pledgor_uscc:
        return Code.HOLDER_DIFFERS
    if shown.beneficiary is None or shown.quantity is None:
        return Code.FREEZE_NOT_FOUND
    differs = {
        Code.BENEFICIARY_DIFFERS: shown.beneficiary != bank,
        Code.QUANTITY_DIFFERS: shown.quantity.unit is not row.quantity.unit or shown.quantity != row.quantity,
        Code.REGISTERED_ON_DIFFERS: shown.registered_on != row.registered_on,
        Code.RANK_DIFFERS: shown.rank != row.rank,
    }
    return next((code for code, applies in differs.items() if applies), None)


def totals(results: Sequence[RowResult]) -> dict[RowOutcome, int]:
    """Count the results by outcome."""
    return {outcome: sum(result.outcome is outcome for result in results) for outcome in RowOutcome}


def _repays(loan: BroughtLoan) -> bool:
    days = [on for on, _ in loan.repayment]
    total = sum((amount.amount for _, amount in loan.repayment), Decimal(0))
    in_order = bool(days) and days == sorted(set(days)) and loan.start < days[0] and days[-1] <= loan.end
    return in_order and total == loan.principal.amount and all(amount.is_positive for _, amount in loan.repayment)
