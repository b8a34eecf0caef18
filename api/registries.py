"""All emission registries behind one door, each by its own transport: an interface, files, or clerks."""

from collections.abc import Mapping, Sequence
from datetime import date

from domain.ports.registry import (
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    Registry,
    RegistryClosed,
    RegistryFreeze,
    RegistryOrder,
    RegistryRight,
    RegistryUnavailable,
)
from domain.values.identifiers import PermitNo, RegistryNo, Uscc

UNKNOWN = "no registry of this name is configured"


class Registries:
    """Implements `Registry` by the registry of the name that is asked for."""

    def __init__(self, by_name: Mapping[str, Registry]) -> None:
        """Stand before these registries."""
        self._by_name = dict(by_name)

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        """Ask the named one."""
        return await self._named(registry).lookup_right(registry, registry_no=registry_no, permit_no=permit_no)

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        """Ask the named one."""
        return await self._named(registry).lookup_freeze(registry, registry_no, registry_ref)

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        """Ask the named one."""
        return await self._named(registry).verify_holder(registry, registry_no, uscc)

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        """Tell the named one; without one of the name nothing was taken."""
        named = self._by_name.get(order.registry)
        if named is None:
            raise RegistryClosed(order.registry, UNKNOWN)
        return await named.send_order(order)

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        """Ask the named one."""
        return await self._named(registry).query_order(registry, order_id)

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        """Ask the named one."""
        return await self._named(registry).daily_balances(registry, on)

    def _named(self, registry: str) -> Registry:
        named = self._by_name.get(registry)
        if named is None:
            raise RegistryUnavailable(registry, UNKNOWN)
        return named
