"""The clerk's queue at a registry without an interface: what is to be done by hand, what was answered, who confirmed.

The answer counts only once a second person has confirmed it; until then the order is merely accepted. A clerk knows the
day of an entry and no more, so its time is taken as late as it can have been: a rank must not be better than is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Protocol

from domain.errors import DomainError
from domain.ports.registry import OrderAnswer, OrderStatus, RegistryOrder
from domain.values.time import SHANGHAI


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"


class TaskOutcome(StrEnum):
    """What the clerk did."""

    EXECUTED = "executed"
    REFUSED = "refused"


@dataclass(eq=False)
class TaskCannotMove(DomainError):
    """Refuse to answer what is answered, or to confirm what is not."""

    code = "task_cannot_move"

    state: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The paper that proves the answer, by its digest."""

    sha256: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """What the clerk answered: the registry's reference, or the reason of its refusal, and the day."""

    outcome: TaskOutcome
    reference: str | None
    on: date
    receipt: Receipt
    reason: str | None
    answered_by: str
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryTask:
    """One order to be carried out by hand; `subject` is the right's lock among the jobs."""

    id: str
    tenant: str
    subject: str
    order: RegistryOrder
    state: TaskState
    answer: TaskAnswer | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    created_at: datetime
    version: int

    def answered(self, answer: TaskAnswer) -> "RegistryTask":
        """Return the task with an answer; raises TaskCannotMove unless it is open."""
        if self.state is not TaskState.OPEN:
            raise TaskCannotMove(self.state.value)
        return replace(self, state=TaskState.ANSWERED, answer=answer, version=self.version + 1)

    def confirmed(self, by: str, at: datetime) -> "RegistryTask":
        """Return the task confirmed; raises TaskCannotMove unless it is answered."""
        if self.state is not TaskState.ANSWERED:
            raise TaskCannotMove(self.state.value)
        return replace(self, state=TaskState.CONFIRMED, confirmed_by=by, confirmed_at=at, version=self.version + 1)

    def reopened(self) -> "RegistryTask":
        """Return the task without its answer, for another; raises TaskCannotMove unless it is answered."""
        if self.state is not TaskState.ANSWERED:
            raise TaskCannotMove(self.state.value)
        return replace(self, state=TaskState.OPEN, answer=None, version=self.version + 1)


def order_answer(task: RegistryTask, evidence_sha256: str) -> OrderAnswer:
    """Return what the task means for its order: accepted until it is confirmed."""
    answer = task.answer
    if task.state is not TaskState.CONFIRMED or answer is None:
        return _answer(task, OrderStatus.ACCEPTED, evidence_sha256)
    if answer.outcome is TaskOutcome.REFUSED:
        refused = _answer(task, OrderStatus.REFUSED, evidence_sha256)
        return replace(refused, reason="REFUSED_BY_CLERK", message=answer.reason)
    executed = _answer(task, OrderStatus.EXECUTED, evidence_sha256)
    return replace(executed, registry_ref=answer.reference, executed_at=latest_time(answer))


def latest_time(answer: TaskAnswer) -> datetime:
    """Return the last second of the answer's day in Shanghai, or when it was answered where that came first."""
    last = datetime.combine(answer.on, time(23, 59, 59), SHANGHAI)
    return min(last, answer.answered_at)


def _answer(task: RegistryTask, status: OrderStatus, evidence_sha256: str) -> OrderAnswer:
    return OrderAnswer(
        order_id=task.order.order_id,
        status=status,
        registry_ref=None,
        executed_at=None,
        reason=None,
        message=None,
        evidence_sha256=evidence_sha256,
    )


class RegistryTasks(Protocol):
    """Keep tasks; a task is seen by the authority whose it is."""

    async def add(self, task: RegistryTask) -> bool:
        """Write a task; false when there is one for this registry and order already."""
        ...

    async def of_order(self, registry: str, order_id: str) -> RegistryTask | None:
        """Return the task of an order, none when there is no such."""
        ...

    async def lock(self, task_id: str) -> RegistryTask | None:
        """Return a task and keep others from changing it meanwhile."""
        ...

    async def find(self, task_id: str) -> RegistryTask | None:
        """Return a task, none when there is no such."""
        ...

    async def save(self, task: RegistryTask) -> None:
        """Write a locked task's state, answer and confirmation."""
        ...

    async def page(self, state: TaskState | None, after: str | None, limit: int) -> Sequence[RegistryTask]:
        """Return up to `limit` tasks, the oldest first, after one."""
        ...
