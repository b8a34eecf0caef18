"""Tenants, clients and used assertions.

What the token endpoint needs goes through two functions that see past the policies.
"""

import json
from datetime import datetime

from sqlalchemy import bindparam, select, text

from domain.ports.identity import ClientRecord, ClientStatus
from domain.ports.tenants import Tenant
from domain.values.actors import Role
from domain.values.identifiers import Division, Uscc
from integrations.database.connection import Connection, Prepared
from integrations.database.tables import TENANTS

TENANT = Prepared(select(TENANTS).where(TENANTS.c.id == bindparam("tenant")))
FIND_CLIENT = Prepared(text("select find_client(:client_id)"))
CONSUME = Prepared(text("select consume_assertion(:client_id, :jti, :expires_at)"))
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
        """Return a client, none when there is no such."""
        found = await self._connection.value(FIND_CLIENT, {"client_id": client_id})
        if found is None:
            return None
        row = json.loads(found) if isinstance(found, str) else found
        return ClientRecord(
            id=row["id"],
            tenant=row["tenant"],
            role=Role(row["role"]),
            uscc=row["uscc"],
            division=row["division"],
            name=row["name"],
            status=ClientStatus(row["status"]),
            public_keys=tuple(row["public_keys"]),
        )


class DatabaseAssertions:
    """Remember which assertions were used."""

    def __init__(self, connection: Connection) -> None:
        """Write on a connection."""
        self._connection = connection

    async def consume(self, client_id: str, jti: str, expires_at: datetime) -> bool:
        """Use an assertion's id; false when it was used before."""
        values = {"client_id": client_id, "jti": jti, "expires_at": expires_at}
        return bool(await self._connection.value(CONSUME, values))
