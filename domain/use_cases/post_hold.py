"""An authority posts and lifts holds of other kinds than a pledge's; a court speaks through it.

Holds of all kinds stand beside one another on one right. Each has its own quantity and its own end, so lifting one
gives back what that one took and touches no other. A court or an authority may take more than is free, and so may a
compliance reserve, because what must be surrendered is owed whatever is pledged; a listing or a lease may not. What was
taken for more than was needed is given back in part: a hold of 123 of which 100 are taken gives 23 back and stands for
the 100.

Source: 河北省生态环境厅 2023-01 (被抵押、租赁、采取财产保全措施); house decision 2; issue 4 (holds of other kinds).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.rights.holds import (
    BLOCKS,
    OVERTAKING,
    REGISTRY_REPORTED,
    Hold,
    HoldExceeded,
    HoldKind,
    HoldState,
    PostedHold,
    QuantityUnavailable,
)
from domain.rights.rights import Right
from domain.use_cases.change_pledge import hold_details
from domain.use_cases.hear_registry import ask_for_review
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder:
    """What an authority posts; without `until` it stands until it is lifted."""

    right_id: str
    kind: HoldKind
    quantity: Quantity
    reference: str
    reason: str
    until: datetime | None
    document: Mapping[str, str] | None


async def post_hold(uow: UnitOfWork, actor: Actor, order: HoldOrder, now: datetime) -> Hold:
    """Take the quantity and write the hold.

    Raises:
        NotFound: no such right in the authority's division.
        Forbidden: a pledge's hold is the pledge's alone, and what a registry reports is the registry's.
        UnitMismatch, InvalidQuantity: the quantity cannot be said in the right's unit.
        QuantityUnavailable: less is free, and the kind may not take more than that.
    """
    right = await uow.rights.find(order.right_id)
    if right is None or actor.division is None:
        raise NotFound("right")
    if order.kind is HoldKind.PLEDGE or order.reason == REGISTRY_REPORTED:
        raise Forbidden("hold:post")
    quantity = order.quantity.to(right.quantity.unit)
    await _take(uow, right, order.kind, quantity)
    hold = Hold(
        id=new_id("hold"),
        right_id=right.id,
        kind=order.kind,
        blocks=BLOCKS[order.kind],
        quantity=quantity,
        state=HoldState.POSTED,
        since=now,
        until=order.until,
        reason=order.reason,
        reference=order.reference,
        document=order.document,
    )
    parties = (actor.tenant, right.holder_uscc)
    await uow.holds.add(hold, parties)
    await _leave_trail(uow, actor, PostedHold(hold=hold, parties=parties), "posted", quantity, order.reference, now)
    await ask_for_review(uow, right.id)
    return hold


async def lift_hold(
    uow: UnitOfWork,
    actor: Actor,
    right_id: str,
    hold_id: str,
    *,
    quantity: Quantity | None,
    reason: str,
    reference: str,
    now: datetime,
) -> Hold:
    """Give a posted hold's quantity back, all of it unless some is named, and end it where nothing of it is left.

    Raises:
        NotFound: no such hold of this authority's stands on the right.
        HoldExceeded: more is to be given back than it takes.
    """
    posted = await uow.holds.lock(hold_id)
    if posted is None or posted.hold.right_id != right_id or posted.parties[:1] != (actor.tenant,):
        raise NotFound("hold")
    hold = posted.hold
    given = hold.quantity if quantity is None else quantity.to(hold.quantity.unit)
    if given > hold.quantity:
        raise HoldExceeded(hold.quantity)
    await uow.rights.give_back(right_id, given.amount)
    if given == hold.quantity:
        await uow.holds.change(hold.id, HoldState.RELEASED, now)
        after, done = replace(hold, state=HoldState.RELEASED, until=now), "released"
    else:
        after, done = replace(hold, quantity=hold.quantity - given), "reduced"
        await uow.holds.shrink(hold.id, after.quantity)
    await _leave_trail(uow, actor, posted, done, given, f"{reference}: {reason}", now)
    await ask_for_review(uow, right_id)
    return after


async def _take(uow: UnitOfWork, right: Right, kind: HoldKind, quantity: Quantity) -> None:
    if kind in OVERTAKING:
        _ = Quantity(right.taken, quantity.unit) + quantity  # refused where the books could not say the sum
        await uow.rights.seize(right.id, quantity.amount)
    elif not await uow.rights.take(right.id, quantity.amount):
        available = await uow.rights.lock_available(right.id)
        if available < quantity.amount or not await uow.rights.take(right.id, quantity.amount):
            raise QuantityUnavailable(right.id, Quantity(available, quantity.unit), "#/quantity")


async def _leave_trail(
    uow: UnitOfWork,
    actor: Actor,
    posted: PostedHold,
    done: str,
    quantity: Quantity,
    why: str,
    now: datetime,
) -> None:
    hold = posted.hold
    details = {**hold_details(hold.id, quantity.wire()), "kind": hold.kind.value, "why": why}
    await uow.audit.write(actor, f"hold.{done}", hold.right_id, details, posted.parties, now)
