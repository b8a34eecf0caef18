"""The bank's second person approves an amendment: what needs no registry takes effect, what does is ordered.

What is added is frozen before anything is released, and what stays is not touched at all, so that no right is unfrozen
for a moment and every freeze keeps its time. The locks are taken in the order in which paying out takes them, loans
before pledges, and over the whole group, so that no two amendments give up what each counts on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.accrual import debt_of
from domain.loans.loans import Loan, LoanEvent, LoanEventType
from domain.pledges.amendments import (
    FROZEN,
    OF_PARTIES,
    AcceptanceMissing,
    Amendment,
    AmendmentEvent,
    AmendmentKind,
    AmendmentState,
    ConsentMissing,
    Removal,
    after,
    missing_consents,
    still_to_release,
)
from domain.pledges.certificates import CertificateKind
from domain.pledges.pledges import Determination, Pledge, PledgeItem, SamePerson
from domain.pledges.registry_orders import OrderKind, StandingFreeze
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.use_cases.change_parties import order_changes, undo_again
from domain.use_cases.issue_certificate import issue_certificate
from domain.use_cases.order_freeze import record_order
from domain.use_cases.order_notice import extend_notice
from domain.use_cases.plan_amendment import Plan, plan_amendment, unvalued
from domain.use_cases.propose_amendment import end, fetch_amendment, require_active
from domain.use_cases.submit_pledge import hold_item
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.time import business_date


async def approve_amendment(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    pledge_id: str,
    amendment_id: str,
    if_match: int | None,
    now: datetime,
) -> Amendment:
    """Approve, after asking everything again that was asked of the proposal; what is in `exception` is ordered anew.

    Raises:
        SamePerson, Forbidden: who proposed, or no approver of the pledgee.
        AmendmentCannotMove: it has been decided.
        ConsentMissing, AcceptanceMissing: a pledgor, or the bank that is to have the claim, has not agreed.
        What planning raises.
    """
    await _lock_group(uow, pledge_id, amendment_id)
    pledge, amendment = await fetch_amendment(uow, pledge_id, amendment_id, if_match)
    if actor.tenant != pledge.pledgee or not actor.role.of_a_bank:
        raise Forbidden("amendment:approve")
    if amendment.proposed_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if actor.role is not Role.BANK_APPROVER:
        raise Forbidden("amendment:approve")
    retried = amendment.status is AmendmentState.EXCEPTION
    after(amendment.status, AmendmentEvent.ORDERED if retried else AmendmentEvent.APPROVED)
    require_active(pledge)
    if retried:
        return await _order_again(uow, actor, pledge, amendment, now)
    missing = missing_consents(amendment, pledge.pledgors)
    if missing:
        raise ConsentMissing(missing)
    if amendment.terms.transferee is not None and amendment.accepted_by is None:
        raise AcceptanceMissing(amendment.terms.transferee)
    plan = await plan_amendment(uow, rulebook, pledge, amendment.kind, amendment.terms, now)
    approved = replace(amendment, decided_by=actor.client_id, decided_at=now)
    if plan.changes:
        return await order_changes(uow, actor, pledge, approved, plan.changes, now)
    if plan.needs_registry:
        return await _order(uow, actor, rulebook, pledge, approved, plan, now)
    if amendment.kind is AmendmentKind.REGISTRATION_RENEWAL:
        await extend_notice(uow, actor, pledge.id, amendment.terms.months or 0, None, now)
        return await end(uow, actor, approved, AmendmentEvent.ORDERED, None, now)
    changed = await _applied(uow, actor, pledge, approved, plan, now)
    effective = await end(uow, actor, approved, AmendmentEvent.APPROVED, None, now)
    await certify(uow, actor, changed, effective, now)
    return effective


async def order_releases(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, removals: Sequence[Removal], now: datetime
) -> Pledge:
    """Order the release of so much of each item, from its latest freeze backwards, in a round of its own."""
    opened = await _next_round(uow, pledge, now)
    items = {item.right_id: item for item in opened.items}
    standing = list(await uow.registry_orders.standing_freezes(opened.id))
    for removal in removals:
        for freeze, part in _parts(removal, standing):
            item = replace(items[removal.right_id], quantity=replace(removal.quantity, amount=part))
            await record_order(
                uow, actor, opened, item, OrderKind.RELEASE, freeze.registry_ref, now, amendment_id=amendment.id
            )
    return opened


async def order_undoing(uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, now: datetime) -> Pledge:
    """Order the release of every addition that was frozen for an amendment whose other additions were refused."""
    opened = await _next_round(uow, pledge, now)
    references = {entry.reference: entry.right_id for entry in amendment.entries if entry.kind == FROZEN}
    standing = {freeze.registry_ref for freeze in await uow.registry_orders.standing_freezes(opened.id)}
    items = {item.right_id: item for item in amendment.additions}
    for reference, right_id in references.items():
        if reference in standing:
            await record_order(
                uow, actor, opened, items[right_id], OrderKind.RELEASE, reference, now, amendment_id=amendment.id
            )
    return opened


async def certify(uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, now: datetime) -> None:
    """Issue the certificate of an amendment that has taken effect."""
    await issue_certificate(uow, actor, pledge, CertificateKind.AMENDMENT, str(amendment.number), now)


async def _lock_group(uow: UnitOfWork, pledge_id: str, amendment_id: str) -> None:
    """Lock the loans that the amendment names, then every pledge of the group, each in the order of their ids."""
    amendment = await uow.amendments.find(pledge_id, amendment_id)
    if amendment is None:
        raise NotFound("amendment")
    named = {amendment.terms.loan_id, amendment.terms.new_loan_id} - {None}
    for loan_id in sorted(loan_id for loan_id in named if loan_id is not None):
        await uow.loans.lock(loan_id)
    pledge_ids, _ = await uow.pledges.linked(pledge_id)
    for linked in sorted({*pledge_ids, pledge_id}):
        await uow.pledges.lock(linked)


async def _order(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    pledge: Pledge,
    amendment: Amendment,
    plan: Plan,
    now: datetime,
) -> Amendment:
    """Hold and value what is added and order its freeze; where nothing is added, order the release."""
    additions = tuple(unvalued(*addition) for addition in plan.additions)
    registering = replace(amendment, additions=additions, removals=plan.removals)
    registering = await end(uow, actor, registering, AmendmentEvent.ORDERED, None, now)
    if not additions:
        await order_releases(uow, actor, pledge, registering, plan.removals, now)
        return registering
    held: dict[str, PledgeItem] = {}
    for right, quantity in sorted(plan.additions, key=lambda each: each[0].id):
        place = [each.id for each, _ in plan.additions].index(right.id)
        item = unvalued(right, quantity)
        held[right.id] = await hold_item(uow, actor, rulebook, pledge, item, right, f"#/items/{place}", now)
    registering = replace(registering, additions=tuple(held[right.id] for right, _ in plan.additions))
    await uow.amendments.save(registering)
    opened = await _next_round(uow, pledge, now)
    for item in registering.additions:
        await record_order(uow, actor, opened, item, OrderKind.FREEZE, None, now, amendment_id=registering.id)
    return registering


async def _order_again(uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, now: datetime) -> Amendment:
    """Order what the registry has refused to release: of a failed amendment its additions, else what is given up."""
    if amendment.kind in OF_PARTIES:
        return await undo_again(uow, actor, pledge, amendment, now)
    registering = await end(uow, actor, amendment, AmendmentEvent.ORDERED, amendment.reason, now)
    if registering.additions:
        await order_undoing(uow, actor, pledge, registering, now)
    else:
        await order_releases(uow, actor, pledge, registering, still_to_release(registering), now)
    return registering


async def _next_round(uow: UnitOfWork, pledge: Pledge, now: datetime) -> Pledge:
    opened = replace(pledge, order_round=pledge.order_round + 1, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(opened)
    return opened


async def _applied(
    uow: UnitOfWork, actor: Actor, pledge: Pledge, amendment: Amendment, plan: Plan, now: datetime
) -> Pledge:
    """Do what an amendment says that touches no freeze."""
    changed = replace(pledge, updated_at=now, version=pledge.version + 1)
    if plan.joining is not None:
        approvals = (*pledge.loan_approvals, (plan.joining.id, plan.joining.principal))
        changed = replace(changed, loan_ids=(*pledge.loan_ids, plan.joining.id), loan_approvals=approvals)
    if amendment.kind is AmendmentKind.DETERMINE:
        terms = amendment.terms
        assert terms.on is not None, "planning has looked"
        assert terms.event is not None, "the schema demands it"
        changed = replace(changed, determination=Determination(on=terms.on, event=terms.event.value))
    await uow.pledges.save(changed)
    if plan.extended is not None:
        former = await uow.loans.lock(plan.extended.id)
        assert former is not None, "planning has read it"
        await _record(uow, actor, former, LoanEventType.EXTENDED, amendment, now)
        await uow.loans.save(replace(plan.extended, version=former.version + 1))
    if amendment.kind is AmendmentKind.REFINANCE:
        await _refinance(uow, actor, amendment, plan, now)
    return changed


async def _refinance(uow: UnitOfWork, actor: Actor, amendment: Amendment, plan: Plan, now: datetime) -> None:
    """Pay the new loan out into the old one's principal: linked already, so that no moment is unsecured.

    Interest, penalty and fees of the old loan stay owed, and secured, until the bank tells that they were paid.
    """
    former = await uow.loans.lock(amendment.terms.loan_id or "")
    assert former is not None, "planning has read it"
    assert plan.joining is not None, "a refinancing names the new loan"
    principal = debt_of(former, await uow.loans.events(former.id), business_date(now)).principal
    await _record(uow, actor, plan.joining, LoanEventType.DISBURSED, amendment, now, principal=principal)
    await _record(uow, actor, former, LoanEventType.REPAID, amendment, now, principal=principal)
    again = await uow.loans.lock(former.id)
    assert again is not None, "it was there a moment ago"
    await _record(uow, actor, again, LoanEventType.REFINANCED, amendment, now)


async def _record(
    uow: UnitOfWork,
    actor: Actor,
    loan: Loan,
    kind: LoanEventType,
    amendment: Amendment,
    now: datetime,
    **amounts: Money,
) -> None:
    """Write what an amendment did to a loan, as the bank would tell it."""
    event = LoanEvent(
        id=new_id("loanevent"),
        loan_id=loan.id,
        type=kind,
        principal=amounts.get("principal"),
        interest=None,
        penalty=None,
        fee=None,
        on=business_date(now),
        reference=f"{amendment.id}:{kind.value}",
        recorded_at=now,
    )
    await uow.loans.add_event(event, loan, actor.client_id)
    principal = None if event.principal is None else event.principal.wire()
    details = {"type": kind.value, "principal": principal, "on": event.on.isoformat(), "reference": event.reference}
    await uow.audit.write(actor, f"loan.{kind.value}", loan.id, details, loan.parties, now)
    await uow.outbox.publish(f"loan.{kind.value}", loan.id, {"reference": event.reference}, loan.parties, now)


def _parts(removal: Removal, standing: Sequence[StandingFreeze]) -> list[tuple[StandingFreeze, Decimal]]:
    """Divide what is given up among the right's freezes, the latest first: what ranks last goes first."""
    left = removal.quantity.amount
    found = []
    for freeze in reversed(standing):
        part = min(left, freeze.quantity.amount) if freeze.right_id == removal.right_id else Decimal(0)
        if part > 0:
            found.append((freeze, part))
            left -= part
    return found
