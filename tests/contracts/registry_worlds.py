"""The two registries of the contract tests: the fake, and our client with the simulator over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

import anyio

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import (
    Registry,
    RegistryOrder,
    RegistryRight,
)
from domain.values.identifiers import RegistryNo, Uscc
from domain.values.quantity import Quantity, Unit
from domain.values.time import business_date
from integrations.registry.client import HttpRegistry, RegistryEndpoint
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_NAME,
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_USCC,
    SHAOXING_COD_RIGHT,
    demo_rights,
)
from integrations.registry.simulator import create_simulator
from tests.fakes.loopback import serving
from tests.fakes.registry import FakeRegistry
from tests.fakes.registry_control import SimulatorControl, simulator_control

NOW: Final = datetime(2026, 11, 21, 10, 30, 15, 250_000, tzinfo=UTC)
TODAY: Final = business_date(NOW)
SECRET: Final = b"sixteen bytes or more"
BANK: Final = Uscc("91330000DEM009019L")
OTHER_BANK: Final = Uscc("91420000DEM009035W")
PATIENT_SECONDS: Final = 10.0
HURRIED_SECONDS: Final = 0.7
SLOW_SECONDS: Final = 2.5
EXPIRED: Final = RegistryNo("PWQ-ZJ-330206-00001")
SUSPENDED: Final = RegistryNo("PWQ-ZJ-330681-00001")
FAKE: Final = "fake"
WORLDS: Final = (FAKE, "client and simulator")


class World(Protocol):
    """A registry, and what a test may do behind its back."""

    registry: Registry

    def arm(self, operation: str, kind: str, times: int = 1) -> None:
        """Make the registry misbehave."""

    async def deliver_slow(self, messages: int) -> None:
        """Wait until what was slow has arrived: so many messages about executed orders in all."""

    def change(self, registry_no: RegistryNo, kind: str, quantity: Quantity | None = None) -> None:
        """Let the registry of Zhejiang or a court act; a transfer goes to Huangshi, a rename is 绍兴新名."""

    def executed(self) -> list[tuple[str, str, Quantity]]:
        """Return order id, kind and quantity of everything that was executed."""


class FakeWorld:
    """The fake."""

    def __init__(self) -> None:
        rights = [
            right.answered(frozen=Quantity.zero(right.quantity.unit), as_of=NOW, evidence_sha256="")
            for right in demo_rights(TODAY)
        ]
        self.fake = FakeRegistry(rights, lambda: NOW)
        self.registry: Registry = self.fake

    def arm(self, operation: str, kind: str, times: int = 1) -> None:
        self.fake.arm(operation, kind, times)

    async def deliver_slow(self, messages: int) -> None:
        await self.fake.deliver_slow()

    def change(self, registry_no: RegistryNo, kind: str, quantity: Quantity | None = None) -> None:
        uscc, name = _new_holder(kind)
        self.fake.change("zhejiang", registry_no, kind, quantity=quantity, holder_uscc=uscc, holder_name=name)

    def executed(self) -> list[tuple[str, str, Quantity]]:
        return [(one.order.order_id, one.order.kind.value, one.order.quantity) for one in self.fake.executed]


class HttpWorld:
    """The client and the simulator, with HTTP between them."""

    def __init__(self, base_url: str, control: SimulatorControl) -> None:
        endpoints = {
            name: RegistryEndpoint(base_url, "greenlien", SECRET)
            for name in ("zhejiang", "hubei", "anhui", "jiangxi", "ningxia", "hebei")
        }
        self._patient = HttpRegistry(endpoints, timeout_seconds=PATIENT_SECONDS, now=lambda: NOW)
        self._hurried = HttpRegistry(endpoints, timeout_seconds=HURRIED_SECONDS, now=lambda: NOW)
        self.registry: Registry = self._patient
        self._control = control

    def arm(self, operation: str, kind: str, times: int = 1) -> None:
        """Arm the simulator; from the first slowness on, a client that waits less."""
        self.registry = self._hurried if kind == "slow" else self.registry
        self._control.arm(operation, kind, times=times, seconds=SLOW_SECONDS if kind == "slow" else 0)

    async def deliver_slow(self, messages: int) -> None:
        deadline = anyio.current_time() + PATIENT_SECONDS
        while sum(row["messages"] for row in self._control.ledger()) < messages:
            assert anyio.current_time() < deadline, "what was slow never arrived"
            await anyio.sleep(0.02)

    def change(self, registry_no: RegistryNo, kind: str, quantity: Quantity | None = None) -> None:
        uscc, name = _new_holder(kind)
        given = {
            "quantity": None if quantity is None else {"amount": quantity.wire(), "unit": quantity.unit.value},
            "holder_uscc": uscc,
            "holder_name": name,
        }
        self._control.change("zhejiang", registry_no, kind, **given).raise_for_status()

    def executed(self) -> list[tuple[str, str, Quantity]]:
        return [
            (row["order_id"], row["kind"], Quantity.parse(row["quantity"]["amount"], Unit(row["quantity"]["unit"])))
            for row in self._control.ledger()
        ]

    async def aclose(self) -> None:
        await self._patient.aclose()
        await self._hurried.aclose()


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[World]:
    """Lend a fresh registry with the demonstration rights: the fake, or client and simulator."""
    if name == FAKE:
        yield FakeWorld()
        return
    simulator = create_simulator(None, demo_rights(TODAY), SECRET, lambda: NOW)
    with serving(simulator) as base_url, simulator_control(base_url) as control:
        world = HttpWorld(base_url, control)
        try:
            yield world
        finally:
            await world.aclose()


# Builders


def tonnes(amount: str) -> Quantity:
    return Quantity.parse(amount, Unit.T_PER_YEAR)


def a_freeze(
    order_id: str = "order_1", *, quantity: Quantity | None = None, expected_version: int | None = 1
) -> RegistryOrder:
    return RegistryOrder(
        order_id=order_id,
        kind=OrderKind.FREEZE,
        registry="zhejiang",
        registry_no=SHAOXING_COD_RIGHT,
        holder_uscc=ENTERPRISE_SHAOXING_USCC,
        quantity=quantity or tonnes("10"),
        beneficiary=BANK,
        contract_no="质押字2026第001号",
        expected_version=expected_version,
        registry_ref=None,
    )


def a_release(order_id: str, registry_ref: str | None, *, quantity: Quantity | None = None) -> RegistryOrder:
    freeze = a_freeze(order_id, quantity=quantity, expected_version=None)
    return replace(freeze, kind=OrderKind.RELEASE, registry_ref=registry_ref)


async def shaoxing(world: World) -> RegistryRight:
    (right,) = await world.registry.lookup_right("zhejiang", registry_no=SHAOXING_COD_RIGHT)
    return right


def _new_holder(kind: str) -> tuple[Uscc | None, str | None]:
    if kind == "transfer":
        return ENTERPRISE_HUANGSHI_USCC, ENTERPRISE_HUANGSHI_NAME
    return None, "绍兴新名印染有限公司" if kind == "rename" else None
