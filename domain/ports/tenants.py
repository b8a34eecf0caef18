"""The parties whom the platform knows."""

from dataclasses import dataclass
from typing import Protocol

from domain.values.identifiers import Division, Uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A party: kind is bank, enterprise, authority, exchange, portal, fund or platform."""

    id: str
    kind: str
    name: str
    uscc: Uscc | None
    division: Division | None


class Tenants(Protocol):
    """Look up parties."""

    async def find(self, tenant: str) -> Tenant | None:
        """Return a tenant, none when there is no such."""
        ...

    async def authority_of(self, division: Division) -> str | None:
        """Return the tenant of the nearest authority that answers for a division, none when none is known."""
        ...
