"""The bank tells of its loan and of what happens to it; money leaves only on the conditions that the pledge demands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.loans import Loan, LoanEvent, LoanEventConflict, LoanEventType, check_repayment, outstanding
from domain.pledges.lifecycle import TERMINAL, State
from domain.pledges.pledges import NotActive
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.read_pledge import conditions_of
from domain.values.actors import Actor
from domain.values.money import Money

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
        NotFound: no such loan of this bank.
        NotActive: a disbursement before every condition of every pledge for it is met, or with no pledge at all.
        LoanEventConflict: the reference is known already, more is repaid than owed, or more is paid out than lent.
    """
    loan = await uow.loans.lock(event.loan_id)
    if loan is None:
        raise NotFound("loan")
    if loan.tenant != actor.tenant:
        raise Forbidden("loan:record")
    known = await uow.loans.events(loan.id)
    if any(earlier.reference == event.reference for earlier in known):
        raise LoanEventConflict(event.reference)
    _check_amounts(loan, known, event)
    if event.type is LoanEventType.DISBURSED:
        await _check_conditions(uow, rulebook, loan.id, now)
    await uow.loans.add_event(event, loan, actor.client_id)
    principal = None if event.principal is None else event.principal.wire()
    details = {"type": event.type.value, "principal": principal, "on": event.on.isoformat()}
    told = f"loan.{event.type.value}"
    said = {**details, "reference": event.reference}
    await uow.audit.write(actor, told, loan.id, said, loan.parties, now)
    await uow.outbox.publish(told, loan.id, {"reference": event.reference}, loan.parties, now)
    return event


def _check_amounts(loan: Loan, known: Sequence[LoanEvent], event: LoanEvent) -> None:
    after = outstanding([*known, event]).amount
    disbursed = sum(
        (e.principal.amount for e in [*known, event] if e.type is LoanEventType.DISBURSED and e.principal is not None),
        Money.zero().amount,
    )
    if after < 0 or disbursed > loan.principal.amount:
        raise LoanEventConflict(event.reference)
    if event.type is LoanEventType.DISBURSED and (event.principal is None or not event.principal.is_positive):
        raise LoanEventConflict(event.reference)


async def _check_conditions(uow: UnitOfWork, rulebook: Rulebook, loan_id: str, now: datetime) -> None:
    """Raise NotActive unless every pledge for the loan meets its conditions.

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
        unmet.update({each.code: None for each in conditions_of(pledge, rights, rulebook, now) if not each.met})
    if unmet:
        raise NotActive(tuple(unmet))
