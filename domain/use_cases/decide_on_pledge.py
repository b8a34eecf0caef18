"""The decisions on a submitted pledge: verify quantities, confirm, ask for a correction, reject, withdraw, lapse.

Who: the authority of the right's division verifies; a pledgor confirms; authority or pledgee ask for corrections and
reject; the creator's side withdraws (contract section 5).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.pledges.lifecycle import LAPSING, Event, PledgeCannotMove, State, Workflow, move
from domain.pledges.pledges import InvalidItems, Pledge
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden
from domain.rights.holds import HoldState
from domain.use_cases.change_pledge import fetch, give_holds_back, happen
from domain.use_cases.order_freeze import order_freeze
from domain.values.actors import WORKER, Actor, Role
from domain.values.quantity import Quantity
from domain.values.time import business_date
from domain.values.working_days import working_days_between


async def verify_quantities(
    uow: UnitOfWork, actor: Actor, pledge_id: str, items: Mapping[str, Quantity], if_match: int | None, now: datetime
) -> Pledge:
    """The authority confirms the quantities applied for; others than applied for call for a correction instead.

    Raises:
        Forbidden: not the authority of the rights' division.
        InvalidItems: the items are not those applied for.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.role is not Role.AUTHORITY or actor.tenant != pledge.authority:
        raise Forbidden("pledge:verify-quantities")
    move(pledge.workflow, pledge.status, Event.QUANTITIES_VERIFIED)
    applied = {item.right_id: item.quantity for item in pledge.items}
    told = {
        right_id: quantity.to(applied[right_id].unit) for right_id, quantity in items.items() if right_id in applied
    }
    if set(items) != set(applied) or told != applied:
        raise InvalidItems(
            "#/items",
            "核准的指标数量与申请不一致;如有出入请退回补正。",
            "The verified quantities are not those applied for; request a correction if they differ.",
        )
    details = {right_id: quantity.wire() for right_id, quantity in told.items()}
    return await happen(uow, actor, pledge, Event.QUANTITIES_VERIFIED, now, {"items": details})


async def confirm_pledge(uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime) -> Pledge:
    """A pledgor confirms amount and rate, and once each has, the freeze is ordered.

    Until then the pledge waits where it is. After a refused freeze, which all have confirmed, one orders it again.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.uscc not in pledge.pledgors:
        raise Forbidden("pledge:confirm")
    if pledge.status is not State.CONFIRMED:
        move(pledge.workflow, pledge.status, Event.CONFIRMED)
        confirmed_by = tuple(dict.fromkeys((*pledge.confirmed_by, actor.uscc)))
        pledge = replace(pledge, confirmed_by=confirmed_by)
        if set(confirmed_by) != set(pledge.pledgors):
            return await _confirmed_in_part(uow, actor, pledge, now)
        pledge = await happen(uow, actor, pledge, Event.CONFIRMED, now)
    return await order_freeze(uow, actor, pledge, now)


async def agree_as_third_party(
    uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime
) -> Pledge:
    """A pledgor agrees, before the bank approves in the bank-led workflow, to secure what others owe.

    Whether it is a third party to any of the loans, it may not be able to see; that it agrees harms nobody.

    Raises:
        Forbidden: no pledgor of this pledge.
        PledgeCannotMove: the pledge is not submitted, or its workflow asks every pledgor in any case.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.uscc not in pledge.pledgors:
        raise Forbidden("pledge:confirm")
    if pledge.workflow is not Workflow.HUBEI or pledge.status is not State.SUBMITTED:
        raise PledgeCannotMove(pledge.status.value, "third_party_agreed")
    agreed = replace(pledge, confirmed_by=tuple(dict.fromkeys((*pledge.confirmed_by, actor.uscc))))
    return await _confirmed_in_part(uow, actor, agreed, now)


async def _confirmed_in_part(uow: UnitOfWork, actor: Actor, pledge: Pledge, now: datetime) -> Pledge:
    """Write that one of several pledgors has confirmed; that is progress, so the pledge lapses later."""
    noted = replace(pledge, progressed_at=now, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(noted)
    details: dict[str, object] = {"confirmed_by": list(noted.confirmed_by), "of": list(noted.pledgors)}
    await uow.audit.write(actor, "pledge.confirmed_in_part", pledge.id, details, pledge.parties, now)
    told = {"status": noted.status.value, "version": noted.version}
    await uow.outbox.publish("pledge.confirmed_in_part", pledge.id, told, pledge.parties, now)
    return noted


async def request_correction(
    uow: UnitOfWork, actor: Actor, pledge_id: str, reason: str, if_match: int | None, now: datetime
) -> Pledge:
    """Send the application back; its holds stay."""
    pledge = await fetch(uow, pledge_id, if_match)
    _by_authority_or_pledgee(actor, pledge, "pledge:request-correction")
    corrected = replace(pledge, reason=reason, confirmed_by=())
    return await happen(uow, actor, corrected, Event.CORRECTION_REQUESTED, now, {"reason": reason})


async def reject_pledge(
    uow: UnitOfWork, actor: Actor, pledge_id: str, reason: str, if_match: int | None, now: datetime
) -> Pledge:
    """End the application and void its holds."""
    pledge = await fetch(uow, pledge_id, if_match)
    _by_authority_or_pledgee(actor, pledge, "pledge:reject")
    return await _end(uow, actor, replace(pledge, reason=reason), Event.REJECTED, HoldState.VOIDED, now)


async def withdraw_pledge(uow: UnitOfWork, actor: Actor, pledge_id: str, if_match: int | None, now: datetime) -> Pledge:
    """The creator's side takes the application back; its holds are voided."""
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.tenant != pledge.applicant:
        raise Forbidden("pledge:withdraw")
    return await _end(uow, actor, replace(pledge, reason="withdrawn"), Event.WITHDRAWN, HoldState.VOIDED, now)


async def lapse_pledge(uow: UnitOfWork, pledge_id: str, working_days: int, now: datetime) -> bool:
    """Let a pledge lapse that made no progress for so many working days; never one whose freeze is ordered.

    Raises:
        CalendarUnknown: the working days of the period are not known, so nothing lapses.
    """
    pledge = await uow.pledges.lock(pledge_id)
    if pledge is None or pledge.status not in LAPSING:
        return False
    if working_days_between(business_date(pledge.progressed_at), business_date(now)) <= working_days:
        return False
    await _end(uow, WORKER, replace(pledge, reason="lapsed"), Event.LAPSED, HoldState.EXPIRED, now)
    return True


async def _end(uow: UnitOfWork, actor: Actor, pledge: Pledge, event: Event, holds: HoldState, now: datetime) -> Pledge:
    move(pledge.workflow, pledge.status, event)
    await give_holds_back(uow, actor, pledge, holds, now)
    return await happen(uow, actor, pledge, event, now, {"reason": pledge.reason})


def _by_authority_or_pledgee(actor: Actor, pledge: Pledge, action: str) -> None:
    if actor.tenant not in {pledge.pledgee, pledge.authority}:
        raise Forbidden(action)
