"""Settle a sale: what the registry answered to its transfers, and, once all have settled, the money.

A transfer that was executed ends its part of our hold, and the right is entered anew as the registry tells it after the
deed: what is the buyer's now is never offered as free. When the last one is through, what was not needed is released;
when that is through, too, the proceeds are handed out on what is owed at that moment, the loans are told what was paid
on them, and the pledge is disposed of.

The subtle thing is the order of locks. Whoever records an event of a loan locks the loan and then its pledges, so this
locks the loans first, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from domain.loans.accrual import debt_of
from domain.loans.default import ground_of
from domain.loans.loans import Loan, LoanEvent, LoanEventType
from domain.pledges.alarms import AlarmKind
from domain.pledges.certificates import CertificateKind
from domain.pledges.disposal import Distribution, LoanDebt, OwnClaim, Part, distribute
from domain.pledges.enforcements import (
    Enforcement,
    EnforcementEvent,
    EnforcementStatus,
    Outcome,
    Round,
    SaleResult,
    Winner,
)
from domain.pledges.lifecycle import Event, State
from domain.pledges.notices import secured_cap
from domain.pledges.pledges import Pledge, Register, RegistrationStatus, SecuredKind
from domain.pledges.registry_orders import SETTLED, OrderKind, OrderState, PledgeOrder, StandingFreeze
from domain.ports.registry import RegistryRight
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import HoldState
from domain.use_cases.change_enforcement import befall
from domain.use_cases.change_pledge import happen, hold_details
from domain.use_cases.hear_registry import hear
from domain.use_cases.issue_certificate import issue_certificate
from domain.use_cases.order_freeze import place
from domain.use_cases.order_notice import discharge_ended
from domain.use_cases.raise_alarm import raise_alarm_of
from domain.values.actors import WORKER
from domain.values.identifiers import new_id
from domain.values.quantity import Quantity
from domain.values.time import business_date


async def settle_sale(uow: UnitOfWork, order: PledgeOrder, told: RegistryRight | None, now: datetime) -> None:
    """Write what became of one order of a sale; with the last of them the sale is settled, or has come to nothing."""
    assert order.enforcement_id is not None, "an order of a sale names its enforcement"
    seen = await uow.pledges.find(order.pledge_id)
    assert seen is not None, "an order belongs to a pledge"
    loans = [await uow.loans.lock(loan_id) for loan_id in sorted(seen.loan_ids)]
    pledge = await uow.pledges.lock(order.pledge_id)
    enforcement = await uow.enforcements.lock(order.enforcement_id)
    assert pledge is not None, "an order belongs to a pledge"
    assert enforcement is not None, "an order of a sale belongs to an enforcement"
    if order.state is OrderState.EXECUTED:
        pledge = await _hand_over(uow, pledge, order, told, now)
    orders = await uow.registry_orders.of_round(pledge.id, pledge.order_round)
    if any(each.state not in SETTLED for each in orders):
        return
    refused = [each for each in orders if each.state is OrderState.REFUSED]
    unsold = await uow.registry_orders.standing_freezes(pledge.id)
    if not refused and unsold:
        await _give_back_unsold(uow, pledge, enforcement, unsold, now)
    elif not refused:
        await _hand_out(uow, pledge, enforcement, [loan for loan in loans if loan is not None], now)
    elif _whole(pledge, unsold):
        await _back_to_the_sale(uow, pledge, enforcement, refused, now)
    else:
        await raise_alarm_of(uow, pledge, AlarmKind.TRANSFER_REFUSED, refused[0], refused[0].reason, now)
        if pledge.status is State.ENFORCING:
            await happen(uow, WORKER, replace(pledge, reason="transfer_refused"), Event.ORDER_STUCK, now)


async def open_orders(uow: UnitOfWork, pledge: Pledge, now: datetime) -> Pledge:
    """Give the orders that follow a round of their own."""
    opened = replace(
        pledge, order_round=pledge.order_round + 1, progressed_at=now, updated_at=now, version=pledge.version + 1
    )
    await uow.pledges.save(opened)
    return opened


def order_of_sale(
    pledge: Pledge, enforcement: Enforcement, part: StandingFreeze, winner: Winner | None, now: datetime
) -> PledgeOrder:
    """Return the order that makes a part of a freeze the winner's, or releases it where there is none."""
    item = next(each for each in pledge.items if each.right_id == part.right_id)
    assert item.hold_id is not None, "a frozen item has its hold"
    return PledgeOrder(
        id=new_id("order"),
        kind=OrderKind.RELEASE if winner is None else OrderKind.TRANSFER,
        pledge_id=pledge.id,
        right_id=part.right_id,
        hold_id=item.hold_id,
        round=pledge.order_round,
        quantity=part.quantity,
        expected_version=None,
        state=OrderState.RECORDED,
        attempts=0,
        registry_ref=None,
        freeze_ref=part.registry_ref,
        executed_at=None,
        reason=None,
        message=None,
        evidence_sha256=None,
        created_at=now,
        parties=pledge.parties,
        enforcement_id=enforcement.id,
        buyer=None if winner is None else winner.buyer,
        buyer_permit_no=None if winner is None else winner.buyer_permit_no,
    )


