"""Release a pledge: one person of the pledgee orders it, a second approves, then the registry is told.

Source: civil code art. 393 (four reasons); contract section 5.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.loans.loans import outstanding
from domain.pledges.lifecycle import Event, PledgeCannotMove, move
from domain.pledges.pledges import (
    DebtOutstanding,
    Pledge,
    ReleaseNotAuthorised,
    ReleaseOrder,
    ReleaseReason,
    SamePerson,
)
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.change_pledge import fetch
from domain.use_cases.order_freeze import order_release
from domain.values.actors import Actor, Role
from domain.values.money import Money


async def request_release(
    uow: UnitOfWork, actor: Actor, pledge_id: str, reason: ReleaseReason, if_match: int | None, now: datetime
) -> Pledge:
    """Write the first person's order; nothing is released yet.

    Raises:
        ReleaseNotAuthorised: not a person of the pledgee.
        PledgeCannotMove: the pledge is not active.
        DebtOutstanding: the claim is said to be extinguished and is not.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    _by_pledgee(actor, pledge)
    move(pledge.workflow, pledge.status, Event.RELEASE_APPROVED)
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
        PledgeCannotMove: nothing was ordered, or the pledge is not active.
        DebtOutstanding: money went out in between.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    _by_pledgee(actor, pledge)
    release = pledge.release
    if release is not None and release.ordered_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if actor.role is not Role.BANK_APPROVER:
        raise ReleaseNotAuthorised(pledge.id)
    move(pledge.workflow, pledge.status, Event.RELEASE_APPROVED)
    if release is None:
        raise PledgeCannotMove(pledge.status.value, Event.RELEASE_APPROVED.value)
    await _check_debt(uow, pledge, release.reason)
    return await order_release(uow, actor, replace(pledge, release=replace(release, approved_by=actor.client_id)), now)


def _by_pledgee(actor: Actor, pledge: Pledge) -> None:
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise ReleaseNotAuthorised(pledge.id)


async def _check_debt(uow: UnitOfWork, pledge: Pledge, reason: ReleaseReason) -> None:
    if reason is not ReleaseReason.CLAIM_EXTINGUISHED:
        return
    owed = sum([outstanding(await uow.loans.events(loan_id)).amount for loan_id in pledge.loan_ids], Decimal(0))
    if owed > 0:
        raise DebtOutstanding(Money(owed))
