"""What the registry's answers do to an amendment and its pledge: freeze first, then release, then it is so.

An addition becomes an item of the pledge in the transaction that learns that all of them are frozen, and only then is a
release ordered. What is given up leaves the pledge in the transaction that learns of its release, and its quantity is
free from then on. The pledge's state never changes for it: it is active throughout.

The subtle thing is a further quantity of a right that is pledged already: its hold joins the item's, while at the
registry it stays a freeze of its own, with its own time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.pledges.amendments import (
    AMENDED,
    FROZEN,
    RELEASED,
    UNDONE,
    Amendment,
    AmendmentEvent,
    AmendmentKind,
    AmendmentState,
    Entry,
    Removal,
    joined,
    reduced,
)
from domain.pledges.pledges import Pledge, PledgeItem, Register, Registration, RegistrationStatus
from domain.pledges.registry_orders import SETTLED, OrderKind, OrderState, PledgeOrder
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import HoldState
from domain.use_cases.approve_amendment import certify, order_releases, order_undoing
from domain.use_cases.change_parties import goes_back, settle_changes
from domain.use_cases.change_pledge import hold_details
from domain.use_cases.propose_amendment import end
from domain.use_cases.search_again import enqueue_search
from domain.values.actors import WORKER
from domain.values.quantity import Quantity


async def settle_amended(uow: UnitOfWork, pledge: Pledge, order: PledgeOrder, now: datetime) -> None:
    """Write a settled order of an amendment to the amendment, its holds and the pledge; `order` is saved already."""
    assert order.amendment_id is not None, "the caller has looked"
    amendment = await uow.amendments.lock(order.amendment_id)
    assert amendment is not None, "an order names an amendment that there is"
    if order.state is OrderState.EXECUTED:
        pledge, amendment = await _written(uow, pledge, amendment, order, now)
    else:
        amendment = replace(amendment, reason=order.reason or "refused")
    await uow.amendments.save(amendment)
    orders = await uow.registry_orders.of_round(pledge.id, pledge.order_round)
    if any(each.state not in SETTLED for each in orders):
        return
    if order.kind is OrderKind.AMEND:
        await settle_changes(uow, pledge, amendment, orders, now)
        return
    executed = [each for each in orders if each.state is OrderState.EXECUTED]
    if order.kind is OrderKind.FREEZE:
        await _frozen(uow, pledge, amendment, executed, whole=len(executed) == len(orders), now=now)
    elif amendment.additions:
        await _undone(uow, pledge, amendment, whole=len(executed) == len(orders), now=now)
    else:
        await _released(uow, pledge, amendment, whole=len(executed) == len(orders), now=now)


async def settle_renewal(uow: UnitOfWork, pledge: Pledge, reason: str | None, now: datetime) -> None:
    """End the renewal that waits for the notice registry, if one does; `reason` is its refusal, none otherwise."""
    amendment = await uow.amendments.pending(pledge.id)
    if amendment is None or amendment.kind is not AmendmentKind.REGISTRATION_RENEWAL:
        return
    if amendment.status is not AmendmentState.REGISTERING:
        return
    event = AmendmentEvent.EXECUTED if reason is None else AmendmentEvent.REFUSED
    ended = await end(uow, WORKER, amendment, event, reason, now)
    if reason is None:
        await certify(uow, WORKER, pledge, ended, now)


def entry_kind(amendment: Amendment, order: PledgeOrder) -> str:
    """Return what an executed order did for its amendment."""
    if order.kind is OrderKind.AMEND:
        return UNDONE if goes_back(amendment, order) else AMENDED
    if order.kind is OrderKind.FREEZE:
        return FROZEN
    return UNDONE if amendment.additions else RELEASED


async def _written(
    uow: UnitOfWork, pledge: Pledge, amendment: Amendment, order: PledgeOrder, now: datetime
) -> tuple[Pledge, Amendment]:
    """Write one executed order: a freeze posts its hold, a release gives its part back."""
    kind = entry_kind(amendment, order)
    entry = Entry(order.right_id, kind, order.quantity, order.registry_ref, order.executed_at)
    if kind == FROZEN:
        await uow.holds.change(order.hold_id, HoldState.POSTED, now)
        await _tell_hold(uow, pledge, order.right_id, "posted", order.hold_id, order.quantity, now)
    elif kind == RELEASED:
        pledge = await _given_up(uow, pledge, order, now)
    return pledge, replace(amendment, entries=(*amendment.entries, entry))


async def _frozen(
    uow: UnitOfWork,
    pledge: Pledge,
    amendment: Amendment,
    executed: Sequence[PledgeOrder],
    *,
    whole: bool,
    now: datetime,
) -> None:
    """Go on once every freeze has been answered: add and release, undo, or give up."""
    if not whole:
        if executed:
            await order_undoing(uow, WORKER, pledge, amendment, now)
        else:
            await _give_up(uow, pledge, amendment, now)
        return
    pledge = await _add(uow, pledge, amendment, executed, now)
    removals, added = amendment.removals, replace(amendment, additions=())
    await uow.amendments.save(added)
    await enqueue_search(uow, pledge)
    if amendment.kind is AmendmentKind.REPLACE_RIGHT:
        terms = amendment.terms
        await uow.rights.link_successor(terms.right_id or "", terms.successor_id or "")
    if removals:
        await order_releases(uow, WORKER, pledge, added, removals, now)
    else:
        await _take_effect(uow, pledge, added, now)


async def _released(uow: UnitOfWork, pledge: Pledge, amendment: Amendment, *, whole: bool, now: datetime) -> None:
    """Take effect once everything is released; what was changed in part calls a person, what was not has failed."""
    if whole:
        await _take_effect(uow, pledge, amendment, now)
    elif amendment.entries:
        await end(uow, WORKER, amendment, AmendmentEvent.RELEASE_REFUSED, amendment.reason, now)
    else:
        await end(uow, WORKER, amendment, AmendmentEvent.REFUSED, amendment.reason, now)


async def _undone(uow: UnitOfWork, pledge: Pledge, amendment: Amendment, *, whole: bool, now: datetime) -> None:
    """Give up once every addition is released again; a refusal to release calls a person."""
    if whole:
        await _give_up(uow, pledge, amendment, now)
    else:
        await end(uow, WORKER, amendment, AmendmentEvent.RELEASE_REFUSED, amendment.reason, now)


async def _take_effect(uow: UnitOfWork, pledge: Pledge, amendment: Amendment, now: datetime) -> None:
    ended = await end(uow, WORKER, amendment, AmendmentEvent.EXECUTED, None, now)
    await certify(uow, WORKER, pledge, ended, now)


async def _give_up(uow: UnitOfWork, pledge: Pledge, amendment: Amendment, now: datetime) -> None:
    """Void the holds of a refused amendment, in the order of the rights."""
    for item in sorted(amendment.additions, key=lambda each: each.right_id):
        assert item.hold_id is not None, "an ordered addition has its hold"
        await uow.rights.give_back(item.right_id, item.quantity.amount)
        await uow.holds.change(item.hold_id, HoldState.VOIDED, now)
        await _tell_hold(uow, pledge, item.right_id, "voided", item.hold_id, item.quantity, now)
    await end(uow, WORKER, amendment, AmendmentEvent.REFUSED, amendment.reason, now)
    for item in amendment.additions:
        await uow.rights.hide_from(item.right_id, pledge.pledgee)


async def _add(
    uow: UnitOfWork, pledge: Pledge, amendment: Amendment, executed: Sequence[PledgeOrder], now: datetime
) -> Pledge:
    """Make items of the additions; the registrations of what stood keep their references and times."""
    entries = _by_right(pledge)
    answers = {order.right_id: order for order in executed}
    for item in amendment.additions:
        if item.right_id in entries:
            await _join_holds(uow, pledge, item, now)
        else:
            order = answers[item.right_id]
            entries[item.right_id] = Registration(
                register=Register.EMISSION_REGISTRY,
                position=0,
                status=RegistrationStatus.REGISTERED,
                reference=order.registry_ref,
                registered_at=order.executed_at,
            )
    return await _saved_anew(uow, pledge, joined(pledge.items, amendment.additions), entries, now)


async def _join_holds(uow: UnitOfWork, pledge: Pledge, added: PledgeItem, now: datetime) -> None:
    """Let an item's hold take what the addition's took; together they take what they took before."""
    item = next(each for each in pledge.items if each.right_id == added.right_id)
    assert item.hold_id is not None, "a frozen item has its hold"
    assert added.hold_id is not None, "an ordered addition has its hold"
    total = Quantity(item.quantity.amount + added.quantity.amount, item.quantity.unit)
    await uow.holds.shrink(item.hold_id, total)
    await uow.holds.change(added.hold_id, HoldState.RELEASED, now)
    await _tell_hold(uow, pledge, added.right_id, "released", added.hold_id, added.quantity, now)
    await _tell_hold(uow, pledge, added.right_id, "posted", item.hold_id, total, now)


async def _given_up(uow: UnitOfWork, pledge: Pledge, order: PledgeOrder, now: datetime) -> Pledge:
    """Take a released part out of the pledge and give its quantity back; a hold of 123 less 23 is one of 100."""
    item = next(each for each in pledge.items if each.right_id == order.right_id)
    await uow.rights.give_back(order.right_id, order.quantity.amount)
    items = reduced(pledge.items, [Removal(order.right_id, order.quantity)])
    rest = next((each for each in items if each.right_id == order.right_id), None)
    if rest is None:
        await uow.holds.change(order.hold_id, HoldState.RELEASED, now)
        await _tell_hold(uow, pledge, order.right_id, "released", order.hold_id, item.quantity, now)
    else:
        await uow.holds.shrink(order.hold_id, rest.quantity)
        await _tell_hold(uow, pledge, order.right_id, "posted", order.hold_id, rest.quantity, now)
    changed = await _saved_anew(uow, pledge, items, _by_right(pledge), now)
    if rest is None:
        await uow.rights.hide_from(order.right_id, pledge.pledgee)
    return changed


async def _saved_anew(
    uow: UnitOfWork, pledge: Pledge, items: tuple[PledgeItem, ...], entries: dict[str, Registration], now: datetime
) -> Pledge:
    """Write the pledge with other items, and each item's registration at its place."""
    others = [each for each in pledge.registrations if each.register is not Register.EMISSION_REGISTRY]
    placed = [replace(entries[item.right_id], position=position) for position, item in enumerate(items)]
    changed = replace(pledge, items=items, registrations=(*placed, *others), updated_at=now, version=pledge.version + 1)
    await uow.pledges.save_anew(changed)
    return changed


def _by_right(pledge: Pledge) -> dict[str, Registration]:
    """Return the registration of each item by its right."""
    return {
        pledge.items[entry.position].right_id: entry
        for entry in pledge.registrations
        if entry.register is Register.EMISSION_REGISTRY
    }


async def _tell_hold(
    uow: UnitOfWork, pledge: Pledge, right_id: str, state: str, hold_id: str, quantity: Quantity, now: datetime
) -> None:
    details = hold_details(hold_id, quantity.wire())
    await uow.audit.write(WORKER, f"hold.{state}", right_id, details, pledge.parties, now)