async def distribution_of(
    uow: UnitOfWork, pledge: Pledge, enforcement: Enforcement, result: SaleResult, loans: Sequence[Loan], now: datetime
) -> Distribution:
    """Return who gets what of a result, on what is owed now."""
    events = await uow.loans.events_of_each([loan.id for loan in loans])
    entered = [entry.registered_at for entry in pledge.registrations if entry.register is Register.EMISSION_REGISTRY]
    times = [time for time in entered if time is not None]
    own = OwnClaim(
        reference=pledge.id,
        registered_at=max(times) if times else None,
        scope=pledge.secured.scope,
        cap=secured_cap(pledge, await uow.notices.entry_of(pledge.id)),
        maximum=pledge.secured.kind is SecuredKind.MAXIMUM_AMOUNT,
        costs=result.costs,
        debts=debts_of(loans, events, result, enforcement.rounds[-1].on or business_date(now)),
    )
    return distribute(result.proceeds, enforcement.fee_due, own, result.other_claims)


def debts_of(
    loans: Sequence[Loan], events: Mapping[str, Sequence[LoanEvent]], result: SaleResult, on: date
) -> tuple[LoanDebt, ...]:
    """Return what is owed under each loan, the first due first (civil code art. 560).

    The principal is what the loan's events say; interest and penalty are what the bank claims, else what has accrued.
    """
    claims = {claim.loan_id: claim for claim in result.claims}
    due: dict[str, tuple[date, str]] = {}
    debts: dict[str, LoanDebt] = {}
    for loan in loans:
        ground = ground_of(loan, events[loan.id], on)
        due[loan.id] = (loan.end if ground is None else min(ground.since, loan.end), loan.id)
        accrued, claim = debt_of(loan, events[loan.id], on), claims.get(loan.id)
        debts[loan.id] = LoanDebt(
            loan.id,
            interest=accrued.interest if claim is None or claim.interest is None else claim.interest,
            penalty=accrued.penalty if claim is None or claim.penalty is None else claim.penalty,
            principal=accrued.principal,
        )
    return tuple(debts[loan_id] for loan_id in sorted(debts, key=lambda each: due[each]))


async def _hand_over(
    uow: UnitOfWork, pledge: Pledge, order: PledgeOrder, told: RegistryRight | None, now: datetime
) -> Pledge:
    """End the order's part of the hold, and enter the right as it is now."""
    held = await uow.holds.lock(order.hold_id)
    assert held is not None, "a sale is of what is held"
    left = held.hold.quantity - order.quantity
    await uow.rights.give_back(order.right_id, order.quantity.amount)
    if left.is_positive:
        await uow.holds.shrink(order.hold_id, left)
    else:
        await uow.holds.change(order.hold_id, HoldState.RELEASED, now)
    details = hold_details(order.hold_id, order.quantity.wire())
    what = "hold.reduced" if left.is_positive else "hold.released"
    await uow.audit.write(WORKER, what, order.right_id, details, pledge.parties, now)
    if told is not None:
        await hear(uow, told, now)
    if left.is_positive:
        return pledge
    position = [item.right_id for item in pledge.items].index(order.right_id)
    entries = tuple(
        replace(entry, status=RegistrationStatus.DISCHARGED)
        if (entry.register, entry.position) == (Register.EMISSION_REGISTRY, position)
        else entry
        for entry in pledge.registrations
    )
    changed = replace(pledge, registrations=entries)
    await uow.pledges.save(changed)
    return changed


