"""Carry out orders by hand: the order becomes a task, a clerk answers it with a receipt, a second person confirms.

Only a confirmed answer is the registry's answer; the job that carries the order out is woken then and takes it like any
other registry's. A second person who disagrees returns the task to the queue.

Source: facts of today's provinces, where registration is a form at a window; contract section 5 (`/v1/registry-tasks`).
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from domain.errors import InvalidDate
from domain.pledges.pledges import SamePerson, VersionMismatch
from domain.ports.registry import OrderAnswer, OrderStatus, RegistryClosed, RegistryOrder
from domain.ports.registry_tasks import Receipt, RegistryTask, TaskAnswer, TaskOutcome, TaskState, order_answer
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.use_cases.order_freeze import TASK
from domain.values.actors import WORKER, Actor
from domain.values.identifiers import new_id
from domain.values.time import business_date

REUSED: Final = "ORDER_ID_REUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What the clerk enters: an executed order has the registry's reference, a refused one its reason."""

    outcome: TaskOutcome
    reference: str | None
    on: date
    receipt: Receipt
    reason: str | None


async def place_task(uow: UnitOfWork, order: RegistryOrder, now: datetime) -> OrderAnswer:
    """Put an order into the queue, once, and return what is known of it: accepted until an answer is confirmed.

    The queue is that of the authority of the right's division; where none is connected, the platform's own.

    Raises:
        RegistryClosed: nobody would see the task, so the order waits.
    """
    known = await uow.registry_tasks.of_order(order.registry, order.order_id)
    if known is None:
        kept = await uow.registry_orders.find(order.order_id)
        right = None if kept is None else await uow.rights.find(kept.right_id)
        authority = None if right is None else await uow.tenants.authority_of(right.division)
        if authority is None and await uow.tenants.find(WORKER.tenant) is None:
            raise RegistryClosed(order.registry, "no authority is connected that would see the task")
        task = RegistryTask(
            id=new_id("task"),
            tenant=authority or WORKER.tenant,
            subject=order.order_id if kept is None else f"right:{kept.right_id}",
            order=order,
            state=TaskState.OPEN,
            answer=None,
            confirmed_by=None,
            confirmed_at=None,
            created_at=now,
            version=1,
        )
        if await uow.registry_tasks.add(task):
            await _write(uow, WORKER, task, "opened", now)
            return order_answer(task, evidence_of(task))
        known = await uow.registry_tasks.of_order(order.registry, order.order_id)
        assert known is not None, "whoever was first has written it"
    if known.order != order:
        return OrderAnswer(
            order_id=order.order_id,
            status=OrderStatus.REFUSED,
            registry_ref=None,
            executed_at=None,
            reason=REUSED,
            message="指令编号已用于另一指令",
            evidence_sha256=evidence_of(known),
        )
    return order_answer(known, evidence_of(known))


async def asked_task(uow: UnitOfWork, registry: str, order_id: str) -> OrderAnswer | None:
    """Return what is known of an order; none when it never came into the queue."""
    task = await uow.registry_tasks.of_order(registry, order_id)
    return None if task is None else order_answer(task, evidence_of(task))


async def answer_task(
    uow: UnitOfWork, actor: Actor, task_id: str, given: GivenAnswer, if_match: int | None, now: datetime
) -> RegistryTask:
    """The clerk answers.

    Raises:
        NotFound: no such task of this authority.
        TaskCannotMove: answered already.
        InvalidDate: a day before the task, or after today.
    """
    task = await _fetch(uow, task_id, if_match)
    answer = TaskAnswer(
        outcome=given.outcome,
        reference=given.reference,
        on=given.on,
        receipt=given.receipt,
        reason=given.reason,
        answered_by=actor.client_id,
        answered_at=now,
    )
    answered = task.answered(answer)
    if not business_date(task.created_at) <= given.on <= business_date(now):
        raise InvalidDate(
            what="date",
            value=given.on.isoformat(),
            reason_zh="办理日期须在任务下达之日至今天之间。",
            reason_en="a day from the task's own to today",
        )
    await uow.registry_tasks.save(answered)
    await _write(uow, actor, answered, "answered", now)
    return answered


async def confirm_task(
    uow: UnitOfWork, actor: Actor, task_id: str, if_match: int | None, now: datetime
) -> RegistryTask:
    """The second person confirms, and the order takes the answer.

    Raises:
        NotFound: no such task of this authority.
        SamePerson: the clerk who answered.
        TaskCannotMove: not answered yet, or confirmed already.
    """
    task = await _fetch(uow, task_id, if_match)
    _require_second(task, actor)
    confirmed = task.confirmed(actor.client_id, now)
    await uow.registry_tasks.save(confirmed)
    await _write(uow, actor, confirmed, "confirmed", now)
    await uow.jobs.enqueue(TASK, task.subject, {"order_id": task.order.order_id})
    return confirmed


async def return_task(
    uow: UnitOfWork, actor: Actor, task_id: str, reason: str, if_match: int | None, now: datetime
) -> RegistryTask:
    """The second person does not confirm: the task waits for another answer."""
    task = await _fetch(uow, task_id, if_match)
    _require_second(task, actor)
    reopened = task.reopened()
    await uow.registry_tasks.save(reopened)
    await _write(uow, actor, reopened, "returned", now, reason)
    return reopened


def evidence_of(task: RegistryTask) -> str:
    """Return the receipt's digest; before there is one, that of the task's own id."""
    return hashlib.sha256(task.id.encode()).hexdigest() if task.answer is None else task.answer.receipt.sha256


async def _fetch(uow: UnitOfWork, task_id: str, if_match: int | None) -> RegistryTask:
    task = await uow.registry_tasks.lock(task_id)
    if task is None:
        raise NotFound("registry task")
    if if_match is not None and if_match != task.version:
        raise VersionMismatch(task.version)
    return task


def _require_second(task: RegistryTask, actor: Actor) -> None:
    if task.answer is not None and task.answer.answered_by == actor.client_id:
        raise SamePerson(actor.client_id)


async def _write(
    uow: UnitOfWork, actor: Actor, task: RegistryTask, what: str, now: datetime, reason: str | None = None
) -> None:
    answer = task.answer
    details = {
        "order_id": task.order.order_id,
        "outcome": None if answer is None else answer.outcome.value,
        "reference": None if answer is None else answer.reference,
        "receipt_sha256": None if answer is None else answer.receipt.sha256,
        "reason": reason or (None if answer is None else answer.reason),
    }
    await uow.audit.write(actor, f"registry_task.{what}", task.id, details, (task.tenant,), now)
