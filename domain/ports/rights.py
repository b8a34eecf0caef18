"""Where rights are kept, with the one guarded row that says how much of each is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.ports.registry import RegistryRight
from domain.rights.rights import Right
from domain.values.identifiers import Division, Uscc
from domain.values.pollutants import Pollutant


@dataclass(frozen=True, slots=True, kw_only=True)
class RightFilter:
    """What a list of rights is narrowed to; none means all."""

    holder_uscc: Uscc | None = None
    pollutant: Pollutant | None = None
    division: Division | None = None
    registry: str | None = None


class Rights(Protocol):
    """Keep rights."""

    async def find(self, right_id: str) -> Right | None:
        """Return a right that the caller may see, none otherwise."""
        ...

    async def find_many(self, right_ids: Sequence[str]) -> dict[str, Right]:
        """Return the rights that the caller may see, by id."""
        ...

    async def page(self, narrowed: RightFilter, after: str | None, limit: int) -> Sequence[Right]:
        """Return up to `limit` visible rights in order of id, after one."""
        ...

    async def record_verified(self, told: RegistryRight, verified_at: datetime) -> str:
        """Write what the registry told and return the right's id; an older answer than the known one changes nothing.

        What the registry has frozen beyond our own orders becomes an administrative hold `registry_reported`.
        """
        ...

    async def take(self, right_id: str, quantity: Decimal) -> bool:
        """Take a quantity if it is free, in one guarded update; false when it is not (any more)."""
        ...

    async def lock_available(self, right_id: str) -> Decimal:
        """Return what is free, never below zero, and let nobody take or give back until the transaction ends."""
        ...

    async def give_back(self, right_id: str, quantity: Decimal) -> None:
        """Give a taken quantity back."""
        ...

    async def show_to(self, right_id: str, tenant: str) -> None:
        """Let a tenant see the right from now on, as its pledgee."""
        ...
