"""One registry behind each transport: the fake itself, an interface, files, and clerks.

Behind files and clerks works the fake registry, too: what our side hands over is what it gets, and what it answers is
what is brought back. `worked` lets that happen; an interface needs no such moment.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from api.registries import Registries
from domain.ports.registry import OrderAnswer, OrderStatus, Registry, RegistryOrder
from domain.ports.registry_tasks import Receipt, TaskOutcome, TaskState
from domain.use_cases.work_registry_tasks import GivenAnswer, answer_task, confirm_task
from domain.values.actors import Actor, Role
from domain.values.time import business_date
from integrations.database.engine import make_engine
from integrations.database.unit_of_work import unit_of_work
from integrations.registry_files.client import FileRegistry
from integrations.registry_files.messages import answer_row, read_order_row, right_row
from integrations.registry_files.rows import (
    ANSWER_COLUMNS,
    ORDER_COLUMNS,
    RIGHT_COLUMNS,
    Row,
    check_control,
    read_rows,
    write_control,
    write_rows,
)
from integrations.registry_manual.client import ManualRegistry
from tests.contracts.registry_worlds import FAKE, NOW, TODAY, FakeWorld, opened
from tests.database_session import Database

HTTP, FILES, MANUAL = "client and simulator", "files", "manual"
TRANSPORTS: Final = (FAKE, HTTP, FILES, MANUAL)
CLERK: Final = Actor(client_id="clerk.one", tenant="greenlien", role=Role.PLATFORM_OPS, uscc=None, division=None)
SECOND: Final = Actor(client_id="clerk.two", tenant="greenlien", role=Role.PLATFORM_OPS, uscc=None, division=None)


class Transported(Protocol):
    """A registry, what it executed, and a moment for those who carry messages."""

    registry: Registry

    async def worked(self) -> None:
        """Let the counterpart work on what it was handed."""

    def executed(self) -> list[tuple[str, str]]:
        """Return order id and kind of everything that was executed."""


class AtOnce:
    """A registry that answers at once."""

    def __init__(self, registry: Registry, executed: "partial[list[tuple[str, str]]]") -> None:
        self.registry = registry
        self._executed = executed

    async def worked(self) -> None:
        """Nothing is waiting."""

    def executed(self) -> list[tuple[str, str]]:
        return self._executed()


class ByFiles:
    """A mailbox with the fake registry at its other end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._behind = FakeWorld()
        self._taken: set[str] = set()
        self.registry: Registry = Registries({"zhejiang": FileRegistry(folder, "zhejiang", lambda: NOW)})

    async def open(self) -> None:
        """Bring the statement of the day."""
        rights = [right for right in self._behind.fake.rights if right.registry == "zhejiang"]
        self._bring(f"rights-{TODAY.isoformat()}.csv", [right_row(right) for right in rights], RIGHT_COLUMNS)

    async def worked(self) -> None:
        """Fetch the orders, obey them, and bring the answers."""
        await self.registry.query_order("zhejiang", "order_nothing")
        for control in sorted((self._folder / "out").glob("*.ok")):
            name = control.name.removesuffix(".ok")
            if name in self._taken:
                continue
            self._taken.add(name)
            content = (self._folder / "out" / name).read_bytes()
            rows = read_rows(content, ORDER_COLUMNS, "jsonl")
            check_control(control.read_bytes(), name, content, rows)
            orders = [read_order_row(row, "zhejiang") for row in rows]
            answers = [answer_row(await self._behind.registry.send_order(order), order.quantity) for order in orders]
            self._bring(f"answers-{len(self._taken)}.jsonl", answers, ANSWER_COLUMNS)

    def executed(self) -> list[tuple[str, str]]:
        return [(order_id, kind) for order_id, kind, _ in self._behind.executed()]

    def _bring(self, name: str, rows: list[Row], columns: tuple[str, ...]) -> None:
        full = [{column: row.get(column, "") for column in columns} for row in rows]
        content = write_rows(full, columns, name.rpartition(".")[2])
        (self._folder / "in" / name).write_bytes(content)
        (self._folder / "in" / f"{name}.ok").write_bytes(write_control(name, content, full))


class ByHand:
    """The clerk's queue in a real database, with two clerks who do what the fake registry says."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._behind = FakeWorld()
        manual = ManualRegistry(partial(unit_of_work, engine, None), self._behind.registry, lambda: NOW)
        self.registry: Registry = Registries({"zhejiang": manual})

    async def worked(self) -> None:
        """Answer and confirm every open task."""
        async with unit_of_work(self._engine, None) as uow:
            for task in await uow.registry_tasks.page(TaskState.OPEN, None, 200):
                answer = await self._behind.registry.send_order(task.order)
                executed = answer.status is OrderStatus.EXECUTED
                given = GivenAnswer(
                    outcome=TaskOutcome.EXECUTED if executed else TaskOutcome.REFUSED,
                    reference=answer.registry_ref,
                    on=business_date(NOW),
                    receipt=Receipt("1" * 64, "回执"),
                    reason=answer.message,
                )
                await answer_task(uow, CLERK, task.id, given, None, NOW)
                await confirm_task(uow, SECOND, task.id, None, NOW)
            await uow.commit()

    def executed(self) -> list[tuple[str, str]]:
        return [(order_id, kind) for order_id, kind, _ in self._behind.executed()]


@asynccontextmanager
async def transported(name: str, folder: Path, database: Database) -> AsyncIterator[Transported]:
    """Lend the registry of Zhejiang behind a transport."""
    if name == FILES:
        files = ByFiles(folder)
        await files.open()
        yield files
        return
    if name == MANUAL:
        engine = make_engine(database.worker_url, pool_size=2)
        try:
            yield ByHand(engine)
        finally:
            await engine.dispose()
        return
    async with opened(name) as world:
        yield AtOnce(world.registry, partial(lambda behind: [row[:2] for row in behind.executed()], world))


async def answered(world: Transported, order: RegistryOrder) -> OrderAnswer:
    """Send an order, let the counterpart work, and return what is known then."""
    first = await world.registry.send_order(order)
    if first.status is not OrderStatus.ACCEPTED:
        return first
    await world.worked()
    known = await world.registry.query_order(order.registry, order.order_id)
    assert known is not None
    return known
