"""Clients and their used assertions, kept in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.ports.identity import ClientRecord, ClientStatus
from domain.values.actors import Role
from domain.values.identifiers import Division, Uscc
from integrations.identity.keys import SigningKey


@dataclass
class MemoryClients:
    """Registered clients by id."""

    records: dict[str, ClientRecord] = field(default_factory=dict)

    async def find(self, client_id: str) -> ClientRecord | None:
        """Return the client; none when there is none."""
        return self.records.get(client_id)


@dataclass
class MemoryAssertions:
    """Used assertions."""

    used: set[tuple[str, str]] = field(default_factory=set)

    async def consume(self, client_id: str, assertion_id: str, expires_at: datetime) -> bool:
        """Mark as used; false when it was."""
        fresh = (client_id, assertion_id) not in self.used
        self.used.add((client_id, assertion_id))
        return fresh


@dataclass
class MemoryIdentity:
    """The identity part of a unit of work."""

    clients: MemoryClients = field(default_factory=MemoryClients)
    assertions: MemoryAssertions = field(default_factory=MemoryAssertions)


def a_client(
    key: SigningKey,
    client_id: str = "bank-a.officer",
    *,
    role: Role = Role.BANK_OFFICER,
    status: ClientStatus = ClientStatus.ACTIVE,
    uscc: Uscc | None = None,
    division: Division | None = None,
) -> ClientRecord:
    """Return a bank's officer who has registered this key."""
    return ClientRecord(
        id=client_id,
        tenant="bank-a",
        role=role,
        uscc=uscc,
        division=division,
        name="某银行信贷经理",
        status=status,
        public_keys=(key.public_jwk,),
    )
