"""Hear a registry's callback: remember it, and have asked sooner what it is about.

Nothing is changed by what it says. The job that would ask the registry later asks now, and what that answers is all
that counts; so a false callback costs a question. An order or a right that is not ours is passed over in silence, and
so is an order that has not been sent: the registry cannot have anything to say about it.
"""

from datetime import datetime, timedelta
from typing import Final

from domain.errors import DomainError
from domain.ports.registry_callbacks import Hint, HintKind, OpenOrder
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.hear_registry import COMPARE_TASK
from domain.use_cases.order_freeze import TASK
from domain.values.identifiers import ID_PATTERN, parse_registry_no

REMEMBERED: Final = timedelta(days=1)
"""How long a message's id is remembered: far longer than a message may be on its way."""

HASTENED_AT_ONCE: Final = 500
"""How many orders are asked about at once when a registry opens; the rest have their own times."""


async def hear_callback(uow: UnitOfWork, hint: Hint, now: datetime, closed_until: datetime | None) -> int:
    """Have asked what a callback is about, at the end of a scheduled closure; return how many questions that makes.

    The same message again makes none.
    """
    if not await uow.callbacks.consume(hint.registry, hint.message_id, now + REMEMBERED):
        return 0
    at = closed_until or now
    if hint.kind is HintKind.RIGHT:
        return await _compare(uow, hint, at)
    orders = await _orders(uow, hint)
    for order in orders:
        await uow.jobs.hasten(TASK, f"right:{order.right_id}", {"order_id": order.order_id}, at)
    return len(orders)


async def _orders(uow: UnitOfWork, hint: Hint) -> list[OpenOrder]:
    if hint.kind is HintKind.OPENED:
        return list(await uow.callbacks.open_orders(hint.registry, HASTENED_AT_ONCE))
    if ID_PATTERN.match(hint.subject or "") is None:
        return []
    order = await uow.callbacks.sent_order(hint.registry, hint.subject or "")
    return [] if order is None else [order]


async def _compare(uow: UnitOfWork, hint: Hint, at: datetime) -> int:
    try:
        number = parse_registry_no(hint.subject or "")
    except DomainError:
        return 0
    right_id = await uow.callbacks.right_of(hint.registry, number)
    if right_id is None:
        return 0
    await uow.jobs.enqueue_next(COMPARE_TASK, f"compare:{right_id}", {"right_id": right_id}, at)
    return 1
