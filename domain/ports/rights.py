"""Where rights are kept, with the one guarded row that says how much of each is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.ports.registry import RegistryRight
from domain.rights.rights import Right, RightStatus
from domain.values.identifiers import Division, RegistryNo, Uscc
from domain.values.pollutants import Pollutant
from domain.values.quantity import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RightFilter:
    """What a list of rights is narrowed to; none means all."""

    holder_uscc: Uscc | None = None
    pollutant: Pollutant | None = None
    division: Division | None = None
    registry: str | None = None


@dataclass(frozen=True, slots=True)
class KnownRight:
    """A right of ours, by its registry's number: our id, and the unit that we keep it in."""

    id: str
    unit: Unit


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

    async def known(self, registry: str, registry_no: RegistryNo) -> KnownRight | None:
        """Return what everybody who asks a registry may know of a right of ours, seen or unseen; none for a new one."""
        ...

    async def stands_otherwise(self, right_id: str) -> bool:
        """Tell whether a right has changed since those whom it concerns were told of it."""
        ...

    async def is_troubled(self, right_id: str) -> bool:
        """Tell whether a court holds anything of a right, or it has changed and nobody has been told yet."""
        ...

    async def usable(self, after: str | None, limit: int) -> Sequence[Right]:
        """Return up to `limit` effective or reduced rights in order of id, after one."""
        ...

    async def lock(self, right_id: str) -> Right | None:
        """Return a right and keep others from entering anything of it until the transaction ends."""
        ...

    async def change_status(self, right_id: str, status: RightStatus) -> None:
        """Write what the calendar has made of a right."""
        ...

    async def seize(self, right_id: str, quantity: Decimal) -> None:
        """Take a quantity whether or not so much is free, as a court may; what is not free is overtaken."""
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

    async def hide_from(self, right_id: str, tenant: str) -> None:
        """Let a tenant see the right no longer as its pledgee, unless a living pledge to it still holds it."""
        ...

    async def link_successor(self, former_id: str, successor_id: str) -> bool:
        """Link two rights that an amendment puts one in the place of the other; false where none does."""
        ...

    async def show_to(self, right_id: str, tenant: str) -> None:
        """Let a tenant see the right from now on, as its pledgee."""
        ...
