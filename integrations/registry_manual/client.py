"""The manual transport: an order becomes a task in our own queue, a clerk's confirmed answer the registry's.

A task is written in a transaction of its own, after the order was committed; the same order again finds it, so that
no right is frozen twice by hand. What the registry says of its rights comes with its statements, through another
transport: without one every question finds no answer.

Source: today's reality in most provinces, a form and a receipt.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol

from domain.ports.registry import (
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    Registry,
    RegistryFreeze,
    RegistryOrder,
    RegistryRight,
    RegistryUnavailable,
)
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.work_registry_tasks import asked_task, place_task
from domain.values.identifiers import PermitNo, RegistryNo, Uscc


class Desk(UnitOfWork, Protocol):
    """A unit of work that may be committed."""

    async def commit(self) -> None:
        """Make it so."""
        ...


class ManualRegistry:
    """Implements `Registry` for one registry; `statements` answers the questions, none where nobody does."""

    def __init__(
        self,
        open_desk: Callable[[], AbstractAsyncContextManager[Desk]],
        statements: Registry | None,
        now: Callable[[], datetime],
    ) -> None:
        """Prepare; nothing is opened yet."""
        self._open_desk = open_desk
        self._statements = statements
        self._now = now

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        """Return the rights of the newest statement; see the port."""
        return await self._asked(registry).lookup_right(registry, registry_no=registry_no, permit_no=permit_no)

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        """Ask whoever makes the statements; see the port."""
        return await self._asked(registry).lookup_freeze(registry, registry_no, registry_ref)

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        """Compare with the newest statement; see the port."""
        return await self._asked(registry).verify_holder(registry, registry_no, uscc)

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        """Put the order into the queue, once; it is accepted until a second person has confirmed what was done."""
        async with self._open_desk() as desk:
            answer = await place_task(desk, order, self._now())
            await desk.commit()
            return answer

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        """Return what is known of an order; none when it never came into the queue."""
        async with self._open_desk() as desk:
            return await asked_task(desk, registry, order_id)

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        """Return the statement of a day; see the port."""
        return await self._asked(registry).daily_balances(registry, on)

    def _asked(self, registry: str) -> Registry:
        if self._statements is None:
            raise RegistryUnavailable(registry, "orders are worked by hand, and no statements are connected")
        return self._statements
