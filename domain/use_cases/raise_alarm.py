"""Call a person: an alarm in the queue of the platform and of the pledge's bank, once for an order and its trouble."""

from datetime import datetime

from domain.pledges.alarms import Alarm, AlarmKind, AlarmState
from domain.pledges.pledges import Pledge
from domain.pledges.registry_orders import PledgeOrder
from domain.ports.unit_of_work import UnitOfWork
from domain.values.actors import WORKER
from domain.values.identifiers import new_id


async def raise_alarm(
    uow: UnitOfWork, pledge: Pledge, kind: AlarmKind, registry: str, order_id: str, reason: str | None, now: datetime
) -> bool:
    """Open an alarm and tell of it; false where it is open already, or was."""
    alarm = Alarm(
        id=new_id("alarm"),
        kind=kind,
        registry=registry,
        pledge_id=pledge.id,
        order_id=order_id,
        parties=tuple(dict.fromkeys((WORKER.tenant, *pledge.parties))),
        state=AlarmState.OPEN,
        reason=reason,
        owner=None,
        notes=(),
        opened_at=now,
        acknowledged_at=None,
        resolved_by=None,
        resolved_at=None,
        confirmed_by=None,
        version=1,
    )
    if not await uow.alarms.open(alarm):
        return False
    told = {"exception_id": alarm.id, "kind": kind.value, "registry": registry, "order_id": order_id}
    await uow.audit.write(WORKER, "exception.opened", pledge.id, {**told, "reason": reason}, alarm.parties, now)
    await uow.outbox.publish("exception.opened", pledge.id, told, pledge.parties, now)
    return True


async def raise_alarm_of(
    uow: UnitOfWork, pledge: Pledge, kind: AlarmKind, order: PledgeOrder, reason: str | None, now: datetime
) -> bool:
    """Open an alarm about an order to the registry of its right."""
    right = await uow.rights.find(order.right_id)
    assert right is not None, "an order names a right that we keep"
    return await raise_alarm(uow, pledge, kind, right.registry, order.id, reason, now)


async def hear_answer(uow: UnitOfWork, pledge_id: str, order_id: str, parties: tuple[str, ...], now: datetime) -> None:
    """End the alarms about an order's silence, now that it has been answered."""
    for alarm_id in await uow.alarms.answered(order_id, now):
        told = {"exception_id": alarm_id, "order_id": order_id}
        await uow.audit.write(WORKER, "exception.answered", pledge_id, told, parties, now)
        await uow.outbox.publish("exception.resolved", pledge_id, told, parties, now)
