"""The rows of a unit of work in memory, and what a transaction did to them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.pledges.amendments import Amendment
from domain.pledges.pledges import Pledge
from domain.pledges.registry_orders import PledgeOrder
from domain.rights.holds import HoldState, PostedHold
from domain.rights.rights import Right
from domain.values.actors import Actor

LIVE: Final = frozenset({HoldState.PENDING, HoldState.POSTED})
RIGHTS, HOLDS, PLEDGES, ORDERS = "rights", "holds", "pledges", "orders"
CERTIFICATES, AMENDMENTS, ENFORCEMENTS = "certificates", "amendments", "enforcements"
CLOSURES, ALARMS = "closures", "alarms"
TABLES: Final = (RIGHTS, HOLDS, PLEDGES, ORDERS, CERTIFICATES, AMENDMENTS, ENFORCEMENTS, CLOSURES, ALARMS)


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to one row; `before` is none for a new one."""

    table: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Job:
    """A job that a committed transaction enqueued."""

    task: str
    subject: str
    arguments: Mapping[str, str]
    at: datetime | None


@dataclass(slots=True)
class Memory:
    """The rows. `committed` hears of every transaction that changed some, and of the jobs that it enqueued."""

    tables: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in TABLES})
    committed: Callable[[Sequence[Change], Sequence[Job]], None] = lambda _changes, _jobs: None
    _undo: list[tuple[str, str, Any]] = field(default_factory=list)
    _enqueued: list[Job] = field(default_factory=list)
    _open: bool = False

    @property
    def orders(self) -> dict[str, PledgeOrder]:
        """Return the orders by id."""
        return self.tables[ORDERS]

    @property
    def pledges(self) -> dict[str, Pledge]:
        """Return the pledges by id."""
        return self.tables[PLEDGES]

    @property
    def rights(self) -> dict[str, Right]:
        """Return the rights by id."""
        return self.tables[RIGHTS]

    def orders_of(self, pledge_id: str) -> list[PledgeOrder]:
        """Return a pledge's orders."""
        return [order for order in self.orders.values() if order.pledge_id == pledge_id]

    def pending(self, pledge_id: str) -> Amendment | None:
        """Return the amendment of a pledge that is pending."""
        amendments: list[Amendment] = list(self.tables[AMENDMENTS].values())
        return next((each for each in amendments if each.pledge_id == pledge_id and each.is_pending), None)

    @property
    def holds(self) -> dict[str, PostedHold]:
        """Return the holds by id."""
        return self.tables[HOLDS]

    @asynccontextmanager
    async def open(self, actor: Actor | None) -> AsyncIterator[Any]:
        """Open a unit of work; it is rolled back unless committed."""
        from tests.fakes.unit_of_work import MemoryUnitOfWork  # noqa: PLC0415 - each knows the other

        assert not self._open, "transactions come one at a time"
        self._open = True
        try:
            yield MemoryUnitOfWork(self)
        finally:
            self.roll_back(0)
            self._enqueued.clear()
            self._open = False

    def put(self, table: str, key: str, row: object) -> None:
        """Write a row, to be undone unless it is committed."""
        rows = self.tables[table]
        self._undo.append((table, key, rows.get(key)))
        rows[key] = row

    def enqueue(self, job: Job) -> None:
        """Enqueue a job, if it is committed."""
        self._enqueued.append(job)

    def written(self) -> int:
        """Return how much has been written since the transaction began."""
        return len(self._undo)

    def roll_back(self, to: int) -> None:
        """Undo all but so much."""
        while len(self._undo) > to:
            table, key, former = self._undo.pop()
            if former is None:
                del self.tables[table][key]
            else:
                self.tables[table][key] = former

    def commit(self) -> None:
        """Make it so."""
        first: dict[tuple[str, str], Any] = {}
        for table, key, former in self._undo:
            first.setdefault((table, key), former)
        changes = [Change(table, key, former, self.tables[table][key]) for (table, key), former in first.items()]
        jobs = list(self._enqueued)
        self._undo.clear()
        self._enqueued.clear()
        self.committed(changes, jobs)
