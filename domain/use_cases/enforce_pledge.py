"""Enforce a pledge in default: one person of the bank proposes, another approves, a court may stop it.

A debt paid before anything is sold ends it, and the pledge is as it was.

Source: civil code art. 386, 410, 436; contract section 5; 企业破产法 art. 19 and 75.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.default import Ground, ground_of
from domain.pledges.amendments import AmendmentPending
from domain.pledges.enforcements import (
    DisposalNotInDefault,
    Enforcement,
    EnforcementEvent,
    EnforcementOpen,
    EnforcementStatus,
    InvalidSale,
    Round,
    Route,
    Stay,
    after,
)
from domain.pledges.lifecycle import Event, move
from domain.pledges.pledges import Pledge, SamePerson
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden
from domain.use_cases.change_enforcement import befall, by_pledgee, fetch_enforcement, told
from domain.use_cases.change_pledge import fetch, happen
from domain.use_cases.prepare_sale import conditions_of_sale
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.time import business_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a bank wants to enforce; `notice_days` is its own policy where no rule asks for longer."""

    route: Route
    reserve_price: Money | None
    notice_days: int | None


async def propose_enforcement(
    uow: UnitOfWork, actor: Actor, rulebook: Rulebook, pledge_id: str, wanted: Wanted, now: datetime
) -> Enforcement:
    """Write the first person's proposal, with what must be met before a sale; the pledge does not move yet.

    Raises:
        Forbidden: not a person of the pledgee.
        PledgeCannotMove: the pledge is not active.
        EnforcementOpen: one is under way already.
        DisposalNotInDefault: no linked loan is in default.
        InvalidSale: a set-off where several pledgors would have to agree.
    """
    pledge = await fetch(uow, pledge_id, None)
    by_pledgee(actor, pledge, "enforcement:order")
    known = await uow.enforcements.open_of(pledge.id)
    if known is not None:
        raise EnforcementOpen(known.id)
    move(pledge.workflow, pledge.status, Event.ENFORCEMENT_APPROVED)
    today = business_date(now)
    if wanted.route is Route.SETOFF_AT_VALUE and len(pledge.pledgors) > 1:
        raise InvalidSale(
            "#/route",
            "多个出质人的质押暂不支持折价抵偿。",
            "A pledge of several pledgors cannot be set off at its value here.",
        )
    grounds = await grounds_of(uow, pledge, today)
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    first = Round(number=1, reserve_price=wanted.reserve_price, opened_by=actor.client_id, opened_at=now)
    proposed = Enforcement(
        id=new_id("enforcement"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        route=wanted.route,
        status=EnforcementStatus.PROPOSED,
        grounds=grounds,
        proposed_by=actor.client_id,
        proposed_at=now,
        approved_by=None,
        approved_at=None,
        stays=(),
        end_reason=None,
        ended_by=None,
        distribution=None,
        settled_at=None,
        conditions=conditions_of_sale(wanted.route, rights, pledge, rulebook, wanted.notice_days, today),
        rounds=(first,),
        created_at=now,
        updated_at=now,
        version=1,
    )
    await uow.enforcements.add(proposed)
    reserve = None if wanted.reserve_price is None else wanted.reserve_price.wire()
    await told(uow, actor, proposed, "proposed", now, {"route": wanted.route.value, "reserve_price": reserve})
    return proposed


async def approve_enforcement(
    uow: UnitOfWork, actor: Actor, pledge_id: str, enforcement_id: str, if_match: int | None, now: datetime
) -> Enforcement:
    """The second person approves, and the pledge is being enforced; an order to release it lapses.

    Raises:
        SamePerson: it is the actor's own proposal.
        Forbidden: no approver of the pledgee.
        EnforcementCannotMove, PledgeCannotMove: it is not waiting for that, or the pledge is not active any more.
        AmendmentPending: an amendment of the pledge is under way.
        DisposalNotInDefault: the debt has been paid since.
    """
    pledge, enforcement = await fetch_enforcement(uow, pledge_id, enforcement_id, if_match)
    if enforcement.proposed_by == actor.client_id:
        raise SamePerson(actor.client_id)
    by_pledgee(actor, pledge, "enforcement:approve")
    if actor.role is not Role.BANK_APPROVER:
        raise Forbidden("enforcement:approve")
    after(enforcement.status, EnforcementEvent.APPROVED)
    move(pledge.workflow, pledge.status, Event.ENFORCEMENT_APPROVED)
    pending = await uow.amendments.pending(pledge.id)
    if pending is not None:
        raise AmendmentPending(pending.number)
    grounds = await grounds_of(uow, pledge, business_date(now))
    approved = replace(enforcement, grounds=grounds, approved_by=actor.client_id, approved_at=now)
    running = await befall(uow, actor, approved, EnforcementEvent.APPROVED, now)
    details = {"enforcement_id": enforcement.id}
    await happen(uow, actor, replace(pledge, release=None), Event.ENFORCEMENT_APPROVED, now, details)
    return running


async def stay_enforcement(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    enforcement_id: str,
    stay: tuple[str, str],
    if_match: int | None,
    now: datetime,
) -> Enforcement:
    """Stop the enforcement for a reason and by a document, as a court or the authority wants; nothing is released.

    Raises:
        Forbidden: neither the authority nor the pledgee.
        EnforcementCannotMove: it does not run, or the right has been sold.
    """
    pledge, enforcement = await fetch_enforcement(uow, pledge_id, enforcement_id, if_match)
    _by_authority_or_pledgee(actor, pledge)
    reason, reference = stay
    stays = (*enforcement.stays, Stay(reason=reason, reference=reference, since=now, by=actor.client_id))
    details = {"reason": reason, "reference": reference}
    stayed = await befall(uow, actor, replace(enforcement, stays=stays), EnforcementEvent.STAYED, now, details)
    await happen(uow, actor, pledge, Event.ENFORCEMENT_STAYED, now, {"reason": reason, "reference": reference})
    return stayed


async def lift_stay(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    enforcement_id: str,
    reference: str,
    if_match: int | None,
    now: datetime,
) -> Enforcement:
    """Let a stopped enforcement go on, by a document; raises as `stay_enforcement`."""
    pledge, enforcement = await fetch_enforcement(uow, pledge_id, enforcement_id, if_match)
    _by_authority_or_pledgee(actor, pledge)
    after(enforcement.status, EnforcementEvent.STAY_LIFTED)
    lifted = replace(enforcement.stays[-1], lifted_at=now, lifted_by=actor.client_id, lifted_reference=reference)
    freed = replace(enforcement, stays=(*enforcement.stays[:-1], lifted))
    running = await befall(uow, actor, freed, EnforcementEvent.STAY_LIFTED, now, {"reference": reference})
    await happen(uow, actor, pledge, Event.STAY_LIFTED, now, {"reference": reference})
    return running


async def end_enforcement(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    enforcement_id: str,
    reason: str,
    if_match: int | None,
    now: datetime,
) -> Enforcement:
    """End an enforcement before anything was sold: the pledge is active again, and frozen as before.

    Raises:
        Forbidden: not a person of the pledgee.
        EnforcementCannotMove: the right has been sold, or it has ended already.
    """
    pledge, enforcement = await fetch_enforcement(uow, pledge_id, enforcement_id, if_match)
    by_pledgee(actor, pledge, "enforcement:end")
    ending = replace(enforcement, end_reason=reason, ended_by=actor.client_id)
    ended = await befall(uow, actor, ending, EnforcementEvent.ENDED, now, {"reason": reason})
    if enforcement.status is not EnforcementStatus.PROPOSED:
        await happen(uow, actor, pledge, Event.ENFORCEMENT_ENDED, now, {"reason": reason})
    return ended


async def grounds_of(uow: UnitOfWork, pledge: Pledge, today: date) -> tuple[Ground, ...]:
    """Return why the pledge's loans are in default; raises DisposalNotInDefault where none is."""
    events = await uow.loans.events_of_each(pledge.loan_ids)
    loans = await uow.loans.find_many(pledge.loan_ids)
    found = [ground_of(loans[loan_id], events[loan_id], today) for loan_id in sorted(loans)]
    grounds = tuple(ground for ground in found if ground is not None)
    if not grounds:
        raise DisposalNotInDefault(pledge.id)
    return grounds


def _by_authority_or_pledgee(actor: Actor, pledge: Pledge) -> None:
    if actor.role is Role.AUTHORITY and actor.tenant == pledge.authority:
        return
    by_pledgee(actor, pledge, "enforcement:stay")
