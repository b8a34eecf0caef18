"""The bank tells of its loan and of what happens to it; money leaves only on the conditions that the pledge demands."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from domain.errors import InvalidDate, InvalidMoney
from domain.jurisdictions.rulebook import Rulebook
from domain.loans.loans import (
    SIGN,
    Loan,
    LoanEvent,
    LoanEventConflict,
    LoanEventType,
    LoanKind,
    check_repayment,
    outstanding,
    paid_out,
)
from domain.pledges.lifecycle import TERMINAL, State
from domain.pledges.pledges import NotActive, Pledge
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.approve_loan import approved_for
from domain.use_cases.draw_down import require_drawable
from domain.use_cases.read_pledge import UNIMPAIRED, conditions_for
from domain.use_cases.state_settlement_account import require_payee
from domain.values.actors import Actor
from domain.values.money import Money
from domain.values.time import business_date

NOT_SECURING: Final = TERMINAL | {State.DRAFT}
"""A draft binds nobody yet, and an ended pledge nobody any more."""


async def record_loan(uow: UnitOfWork, actor: Actor, loan: Loan, now: datetime) -> Loan:
    """Write the bank's loan.

    Raises:
        InvalidRepayment: the schedule does not repay the principal exactly within the term.
        ContractNumberTaken: this bank has the number already.
    """
    check_repayment(loan)
    await uow.loans.add(loan)
    await uow.audit.write(
        actor,
        "loan.recorded",
        loan.id,
        {"contract_no": loan.contract_no, "principal": loan.principal.wire()},
        loan.parties,
        now,
    )
    return loan


async def record_loan_event(
    uow: UnitOfWork, actor: Actor, rulebook: Rulebook, event: LoanEvent, now: datetime
) -> LoanEvent:
    """Write an event (principal, interest, penalty, fee in yuan).

    Raises:
        InvalidMoney: an amount below nothing, but for a reversal.
        InvalidDate: money that moves after today.
        NotFound: no such loan of this bank.
        NotActive: a disbursement before every condition of every pledge for it is met, or with no pledge at all, or
            while the collateral is short or would be, or after the claims have been determined.
        LoanEventConflict: the reference is known already; more is repaid than owed, or undone than was done, or more is
            paid out than lent or approved.
        PayeeNotSettlementAccount: a purchase is paid elsewhere than to the exchange's account of the day.
    """
    _check_sense(event, business_date(now))
    loan = await uow.loans.lock(event.loan_id)
    if loan is None:
        raise NotFound("loan")
    if loan.tenant != actor.tenant:
        raise Forbidden("loan:record")
    known = await uow.loans.events(loan.id)
    if any(earlier.reference == event.reference for earlier in known):
        raise LoanEventConflict(event.reference)
    _check_amounts(loan, known, event)
    await require_payee(uow, loan, event)
    if event.type is LoanEventType.DISBURSED:
        pledges = await _ready_pledges(uow, rulebook, loan.id, now)
        for pledge in pledges:
            await _check_approval(uow, pledge, loan, [*known, event])
        await require_drawable(uow, pledges, event, now)
    await uow.loans.add_event(event, loan, actor.client_id)
    principal = None if event.principal is None else event.principal.wire()
    details = {"type": event.type.value, "principal": principal, "on": event.on.isoformat()}
    told = f"loan.{event.type.value}"
    said = {**details, "reference": event.reference}
    await uow.audit.write(actor, told, loan.id, said, loan.parties, now)
    await uow.outbox.publish(told, loan.id, {"reference": event.reference}, loan.parties, now)
    return event


def _check_sense(event: LoanEvent, today: date) -> None:
    """Refuse what cannot have happened."""
    for amount in (event.principal, event.interest, event.penalty, event.fee):
        if amount is not None and amount < Money.zero() and event.type is not LoanEventType.REVERSED:
            raise InvalidMoney(
                what="money", value=amount.wire(), reason_zh="金额不得小于零。", reason_en="below nothing"
            )
    if event.type in SIGN and event.on > today:
        raise InvalidDate(
            what="date",
            value=event.on.isoformat(),
            reason_zh="款项发生日期不得晚于今天。",
            reason_en="money does not move after today",
        )


def _check_amounts(loan: Loan, known: Sequence[LoanEvent], event: LoanEvent) -> None:
    """Raise LoanEventConflict unless 0 <= owed <= paid out <= lent after the event; none settles more than is owed.

    A line is drawn again after it was repaid: its limit is on what is owed. A refinanced loan is not paid out any more.
    """
    before, after, out = outstanding(known), outstanding([*known, event]), paid_out([*known, event])
    overpaid = event.type is LoanEventType.SETTLED and event.principal is not None and event.principal > before
    lent = after if loan.kind is LoanKind.CREDIT_LINE else out
    if overpaid or not (Money.zero() <= after <= out and lent <= loan.principal):
        raise LoanEventConflict(event.reference)
    if event.type is LoanEventType.DISBURSED and (
        event.principal is None
        or not event.principal.is_positive
        or any(earlier.type is LoanEventType.REFINANCED for earlier in known)
    ):
        raise LoanEventConflict(event.reference)


async def _ready_pledges(uow: UnitOfWork, rulebook: Rulebook, loan_id: str, now: datetime) -> list[Pledge]:
    """Return the pledges for the loan; raises NotActive unless each meets its conditions.

    The pledges are locked, so that none is released between this look and the payment's commit.
    """
    pledges = []
    for securing in sorted(await uow.pledges.securing(loan_id), key=lambda each: each.id):
        pledge = await uow.pledges.lock(securing.id)
        if pledge is not None and pledge.status not in NOT_SECURING:
            pledges.append(pledge)
    if not pledges:
        raise NotActive(("active",))
    unmet: dict[str, None] = {}
    for pledge in pledges:
        rights = await uow.rights.find_many([item.right_id for item in pledge.items])
        conditions = await conditions_for(uow, pledge, rights, rulebook, now)
        unmet.update({each.code: None for each in conditions if not each.met})
        if any([await uow.rights.is_troubled(item.right_id) for item in pledge.items]):
            unmet[UNIMPAIRED] = None
    if unmet:
        raise NotActive(tuple(unmet))
    return pledges


async def _check_approval(uow: UnitOfWork, pledge: Pledge, loan: Loan, events: Sequence[LoanEvent]) -> None:
    """Raise LoanEventConflict where the last event pays out more than the pledge's approval is for this loan.

    What an amendment added was approved for itself; the pledge's amount is for the others.
    """
    own = dict(pledge.loan_approvals)
    approved = own.get(loan.id)
    if approved is None and pledge.approved_amount is not None:
        found = await uow.loans.find_many([loan_id for loan_id in pledge.loan_ids if loan_id not in own])
        approved = approved_for(loan, list(found.values()), pledge.approved_amount)
    drawn = outstanding(events) if loan.kind is LoanKind.CREDIT_LINE else paid_out(events)
    if approved is None or drawn > approved:
        raise LoanEventConflict(events[-1].reference)
