"""Order the registry to freeze or release every item of a pledge: one order an item, committed before anything is sent.

The orders and the pledge's waiting state are written in one transaction with the jobs that carry them out.
"""

from dataclasses import replace
from datetime import datetime

from domain.pledges.lifecycle import Event
from domain.pledges.pledges import Pledge, PledgeItem
from domain.pledges.registry_orders import OrderKind, OrderState, PledgeOrder
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.change_pledge import happen
from domain.values.actors import Actor
from domain.values.identifiers import new_id

TASK = "carry_out_order"


async def order_freeze(uow: UnitOfWork, actor: Actor, pledge: Pledge, now: datetime) -> Pledge:
    """Move the pledge to `freezing` and order a freeze of each item."""
    opened = replace(pledge, order_round=pledge.order_round + 1, reason=None)
    moved = await happen(uow, actor, opened, Event.FREEZE_ORDERED, now)
    for item in moved.items:
        await record_order(uow, actor, moved, item, OrderKind.FREEZE, None, now)
    return moved


async def order_release(uow: UnitOfWork, actor: Actor, pledge: Pledge, now: datetime) -> Pledge:
    """Move the pledge to `releasing` and order the release of each frozen item."""
    moved = await happen(uow, actor, replace(pledge, order_round=pledge.order_round + 1), Event.RELEASE_APPROVED, now)
    items = {item.right_id: item for item in moved.items}
    for freeze in await uow.registry_orders.standing_freezes(pledge.id):
        item = replace(items[freeze.right_id], quantity=freeze.quantity)
        await record_order(uow, actor, moved, item, OrderKind.RELEASE, freeze.registry_ref, now)
    return moved


async def record_order(
    uow: UnitOfWork,
    actor: Actor,
    pledge: Pledge,
    item: PledgeItem,
    kind: OrderKind,
    freeze_ref: str | None,
    now: datetime,
    *,
    amendment_id: str | None = None,
) -> PledgeOrder:
    """Write one order and the job that carries it out."""
    order = replace(an_order(pledge, item, kind, freeze_ref, now), amendment_id=amendment_id)
    await place(uow, actor, order)
    return order


def an_order(pledge: Pledge, item: PledgeItem, kind: OrderKind, freeze_ref: str | None, now: datetime) -> PledgeOrder:
    """Return an order of a pledge's open round that is recorded and not placed yet."""
    assert item.hold_id is not None, "a submitted item has its hold"
    return PledgeOrder(
        id=new_id("order"),
        kind=kind,
        pledge_id=pledge.id,
        right_id=item.right_id,
        hold_id=item.hold_id,
        round=pledge.order_round,
        quantity=item.quantity,
        expected_version=item.expected_version,
        state=OrderState.RECORDED,
        attempts=0,
        registry_ref=None,
        freeze_ref=freeze_ref,
        executed_at=None,
        reason=None,
        message=None,
        evidence_sha256=None,
        created_at=now,
        parties=pledge.parties,
    )


async def place(uow: UnitOfWork, actor: Actor, order: PledgeOrder) -> None:
    """Write an order and the job that carries it out, and leave an audit entry."""
    await uow.registry_orders.add(order)
    said = {"order_id": order.id, "right_id": order.right_id}
    told = f"{order.kind.value}.ordered"
    await uow.audit.write(actor, told, order.pledge_id, said, order.parties, order.created_at)
    await enqueue(uow, order, None)


async def enqueue(uow: UnitOfWork, order: PledgeOrder, at: datetime | None) -> None:
    """Enqueue the first step of an order (at once), or its next one; the steps of one right run one after another."""
    subject, arguments = f"right:{order.right_id}", {"order_id": order.id}
    if at is None:
        await uow.jobs.enqueue(TASK, subject, arguments)
    else:
        await uow.jobs.enqueue_next(TASK, subject, arguments, at)
