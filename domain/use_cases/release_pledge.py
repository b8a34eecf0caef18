"""Release a pledge: one person of the pledgee orders it, a second approves, then the registry is told.

A registry that refuses to release leaves the pledge in `exception`. From there the same two persons may order what is
still frozen once more, or one of them cancels, which is possible only while the registry holds every freeze whole.

Source: civil code art. 393 (four reasons); contract section 5.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.loans.accrual import told_debt
from domain.pledges.lifecycle import Event, PledgeCannotMove, State, move
from domain.pledges.pledges import (
    DebtOutstanding,
    Pledge,
    ReleaseNotAuthorised,
    ReleaseOrder,
    ReleaseReason,
    SamePerson,
)
from domain.pledges.registry_orders import SETTLED, OrderKind
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.change_pledge import fetch, happen
from domain.use_cases.order_freeze import order_release
from domain.use_cases.propose_amendment import require_none_pending
from domain.values.actors import Actor, Role
from domain.values.money import Money


async def request_release(
    uow: UnitOfWork, actor: Actor, pledge_id: str, reason: ReleaseReason, if_match: int | None, now: datetime
) -> Pledge:
    """Write the first person's order; nothing is released yet.

    Raises:
        ReleaseNotAuthorised: not a person of the pledgee.
        PledgeCannotMove: the pledge is neither active nor refused by the registry.
        AmendmentPending: an amendment is.
        DebtOutstanding: the claim is said to be extinguished and is not.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    _by_pledgee(actor, pledge)
    await _require_releasable(uow, pledge)
    await _check_debt(uow, pledge, reason)
    release = ReleaseOrder(reason=reason, ordered_by=actor.client_id, ordered_at=now, approved_by=None)
    ordered = replace(pledge, release=release, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(ordered)
    await uow.audit.write(actor, "pledge.release_ordered", pledge.id, {"reason": reason.value}, pledge.parties, now)
    await uow.outbox.publish(
        "pledge.release_ordered",
        pledge.id,
        {"status": pledge.status.value, "version": ordered.version},
        pledge.parties,
        now,
    )
    return ordered


async def approve_release(uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime) -> Pledge:
    """The second person approves, and the registry's release is ordered.

    Raises:
        ReleaseNotAuthorised: not an approver of the pledgee.
        SamePerson: the approver is who ordered it.
        PledgeCannotMove: nothing was ordered, or approved already, or the pledge is not active.
        AmendmentPending: an amendment is.
        DebtOutstanding: money went out in between.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    _by_pledgee(actor, pledge)
    release = pledge.release
    if release is not None and release.ordered_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if actor.role is not Role.BANK_APPROVER:
        raise ReleaseNotAuthorised(pledge.id)
    await _require_releasable(uow, pledge)
    if release is None or release.approved_by is not None:
        raise PledgeCannotMove(pledge.status.value, Event.RELEASE_APPROVED.value)
    await _check_debt(uow, pledge, release.reason)
    return await order_release(uow, actor, replace(pledge, release=replace(release, approved_by=actor.client_id)), now)


async def cancel_release(uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime) -> Pledge:
    """Take an order to release back: before its approval, or after the registry has refused every part of it.

    Raises:
        ReleaseNotAuthorised: not a person of the pledgee.
        PledgeCannotMove: nothing to take back, or something has been released already.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    _by_pledgee(actor, pledge)
    kept = replace(pledge, release=None, reason=None)
    if pledge.status is State.ACTIVE and pledge.release is not None:
        cancelled = replace(kept, updated_at=now, version=pledge.version + 1)
        await uow.pledges.save(cancelled)
        said = {"status": pledge.status.value, "version": cancelled.version}
        await uow.audit.write(actor, "pledge.release_cancelled", pledge.id, said, pledge.parties, now)
        await uow.outbox.publish("pledge.release_cancelled", pledge.id, said, pledge.parties, now)
        return cancelled
    move(pledge.workflow, pledge.status, Event.RELEASE_CANCELLED)
    await _require_releasable(uow, pledge)
    standing = await uow.registry_orders.standing_freezes(pledge.id)
    frozen = {
        item.right_id: sum((each.quantity.amount for each in standing if each.right_id == item.right_id), Decimal(0))
        for item in pledge.items
    }
    if any(frozen[item.right_id] != item.quantity.amount for item in pledge.items):
        raise PledgeCannotMove(pledge.status.value, Event.RELEASE_CANCELLED.value)
    return await happen(uow, actor, kept, Event.RELEASE_CANCELLED, now)


async def _require_releasable(uow: UnitOfWork, pledge: Pledge) -> None:
    """Raise unless the pledge is active, or in exception after the registry refused its release."""
    move(pledge.workflow, pledge.status, Event.RELEASE_APPROVED)
    await require_none_pending(uow, pledge)
    if pledge.status is State.EXCEPTION:
        orders = await uow.registry_orders.of_round(pledge.id, pledge.order_round)
        refused = all(each.state in SETTLED and each.kind is OrderKind.RELEASE for each in orders)
        if pledge.release is None or not refused:
            raise PledgeCannotMove(pledge.status.value, Event.RELEASE_APPROVED.value)


def _by_pledgee(actor: Actor, pledge: Pledge) -> None:
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise ReleaseNotAuthorised(pledge.id)


async def _check_debt(uow: UnitOfWork, pledge: Pledge, reason: ReleaseReason) -> None:
    if reason is not ReleaseReason.CLAIM_EXTINGUISHED:
        return
    owed = sum([told_debt(await uow.loans.events(loan_id)).amount for loan_id in pledge.loan_ids], Decimal(0))
    if owed > 0:
        raise DebtOutstanding(Money(owed))
