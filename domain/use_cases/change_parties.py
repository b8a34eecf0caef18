"""Order the registry to enter another party with every freeze of a pledge, and let the pledge follow once it has.

Nothing is released and nothing frozen: each freeze keeps its reference, its time and its quantity, and is amended to
the new pledgee's or the new holder's name. Only when the registry has amended all of them does the pledge become the
new party's, in one transaction, by the database's own door (`change_parties`); until then it is wholly the old one's.
Where the registry amends some and refuses others, those are amended back, and the pledge stays as it was.

A transferred claim keeps its loans: they move with it, with their events and under their contract number (or, where the
new bank has that number already, with the loan's id behind it), and say `assigned`. The debtor and the pledgors are
told and not asked.

Source: civil code art. 407, 545 to 547 (transfer of a claim), 67 (succession), 414 (rank is the registry's time).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.loans.loans import LoanEvent, LoanEventType
from domain.pledges.amendments import Amendment, AmendmentEvent, AmendmentKind
from domain.pledges.certificates import CertificateKind
from domain.pledges.pledges import Pledge
from domain.pledges.registry_orders import OrderKind, OrderState, PledgeOrder
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.hear_registry import ask_for_review
from domain.use_cases.issue_certificate import issue_certificate
from domain.use_cases.order_freeze import an_order, place
from domain.use_cases.plan_change_of_party import FreezeChange
from domain.use_cases.propose_amendment import end
from domain.values.actors import WORKER, Actor
from domain.values.identifiers import new_id
from domain.values.time import business_date


async def order_changes(
    uow: UnitOfWork,
    actor: Actor,
    pledge: Pledge,
    amendment: Amendment,
    changes: Sequence[FreezeChange],
    now: datetime,
) -> Amendment:
    """Order the amendment of each freeze, in a round of its own; the pledge stays active and as it is."""
    registering = await end(uow, actor, amendment, AmendmentEvent.ORDERED, None, now)
    await _order(uow, actor, pledge, registering, changes, now)
    return registering


async def undo_again(uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, now: datetime) -> Amendment:
    """Order once more what the registry has refused to amend back."""
    registering = await end(uow, actor, amendment, AmendmentEvent.ORDERED, amendment.reason, now)
    await _order_back(uow, actor, pledge, registering, now)
    return registering


def goes_back(amendment: Amendment, order: PledgeOrder) -> bool:
    """Tell whether an order of a change of party undoes an earlier one."""
    assert order.change is not None, "an order to amend says what changes"
    if amendment.kind is AmendmentKind.TRANSFER_OF_CLAIM:
        return order.change.new_beneficiary != amendment.terms.transferee_uscc
    return order.change.new_holder != amendment.terms.successor_uscc


async def settle_changes(
    uow: UnitOfWork, pledge: Pledge, amendment: Amendment, orders: Sequence[PledgeOrder], now: datetime
) -> None:
    """Go on once every order of the round is settled: let the pledge follow, amend back, or give up.

    What the registry will not amend back calls a person, who orders it again.
    """
    executed = [order for order in orders if order.state is OrderState.EXECUTED]
    whole = len(executed) == len(orders)
    if goes_back(amendment, orders[0]):
        event = AmendmentEvent.REFUSED if whole else AmendmentEvent.RELEASE_REFUSED
        await end(uow, WORKER, amendment, event, amendment.reason, now)
    elif whole:
        await _take_effect(uow, pledge, amendment, now)
    elif executed:
        await _order_back(uow, WORKER, pledge, amendment, now)
    else:
        await end(uow, WORKER, amendment, AmendmentEvent.REFUSED, amendment.reason, now)


async def _order(
    uow: UnitOfWork,
    actor: Actor,
    pledge: Pledge,
    amendment: Amendment,
    changes: Sequence[FreezeChange],
    now: datetime,
) -> None:
    opened = replace(pledge, order_round=pledge.order_round + 1, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(opened)
    items = {item.right_id: item for item in opened.items}
    for each in changes:
        freeze = each.freeze
        item = replace(items[freeze.right_id], quantity=freeze.quantity)
        order = an_order(opened, item, OrderKind.AMEND, freeze.registry_ref, now)
        await place(uow, actor, replace(order, amendment_id=amendment.id, change=each.change))


async def _order_back(uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, now: datetime) -> None:
    """Order each freeze that stands in the new party's name back into the old one's."""
    latest = {
        order.freeze_ref: order
        for order in await uow.registry_orders.of_amendment(amendment.id)
        if order.state is OrderState.EXECUTED
    }
    standing = {freeze.registry_ref: freeze for freeze in await uow.registry_orders.standing_freezes(pledge.id)}
    back = [
        FreezeChange(standing[reference], order.change.undone)
        for reference, order in latest.items()
        if reference in standing and order.change is not None and not goes_back(amendment, order)
    ]
    await _order(uow, actor, pledge, amendment, back, now)


async def _take_effect(uow: UnitOfWork, pledge: Pledge, amendment: Amendment, now: datetime) -> None:
    """Let the pledge and its loans be the new party's, certify it to all whom it concerns, and tell the debtors."""
    before = await uow.loans.find_many(pledge.loan_ids)
    if not await uow.amendments.change_parties(amendment.id):
        message = f"amendment {amendment.id} has orders that are not settled"
        raise RuntimeError(message)
    moved = await uow.pledges.lock(pledge.id)
    assert moved is not None, "it was there a moment ago"
    told = tuple(dict.fromkeys((*amendment.parties, *(loan.borrower_uscc for loan in before.values()))))
    ended = await end(uow, WORKER, replace(amendment, parties=told), AmendmentEvent.EXECUTED, None, now)
    await issue_certificate(uow, WORKER, moved, CertificateKind.AMENDMENT, str(ended.number), now)
    if amendment.kind is AmendmentKind.TRANSFER_OF_CLAIM:
        for loan_id in sorted(before):
            await _assign(uow, loan_id, before[loan_id].parties, ended, now)
    for item in moved.items:
        await ask_for_review(uow, item.right_id)


async def _assign(uow: UnitOfWork, loan_id: str, former: Sequence[str], amendment: Amendment, now: datetime) -> None:
    """Write to a loan that it is the new bank's, and tell the old one and the debtor."""
    loan = await uow.loans.lock(loan_id)
    assert loan is not None, "it was there a moment ago"
    event = LoanEvent(
        id=new_id("loanevent"),
        loan_id=loan.id,
        type=LoanEventType.ASSIGNED,
        principal=None,
        interest=None,
        penalty=None,
        fee=None,
        on=business_date(now),
        reference=f"{amendment.id}:{LoanEventType.ASSIGNED.value}",
        recorded_at=now,
    )
    await uow.loans.add_event(event, loan, WORKER.client_id)
    readers = tuple(dict.fromkeys((*former, *loan.parties, loan.borrower_uscc)))
    details = {"reference": event.reference, "on": event.on.isoformat()}
    await uow.audit.write(WORKER, "loan.assigned", loan.id, details, readers, now)
    await uow.outbox.publish("loan.assigned", loan.id, {"reference": event.reference}, readers, now)
