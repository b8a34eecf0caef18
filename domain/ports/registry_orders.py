"""Where orders to the registries are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.pledges.registry_orders import PledgeOrder, StandingFreeze


class RegistryOrders(Protocol):
    """Keep orders."""

    async def add(self, order: PledgeOrder) -> None:
        """Write an order; its id is known to us before anybody is told."""
        ...

    async def find(self, order_id: str) -> PledgeOrder | None:
        """Return an order, none when there is no such."""
        ...

    async def lock(self, order_id: str) -> PledgeOrder | None:
        """Return an order and keep others from changing it meanwhile."""
        ...

    async def save(self, order: PledgeOrder, at: datetime) -> bool:
        """Write a locked order's fields; false when another order of the same right is in flight."""
        ...

    async def of_round(self, pledge_id: str, order_round: int) -> Sequence[PledgeOrder]:
        """Return a pledge's orders of one round, oldest first."""
        ...

    async def standing_freezes(self, pledge_id: str) -> Sequence[StandingFreeze]:
        """Return what is left of a pledge's freezes, oldest first; a right has several after it was topped up."""
        ...

    async def frozen_under(self, right_id: str, registry_ref: str) -> str | None:
        """Return the id of the pledge whose freeze of a right the registry executed under a reference, if any."""
        ...

    async def of_amendment(self, amendment_id: str) -> Sequence[PledgeOrder]:
        """Return the orders of an amendment in all its rounds, oldest first."""
        ...

    async def executed_freezes(self, pledge_id: str) -> dict[str, str]:
        """Return by right id the registry's reference of the pledge's newest executed freeze."""
        ...
