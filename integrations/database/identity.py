"""Tenants, and what the token endpoint and the door ask of clients before anybody is known.

That goes through functions which see past the policies; `client_register` is what administrators see through them.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, text

from domain.ports.identity import ClientKey, ClientRecord, ClientStatus, KeyPurpose, Standing
from domain.ports.tenants import Tenant
from domain.values.actors import Role
from domain.values.identifiers import Division, Uscc
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import TENANTS

TENANT = Prepared(select(TENANTS).where(TENANTS.c.id == bindparam("tenant")))
FIND_CLIENT = Prepared(text("select find_client(:client_id)"))
STANDING = Prepared(text("select standing_of(:client_id)"))
CONSUME = Prepared(text("select consume_assertion(:client_id, :jti, :expires_at)"))
PROVEN = Prepared(text("select consume_proof(:thumbprint, :proof_id, :expires_at, :at_once)"))
PRUNE = Prepared(text("delete from used_proofs where expires_at < :before"))
AUTHORITY = Prepared(text("select authority_of(:division)"))


class DatabaseTenants:
    """Look up parties."""

    def __init__(self, connection: Connection) -> None:
        """Read on a connection."""
        self._connection = connection

    async def find(self, tenant: str) -> Tenant | None:
        """Return a tenant, none when there is no such."""
        row = await self._connection.row(TENANT, {"tenant": tenant})
        if row is None:
            return None
        uscc = None if row.uscc is None else Uscc(row.uscc)
        return Tenant(
            id=row.id,
            kind=row.kind,
            name=row.name,
            uscc=uscc,
            division=None if row.division is None else Division(row.division),
        )

    async def authority_of(self, division: Division) -> str | None:
        """Return the nearest authority that answers for a division."""
        found: str | None = await self._connection.value(AUTHORITY, {"division": division})
        return found


class DatabaseClients:
    """Look up clients with their public keys."""

    def __init__(self, connection: Connection) -> None:
        """Read on a connection."""
        self._connection = connection

    async def find(self, client_id: str) -> ClientRecord | None:
        """Return an active or suspended client with its active keys, none when there is no such."""
        found = await self._connection.value(FIND_CLIENT, {"client_id": client_id})
        if found is None:
            return None
        row = _told(found)
        return ClientRecord(
            id=row["id"],
            tenant=row["tenant"],
            role=Role(row["role"]),
            uscc=row["uscc"],
            division=row["division"],
            name=row["name"],
            status=ClientStatus(row["status"]),
            keys=tuple(_key(each) for each in row["keys"]),
        )

    async def standing(self, client_id: str) -> Standing:
        """Return what tells against a client's tokens."""
        found = await self._connection.value(STANDING, {"client_id": client_id})
        if found is None:
            return Standing()
        row = _told(found)
        return Standing(row["status"] != ClientStatus.ACTIVE, frozenset(row["revoked"]))


class DatabaseAssertions:
    """Remember which assertions were used."""

    def __init__(self, connection: Connection) -> None:
        """Write on a connection."""
        self._connection = connection

    async def consume(self, client_id: str, assertion_id: str, expires_at: datetime) -> bool:
        """Use an assertion's id; false when it was used before."""
        values = {"client_id": client_id, "jti": assertion_id, "expires_at": expires_at}
        return bool(await self._connection.value(CONSUME, values))


class DatabaseProofs:
    """Remember which proofs of possession were used."""

    def __init__(self, connection: Connection) -> None:
        """Write on a connection."""
        self._connection = connection

    async def consume(self, thumbprint: str, proof_id: str, expires_at: datetime, *, alone: bool = False) -> bool:
        """Use a proof's id; false when it was used before."""
        values = {"thumbprint": thumbprint, "proof_id": proof_id, "expires_at": expires_at, "at_once": alone}
        return bool(await self._connection.value(PROVEN, values))

    async def prune(self, before: datetime) -> int:
        """Forget what expired before a moment."""
        return await self._connection.run(PRUNE, {"before": before})


def _told(found: object) -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads(found) if isinstance(found, str) else found  # type: ignore[assignment]  # asyncpg gives a text, SQLAlchemy what was in it
    return told


def _key(row: Mapping[str, Any]) -> ClientKey:
    return ClientKey(
        key_id=row["kid"],
        thumbprint=row["thumbprint"] or "",
        public_jwk=row["public_jwk"],
        purpose=KeyPurpose(row["purpose"]),
        valid_from=_moment(row["valid_from"]),
        valid_until=_moment(row["valid_until"]),
    )


def _moment(text_or_none: str | None) -> datetime | None:
    return None if text_or_none is None else datetime.fromisoformat(text_or_none)
