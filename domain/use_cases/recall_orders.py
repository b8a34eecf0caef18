"""Recall an order after the database was restored: the registry knows of it, and we have forgotten that it was sent.

A restored order may say `recorded`, which means that nothing was sent, while the registry has long carried it out. It
was sent in a life that we do not remember, so it becomes `sent`, and what became of it is asked like after any silence.
One that the registry has never seen stays `recorded`, and that is the truth.

Source: house decision 3 (the order is queried before it is sent again).
"""

from dataclasses import replace
from datetime import datetime

from domain.pledges.registry_orders import OrderEvent, OrderState, after
from domain.ports.unit_of_work import UnitOfWork


async def recall_order(uow: UnitOfWork, order_id: str, now: datetime) -> bool:
    """Note that the registry knows a recorded order; false where another order of the right is in flight still."""
    order = await uow.registry_orders.lock(order_id)
    if order is None or order.state is not OrderState.RECORDED:
        return order is not None
    sent = after(order, OrderEvent.CLAIMED)
    assert sent is not None, "a recorded order is not settled"
    return await uow.registry_orders.save(replace(order, state=sent, attempts=order.attempts + 1), now)


async def recall_notice(uow: UnitOfWork, order_id: str, now: datetime) -> None:
    """Note that the notice registry knows a recorded order."""
    order = await uow.notices.lock_order(order_id)
    if order is not None and order.state is OrderState.RECORDED:
        await uow.notices.save_order(replace(order, state=OrderState.SENT, attempts=order.attempts + 1), now)
