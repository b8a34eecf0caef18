"""The clerk's queue."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import RegistryOrder
from domain.ports.registry_tasks import Receipt, RegistryTask, TaskAnswer, TaskOutcome, TaskState
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection
from integrations.database.notice_tables import REGISTRY_TASKS


class DatabaseRegistryTasks:
    """Keep tasks."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, task: RegistryTask) -> bool:
        """Write a task; false when there is one for this registry and order already."""
        written = insert(REGISTRY_TASKS).values(
            id=task.id,
            tenant=task.tenant,
            registry=task.order.registry,
            order_id=task.order.order_id,
            subject=task.subject,
            kind=task.order.kind.value,
            content=_content_values(task.order),
            state=task.state.value,
            created_at=task.created_at,
            version=task.version,
        )
        added = await self._connection.execute(written.on_conflict_do_nothing(index_elements=["registry", "order_id"]))
        return added.rowcount == 1

    async def of_order(self, registry: str, order_id: str) -> RegistryTask | None:
        """Return the task of an order."""
        wanted = select(REGISTRY_TASKS).where(
            REGISTRY_TASKS.c.registry == registry, REGISTRY_TASKS.c.order_id == order_id
        )
        return await self._one(wanted)

    async def lock(self, task_id: str) -> RegistryTask | None:
        """Return a task and keep others from changing it meanwhile."""
        return await self._one(select(REGISTRY_TASKS).where(REGISTRY_TASKS.c.id == task_id).with_for_update())

    async def find(self, task_id: str) -> RegistryTask | None:
        """Return a task."""
        return await self._one(select(REGISTRY_TASKS).where(REGISTRY_TASKS.c.id == task_id))

    async def save(self, task: RegistryTask) -> None:
        """Write a locked task's state, answer and confirmation."""
        answer = task.answer
        values: Mapping[str, object] = {
            "state": task.state.value,
            "outcome": None if answer is None else answer.outcome.value,
            "reference": None if answer is None else answer.reference,
            "executed_on": None if answer is None else answer.on,
            "receipt": None if answer is None else {"sha256": answer.receipt.sha256, "title": answer.receipt.title},
            "reason": None if answer is None else answer.reason,
            "answered_by": None if answer is None else answer.answered_by,
            "answered_at": None if answer is None else answer.answered_at,
            "confirmed_by": task.confirmed_by,
            "confirmed_at": task.confirmed_at,
            "version": task.version,
        }
        await self._connection.execute(update(REGISTRY_TASKS).where(REGISTRY_TASKS.c.id == task.id).values(**values))

    async def page(self, state: TaskState | None, after: str | None, limit: int) -> Sequence[RegistryTask]:
        """Return up to `limit` tasks, the oldest first, after one."""
        place = REGISTRY_TASKS.c.created_at, REGISTRY_TASKS.c.id
        wanted = select(REGISTRY_TASKS).order_by(*place).limit(limit)
        if state is not None:
            wanted = wanted.where(REGISTRY_TASKS.c.state == state.value)
        if after is not None:
            last = select(*place).where(REGISTRY_TASKS.c.id == after).subquery()
            wanted = wanted.where(tuple_(*place) > select(last.c.created_at, last.c.id).scalar_subquery())
        return [_task(row) for row in (await self._connection.execute(wanted)).all()]

    async def _one(self, wanted: Select[Any]) -> RegistryTask | None:
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _task(row)


def _content_values(order: RegistryOrder) -> dict[str, object]:
    return {
        "registry_no": order.registry_no,
        "holder_uscc": order.holder_uscc,
        "quantity": order.quantity.wire(),
        "unit": order.quantity.unit.value,
        "beneficiary": order.beneficiary,
        "contract_no": order.contract_no,
        "expected_version": order.expected_version,
        "registry_ref": order.registry_ref,
        "buyer": order.buyer,
        "buyer_permit_no": order.buyer_permit_no,
        "new_beneficiary": order.new_beneficiary,
        "new_holder": order.new_holder,
    }


def _uscc(text: str | None) -> Uscc | None:
    return None if text is None else Uscc(text)


def _task(row: Row[Any]) -> RegistryTask:
    content = row.content
    order = RegistryOrder(
        order_id=row.order_id,
        kind=OrderKind(row.kind),
        registry=row.registry,
        registry_no=RegistryNo(content["registry_no"]),
        holder_uscc=Uscc(content["holder_uscc"]),
        quantity=Quantity.parse(content["quantity"], Unit(content["unit"])),
        beneficiary=Uscc(content["beneficiary"]),
        contract_no=content["contract_no"],
        expected_version=content["expected_version"],
        registry_ref=content["registry_ref"],
        buyer=None if content["buyer"] is None else Uscc(content["buyer"]),
        buyer_permit_no=None if content["buyer_permit_no"] is None else PermitNo(content["buyer_permit_no"]),
        new_beneficiary=_uscc(content.get("new_beneficiary")),
        new_holder=_uscc(content.get("new_holder")),
    )
    return RegistryTask(
        id=row.id,
        tenant=row.tenant,
        subject=row.subject,
        order=order,
        state=TaskState(row.state),
        answer=_answer(row),
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        created_at=row.created_at,
        version=row.version,
    )


def _answer(row: Row[Any]) -> TaskAnswer | None:
    if row.outcome is None:
        return None
    return TaskAnswer(
        outcome=TaskOutcome(row.outcome),
        reference=row.reference,
        on=row.executed_on,
        receipt=Receipt(row.receipt["sha256"], row.receipt["title"]),
        reason=row.reason,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
