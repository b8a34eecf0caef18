"""Clients and the assertions they have used.

A person is a client. An assertion is used up by its id for each client, so that one client's ids say nothing of
another's.

Source: contract section 2; RFC 7523 section 3 (single use by `jti`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.ports.tokens import PublicKey
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc


class ClientStatus(StrEnum):
    """Whether a client may still obtain tokens."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """A registered client with its public keys, by value: a key is never fetched from an address that a client gave."""

    id: str
    tenant: str
    role: Role
    uscc: Uscc | None
    division: Division | None
    name: str
    status: ClientStatus
    public_keys: tuple[PublicKey, ...]

    @property
    def actor(self) -> Actor:
        """Return who acts when this client does."""
        return Actor(client_id=self.id, tenant=self.tenant, role=self.role, uscc=self.uscc, division=self.division)


class Clients(Protocol):
    """The registered clients."""

    async def find(self, client_id: str) -> ClientRecord | None:
        """Return the client; none when there is none of this id."""
        ...


class Assertions(Protocol):
    """The assertions that clients have used."""

    async def consume(self, client_id: str, assertion_id: str, expires_at: datetime) -> bool:
        """Mark an assertion as used; false when it was used before. Entries may be forgotten after `expires_at`."""
        ...


class IdentityUnitOfWork(Protocol):
    """The part of a unit of work that issuing a token needs."""

    @property
    def clients(self) -> Clients:
        """Return the registered clients."""
        ...

    @property
    def assertions(self) -> Assertions:
        """Return the used assertions."""
        ...
