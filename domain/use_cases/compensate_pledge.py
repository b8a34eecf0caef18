"""A bank tells of money that came in for a pledged right without a default; a second person lets it pay or lie.

The money is the pledgee's before the pledgor's. It pays the loans of the pledge as if the borrower had paid before the
day, or is deposited and counts in the coverage at its face. What the pledge has lost of the right by its rank, as the
registry told, is released at the registry in an amendment of its own (`partial_release`), so that the item is what
there is; a right that is lost whole stays frozen until the pledge ends, because a pledge is of something.

Source: civil code art. 390; contract section 2 (a second person of the same bank).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from domain.errors import InvalidDate, InvalidMoney
from domain.loans.loans import LoanEvent, LoanEventType
from domain.pledges.amendments import Amendment, AmendmentKind, AmendmentState, Removal, Terms
from domain.pledges.compensations import (
    Application,
    Compensation,
    CompensationCannotMove,
    CompensationKind,
    CompensationKnown,
    CompensationStatus,
    Payment,
    ShareExceedsLoss,
    SharesUnknown,
    WholeSum,
    part_of,
    payments,
)
from domain.pledges.impairments import ImpairmentKind
from domain.pledges.lifecycle import TERMINAL
from domain.pledges.pledges import InvalidItems, Pledge, PledgeItem, SamePerson, VersionMismatch
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.rights.holds import HoldKind
from domain.use_cases.approve_amendment import order_releases
from domain.use_cases.change_pledge import fetch
from domain.use_cases.count_debts import debts_of
from domain.use_cases.hear_registry import ask_for_review
from domain.use_cases.propose_amendment import require_active, require_none_pending
from domain.use_cases.propose_amendment import tell as tell_amendment
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import business_date

GONE: Final = frozenset({ImpairmentKind.REVOKED, ImpairmentKind.RECLAIMED, ImpairmentKind.TRANSFERRED})
"""After these nothing is left of the right for the pledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came in; `whole` is the sum that it is a part of, where others hold pledges on the right."""

    right_id: str | None
    kind: CompensationKind
    amount: Money
    received_on: date
    reference: str
    application: Application
    whole: WholeSum | None


async def propose_compensation(
    uow: UnitOfWork, actor: Actor, pledge_id: str, received: Received, if_match: int | None, now: datetime
) -> Compensation:
    """Write what came in; nothing is paid before a second person approves.

    Raises:
        Forbidden: not a person of the pledgee.
        NotActive: the pledge is not active; after default the proceeds are an enforcement's.
        InvalidItems, InvalidDate, InvalidMoney: no pledged right, a day to come, or no money.
        SharesUnknown, ShareExceedsLoss: others hold pledges on the right, and the part is not told, or not this one's.
        CompensationKnown: the reference has been told of before.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    _by_pledgee(actor, pledge)
    require_active(pledge)
    if not received.amount.is_positive:
        raise InvalidMoney(
            what="money", value=received.amount.wire(), reason_zh="金额须大于零。", reason_en="more than nothing"
        )
    if received.received_on > business_date(now):
        raise InvalidDate(
            what="date",
            value=received.received_on.isoformat(),
            reason_zh="收款日不得晚于今天。",
            reason_en="money comes in today at the latest",
        )
    item = _item(pledge, received.right_id)
    lost = _lost(pledge, item)
    await _require_own_part(uow, item.right_id, received, lost)
    compensation = Compensation(
        id=new_id("compensation"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        right_id=item.right_id,
        kind=received.kind,
        amount=received.amount,
        received_on=received.received_on,
        reference=received.reference,
        application=received.application,
        lost=lost,
        status=CompensationStatus.PROPOSED,
        proposed_by=actor.client_id,
        proposed_at=now,
    )
    if not await uow.compensations.add(compensation):
        raise CompensationKnown(received.reference)
    await _tell(uow, actor, compensation, "proposed", now)
    return compensation


async def approve_compensation(
    uow: UnitOfWork, actor: Actor, pledge_id: str, compensation_id: str, if_match: int | None, now: datetime
) -> Compensation:
    """Let the money pay or lie deposited, and have the registry release what is lost.

    Raises:
        Forbidden, SamePerson: no approver of the pledgee, or who proposed it.
        NotActive, AmendmentPending: the pledge is not active, or the registry is at work on an amendment.
        CompensationCannotMove: it has been decided.
    """
    pledge, compensation = await _second_person(uow, actor, pledge_id, compensation_id, if_match, "approve")
    require_active(pledge)
    lines: tuple[Payment, ...] = ()
    deposited, surplus = compensation.amount, Money.zero()
    if compensation.application is Application.PREPAY:
        lines, surplus = await _pay(uow, actor, pledge, compensation, compensation.received_on, now)
        deposited = Money.zero()
    approved = replace(
        _decided(compensation, actor, CompensationStatus.APPROVED, now),
        lines=lines,
        deposited=deposited,
        surplus=surplus,
    )
    await uow.compensations.save(approved)
    await _tell(uow, actor, approved, "approved", now)
    await _release_lost(uow, actor, pledge, approved, now)
    await ask_for_review(uow, compensation.right_id)
    return approved


async def reject_compensation(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    compensation_id: str,
    reason: str,
    if_match: int | None,
    now: datetime,
) -> Compensation:
    """The second person says that it is wrong; raises Forbidden, SamePerson, CompensationCannotMove."""
    _, compensation = await _second_person(uow, actor, pledge_id, compensation_id, if_match, "reject")
    rejected = replace(_decided(compensation, actor, CompensationStatus.REJECTED, now), reason=reason)
    await uow.compensations.save(rejected)
    await _tell(uow, actor, rejected, "rejected", now)
    return rejected


async def end_deposit(
    uow: UnitOfWork, actor: Actor, pledge_id: str, compensation_id: str, if_match: int | None, now: datetime
) -> Compensation:
    """Let a deposit pay what is owed; what is left, and all of it once the pledge has ended, is the pledgor's.

    Raises:
        Forbidden, SamePerson: no approver of the pledgee, or who proposed it.
        CompensationCannotMove: nothing of it lies deposited.
    """
    pledge, deposit = await _locked(uow, actor, pledge_id, compensation_id, if_match)
    if deposit.status is not CompensationStatus.APPROVED or not deposit.deposited.is_positive:
        raise CompensationCannotMove(deposit.status.value, "end-deposit")
    if pledge.status in TERMINAL:
        lines: tuple[Payment, ...] = ()
        surplus, status = deposit.deposited, CompensationStatus.RETURNED
    else:
        lines, surplus = await _pay(uow, actor, pledge, deposit, business_date(now), now)
        status = CompensationStatus.APPLIED
    ended = replace(
        deposit, status=status, lines=lines, deposited=Money.zero(), surplus=surplus, version=deposit.version + 1
    )
    await uow.compensations.save(ended)
    await _tell(uow, actor, ended, status.value, now)
    return ended


def _item(pledge: Pledge, right_id: str | None) -> PledgeItem:
    wanted = [item for item in pledge.items if right_id in {None, item.right_id}]
    if len(wanted) != 1:
        raise InvalidItems("#/right_id", "请指明一项质押权利。", "Name one of the pledged rights.")
    return wanted[0]


def _lost(pledge: Pledge, item: PledgeItem) -> Decimal | None:
    """Return what the pledge has lost of an item by its rank, as far as it has been told; none for nothing."""
    told = [each for each in pledge.impairments if each.right_id == item.right_id]
    if any(each.kind in GONE for each in told):
        return item.quantity.amount
    cut = [each.loss.lost for each in told if each.kind is ImpairmentKind.REDUCED and each.loss is not None]
    return max(cut, default=Decimal(0)) or None


async def _require_own_part(uow: UnitOfWork, right_id: str, received: Received, lost: Decimal | None) -> None:
    _, foreign = await uow.holds.of_right(right_id)
    if received.whole is None:
        if any(hold.kind is HoldKind.PLEDGE for hold in foreign):
            raise SharesUnknown(right_id)
        return
    right = await uow.rights.find(right_id)
    if right is None:
        raise NotFound("right")
    of = received.whole.quantity.to(right.quantity.unit).amount
    part = part_of(received.whole.amount, lost or Decimal(0), of)
    if received.amount > part:
        raise ShareExceedsLoss(part)


async def _pay(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, compensation: Compensation, on: date, now: datetime
) -> tuple[tuple[Payment, ...], Money]:
    """Pay the pledge's loans out of the money, loan by loan in the order of their ids; return what is left."""
    locked = {loan_id: await uow.loans.lock(loan_id) for loan_id in sorted(pledge.loan_ids)}
    loans = {loan_id: loan for loan_id, loan in locked.items() if loan is not None and loan.tenant == pledge.pledgee}
    debts = await debts_of(uow, sorted(loans), on)
    lines, left = payments(compensation.amount, [(loans[loan_id], debt) for loan_id, debt in debts.items()])
    for line in lines:
        loan = loans[line.loan_id]
        event = LoanEvent(
            id=new_id("loanevent"),
            loan_id=loan.id,
            type=LoanEventType.REPAID,
            principal=line.principal,
            interest=_unless_zero(line.interest),
            penalty=_unless_zero(line.penalty),
            fee=_unless_zero(line.fees),
            on=on,
            reference=f"{compensation.id}:repaid",
            recorded_at=now,
        )
        await uow.loans.add_event(event, loan, actor.client_id)
        said = {"type": event.type.value, "principal": line.principal.wire(), "reference": event.reference}
        await uow.audit.write(actor, "loan.repaid", loan.id, {**said, "on": on.isoformat()}, loan.parties, now)
        await uow.outbox.publish("loan.repaid", loan.id, {"reference": event.reference}, loan.parties, now)
    return lines, left


def _unless_zero(money: Money) -> Money | None:
    return money if money.is_positive else None


async def _release_lost(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, compensation: Compensation, now: datetime
) -> None:
    """Order the release of what is lost and still pledged, unless nothing would be left of the item."""
    item = _item(pledge, compensation.right_id)
    lost = min(_lost(pledge, item) or Decimal(0), compensation.lost or Decimal(0))
    if not 0 < lost < item.quantity.amount:
        return
    await require_none_pending(uow, pledge)
    given = Quantity(lost, item.quantity.unit)
    amendment = Amendment(
        id=new_id("amendment"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        number=await uow.amendments.last_number(pledge.id) + 1,
        kind=AmendmentKind.PARTIAL_RELEASE,
        status=AmendmentState.REGISTERING,
        terms=Terms(items=((item.right_id, given),), note=compensation.id),
        removals=(Removal(item.right_id, given),),
        proposed_by=compensation.proposed_by,
        proposed_at=compensation.proposed_at,
        decided_by=actor.client_id,
        decided_at=now,
    )
    await uow.amendments.add(amendment)
    await tell_amendment(uow, actor, amendment, "registering", now)
    await order_releases(uow, actor, pledge, amendment, amendment.removals, now)


async def _second_person(
    uow: UnitOfWork, actor: Actor, pledge_id: str, compensation_id: str, if_match: int | None, event: str
) -> tuple[Pledge, Compensation]:
    pledge, compensation = await _locked(uow, actor, pledge_id, compensation_id, if_match)
    if compensation.status is not CompensationStatus.PROPOSED:
        raise CompensationCannotMove(compensation.status.value, event)
    return pledge, compensation


async def _locked(
    uow: UnitOfWork, actor: Actor, pledge_id: str, compensation_id: str, if_match: int | None
) -> tuple[Pledge, Compensation]:
    """Return both locked, for an approver of the pledgee who did not propose it.

    The loans are locked before the pledge, as paying out locks them.
    """
    known = await uow.pledges.find(pledge_id)
    for loan_id in sorted(known.loan_ids if known is not None else ()):
        await uow.loans.lock(loan_id)
    pledge = await fetch(uow, pledge_id, None)
    compensation = await uow.compensations.lock(pledge.id, compensation_id)
    if compensation is None:
        raise NotFound("compensation")
    _by_pledgee(actor, pledge)
    if compensation.proposed_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if actor.role is not Role.BANK_APPROVER:
        raise Forbidden("compensation:approve")
    if if_match is not None and if_match != compensation.version:
        raise VersionMismatch(compensation.version)
    return pledge, compensation


def _by_pledgee(actor: Actor, pledge: Pledge) -> None:
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise Forbidden("compensation:report")


def _decided(compensation: Compensation, actor: Actor, status: CompensationStatus, now: datetime) -> Compensation:
    return replace(
        compensation, status=status, decided_by=actor.client_id, decided_at=now, version=compensation.version + 1
    )


async def _tell(uow: UnitOfWork, actor: Actor, compensation: Compensation, what: str, now: datetime) -> None:
    """Leave an audit entry and an event `compensation.*` on the pledge."""
    details: dict[str, object] = {
        "compensation_id": compensation.id,
        "kind": compensation.kind.value,
        "status": compensation.status.value,
        "right_id": compensation.right_id,
    }
    amounts = {
        "amount": compensation.amount.wire(),
        "deposited": compensation.deposited.wire(),
        "surplus": compensation.surplus.wire(),
    }
    said = {**details, **amounts, "reference": compensation.reference, "reason": compensation.reason}
    about, parties = compensation.pledge_id, compensation.parties
    await uow.audit.write(actor, f"compensation.{what}", about, said, parties, now)
    await uow.outbox.publish(f"compensation.{what}", about, details, parties, now)
