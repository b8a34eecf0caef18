"""A unit of work in memory: what the orders to a registry are kept in, for thousands of runs where a database is slow.

It keeps what the use cases of freezing and releasing read and write: rights with their balance, holds, pledges, orders,
certificates, the trail and the jobs. It is kept honest by tests/contracts/test_unit_of_work.py, which runs one body of
tests against it and against PostgreSQL.

What is not real: transactions come one at a time (two at once are for tests/races), nobody's rows are hidden, and a
registry's word about quantities that are frozen beyond our orders leaves no hold.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.pledges.alarms import SILENT, Alarm, AlarmState
from domain.pledges.amendments import Amendment
from domain.pledges.certificates import Certificate, CertificateKind
from domain.pledges.enforcements import OPEN, Enforcement
from domain.pledges.estimates import Closure
from domain.pledges.pledges import Pledge
from domain.pledges.registry_orders import IN_FLIGHT, OrderKind, OrderState, PledgeOrder, StandingFreeze
from domain.ports.registry import RegistryRight
from domain.ports.rights import KnownRight
from domain.rights.holds import ForeignHold, Hold, HoldState, PostedHold
from domain.rights.rights import Right
from domain.values.identifiers import RegistryNo
from domain.values.money import Money
from domain.values.quantity import Quantity
from tests.fakes.memory import (
    ALARMS,
    AMENDMENTS,
    CERTIFICATES,
    CLOSURES,
    ENFORCEMENTS,
    HOLDS,
    LIVE,
    ORDERS,
    PLEDGES,
    RIGHTS,
    Memory,
)
from tests.fakes.rowless import Jobs, Nothing, Trail


class MemoryUnitOfWork:
    """The repositories of one transaction."""

    def __init__(self, memory: Memory) -> None:
        """Read and write a memory."""
        self._memory = memory
        self.rights = _Rights(memory)
        self.holds = _Holds(memory)
        self.pledges = _Pledges(memory)
        self.registry_orders = _Orders(memory)
        self.certificates = _Certificates(memory)
        self.jobs = Jobs(memory)
        self.audit = self.outbox = Trail()
        self.amendments = _Amendments(memory)
        self.compensations = _Compensations()
        self.enforcements = _Enforcements(memory)
        self.estimates = _Estimates(memory)
        self.alarms = _Alarms(memory)
        self.searches = self.tenants = self.notices = self.loans = Nothing()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        written = self._memory.written()
        try:
            yield
        except BaseException:
            self._memory.roll_back(written)
            raise

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[object]:
        """Open a savepoint."""
        with self._savepoint():
            yield None

    async def commit(self) -> None:
        """Make it so."""
        self._memory.commit()


class _Rights:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def find(self, right_id: str) -> Right | None:
        return self._memory.rights.get(right_id)

    async def find_many(self, right_ids: Sequence[str]) -> dict[str, Right]:
        found = {right_id: await self.find(right_id) for right_id in right_ids}
        return {right_id: right for right_id, right in found.items() if right is not None}

    async def known(self, registry: str, registry_no: RegistryNo) -> KnownRight | None:
        for right in self._memory.rights.values():
            if (right.registry, right.registry_no) == (registry, registry_no):
                return KnownRight(right.id, right.quantity.unit)
        return None

    async def stands_otherwise(self, right_id: str) -> bool:
        """Say that nobody needs to be told: who is told what is for tests/integration."""
        return False

    async def record_verified(self, told: RegistryRight, verified_at: datetime) -> str:
        known = await self.known(told.registry, told.registry_no)
        assert known is not None, "only what is kept already is told again here"
        right = self._memory.rights[known.id]
        if told.as_of < right.as_of:
            return right.id
        self._memory.put(
            RIGHTS,
            right.id,
            replace(
                right,
                holder_uscc=told.holder_uscc,
                quantity=told.quantity,
                overtaken=max(Decimal(0), right.taken - told.quantity.amount),
                valid_to=told.valid_to,
                status=told.status,
                registry_version=told.version,
                as_of=told.as_of,
                verified_at=verified_at,
            ),
        )
        return right.id

    async def take(self, right_id: str, quantity: Decimal) -> bool:
        right = self._memory.rights[right_id]
        if right.quantity.amount - right.taken < quantity:
            return False
        self._memory.put(RIGHTS, right_id, replace(right, taken=right.taken + quantity))
        return True

    async def lock_available(self, right_id: str) -> Decimal:
        return self._memory.rights[right_id].available.amount

    async def give_back(self, right_id: str, quantity: Decimal) -> None:
        right = self._memory.rights.get(right_id)
        if right is None:
            raise RuntimeError(right_id)
        taken = right.taken - quantity
        if taken < 0:
            raise ValueError("more is given back than was taken")
        overtaken = max(Decimal(0), taken - right.quantity.amount)
        self._memory.put(RIGHTS, right_id, replace(right, taken=taken, overtaken=overtaken))

    async def show_to(self, right_id: str, tenant: str) -> None:
        """Do nothing: nothing is hidden here."""

    async def hide_from(self, right_id: str, tenant: str) -> None:
        """Do nothing: nothing is hidden here."""


class _Holds:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, hold: Hold, parties: tuple[str, ...]) -> None:
        self._memory.put(HOLDS, hold.id, PostedHold(hold=hold, parties=parties))

    async def change(self, hold_id: str, state: HoldState, at: datetime) -> None:
        held = self._live(hold_id)
        until = None if state in LIVE else at
        self._memory.put(HOLDS, hold_id, replace(held, hold=replace(held.hold, state=state, until=until)))

    async def shrink(self, hold_id: str, quantity: Quantity) -> None:
        held = self._live(hold_id)
        self._memory.put(HOLDS, hold_id, replace(held, hold=replace(held.hold, quantity=quantity)))

    async def lock(self, hold_id: str) -> PostedHold | None:
        held = self._memory.holds.get(hold_id)
        return held if held is not None and held.hold.state in LIVE else None

    async def seized(self, right_id: str) -> bool:
        """Say that no court holds anything that we know of."""
        return False

    async def of_right(self, right_id: str) -> tuple[Sequence[Hold], Sequence[ForeignHold]]:
        live = [each.hold for each in self._memory.holds.values() if each.hold.state in LIVE]
        return sorted((each for each in live if each.right_id == right_id), key=lambda each: (each.since, each.id)), ()

    def _live(self, hold_id: str) -> PostedHold:
        held = self._memory.holds.get(hold_id)
        if held is None or held.hold.state not in LIVE:
            raise RuntimeError(hold_id)
        return held


class _Pledges:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, pledge: Pledge) -> None:
        self._memory.put(PLEDGES, pledge.id, pledge)

    async def find(self, pledge_id: str) -> Pledge | None:
        return self._memory.pledges.get(pledge_id)

    async def lock(self, pledge_id: str) -> Pledge | None:
        return self._memory.pledges.get(pledge_id)

    async def save(self, pledge: Pledge) -> None:
        """Write a pledge; its entries lie in the order of register and position, as the table has them."""
        entries = sorted(pledge.registrations, key=lambda entry: (entry.register.value, entry.position))
        self._memory.put(PLEDGES, pledge.id, replace(pledge, registrations=tuple(entries)))

    save_anew = save


class _Orders:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, order: PledgeOrder) -> None:
        self._memory.put(ORDERS, order.id, order)

    async def find(self, order_id: str) -> PledgeOrder | None:
        return self._memory.orders.get(order_id)

    async def lock(self, order_id: str) -> PledgeOrder | None:
        return self._memory.orders.get(order_id)

    async def save(self, order: PledgeOrder, at: datetime) -> bool:
        if order.state in IN_FLIGHT and self._another_in_flight(order):
            return False
        self._memory.put(ORDERS, order.id, order)
        return True

    async def of_round(self, pledge_id: str, order_round: int) -> Sequence[PledgeOrder]:
        wanted = [order for order in self._memory.orders_of(pledge_id) if order.round == order_round]
        return sorted(wanted, key=lambda order: (order.created_at, order.id))

    async def of_amendment(self, amendment_id: str) -> Sequence[PledgeOrder]:
        wanted = [order for order in self._memory.orders.values() if order.amendment_id == amendment_id]
        return sorted(wanted, key=lambda order: (order.created_at, order.id))

    async def standing_freezes(self, pledge_id: str) -> Sequence[StandingFreeze]:
        executed = [order for order in self._memory.orders_of(pledge_id) if order.state is OrderState.EXECUTED]
        executed.sort(key=lambda order: (order.executed_at or order.created_at, order.id))
        standing = []
        for freeze in executed:
            if freeze.kind is OrderKind.FREEZE and freeze.registry_ref is not None:
                lifted = [
                    order.quantity.amount
                    for order in executed
                    if (order.right_id, order.freeze_ref) == (freeze.right_id, freeze.registry_ref)
                    and order.kind is not OrderKind.AMEND
                ]
                left = Quantity(freeze.quantity.amount - sum(lifted, Decimal(0)), freeze.quantity.unit)
                if left.is_positive:
                    standing.append(StandingFreeze(freeze.right_id, freeze.registry_ref, left))
        return standing

    async def executed_freezes(self, pledge_id: str) -> dict[str, str]:
        freezes = [order for order in self._memory.orders_of(pledge_id) if order.kind is OrderKind.FREEZE]
        executed = [order for order in freezes if order.state is OrderState.EXECUTED]
        return {order.right_id: str(order.registry_ref) for order in sorted(executed, key=lambda order: order.round)}

    def _another_in_flight(self, order: PledgeOrder) -> bool:
        """Tell what the unique index `one_order_in_flight_per_right` tells."""
        return any(
            other.right_id == order.right_id and other.state in IN_FLIGHT and other.id != order.id
            for other in self._memory.orders.values()
        )


class _Compensations:
    """Nothing came in."""

    async def deposited(self, pledge_ids: Sequence[str]) -> Money:
        return Money.zero()


class _Certificates:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def of_occasion(self, pledge_id: str, kind: CertificateKind, occasion: str) -> Certificate | None:
        found: Certificate | None = self._memory.tables[CERTIFICATES].get(f"{pledge_id} {kind} {occasion}")
        return found

    async def add(self, certificate: Certificate) -> bool:
        key = f"{certificate.pledge_id} {certificate.kind} {certificate.occasion}"
        self._memory.put(CERTIFICATES, key, certificate)
        return True


class _Amendments:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, amendment: Amendment) -> None:
        self._memory.put(AMENDMENTS, amendment.id, amendment)

    async def lock(self, amendment_id: str) -> Amendment | None:
        found: Amendment | None = self._memory.tables[AMENDMENTS].get(amendment_id)
        return found

    async def save(self, amendment: Amendment) -> None:
        self._memory.put(AMENDMENTS, amendment.id, amendment)

    async def pending(self, pledge_id: str) -> Amendment | None:
        return self._memory.pending(pledge_id)

    async def last_number(self, pledge_id: str) -> int:
        numbers = [each.number for each in self._memory.tables[AMENDMENTS].values() if each.pledge_id == pledge_id]
        return max(numbers, default=0)


class _Enforcements:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, enforcement: Enforcement) -> None:
        self._memory.put(ENFORCEMENTS, enforcement.id, enforcement)

    async def lock(self, enforcement_id: str) -> Enforcement | None:
        found: Enforcement | None = self._memory.tables[ENFORCEMENTS].get(enforcement_id)
        return found

    async def save(self, enforcement: Enforcement) -> None:
        self._memory.put(ENFORCEMENTS, enforcement.id, enforcement)

    async def open_of(self, pledge_id: str) -> Enforcement | None:
        kept: list[Enforcement] = list(self._memory.tables[ENFORCEMENTS].values())
        return next((each for each in kept if each.pledge_id == pledge_id and each.status in OPEN), None)


class _Estimates:
    """Declared closures; how long orders took is not kept."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def declare(self, registry: str, until: datetime | None, now: datetime) -> Closure:
        standing = await self.newest_closure(registry)
        if standing is None or standing.ended_at is not None:
            standing = Closure(registry=registry, since=now, until=until, ended_at=None)
        declared = replace(standing, until=until)
        self._memory.put(CLOSURES, registry, declared)
        return declared

    async def answered(self, registry: str, now: datetime) -> None:
        standing = await self.newest_closure(registry)
        if standing is not None and standing.ended_at is None:
            self._memory.put(CLOSURES, registry, replace(standing, ended_at=now))

    async def newest_closure(self, registry: str) -> Closure | None:
        found: Closure | None = self._memory.tables[CLOSURES].get(registry)
        return found


class _Alarms:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def open(self, alarm: Alarm) -> bool:
        key = f"{alarm.order_id} {alarm.kind}"
        if key in self._memory.tables[ALARMS]:
            return False
        self._memory.put(ALARMS, key, alarm)
        return True

    async def answered(self, order_id: str, now: datetime) -> Sequence[str]:
        rows = self._memory.tables[ALARMS]
        silent = [key for key in (f"{order_id} {kind}" for kind in SILENT) if key in rows]
        standing = {key: rows[key] for key in silent if rows[key].state is not AlarmState.RESOLVED}
        for key, alarm in standing.items():
            ended = replace(alarm, state=AlarmState.RESOLVED, resolved_at=now, version=alarm.version + 1)
            self._memory.put(ALARMS, key, ended)
        return [alarm.id for alarm in standing.values()]
