"""Clients and their used assertions, kept in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.ports.identity import ClientKey, ClientRecord, ClientStatus, KeyPurpose, Standing
from domain.ports.tokens import ProofOfPossession
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

    async def standing(self, client_id: str) -> Standing:
        """Return what tells against a client."""
        record = self.records.get(client_id)
        return Standing(suspended=record is not None and record.status is not ClientStatus.ACTIVE)


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
class MemoryProofs:
    """Used proofs."""

    used: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def consume(self, thumbprint: str, proof_id: str, expires_at: datetime, *, alone: bool = False) -> bool:
        """Mark as used; false when it was."""
        fresh = (thumbprint, proof_id) not in self.used
        self.used.setdefault((thumbprint, proof_id), expires_at)
        return fresh

    async def prune(self, before: datetime) -> int:
        """Forget what expired."""
        gone = [proof for proof, expires_at in self.used.items() if expires_at < before]
        for proof in gone:
            del self.used[proof]
        return len(gone)


@dataclass
class MemoryIdentity:
    """The identity part of a unit of work."""

    clients: MemoryClients = field(default_factory=MemoryClients)
    assertions: MemoryAssertions = field(default_factory=MemoryAssertions)
    proofs: MemoryProofs = field(default_factory=MemoryProofs)


@dataclass
class MemoryGate:
    """The door's questions, answered from memory."""

    identity: MemoryIdentity

    async def standing(self, client_id: str) -> Standing:
        """Return what tells against a client."""
        return await self.identity.clients.standing(client_id)

    async def admit(self, client_id: str, proof: ProofOfPossession) -> Standing | None:
        """Use a proof up."""
        if not await self.identity.proofs.consume(proof.thumbprint, proof.proof_id, proof.expires_at, alone=True):
            return None
        return await self.standing(client_id)


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
        keys=(
            ClientKey(key_id=key.key_id, thumbprint=key.key_id, public_jwk=key.public_jwk, purpose=KeyPurpose.TOKEN),
        ),
    )