def _whole(pledge: Pledge, freezes: Sequence[StandingFreeze]) -> bool:
    """Tell whether every freeze of the pledge still stands whole, so that nothing has been handed over."""
    standing: dict[str, Quantity] = {}
    for freeze in freezes:
        known = standing.get(freeze.right_id)
        standing[freeze.right_id] = freeze.quantity if known is None else known + freeze.quantity
    return standing == {item.right_id: item.quantity for item in pledge.items}


async def _give_back_unsold(
    uow: UnitOfWork, pledge: Pledge, enforcement: Enforcement, unsold: Sequence[StandingFreeze], now: datetime
) -> None:
    """Order the release of what was not needed, now that everything that was sold is the buyers'."""
    opened = await open_orders(uow, pledge, now)
    for freeze in unsold:
        await place(uow, WORKER, order_of_sale(opened, enforcement, freeze, None, now))


async def _back_to_the_sale(
    uow: UnitOfWork, pledge: Pledge, enforcement: Enforcement, refused: Sequence[PledgeOrder], now: datetime
) -> None:
    """Keep the round as one that the registry did not enter, and open the next at the same reserve."""
    last = enforcement.rounds[-1]
    following = Round(
        number=last.number + 1, reserve_price=last.reserve_price, opened_by=WORKER.client_id, opened_at=now
    )
    rounds = (*enforcement.rounds[:-1], replace(last, outcome=Outcome.TRANSFER_REFUSED), following)
    details = {"reasons": {order.right_id: order.reason for order in refused}}
    again = replace(enforcement, rounds=rounds, distribution=None)
    await befall(uow, WORKER, again, EnforcementEvent.TRANSFER_REFUSED, now, details)
    reason = refused[0].reason or "transfer_refused"
    if pledge.status is State.EXCEPTION:
        await happen(uow, WORKER, replace(pledge, reason=reason), Event.DISPOSAL_REFUSED, now)
    else:
        await uow.pledges.save(replace(pledge, reason=reason, updated_at=now, version=pledge.version + 1))


async def _hand_out(
    uow: UnitOfWork, pledge: Pledge, enforcement: Enforcement, loans: Sequence[Loan], now: datetime
) -> None:
    """Hand out the money, tell the loans, and end the pledge."""
    last = enforcement.rounds[-1]
    assert last.result is not None, "a settling enforcement has its result"
    assert enforcement.status is EnforcementStatus.SETTLING, "only a sale has orders"
    distribution = await distribution_of(uow, pledge, enforcement, last.result, loans, now)
    settled = replace(enforcement, distribution=distribution, settled_at=now)
    details = {
        "proceeds": distribution.proceeds.wire(),
        "surplus": distribution.surplus.wire(),
        "shortfall": distribution.shortfall.wire(),
    }
    await befall(uow, WORKER, settled, EnforcementEvent.SETTLED, now, details)
    for loan in loans:
        await _repay(uow, settled, distribution, loan, now)
    disposed = await happen(uow, WORKER, replace(pledge, reason=None), Event.DISPOSAL_SETTLED, now, details)
    await issue_certificate(uow, WORKER, disposed, CertificateKind.DISPOSAL, f"enforcement:{enforcement.id}", now)
    await discharge_ended(uow, disposed, now)


async def _repay(
    uow: UnitOfWork, enforcement: Enforcement, distribution: Distribution, loan: Loan, now: datetime
) -> None:
    """Record what a loan gets of the proceeds as its repayment on the day of the sale; nothing leaves no event."""
    paid = {part: distribution.paid(part, loan.id) for part in (Part.PRINCIPAL, Part.INTEREST, Part.PENALTY)}
    if not any(amount.is_positive for amount in paid.values()):
        return
    some = {part: amount if amount.is_positive else None for part, amount in paid.items()}
    on = enforcement.rounds[-1].on
    assert on is not None, "a round that sold has its day"
    event = LoanEvent(
        id=new_id("loanevent"),
        loan_id=loan.id,
        type=LoanEventType.REPAID,
        principal=some[Part.PRINCIPAL],
        interest=some[Part.INTEREST],
        penalty=some[Part.PENALTY],
        fee=None,
        on=on,
        reference=enforcement.id,
        recorded_at=now,
    )
    await uow.loans.add_event(event, loan, WORKER.client_id)
    said = {"reference": event.reference, **{part.value: amount.wire() for part, amount in paid.items()}}
    await uow.audit.write(WORKER, "loan.repaid", loan.id, said, loan.parties, now)
    await uow.outbox.publish("loan.repaid", loan.id, {"reference": event.reference}, loan.parties, now)
